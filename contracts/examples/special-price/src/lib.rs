//! ZERA's published example as a contract: it asks whether a special price holds, and keeps the answer.
//!
//! The two functions below are the published text, byte for byte (`snippet.rs.txt`); only its placeholder `mod zera_api`
//! gives way to the SDK. The input of `evaluate_complex_condition` is the predicate's public input. What the text does not
//! name is configured when the contract is deployed: `OFFCHAIN_COMP_MIN_STAKE`, `OFFCHAIN_COMP_BOUNTY` and
//! `OFFCHAIN_COMP_CALLBACK_FUEL`. The answer lies under the storage key `state`: absent, then 1 or 0.

use zera_contract_sdk as zera_api;

zera_api::contract!();

/// Returns the state: nothing before an answer, then one byte, 1 or 0.
#[no_mangle]
pub extern "C" fn query() {
    if let Ok(Some(state)) = zera_api::storage::get(zera_api::snippet::STATE_KEY) {
        // One byte is far below the limit.
        let _ = zera_api::exit::return_data(&state);
    }
}

// Inside a ZERA WASM Smart Contract

#[no_mangle]
pub extern "C" fn evaluate_complex_condition() {
    // Retrieve data relevant to the predicate from the contract's state or context
    let context_data = zera_api::get_current_context_data(); 
    
    // Define the minimum ZRA stake required from service providers
    let min_stake = zera_api::amount_from_config("OFFCHAIN_COMP_MIN_STAKE");
    
    // Set a deadline for the computation, e.g., 100 blocks from now
    let deadline = zera_api::get_current_block_number() + 100; 

    // Request the ZERA runtime to orchestrate an off-chain computation
    // for a predicate named "SpecialPriceOraclePredicate" with defined parameters.
    let computation_id = zera_api::request_offchain_computation(
        "SpecialPriceOraclePredicate",
        &context_data,
        min_stake,
        deadline,
    );

    // The contract stores the computation_id to await its asynchronous result.
    zera_api::store_pending_computation(computation_id);
}

// Later, in another entry point or a scheduled task within the WASM contract,
// the verified result is processed:
#[no_mangle]
pub extern "C" fn process_verified_condition_result(computation_id: u64, result: bool) {
    // Ensure the result has been verified by the ZERA runtime's game-theoretic layer
    if zera_api::is_computation_verified(computation_id) {
        if result {
            // Execute logic if the off-chain predicate evaluated to TRUE
            zera_api::update_contract_state_true();
        } else {
            // Execute logic if the off-chain predicate evaluated to FALSE
            zera_api::update_contract_state_false();
        }
        // Clean up the pending computation record
        zera_api::clear_pending_computation(computation_id);
    } else {
        // Handle cases where the result is not yet verified or has been challenged.
        // This might involve re-requesting the computation or specific error handling.
    }
}
