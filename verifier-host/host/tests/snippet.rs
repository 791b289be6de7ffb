//! The example contract is the published snippet, byte for byte.

/// Three lines of origin, then the text.
const PUBLISHED: &str = include_str!("../../../contracts/examples/special-price/snippet.rs.txt");
const CONTRACT: &str = include_str!("../../../contracts/examples/special-price/src/lib.rs");
const SDK: &str = include_str!("../../../contracts/sdk/src/snippet.rs");

/// SHA-256 of the two functions as published, so that text and copy can not drift together.
const FUNCTIONS_SHA256: &str = "ebc9778f4e39576ea96c972f4155b5af3fb8611c62187babb5c1a96ada6cfc77";

/// From the snippet's first line to its placeholder module.
fn functions() -> &'static str {
    let (_, published) = PUBLISHED.split_once("\n----\n").unwrap();
    let (functions, placeholder) = published.split_once("// Placeholder for ZERA host API calls").unwrap();
    assert!(placeholder.contains("mod zera_api {"));
    functions.trim_end()
}

#[test]
fn both_functions_are_the_published_text() {
    use sha2::Digest;
    assert_eq!(hex::encode(sha2::Sha256::digest(functions())), FUNCTIONS_SHA256);
    assert!(functions().contains("pub extern \"C\" fn evaluate_complex_condition() {"));
    assert!(
        functions()
            .contains("pub extern \"C\" fn process_verified_condition_result(computation_id: u64, result: bool) {")
    );
    let (_, rest) = CONTRACT.split_once(functions()).expect("the published text, unchanged and in one piece");
    assert_eq!(rest, "\n", "nothing follows it");
    // What stands before it defines nothing of the same names.
    assert_eq!(CONTRACT.matches("fn evaluate_complex_condition").count(), 1);
    assert_eq!(CONTRACT.matches("fn process_verified_condition_result").count(), 1);
    assert!(CONTRACT.contains("use zera_contract_sdk as zera_api;"));
}

/// Every function of the placeholder module exists in the SDK, with the same parameters and result.
#[test]
fn the_sdk_has_every_name_of_the_placeholder() {
    let (_, placeholder) = PUBLISHED.split_once("mod zera_api {").unwrap();
    let mut names = 0;
    for line in placeholder.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")) {
        let (signature, _) = line.split_once(" {").unwrap();
        let signature = signature.replace("(_", "(").replace(", _", ", ");
        assert!(SDK.contains(&format!("pub fn {signature} {{")), "{signature}");
        names += 1;
    }
    assert_eq!(names, 9);
}
