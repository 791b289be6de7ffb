//! Random integer modules with our imports: they load and run without a panic, the same way twice, and end in every outcome.

use arbitrary::Unstructured;
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use wasm_smith::Config;
use zera_abi::Outcome;
use zera_native::{Inputs, LoadError, RunError};

use super::{IMPORTS, load};

/// With bulk memory come changes of the table, which are refused.
fn smith(rng: &mut ChaCha20Rng, shape: &[u8], bulk: bool) -> Option<Vec<u8>> {
    let mut dice = vec![0; 6_000];
    rng.fill_bytes(&mut dice);
    let config = Config {
        module_shape: Some(shape.to_vec()),
        allow_floats: false,
        allow_start_export: true,
        simd_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        memory64_enabled: false,
        gc_enabled: false,
        reference_types_enabled: false,
        exceptions_enabled: false,
        saturating_float_to_int_enabled: false,
        tail_call_enabled: false,
        extended_const_enabled: false,
        wide_arithmetic_enabled: false,
        custom_page_sizes_enabled: false,
        multi_value_enabled: true,
        bulk_memory_enabled: bulk,
        sign_extension_ops_enabled: true,
        max_memories: 1,
        max_tables: 1,
        max_memory32_bytes: 4 << 16,
        max_table_elements: 20,
        disallow_traps: false,
        max_funcs: 12,
        max_instructions: 200,
        ..Config::default()
    };
    let module = wasm_smith::Module::new(config, &mut Unstructured::new(&dice)).ok()?;
    Some(module.to_bytes())
}

#[test]
fn random_modules_run_without_a_panic() {
    let mut rng = ChaCha20Rng::seed_from_u64(11);
    let shape = |imports: &str| {
        let text = format!(
            "(module {imports} (memory (export \"memory\") 1 3)
                (func (export \"predicate\") (param i32 i64) (result i32) unreachable))"
        );
        wat::parse_str(text).unwrap()
    };
    let shapes = [shape(IMPORTS), shape("(import \"zera\" \"bound\" (func (param i32)))"), shape("")];
    let (mut outcomes, mut dry, mut refused, mut failed) = ([0; 4], 0, 0, 0);
    for round in 0..400 {
        let Some(wasm) = smith(&mut rng, &shapes[round % 3], round % 4 == 0) else { continue };
        let predicate = match load(&wasm) {
            Ok(predicate) => predicate,
            Err(LoadError::Engine { message }) => panic!("round {round}: {message}"),
            Err(error) => {
                refused += 1;
                println!("round {round}: {error}");
                continue;
            }
        };
        let mut public = [0; 40];
        rng.fill_bytes(&mut public);
        let inputs = Inputs { public: &public, private: &public[..9] };
        for fuel in [100, 20_000, 5_000_000] {
            let ended = predicate.run(&inputs, fuel);
            assert_eq!(predicate.run(&inputs, fuel), ended, "round {round}");
            match ended {
                Ok(run) => {
                    assert!(run.fuel_used <= fuel);
                    outcomes[usize::from(run.outcome.code())] += 1;
                }
                Err(RunError::OutOfFuel { .. }) => dry += 1,
                Err(RunError::Failed { message }) => {
                    println!("round {round}: {message}");
                    failed += 1;
                }
                Err(error) => panic!("round {round}: {error}"),
            }
        }
    }
    println!("false, true, trap, exceeded: {outcomes:?}; dry {dry}, failed {failed}, refused {refused}");
    assert_eq!(failed, 0);
    assert!(refused < 150);
    for outcome in [Outcome::False, Outcome::True, Outcome::Trap, Outcome::BoundExceeded] {
        assert!(outcomes[usize::from(outcome.code())] > 0, "{outcome}: the dice are loaded");
    }
}
