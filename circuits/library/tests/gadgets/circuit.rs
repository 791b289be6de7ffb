//! A gadget as a circuit of its own, over private bytes.

use ark_bn254::Fr;
use ark_ff::Zero;
use zera_ir::{Bit, Builder, Layout, Lc, Verdict};
use zera_library::gadgets::field::compose;
use zera_r1cs::{Artefact, Manifest, TapeInputs};

/// Wire of the first declared value.
const FIRST_DECLARED: usize = 4;

/// A gadget between private bytes and declared values.
pub struct Circuit {
    pub artefact: Artefact,
    /// Rows of the gadget alone.
    pub rows: usize,
    /// Wires of the gadget.
    pub wires: std::ops::Range<usize>,
    /// For each wire the rows that mention it.
    mentions: Vec<Vec<u32>>,
    declared: usize,
}

impl Circuit {
    pub fn new(private: usize, declared: usize, body: impl FnOnce(&mut Builder) -> Vec<Lc>) -> Circuit {
        let mut builder = Builder::new(Layout { public_len: 0, private_len: private, declared });
        let (rows, wires) = (builder.rows(), builder.wires());
        let values = builder.span("gadget", body);
        let (rows, wires) = (builder.rows() - rows, wires..builder.wires());
        let known = Bit::constant;
        let verdict = Verdict { truth: known(true), trap: known(false), exceeded: known(false) };
        let names = (0..declared).map(|i| format!("v{i}")).collect();
        let manifest = Manifest::new("gadget", 1, 0, private as u32, names).unwrap();
        let artefact = builder.finish(&verdict, &values, manifest, [0; 32]).unwrap();
        let matrices = &artefact.matrices;
        let mut mentions = vec![Vec::new(); matrices.wires as usize];
        for row in 0..matrices.rows() {
            for wire in [&matrices.a, &matrices.b, &matrices.c].into_iter().flat_map(|m| m.row(row).0) {
                let rows: &mut Vec<u32> = &mut mentions[*wire as usize];
                if rows.last() != Some(&(row as u32)) {
                    rows.push(row as u32);
                }
            }
        }
        Circuit { artefact, rows, wires, mentions, declared }
    }

    /// The assignment, which satisfies all rows.
    pub fn assign(&self, private: &[u8]) -> Vec<Fr> {
        let inputs = TapeInputs { binding: Fr::from(7), public: &[], private };
        let z = self.artefact.tape.run(&inputs).unwrap();
        if let Err(error) = self.artefact.matrices.check(&z) {
            let span = error.row().and_then(|row| self.artefact.spans.text(row));
            panic!("{error} in {span:?} for {private:02x?}");
        }
        z
    }

    /// The declared values of an assignment.
    pub fn declared<'a>(&self, z: &'a [Fr]) -> &'a [Fr] {
        &z[FIRST_DECLARED..FIRST_DECLARED + self.declared]
    }

    /// Runs and gives the declared values.
    pub fn values(&self, private: &[u8]) -> Vec<Fr> {
        let z = self.assign(private);
        self.declared(&z).to_vec()
    }

    /// The rows that mention a wire.
    pub fn mentions(&self, wire: usize) -> &[u32] {
        &self.mentions[wire]
    }

    /// Whether the rows that mention one of these wires hold.
    pub fn holds_around(&self, z: &[Fr], wires: &[usize]) -> bool {
        let m = &self.artefact.matrices;
        let holds = |row: u32| {
            let row = row as usize;
            m.a.dot(row, z) * m.b.dot(row, z) == m.c.dot(row, z)
        };
        wires.iter().flat_map(|wire| &self.mentions[*wire]).all(|row| holds(*row))
    }

    /// Of every `step`th wire of the gadget those that can be changed alone, by one of several amounts, without any row
    /// noticing.
    pub fn movable(&self, z: &[Fr], step: usize) -> Vec<usize> {
        let mut z = z.to_vec();
        let mut found = Vec::new();
        for wire in self.wires.clone().step_by(step) {
            let honest = z[wire];
            let large = Fr::from(1u128 << 100);
            let deltas = [1u64, 2, 1 << 32, 1 << 40].map(Fr::from).into_iter().chain([honest, honest + honest, large]);
            for delta in deltas.flat_map(|delta| [delta, -delta]).filter(|delta| !delta.is_zero()) {
                z[wire] = honest + delta;
                if self.holds_around(&z, &[wire]) {
                    found.push(wire);
                    break;
                }
            }
            z[wire] = honest;
        }
        found
    }
}

/// All private bits, in the order of the bytes.
pub fn private_bits(builder: &Builder, bytes: std::ops::Range<usize>) -> Vec<Bit> {
    bytes.flat_map(|byte| builder.private_byte(byte).to_vec()).collect()
}

/// The field element of cell `index` of the private bytes, reduced modulo r.
pub fn private_cell(builder: &Builder, index: usize) -> Lc {
    compose(&private_bits(builder, 32 * index..32 * index + 32))
}

/// Bits as combinations of 128 each, to be declared.
pub fn halves(bits: &[Bit]) -> Vec<Lc> {
    bits.chunks(128).map(compose).collect()
}

/// Bytes as [`halves`] has them.
pub fn half_values(bytes: &[u8]) -> Vec<Fr> {
    bytes.chunks(16).map(|half| Fr::from(half.iter().rev().fold(0u128, |v, b| v << 8 | u128::from(*b)))).collect()
}
