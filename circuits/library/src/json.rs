//! Fields of a JSON object as integers.

use crate::InputError;
use serde_json::{Map, Value};

/// A JSON object with exactly these fields.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Checks that `value` is an object and has no field beside `names`.
    ///
    /// # Errors
    /// [`InputError::NotAnObject`], [`InputError::Unknown`].
    pub fn new(value: &'a Value, names: &[&'static str]) -> Result<Self, InputError> {
        let object = value.as_object().ok_or_else(|| InputError::NotAnObject { fields: names.join(", ") })?;
        match object.keys().find(|key| !names.contains(&key.as_str())) {
            Some(field) => Err(InputError::Unknown { field: shorten(field), fields: names.join(", ") }),
            None => Ok(Fields { object }),
        }
    }

    /// A whole number within `0..=max`: a JSON number, or a string of decimal digits (JavaScript has 53 bits).
    ///
    /// # Errors
    /// [`InputError::Missing`], [`InputError::Number`].
    pub fn number(&self, field: &'static str, max: u64) -> Result<u64, InputError> {
        number(self.field(field)?, || field.to_owned(), max)
    }

    /// A list of `min..=max` whole numbers.
    ///
    /// # Errors
    /// [`InputError::Missing`], [`InputError::NotAList`], [`InputError::Count`], [`InputError::Number`].
    pub fn numbers(&self, field: &'static str, min: usize, max: usize) -> Result<Vec<u64>, InputError> {
        let value = self.field(field)?;
        let list = value.as_array().ok_or_else(|| InputError::NotAList { field, got: shorten(&value.to_string()) })?;
        if !(min..=max).contains(&list.len()) {
            return Err(InputError::Count { field, min, max, got: list.len() });
        }
        list.iter().enumerate().map(|(i, item)| number(item, || format!("{field}[{i}]"), u64::MAX)).collect()
    }

    fn field(&self, field: &'static str) -> Result<&'a Value, InputError> {
        self.object.get(field).ok_or(InputError::Missing { field })
    }
}

fn number(value: &Value, field: impl Fn() -> String, max: u64) -> Result<u64, InputError> {
    let number = match value {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse().ok()
        }
        _ => None,
    };
    match number {
        Some(number) if number <= max => Ok(number),
        _ => Err(InputError::Number { field: field(), max, got: shorten(&value.to_string()) }),
    }
}

/// At most 40 characters of a stranger's text.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_whole_and_in_range() {
        let value = json!({"a": 7, "b": "18446744073709551615", "c": [1, "2"]});
        let fields = Fields::new(&value, &["a", "b", "c"]).unwrap();
        assert_eq!(fields.number("a", 7), Ok(7));
        assert_eq!(fields.number("b", u64::MAX), Ok(u64::MAX));
        assert_eq!(fields.numbers("c", 1, 2), Ok(vec![1, 2]));
        let refused = [json!(8), json!(-1), json!(1.0), json!(""), json!("+1"), json!("0x1"), json!(" 1"), json!(null)];
        for got in refused {
            let value = json!({ "a": got });
            let error = Fields::new(&value, &["a"]).unwrap().number("a", 7).unwrap_err();
            assert_eq!(error, InputError::Number { field: "a".into(), max: 7, got: got.to_string() });
        }
        let text = r#"{"a": 18446744073709551616}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert!(matches!(Fields::new(&value, &["a"]).unwrap().number("a", u64::MAX), Err(InputError::Number { .. })));
    }

    #[test]
    fn shapes_are_named() {
        let value = json!({"a": {}, "c": [1, -2]});
        let fields = Fields::new(&value, &["a", "b", "c"]).unwrap();
        assert_eq!(fields.number("b", 7), Err(InputError::Missing { field: "b" }));
        assert_eq!(fields.numbers("a", 1, 2), Err(InputError::NotAList { field: "a", got: "{}".into() }));
        assert_eq!(fields.numbers("c", 3, 4), Err(InputError::Count { field: "c", min: 3, max: 4, got: 2 }));
        let error = fields.numbers("c", 1, 2).unwrap_err();
        assert_eq!(error.to_string(), "input: c[1] must be a whole number within 0..=18446744073709551615, got -2");
        let error = Fields::new(&value, &["a", "b"]).unwrap_err();
        assert_eq!(error.to_string(), "input: unknown field \"c\", the fields are a, b");
        assert!(matches!(Fields::new(&json!([1]), &["a"]), Err(InputError::NotAnObject { .. })));
        let long = json!({"x".repeat(500): 1});
        assert!(Fields::new(&long, &["a"]).unwrap_err().to_string().len() < 120);
    }
}
