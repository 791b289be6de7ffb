//! How ids, amounts, heights and bytes stand in JSON: `#[serde(with = "crate::json")]`.
//!
//! Ids and bytes are lower-case hex, amounts decimal strings in units, heights numbers, outcomes their words.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zera_abi::{AccountId, Amount, ChainId, CodeHash, Height, KeyId, Outcome, PredicateId, TaskId, TxHash};

/// A value with a JSON form.
pub trait Json: Sized {
    /// What stands in the document.
    type Form: Serialize + DeserializeOwned;

    /// The form.
    fn form(&self) -> Self::Form;

    /// The value; the error says what was expected.
    ///
    /// # Errors
    /// One line for people.
    fn read(form: Self::Form) -> Result<Self, String>;
}

/// For `serde(with)`.
///
/// # Errors
/// The serializer's.
pub fn serialize<T: Json, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.form().serialize(serializer)
}

/// For `serde(with)`.
///
/// # Errors
/// The deserializer's, or that the form is no value.
pub fn deserialize<'de, T: Json, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::Form::deserialize(deserializer).and_then(|form| T::read(form).map_err(D::Error::custom))
}

/// For `serde(with)`: a list of such values.
pub mod list {
    use super::{DeserializeOwned, Json};
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    /// # Errors
    /// The serializer's.
    pub fn serialize<T: Json, S: Serializer>(values: &[T], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(Json::form))
    }

    /// # Errors
    /// The deserializer's, or that a form is no value.
    pub fn deserialize<'de, T: Json, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error>
    where
        T::Form: DeserializeOwned,
    {
        let forms = Vec::<T::Form>::deserialize(deserializer)?;
        forms.into_iter().map(|form| T::read(form).map_err(D::Error::custom)).collect()
    }
}

macro_rules! ids {
    ($($id:ident)*) => {$(
        impl Json for $id {
            type Form = String;
            fn form(&self) -> String {
                self.to_string()
            }
            fn read(form: String) -> Result<$id, String> {
                form.parse().map_err(|error| format!("{error}"))
            }
        }
    )*};
}
ids!(AccountId ChainId CodeHash KeyId PredicateId TaskId TxHash);

impl Json for Amount {
    type Form = String;
    fn form(&self) -> String {
        self.units().to_string()
    }
    fn read(form: String) -> Result<Amount, String> {
        let digits = !form.is_empty() && form.bytes().all(|byte| byte.is_ascii_digit());
        let units = if digits { form.parse().ok() } else { None };
        units.map(Amount::from_units).ok_or_else(|| "amount: expected a decimal string of units".to_owned())
    }
}

impl Json for Height {
    type Form = u64;
    fn form(&self) -> u64 {
        self.0
    }
    fn read(form: u64) -> Result<Height, String> {
        Ok(Height(form))
    }
}

impl Json for Outcome {
    type Form = String;
    fn form(&self) -> String {
        self.as_str().to_owned()
    }
    fn read(form: String) -> Result<Outcome, String> {
        (0..=3)
            .filter_map(Outcome::from_code)
            .find(|outcome| outcome.as_str() == form)
            .ok_or_else(|| format!("outcome: {form:?} is not one"))
    }
}

impl Json for Vec<u8> {
    type Form = String;
    fn form(&self) -> String {
        hex::encode(self)
    }
    fn read(form: String) -> Result<Vec<u8>, String> {
        hex::decode(form).map_err(|error| format!("bytes: {error}"))
    }
}

impl<const N: usize> Json for [u8; N] {
    type Form = String;
    fn form(&self) -> String {
        hex::encode(self)
    }
    fn read(form: String) -> Result<[u8; N], String> {
        let bytes = Vec::<u8>::read(form)?;
        let got = bytes.len();
        bytes.try_into().map_err(|_| format!("bytes: expected {N}, got {got}"))
    }
}

impl<T: Json> Json for Box<T> {
    type Form = T::Form;
    fn form(&self) -> T::Form {
        self.as_ref().form()
    }
    fn read(form: T::Form) -> Result<Box<T>, String> {
        T::read(form).map(Box::new)
    }
}

impl<T: Json> Json for Option<T> {
    type Form = Option<T::Form>;
    fn form(&self) -> Option<T::Form> {
        self.as_ref().map(T::form)
    }
    fn read(form: Option<T::Form>) -> Result<Option<T>, String> {
        form.map(T::read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "crate::json")]
        task: TaskId,
        #[serde(with = "crate::json")]
        amount: Amount,
        #[serde(default, with = "crate::json")]
        outcome: Option<Outcome>,
        #[serde(with = "crate::json")]
        bytes: Vec<u8>,
        #[serde(with = "crate::json")]
        height: Height,
    }

    #[test]
    fn forms_are_the_api_s() {
        let row = Row {
            task: TaskId([0xab; 32]),
            amount: Amount::from_units(1_250_000_000),
            outcome: Some(Outcome::BoundExceeded),
            bytes: vec![1, 0xff],
            height: Height(7),
        };
        let text = serde_json::to_string(&row).unwrap();
        let expected = format!(
            r#"{{"task":"{}","amount":"1250000000","outcome":"bound exceeded","bytes":"01ff","height":7}}"#,
            "ab".repeat(32)
        );
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
    }

    #[test]
    fn other_forms_are_refused() {
        let good = format!(r#"{{"task":"{}","amount":"1","bytes":"","height":7}}"#, "ab".repeat(32));
        assert!(serde_json::from_str::<Row>(&good).is_ok());
        for (from, to) in [
            ("\"amount\":\"1\"", "\"amount\":\"1.5\""),
            ("\"amount\":\"1\"", "\"amount\":\"+1\""),
            ("\"amount\":\"1\"", "\"amount\":1"),
            ("\"bytes\":\"\"", "\"bytes\":\"0\""),
            ("\"height\":7", "\"height\":\"7\""),
            ("abab", "ABab"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert!(serde_json::from_str::<Row>(&bad).is_err(), "{bad}");
        }
    }
}
