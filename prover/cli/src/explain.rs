//! A row as an equation, its wires by name.

use serde_json::{Value, json};
use zera_abi::wire::STATEMENT_INPUTS;
use zera_r1cs::{Artefact, SparseMatrix};
use zera_statement::{Fr, scalar_to_be};

/// One row of a predicate.
pub struct Row<'a> {
    artefact: &'a Artefact,
    index: usize,
}

impl<'a> Row<'a> {
    /// Row `index`; `None` past the last one.
    pub fn of(artefact: &'a Artefact, index: usize) -> Option<Row<'a>> {
        (index < artefact.matrices.rows()).then_some(Row { artefact, index })
    }

    /// Where the row comes from.
    pub fn place(&self) -> Option<&'a str> {
        self.artefact.spans.text(self.index)
    }

    /// `(A) * (B) = C`.
    pub fn equation(&self) -> String {
        let [a, b, c] = self.matrices().map(|matrix| self.combination(matrix));
        format!("({a}) * ({b}) = {c}")
    }

    /// Wires of the row but wire 0, in order, each once.
    pub fn wires(&self) -> Vec<u32> {
        let mut wires: Vec<u32> = self.matrices().iter().flat_map(|matrix| matrix.row(self.index).0).copied().collect();
        wires.sort_unstable();
        wires.dedup();
        wires.retain(|wire| *wire != 0);
        wires
    }

    /// The row for people; with an assignment, the values of its wires and of its three sides.
    ///
    /// `z` has a value for each wire.
    pub fn text(&self, z: Option<&[Fr]>) -> String {
        let place = self.place().unwrap_or("none");
        let mut text = format!("row    {}\nplace  {place}\n\n{}\n", self.index, self.equation());
        if let Some(z) = z {
            text.push('\n');
            for wire in self.wires() {
                text.push_str(&format!("{} = {}\n", wire_name(self.artefact, wire), number(&z[wire as usize])));
            }
            let [a, b, c] = self.sides(z);
            let verdict = if a * b == c { "holds" } else { "does not hold" };
            text.push_str(&format!("({}) * ({}) = {}: {verdict}\n", number(&a), number(&b), number(&c)));
        }
        text
    }

    /// The same for programs; scalars are decimal, between -r/2 and r/2.
    pub fn json(&self, z: Option<&[Fr]>) -> Value {
        let [a, b, c] = self.matrices().map(|matrix| {
            let (wires, coefficients) = matrix.row(self.index);
            let terms = wires.iter().zip(coefficients).map(|(wire, coefficient)| {
                json!({"wire": wire, "name": wire_name(self.artefact, *wire), "coefficient": signed(coefficient)})
            });
            terms.collect::<Vec<_>>()
        });
        let mut json = json!({
            "row": self.index, "place": self.place(), "equation": self.equation(), "a": a, "b": b, "c": c,
        });
        if let Some(z) = z {
            let values: serde_json::Map<_, _> = self
                .wires()
                .into_iter()
                .map(|wire| (wire_name(self.artefact, wire), signed(&z[wire as usize]).into()))
                .collect();
            let [a, b, c] = self.sides(z);
            json["values"] = values.into();
            json["sides"] = json!([signed(&a), signed(&b), signed(&c)]);
            json["holds"] = (a * b == c).into();
        }
        json
    }

    fn matrices(&self) -> [&'a SparseMatrix; 3] {
        let matrices = &self.artefact.matrices;
        [&matrices.a, &matrices.b, &matrices.c]
    }

    fn sides(&self, z: &[Fr]) -> [Fr; 3] {
        self.matrices().map(|matrix| matrix.dot(self.index, z))
    }

    fn combination(&self, matrix: &SparseMatrix) -> String {
        let (wires, coefficients) = matrix.row(self.index);
        let mut text = String::new();
        for (wire, coefficient) in wires.iter().zip(coefficients) {
            let (negative, magnitude) = magnitude(coefficient);
            text.push_str(match (text.is_empty(), negative) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            });
            match (wire, magnitude.as_str()) {
                (0, magnitude) => text.push_str(magnitude),
                (_, "1") => text.push_str(&wire_name(self.artefact, *wire)),
                (_, magnitude) => text.push_str(&format!("{magnitude} {}", wire_name(self.artefact, *wire))),
            }
        }
        if text.is_empty() { "0".to_owned() } else { text }
    }
}

/// What a wire is: of the statement, a bit of an input byte, or one of those in between, by its index.
///
/// The bits of the public bytes stand right after the public wires and those of the private bytes after them
/// (`zera_ir::Builder::new`); a wire there that is not known to be 0 or 1 is none of them.
pub fn wire_name(artefact: &Artefact, wire: u32) -> String {
    let publics = artefact.matrices.publics;
    let unnamed = || format!("w{wire}");
    match wire {
        0 => return "1".to_owned(),
        1 => return "outcome".to_owned(),
        2 => return "binding".to_owned(),
        3 => return "input_root".to_owned(),
        _ if wire <= publics => {
            let index = wire as usize - 1 - STATEMENT_INPUTS;
            return artefact.manifest.declared.get(index).cloned().unwrap_or_else(unnamed);
        }
        _ => {}
    }
    if !artefact.booleans.contains(wire) {
        return unnamed();
    }
    let bit = u64::from(wire - publics - 1);
    let (public, private) = (8 * u64::from(artefact.manifest.public_len), 8 * u64::from(artefact.manifest.private_len));
    match bit {
        _ if bit < public => format!("public[{}].bit {}", bit / 8, bit % 8),
        _ if bit < public + private => format!("private[{}].bit {}", (bit - public) / 8, bit % 8),
        _ => unnamed(),
    }
}

/// Sign and size of a scalar, taken between -r/2 and r/2. Large powers of two are written as such.
fn magnitude(scalar: &Fr) -> (bool, String) {
    let (positive, negated) = (scalar_to_be(scalar), scalar_to_be(&-*scalar));
    // Zero is its own negation.
    let (negative, bytes) = if positive <= negated { (false, positive) } else { (true, negated) };
    let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
    let zeros = bytes.iter().rev().take_while(|byte| **byte == 0).count() as u32;
    if ones == 1 && zeros >= 2 {
        let last = bytes[31 - zeros as usize];
        return (negative, format!("2^{}", 8 * zeros + last.trailing_zeros()));
    }
    (negative, decimal(&bytes))
}

/// A scalar for people.
fn number(scalar: &Fr) -> String {
    let (negative, magnitude) = magnitude(scalar);
    if negative { format!("-{magnitude}") } else { magnitude }
}

/// A scalar as a decimal integer between -r/2 and r/2.
fn signed(scalar: &Fr) -> String {
    let (positive, negated) = (scalar_to_be(scalar), scalar_to_be(&-*scalar));
    if positive <= negated { decimal(&positive) } else { format!("-{}", decimal(&negated)) }
}

fn decimal(bytes: &[u8; 32]) -> String {
    // Digits to the base of ten, least first: at most 78.
    let mut digits = vec![0u8];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 10) as u8;
            carry /= 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zera_ir::{Bit, Builder, Layout, Verdict};
    use zera_r1cs::{Manifest, TapeInputs};

    /// `x * x == public` with x private, and x declared.
    fn square() -> Artefact {
        let mut builder = Builder::new(Layout { public_len: 1, private_len: 1, declared: 1 });
        let (x, y) = (builder.private_int(0, 1), builder.public_int(0, 1));
        let product = builder.span("square", |builder| builder.mul(x.rep(), x.rep()));
        let truth = builder.is_zero(&product.sub(y.rep()));
        let verdict = Verdict { truth, trap: Bit::constant(false), exceeded: Bit::constant(false) };
        let manifest = Manifest::new("Square", 1, 1, 1, vec!["root".to_owned()]).unwrap();
        builder.finish(&verdict, &[x.rep().clone()], manifest, [7; 32]).unwrap()
    }

    #[test]
    fn wires_have_names() {
        let artefact = square();
        let names = [0, 1, 2, 3, 4, 5, 12, 13, 20, 21].map(|wire| wire_name(&artefact, wire));
        let expected = [
            "1",
            "outcome",
            "binding",
            "input_root",
            "root",
            "public[0].bit 0",
            "public[0].bit 7",
            "private[0].bit 0",
            "private[0].bit 7",
            "w21",
        ];
        assert_eq!(names, expected);
        // The tape agrees: these wires hold the bits of the bytes.
        let inputs = TapeInputs { binding: Fr::from(0u64), public: &[0x81], private: &[0x09] };
        let z = artefact.tape.run(&inputs).unwrap();
        let set: Vec<usize> = (5..21).filter(|wire| z[*wire] == Fr::from(1u64)).collect();
        assert_eq!(set, [5, 12, 13, 16]);
    }

    #[test]
    fn rows_are_equations_with_a_place() {
        let artefact = square();
        let row = Row::of(&artefact, 0).unwrap();
        assert_eq!(row.place(), Some("statement: public bytes"));
        assert_eq!(row.equation(), "(-1 + public[0].bit 0) * (public[0].bit 0) = 0");
        let square = (0..artefact.matrices.rows()).map(|index| Row::of(&artefact, index).unwrap());
        let row = square.into_iter().find(|row| row.place() == Some("square")).unwrap();
        let x = "private[0].bit 0 + 2 private[0].bit 1 + 4 private[0].bit 2";
        assert!(row.equation().starts_with(&format!("({x}")), "{}", row.equation());
        assert!(Row::of(&artefact, artefact.matrices.rows()).is_none());
    }

    #[test]
    fn values_show_whether_a_row_holds() {
        let artefact = square();
        let inputs = TapeInputs { binding: Fr::from(0u64), public: &[9], private: &[3] };
        let mut z = artefact.tape.run(&inputs).unwrap();
        let index = (0..artefact.matrices.rows()).find(|row| artefact.spans.text(*row) == Some("square")).unwrap();
        let row = Row::of(&artefact, index).unwrap();
        assert!(row.text(Some(&z)).ends_with("(3) * (3) = 9: holds\n"), "{}", row.text(Some(&z)));
        assert_eq!(row.json(Some(&z))["values"]["private[0].bit 1"], "1");
        z[13] = Fr::from(2u64);
        assert!(row.text(Some(&z)).ends_with("(4) * (4) = 9: does not hold\n"));
        assert_eq!(row.json(Some(&z))["holds"], false);
        assert!(row.json(None).get("values").is_none());
    }

    #[test]
    fn numbers_are_short() {
        let two = Fr::from(2u64);
        let power = (0..128).fold(Fr::from(1u64), |power, _| power * two);
        assert_eq!(number(&power), "2^128");
        assert_eq!(number(&-power), "-2^128");
        assert_eq!(signed(&power), "340282366920938463463374607431768211456");
        for (value, text) in [(0, "0"), (1, "1"), (255, "255"), (256, "256"), (65535, "65535"), (65536, "2^16")] {
            assert_eq!(number(&Fr::from(value as u64)), text);
        }
        assert_eq!(number(&-Fr::from(10u64)), "-10");
    }
}
