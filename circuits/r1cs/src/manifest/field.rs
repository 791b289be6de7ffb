//! Where the typed values of an input stand among its bytes.

use super::{ManifestError, put_name, read_name};
use zera_abi::wire::Reader;

/// Most fields of a manifest.
pub const FIELDS_MAX: usize = 1024;

/// Which input bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldInput {
    /// The public ones, which everyone sees.
    Public,
    /// The private ones, which the prover alone sees.
    Private,
}

/// What one element of a field is. Integers are little-endian, signed ones in two's complement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FieldKind {
    /// 1 byte, unsigned.
    U8,
    /// 2 bytes, unsigned.
    U16,
    /// 4 bytes, unsigned.
    U32,
    /// 8 bytes, unsigned.
    U64,
    /// 1 byte, signed.
    I8,
    /// 2 bytes, signed.
    I16,
    /// 4 bytes, signed.
    I32,
    /// 8 bytes, signed.
    I64,
    /// 1 byte that is no number: the count is the length of one string of bytes.
    Bytes,
}

/// By their codes.
const KINDS: [FieldKind; 9] = [
    FieldKind::U8,
    FieldKind::U16,
    FieldKind::U32,
    FieldKind::U64,
    FieldKind::I8,
    FieldKind::I16,
    FieldKind::I32,
    FieldKind::I64,
    FieldKind::Bytes,
];

impl FieldKind {
    /// Bytes of one element.
    pub fn size(self) -> u32 {
        match self {
            FieldKind::U8 | FieldKind::I8 | FieldKind::Bytes => 1,
            FieldKind::U16 | FieldKind::I16 => 2,
            FieldKind::U32 | FieldKind::I32 => 4,
            FieldKind::U64 | FieldKind::I64 => 8,
        }
    }
}

/// A named value at a fixed place of an input.
///
/// ```text
/// 0    ..   length of the name (1), name
/// +    1    input: 0 public, 1 private
/// +    4    offset, in bytes (u32 LE)
/// +    1    kind: 0 u8, 1 u16, 2 u32, 3 u64, 4 i8, 5 i16, 6 i32, 7 i64, 8 bytes
/// +    4    count (u32 LE), from 1
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name, 1 to 64 characters of `A-Z a-z 0-9 . _ -`; unique in its manifest.
    pub name: String,
    /// Which bytes the offset counts.
    pub input: FieldInput,
    /// First byte.
    pub offset: u32,
    /// What one element is.
    pub kind: FieldKind,
    /// Elements: 1 for one number, more for an array of them; bytes where the kind is [`FieldKind::Bytes`]. From 1.
    pub count: u32,
}

/// Least bytes of an encoded field: a name of one character.
pub(super) const LEAST: usize = 12;

impl Field {
    /// Bytes that the field takes.
    pub fn len(&self) -> u64 {
        u64::from(self.kind.size()) * u64::from(self.count)
    }

    /// Whether it takes none; never so in a manifest.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_name(out, &self.name);
        out.push(self.input as u8);
        out.extend_from_slice(&self.offset.to_le_bytes());
        out.push(self.kind as u8);
        out.extend_from_slice(&self.count.to_le_bytes());
    }

    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Field, ManifestError> {
        let name = read_name(reader)?;
        let input = match reader.u8()? {
            0 => FieldInput::Public,
            1 => FieldInput::Private,
            code => return Err(ManifestError::Code { what: "input", code }),
        };
        let offset = reader.u32()?;
        let code = reader.u8()?;
        let kind = *KINDS.get(usize::from(code)).ok_or(ManifestError::Code { what: "kind", code })?;
        Ok(Field { name, input, offset, kind, count: reader.u32()? })
    }
}

/// Whether the fields lie within inputs of these lengths, no two on the same byte.
pub(super) fn check_places(fields: &[Field], public_len: u32, private_len: u32) -> Result<(), ManifestError> {
    for field in fields {
        let len = match field.input {
            FieldInput::Public => public_len,
            FieldInput::Private => private_len,
        };
        if field.is_empty() || u64::from(field.offset) + field.len() > u64::from(len) {
            let (name, offset, bytes) = (field.name.clone(), field.offset, field.len());
            return Err(ManifestError::Place { name, offset, bytes, len });
        }
    }
    let mut sorted: Vec<&Field> = fields.iter().collect();
    sorted.sort_by_key(|field| (field.input, field.offset));
    for pair in sorted.windows(2) {
        let [first, second] = [pair[0], pair[1]];
        if first.input == second.input && u64::from(first.offset) + first.len() > u64::from(second.offset) {
            return Err(ManifestError::Overlap { first: first.name.clone(), second: second.name.clone() });
        }
    }
    Ok(())
}
