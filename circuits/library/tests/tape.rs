//! Tapes of built-in predicates: as they run, and as the plain interpreter reads them.

use ark_bn254::Fr;
use zera_library::registry;
use zera_r1cs::TapeInputs;

/// The example, then every byte of it with one bit flipped: prices that are no prices, orders that are broken.
#[test]
fn lowered_tapes_compute_what_the_plain_interpreter_computes() {
    for predicate in registry() {
        let artefact = (predicate.artefact)();
        let json = serde_json::from_str(predicate.example).expect("an example is JSON");
        let public = (predicate.parse)(&json).expect("an example is an input");
        let private = vec![0; artefact.manifest.private_len as usize];
        let run = |public: &[u8]| {
            let inputs = TapeInputs { binding: Fr::from(7), public, private: &private };
            let z = artefact.tape.run(&inputs);
            assert_eq!(z, artefact.tape.run_reference(&inputs), "{}", predicate.name);
            z.expect("tapes of total predicates end")
        };
        assert_eq!(artefact.matrices.check(&run(&public)), Ok(()), "{}", predicate.name);
        for at in 0..public.len() {
            let mut other = public.clone();
            other[at] ^= 1 << (at % 8);
            assert_eq!(artefact.matrices.check(&run(&other)), Ok(()), "{}, byte {at}", predicate.name);
        }
    }
}
