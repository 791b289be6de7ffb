//! Inputs by a manifest's fields: what JSON says, as bytes.

use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value};
use zera_r1cs::{Field, FieldInput, FieldKind, Manifest};

use crate::arg;
use crate::output::{Blame, Failure};

/// The public or the private bytes that a JSON object means: a value for each field of that input, and nothing else.
///
/// Numbers are JSON numbers or decimal strings, `true` and `false` are 1 and 0; arrays have as many elements as the field;
/// bytes, field elements and arrays of `u8` may be one string of hex digits, field elements in the order of their bytes.
///
/// # Errors
/// Bad input: no fields, fields that leave bytes out, a field that is missing or unknown, a value that does not fit.
pub fn bytes(manifest: &Manifest, input: FieldInput, value: &Value) -> Result<Vec<u8>, Failure> {
    let object = object(value)?;
    let known = |name: &String| manifest.fields.iter().any(|field| field.input == input && field.name == *name);
    if let Some(name) = object.keys().find(|name| !known(name)) {
        return Err(Failure::Input(anyhow!("{} input: no field {:?}", word(input), arg::shorten(name))));
    }
    fill(manifest, input, object)
}

/// As [`bytes`] for both inputs, from one object with the fields of both.
///
/// # Errors
/// As [`bytes`].
pub fn both(manifest: &Manifest, value: &Value) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let object = object(value)?;
    if let Some(name) = object.keys().find(|name| !manifest.fields.iter().any(|field| field.name == **name)) {
        return Err(Failure::Input(anyhow!("input: no field {:?}", arg::shorten(name))));
    }
    Ok((fill(manifest, FieldInput::Public, object)?, fill(manifest, FieldInput::Private, object)?))
}

/// The input in a word.
pub const fn word(input: FieldInput) -> &'static str {
    match input {
        FieldInput::Public => "public",
        FieldInput::Private => "private",
    }
}

/// The type as `predicate.toml` spells it; of bytes, their number.
pub fn kind(field: &Field) -> String {
    let element = match field.kind {
        FieldKind::U8 => "u8",
        FieldKind::U16 => "u16",
        FieldKind::U32 => "u32",
        FieldKind::U64 => "u64",
        FieldKind::I8 => "i8",
        FieldKind::I16 => "i16",
        FieldKind::I32 => "i32",
        FieldKind::I64 => "i64",
        FieldKind::Bytes => return format!("bytes[{}]", field.count),
    };
    if field.count == 1 { element.to_owned() } else { format!("{element}[{}]", field.count) }
}

fn object(value: &Value) -> Result<&Map<String, Value>, Failure> {
    value.as_object().context("input: expected a JSON object").input()
}

fn fill(manifest: &Manifest, input: FieldInput, object: &Map<String, Value>) -> Result<Vec<u8>, Failure> {
    let len = match input {
        FieldInput::Public => manifest.public_len,
        FieldInput::Private => manifest.private_len,
    };
    let fields: Vec<&Field> = manifest.fields.iter().filter(|field| field.input == input).collect();
    // Fields do not overlap, so that their lengths add up where they leave nothing out.
    if fields.iter().map(|field| field.len()).sum::<u64>() != u64::from(len) {
        let (word, name) = (word(input), &manifest.name);
        return Err(Failure::Input(anyhow!(
            "{word} input: the fields of {name} do not name all of its {len} bytes; give them as hex"
        )));
    }
    let mut bytes = vec![0; len as usize];
    for field in fields {
        let at = || format!("{} input: field {}", word(input), field.name);
        let value = object.get(&field.name).context("is missing").with_context(at).input()?;
        let encoded = encode(field, value).with_context(at).input()?;
        let (start, end) = (field.offset as usize, field.offset as usize + encoded.len());
        bytes.get_mut(start..end).context("lies outside the input").with_context(at).input()?.copy_from_slice(&encoded);
    }
    Ok(bytes)
}

fn encode(field: &Field, value: &Value) -> anyhow::Result<Vec<u8>> {
    let is_bytes = field.kind == FieldKind::Bytes;
    let expected = field.len();
    let bytes = match value {
        Value::String(text) if is_bytes || field.kind == FieldKind::U8 && field.count > 1 => hex(text)?,
        // Field elements one by one, or bytes.
        Value::Array(parts) if is_bytes && parts.iter().all(Value::is_string) => {
            let parts = parts.iter().filter_map(Value::as_str).map(hex).collect::<anyhow::Result<Vec<_>>>()?;
            if let Some(first) = parts.first()
                && parts.iter().any(|part| part.len() != first.len())
            {
                bail!("elements of different lengths");
            }
            parts.concat()
        }
        Value::Array(elements) if is_bytes || field.count > 1 => {
            if elements.len() as u64 != u64::from(field.count) {
                bail!("expected {} elements, got {}", field.count, elements.len());
            }
            let elements = elements.iter().map(|element| number(field.kind, element));
            elements.collect::<anyhow::Result<Vec<_>>>()?.concat()
        }
        _ if !is_bytes && field.count == 1 => number(field.kind, value)?,
        _ => bail!("expected {}", if is_bytes { "hex digits" } else { "an array" }),
    };
    if bytes.len() as u64 != expected {
        bail!("expected {expected} bytes, got {}", bytes.len());
    }
    Ok(bytes)
}

fn hex(text: &str) -> anyhow::Result<Vec<u8>> {
    arg::hex(text).map_err(|what| anyhow!(what))
}

fn number(kind: FieldKind, value: &Value) -> anyhow::Result<Vec<u8>> {
    let number: i128 = match value {
        Value::Bool(bit) => i128::from(*bit),
        Value::Number(number) => {
            let exact = number.as_u64().map(i128::from).or_else(|| number.as_i64().map(i128::from));
            exact.with_context(|| format!("{number} is not a 64-bit integer"))?
        }
        Value::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let parsed = if decimal { text.parse().ok() } else { None };
            parsed.with_context(|| format!("{:?} is not a decimal number", arg::shorten(text)))?
        }
        _ => bail!("expected a number"),
    };
    let size = kind.size() as usize;
    let (low, high) = match kind {
        FieldKind::I8 | FieldKind::I16 | FieldKind::I32 | FieldKind::I64 => {
            (-(1i128 << (8 * size - 1)), (1i128 << (8 * size - 1)) - 1)
        }
        _ => (0, (1i128 << (8 * size)) - 1),
    };
    if !(low..=high).contains(&number) {
        bail!("{number} is not within {low} to {high}");
    }
    Ok(number.to_le_bytes()[..size].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest() -> Manifest {
        let field =
            |name: &str, input, offset, kind, count| Field { name: name.to_owned(), input, offset, kind, count };
        let fields = vec![
            field("pair", FieldInput::Public, 0, FieldKind::I16, 2),
            field("one", FieldInput::Public, 4, FieldKind::U64, 1),
            field("salt", FieldInput::Private, 0, FieldKind::U8, 2),
            field("cells", FieldInput::Private, 2, FieldKind::Bytes, 64),
        ];
        Manifest::new("m", 1, 12, 66, Vec::new()).unwrap().with_fields(fields).unwrap()
    }

    #[test]
    fn values_become_bytes() {
        let value = json!({"pair": [-2, "3"], "one": "18446744073709551615"});
        let expected = [&[0xfe, 0xff, 3, 0][..], &[0xff; 8]].concat();
        assert_eq!(bytes(&manifest(), FieldInput::Public, &value).unwrap(), expected);
        let cell = "01".repeat(32);
        for (salt, cells) in [(json!("0x0203"), json!([cell, cell])), (json!([2, 3]), json!(cell.repeat(2)))] {
            let private = bytes(&manifest(), FieldInput::Private, &json!({"salt": salt, "cells": cells})).unwrap();
            assert_eq!(private, [&[2, 3][..], &[1; 64]].concat());
        }
        let value = json!({"pair": [0, 0], "one": true, "salt": "0000", "cells": "00".repeat(64)});
        assert_eq!(both(&manifest(), &value).unwrap().0[4], 1);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let refused = |value: Value| bytes(&manifest(), FieldInput::Public, &value).unwrap_err().to_string();
        for (value, what) in [
            (json!({"one": 1}), "pair: is missing"),
            (json!({"pair": [0], "one": 1}), "expected 2 elements"),
            (json!({"pair": [0, 32768], "one": 1}), "not within -32768 to 32767"),
            (json!({"pair": [0, 0], "one": -1}), "not within 0 to"),
            (json!({"pair": [0, 0], "one": 1.5}), "not a 64-bit integer"),
            (json!({"pair": [0, 0], "one": "0x1"}), "not a decimal number"),
            (json!({"pair": 7, "one": 1}), "expected an array"),
            (json!({"pair": [0, 0], "one": 1, "salt": "0000"}), "no field \"salt\""),
            (json!([]), "expected a JSON object"),
        ] {
            let failure = refused(value);
            assert!(failure.contains(what), "{failure}");
        }
        let bare = Manifest::new("m", 1, 12, 0, Vec::new()).unwrap();
        assert!(bytes(&bare, FieldInput::Public, &json!({})).unwrap_err().to_string().contains("as hex"));
    }
}
