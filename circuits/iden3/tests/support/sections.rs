//! A file of sections by another hand than the crate's.
#![allow(dead_code, reason = "each test file uses its own part")]

/// Types and contents of a file's sections, in order.
pub fn parts(bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut parts = Vec::new();
    let mut at = 12;
    while at < bytes.len() {
        let kind = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        let len = u64::from_le_bytes(bytes[at + 4..at + 12].try_into().unwrap()) as usize;
        parts.push((kind, bytes[at + 12..at + 12 + len].to_vec()));
        at += 12 + len;
    }
    parts
}

/// The file of these sections, version 1.
pub fn file(magic: &str, parts: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = [magic.as_bytes(), b"\x01\0\0\0"].concat();
    bytes.extend((parts.len() as u32).to_le_bytes());
    for (kind, content) in parts {
        bytes.extend(kind.to_le_bytes());
        bytes.extend((content.len() as u64).to_le_bytes());
        bytes.extend(content);
    }
    bytes
}
