//! Vectors of second implementations: circomlibjs for Poseidon, `statement.py` for everything else.

use ark_ff::PrimeField;
use std::collections::BTreeMap;
use std::str::FromStr;
use zera_abi::{AccountId, ChainId, CodeHash, Height, KeyId, PredicateId, TaskId};
use zera_statement::*;

/// Lines `left = right` without the head.
fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(" = ").unwrap())
}

fn decimal(text: &str) -> Fr {
    Fr::from_str(text).unwrap()
}

#[test]
fn poseidon_agrees_with_circomlibjs_at_every_width() {
    let mut seen = [0; 17];
    for (inputs, expected) in lines(include_str!("../vectors/poseidon.txt")) {
        let inputs: Vec<Fr> = inputs.split(' ').map(decimal).collect();
        assert_eq!(poseidon::hash(&inputs), Some(decimal(expected)), "{} inputs", inputs.len());
        seen[inputs.len()] += 1;
    }
    assert_eq!(seen[1..], [7; 16]);
}

#[test]
fn ids_binding_and_input_root_agree_with_the_second_implementation() {
    let mut seen = BTreeMap::new();
    for (left, expected) in lines(include_str!("../../../contracts/abi/vectors/statement.txt")) {
        let (name, fields) = left.split_once(' ').unwrap();
        let fields: Vec<Vec<u8>> = fields
            .split(' ')
            .map(|field| if field == "-" { Vec::new() } else { hex::decode(field).unwrap() })
            .collect();
        let id = |at: usize| -> [u8; 32] { fields[at].as_slice().try_into().unwrap() };
        let number = |at: usize| u64::from_le_bytes(fields[at].as_slice().try_into().unwrap());
        let value = match name {
            "task_id" => task_id(&ChainId(id(0)), &AccountId(id(1)), number(2)).0,
            "direct_task_id" => direct_task_id(&AccountId(id(0)), &id(1)).0,
            "contract_address" => contract_address(&AccountId(id(0)), number(1), &CodeHash(id(2))).0,
            "predicate_id" => predicate_id(&id(0), &id(1), &id(2)).0,
            "key_id" => key_id(&fields[0]).0,
            "code_hash" => code_hash(&fields[0]).0,
            "input_root" => scalar_to_be(&input_root(&fields[0])),
            "binding" => {
                let binding = Binding {
                    chain: ChainId(id(0)),
                    task: TaskId(id(1)),
                    key: KeyId(id(2)),
                    predicate: PredicateId(id(3)),
                    provider: AccountId(id(4)),
                    not_after: Height(number(5)),
                };
                let bytes = binding.to_bytes();
                // The scalar is the masked bytes themselves: reducing changes nothing.
                assert_eq!(binding.to_scalar(), Fr::from_be_bytes_mod_order(&bytes));
                assert_eq!(scalar_to_be(&binding.to_scalar()), bytes);
                bytes
            }
            _ => panic!("unknown vector {name}"),
        };
        assert_eq!(hex::encode(value), expected, "{left}");
        *seen.entry(name).or_insert(0) += 1;
    }
    let expected = [
        ("binding", 4),
        ("code_hash", 3),
        ("contract_address", 4),
        ("direct_task_id", 4),
        ("input_root", 24),
        ("key_id", 3),
        ("predicate_id", 4),
        ("task_id", 4),
    ];
    assert_eq!(seen, BTreeMap::from(expected));
}
