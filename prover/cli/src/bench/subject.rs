//! The circuits that are measured.

use std::borrow::Cow;
use std::path::Path;

use anyhow::anyhow;
use zera_abi::{KeyId, Outcome};
use zera_library::Predicate;
use zera_params::{Keys, dev_keys};
use zera_r1cs::{Artefact, Matrices, SparseMatrix, TapeInputs};
use zera_statement::Fr;

use crate::bench::report::Kind;
use crate::cmd::predicate::{outcome_of, test};
use crate::cmd::prove::binding;
use crate::output::{Blame, Failure};
use crate::predicates;
use crate::subject::parse_json;

/// A predicate with an input, before it has keys.
pub struct Question {
    kind: Kind,
    artefact: Cow<'static, Artefact>,
    public: Vec<u8>,
    private: Vec<u8>,
}

/// A circuit with an input and keys.
pub struct Subject {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its keys.
    pub keys: Keys,
    source: Source,
}

enum Source {
    Predicate(Box<Question>, Fr),
    Chain(Box<Matrices>),
}

/// `c` of the chain.
const ADDEND: u64 = 5;

impl Question {
    /// A built-in predicate on its example.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn built_in(predicate: &'static Predicate) -> Result<Question, Failure> {
        let (artefact, public) = (Cow::Borrowed((predicate.artefact)()), parse_json(predicate, predicate.example)?);
        Ok(Question { kind: Kind::BuiltIn, artefact, public, private: Vec::new() })
    }

    /// A predicate's file on the first of its cases that is true, or on the first.
    ///
    /// # Errors
    /// Bad input: see [`predicates::open`] and [`test::example`].
    pub fn file(file: &Path, cases: &Path) -> Result<Question, Failure> {
        let name = file.to_str().ok_or_else(|| anyhow!("{}: not a name in UTF-8", file.display())).input()?;
        let subject = predicates::open(name)?;
        let (public, private) = test::example(&subject, cases, Outcome::True)?;
        Ok(Question { kind: Kind::File, artefact: subject.artefact, public, private })
    }

    /// The predicate's name.
    pub fn name(&self) -> &str {
        &self.artefact.manifest.name
    }
}

impl Subject {
    /// A predicate with development keys, bound to nothing.
    ///
    /// # Errors
    /// Bad input: no keys for it, or no outcome for its input.
    pub fn predicate(question: Question) -> Result<Subject, Failure> {
        let keys = dev_keys(&question.artefact.matrices).input()?;
        let binding = binding(None, question.artefact.predicate_id(), keys.verifying.id())?.to_scalar();
        let (name, kind) = (question.name().to_owned(), question.kind);
        let subject = Subject { name, kind, keys, source: Source::Predicate(Box::new(question), binding) };
        let z = subject.assign()?;
        if outcome_of(&z).is_none() {
            return Err(Failure::Input(anyhow!("{}: the circuit gives no outcome for its input", subject.name)));
        }
        subject.satisfied(&z)
    }

    /// `x_(i+1) = x_i^2 + c` over a domain of `2^log_n` points, all of it in use; the last `x` is public. Every value is as
    /// wide as the field, where a predicate's are mostly bits: the sums are as slow as they get.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn chain(log_n: u32) -> Result<Subject, Failure> {
        let matrices = chain(log_n).input()?;
        let keys = dev_keys(&matrices).input()?;
        let name = format!("chain 2^{log_n}");
        let subject = Subject { name, kind: Kind::Chain, keys, source: Source::Chain(Box::new(matrices)) };
        let z = subject.assign()?;
        subject.satisfied(&z)
    }

    fn satisfied(self, z: &[Fr]) -> Result<Subject, Failure> {
        self.matrices().check(z).map_err(|error| anyhow!("{}: {error}", self.name)).input()?;
        Ok(self)
    }

    /// What is proved.
    pub fn matrices(&self) -> &Matrices {
        match &self.source {
            Source::Predicate(question, _) => &question.artefact.matrices,
            Source::Chain(matrices) => matrices,
        }
    }

    /// The assignment, from the input's bytes.
    ///
    /// # Errors
    /// Bad input: the predicate has none for it.
    pub fn assign(&self) -> Result<Vec<Fr>, Failure> {
        match &self.source {
            Source::Predicate(question, binding) => {
                let Question { artefact, public, private, .. } = &**question;
                artefact.tape.run(&TapeInputs { binding: *binding, public, private }).input()
            }
            Source::Chain(matrices) => Ok(walk(matrices.rows())),
        }
    }

    /// Bytes of public input and number of declared values, of a predicate.
    pub fn claim(&self) -> Option<(usize, usize)> {
        match &self.source {
            Source::Predicate(question, _) => {
                let publics = question.artefact.matrices.publics as usize;
                Some((question.public.len(), publics.saturating_sub(zera_abi::wire::STATEMENT_INPUTS)))
            }
            Source::Chain(_) => None,
        }
    }

    /// What the keys' folder says of itself.
    pub fn key(&self) -> KeyId {
        self.keys.verifying.id()
    }
}

/// Rows `x_i * x_i = x_(i+1) - c`, two fewer than the domain has points. Wire 1 is the last `x`, wire 2 the first.
fn chain(log_n: u32) -> Result<Matrices, zera_r1cs::MatrixError> {
    let rows = (1u32 << log_n) - 2;
    let one = Fr::from(1u64);
    // The wire of x_i; the last row's product is the public wire.
    let wire = |i: u32| if i == rows { 1 } else { i + 2 };
    let factors = || SparseMatrix::from_rows((0..rows).map(|i| [(wire(i), one)]));
    let products = SparseMatrix::from_rows((1..=rows).map(|i| [(0, -Fr::from(ADDEND)), (wire(i), one)]))?;
    Matrices::new(1, rows + 2, factors()?, factors()?, products)
}

/// Its assignment.
fn walk(rows: usize) -> Vec<Fr> {
    let mut x = Fr::from(3u64);
    let mut z = Vec::with_capacity(rows + 2);
    z.extend([Fr::from(1u64), x]);
    for _ in 0..rows {
        z.push(x);
        x = x * x + Fr::from(ADDEND);
    }
    z[1] = x;
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_fills_its_domain() {
        for log_n in [6, 7] {
            let subject = Subject::chain(log_n).unwrap();
            assert_eq!(subject.keys.shape.domain(), 1 << log_n);
            assert_eq!((subject.matrices().rows(), subject.matrices().publics), ((1 << log_n) - 2, 1));
            let mut z = subject.assign().unwrap();
            for at in 1..z.len() {
                let kept = z[at];
                z[at] += Fr::from(1u64);
                assert!(subject.matrices().check(&z).is_err(), "wire {at} is free");
                z[at] = kept;
            }
        }
    }

    #[test]
    fn built_in_predicates_are_subjects() {
        let question = Question::built_in(&zera_library::registry()[1]).unwrap();
        let subject = Subject::predicate(question).unwrap();
        assert_eq!((subject.kind, subject.claim()), (Kind::BuiltIn, Some((24, 0))));
        assert_eq!(subject.assign().unwrap().len(), subject.matrices().wires as usize);
    }
}
