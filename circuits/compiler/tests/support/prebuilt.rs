//! The prebuilt predicates and their cases.

#![allow(dead_code, reason = "each suite uses its own part")]

use std::path::{Path, PathBuf};

pub struct Case {
    pub name: String,
    pub public: Vec<u8>,
    pub private: Vec<u8>,
    pub outcome: u32,
}

pub fn predicates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/predicates")
}

/// The cases of a module: those of its name up to the first point.
pub fn cases(module: &str) -> Vec<Case> {
    let path = predicates().join(format!("cases/{}.json", module.split('.').next().unwrap()));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap()).unwrap();
    let case = |value: &serde_json::Value| Case {
        name: value["name"].as_str().unwrap().to_owned(),
        public: bytes(&value["public"]),
        private: bytes(&value["private"]),
        outcome: value["outcome"].as_u64().unwrap() as u32,
    };
    json.as_array().unwrap().iter().map(case).collect()
}

/// Names of all modules, in order.
pub fn modules() -> Vec<String> {
    let entries = std::fs::read_dir(predicates().join("prebuilt")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter_map(|name| name.strip_suffix(".wasm").map(str::to_owned)).collect();
    names.sort();
    names
}

pub fn wasm(module: &str) -> Vec<u8> {
    std::fs::read(predicates().join(format!("prebuilt/{module}.wasm"))).unwrap()
}
