//! Looks for bytes that must be nowhere.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context;

/// Bytes of a key in the index; every piece has at least as many.
const PREFIX: usize = 8;

/// Pieces of a secret, as they are and as hex.
pub struct Needles {
    pieces: Vec<Vec<u8>>,
    prefixes: HashSet<[u8; PREFIX]>,
}

impl Needles {
    /// Cuts a secret into pieces of `len` bytes, 8 at least; what is left over at its end is part of the last one.
    pub fn of(secret: &[u8], len: usize) -> Needles {
        let len = len.max(PREFIX);
        let whole = secret.chunks(len).filter(|piece| piece.len() == len).map(<[u8]>::to_vec);
        let last = secret.get(secret.len().saturating_sub(len)..).unwrap_or_default().to_vec();
        let raw: Vec<Vec<u8>> = whole.chain([last]).filter(|piece| piece.len() >= PREFIX).collect();
        let hex = raw.iter().map(|piece| hex::encode(piece).into_bytes());
        let pieces: Vec<Vec<u8>> = raw.iter().cloned().chain(hex).collect();
        let prefixes = pieces.iter().filter_map(|piece| piece.first_chunk().copied()).collect();
        Needles { pieces, prefixes }
    }

    /// Whether one of the pieces is in `hay`.
    pub fn are_in(&self, hay: &[u8]) -> bool {
        hay.windows(PREFIX).enumerate().any(|(at, window)| {
            window.first_chunk().is_some_and(|prefix: &[u8; PREFIX]| self.prefixes.contains(prefix))
                && self.pieces.iter().any(|piece| hay.get(at..).is_some_and(|rest| rest.starts_with(piece)))
        })
    }

    /// Every file below `folder`, and the first of them that holds a piece.
    ///
    /// # Errors
    /// Where a file can not be read.
    pub fn in_folder(&self, folder: &Path) -> anyhow::Result<(usize, Option<String>)> {
        let (mut count, mut found, mut folders) = (0, None, vec![folder.to_path_buf()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
                let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
                count += 1;
                if self.are_in(&bytes) {
                    found.get_or_insert(path.display().to_string());
                }
            }
        }
        Ok((count, found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_found_wherever_it_is_and_as_hex_too() {
        let secret: Vec<u8> = (1..=40u8).map(|at| at.wrapping_mul(37)).collect();
        let needles = Needles::of(&secret, 16);
        let hay = |piece: &[u8]| [&[0; 100], piece, &[0; 3]].concat();
        for piece in [&secret[..16], &secret[16..32], &secret[24..], &secret[..]] {
            assert!(needles.are_in(&hay(piece)) && needles.are_in(piece));
            assert!(needles.are_in(&hay(hex::encode(piece).as_bytes())));
        }
        for other in [&secret[1..16], &secret[17..32], &[0; 64], &[]] {
            assert!(!needles.are_in(&hay(other)));
        }
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("below")).unwrap();
        std::fs::write(dir.path().join("clean"), b"nothing").unwrap();
        assert_eq!(needles.in_folder(dir.path()).unwrap(), (1, None));
        let place = dir.path().join("below/found");
        std::fs::write(&place, hay(&secret)).unwrap();
        assert_eq!(needles.in_folder(dir.path()).unwrap(), (2, Some(place.display().to_string())));
    }
}
