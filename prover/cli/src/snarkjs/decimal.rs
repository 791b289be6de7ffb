//! 256-bit integers in decimal.

use zera_abi::wire::FIELD_LEN;

/// A modulus, for comparison in decimal.
pub struct Modulus {
    /// For messages.
    pub name: &'static str,
    digits: &'static str,
}

/// Of coordinates.
pub const BASE: Modulus =
    Modulus { name: "base", digits: "21888242871839275222246405745257275088696311157297823662689037894645226208583" };
/// Of public inputs.
pub const SCALAR: Modulus =
    Modulus { name: "scalar", digits: "21888242871839275222246405745257275088548364400416034343698204186575808495617" };

/// The number as 32 bytes, big-endian; `None` unless it is spelled without leading zeros or signs and below the modulus.
pub fn read(text: &str, modulus: &Modulus) -> Option<[u8; FIELD_LEN]> {
    let canonical =
        text == "0" || (!text.is_empty() && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
    // Without leading zeros, the shorter one is the smaller one, and equal lengths compare as text.
    if !canonical || (text.len(), text) >= (modulus.digits.len(), modulus.digits) {
        return None;
    }
    let mut bytes = [0u8; FIELD_LEN];
    for digit in text.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in bytes.iter_mut().rev() {
            // At most 255 * 10 + 255.
            let sum = u16::from(*byte) * 10 + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
    }
    Some(bytes)
}

/// 32 bytes, big-endian, in decimal.
pub fn write(bytes: &[u8; FIELD_LEN]) -> String {
    let mut rest = *bytes;
    let mut digits = Vec::new();
    while rest.iter().any(|byte| *byte != 0) {
        let mut remainder = 0u16;
        for byte in &mut rest {
            // The remainder is below 10, so the quotient is below 256.
            let value = remainder << 8 | u16::from(*byte);
            *byte = (value / 10) as u8;
            remainder = value % 10;
        }
        digits.push(char::from(b'0' + remainder as u8));
    }
    if digits.is_empty() { "0".to_owned() } else { digits.into_iter().rev().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another way to the same bytes: 2^k and 2^k - 1 by doubling decimal texts.
    fn double(text: &str) -> String {
        let (mut out, mut carry) = (Vec::new(), 0);
        for digit in text.bytes().rev() {
            let twice = (digit - b'0') * 2 + carry;
            out.push(char::from(b'0' + twice % 10));
            carry = twice / 10;
        }
        if carry > 0 {
            out.push('1');
        }
        out.into_iter().rev().collect()
    }

    #[test]
    fn powers_of_two() {
        let mut text = "1".to_owned();
        for bit in 0..254usize {
            let mut bytes = [0u8; FIELD_LEN];
            bytes[31 - bit / 8] = 1 << (bit % 8);
            assert_eq!(write(&bytes), text);
            // 2^253 is below both moduli.
            assert_eq!(read(&text, &SCALAR), Some(bytes), "2^{bit}");
            text = double(&text);
        }
        assert_eq!(read(&text, &BASE), None, "2^254");
        assert_eq!(write(&[0; FIELD_LEN]), "0");
        assert_eq!(read("0", &BASE), Some([0; FIELD_LEN]));
    }

    /// The moduli are those of the verifier: the greatest element is taken, the modulus is not.
    #[test]
    fn one_below_each_modulus_is_the_last_number() {
        for modulus in [BASE, SCALAR] {
            assert_eq!(read(modulus.digits, &modulus), None);
            let mut below = modulus.digits.as_bytes().to_vec();
            *below.last_mut().unwrap() -= 1;
            let below = String::from_utf8(below).unwrap();
            let bytes = read(&below, &modulus).unwrap();
            assert_eq!(write(&bytes), below);
        }
        let r_less_1 =
            read("21888242871839275222246405745257275088548364400416034343698204186575808495616", &SCALAR).unwrap();
        assert_eq!(zera_statement::scalar_from_be(&r_less_1), Some(-zera_statement::Fr::from(1u64)));
        let mut r = r_less_1;
        r[31] += 1;
        assert_eq!(zera_statement::scalar_from_be(&r), None);
    }

    #[test]
    fn one_spelling_a_number() {
        let long = "9".repeat(100_000);
        for bad in ["", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "1.0", "1e3", "\u{661}", &long] {
            assert_eq!(read(bad, &BASE), None, "{}", &bad[..bad.len().min(8)]);
        }
    }
}
