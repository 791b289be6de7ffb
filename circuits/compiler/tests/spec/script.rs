//! Scripts: modules, and what is asserted of calls of them, in order.

use std::collections::BTreeMap;
use wast::core::{NanPattern, WastArgCore, WastRetCore};
use wast::parser::{self, ParseBuffer};
use wast::token::Span;
use wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

/// A number; floats as the integers of their bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    I32(u32),
    I64(u64),
}

impl Value {
    pub fn bits(self) -> u64 {
        match self {
            Value::I32(value) => u64::from(value),
            Value::I64(value) => value,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expected {
    Values(Vec<Value>),
    /// A call for its effect: its results are not looked at.
    Anything,
    Trap,
    /// The stack does not last, since the call has no end.
    Exhaustion,
}

/// A call of an export.
#[derive(Clone, Debug)]
pub struct Step {
    pub line: usize,
    pub name: String,
    pub args: Vec<Value>,
    pub expected: Expected,
}

/// A module and the calls of it.
pub struct Instance {
    pub line: usize,
    pub wasm: Vec<u8>,
    pub steps: Vec<Step>,
    /// What is instantiated must trap, or be refused.
    pub fails: bool,
}

/// The instances of a text, and how many assertions were left out, by reason.
pub fn read(name: &str, text: &str, skipped: &mut BTreeMap<String, u32>) -> Vec<Instance> {
    let buffer = ParseBuffer::new(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wast: Wast<'_> = parser::parse(&buffer).unwrap_or_else(|error| panic!("{name}: {error}"));
    let line = |span: Span| span.linecol_in(text).0 + 1;
    let mut instances: Vec<Instance> = Vec::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut skip = |reason: &str| *skipped.entry(reason.to_owned()).or_default() += 1;
    for directive in wast.directives {
        let at = line(directive.span());
        match directive {
            WastDirective::Wat(mut module) => {
                if let QuoteWat::Wat(Wat::Module(module)) = &module
                    && let Some(id) = module.id
                {
                    names.insert(id.name().to_owned(), instances.len());
                }
                let wasm = module.encode().unwrap_or_else(|error| panic!("{name}:{at}: {error}"));
                instances.push(Instance { line: at, wasm, steps: vec![], fails: false });
            }
            WastDirective::AssertTrap { exec: WastExecute::Wat(mut module), .. } => {
                let wasm = module.encode().unwrap_or_else(|error| panic!("{name}:{at}: {error}"));
                // The calls that follow are still of the module before.
                let last = instances.len().saturating_sub(1);
                instances.insert(last, Instance { line: at, wasm, steps: vec![], fails: true });
                names.values_mut().filter(|index| **index >= last).for_each(|index| *index += 1);
            }
            WastDirective::AssertReturn { exec: WastExecute::Invoke(call), results, .. } => {
                let results = results.iter().map(result).collect::<Option<Vec<_>>>();
                match results.map(Expected::Values) {
                    Some(expected) => push(&mut instances, &names, at, &call, expected, &mut skip),
                    None => skip("results that are no numbers"),
                }
            }
            WastDirective::AssertTrap { exec: WastExecute::Invoke(call), .. } => {
                push(&mut instances, &names, at, &call, Expected::Trap, &mut skip);
            }
            WastDirective::AssertExhaustion { call, .. } => {
                push(&mut instances, &names, at, &call, Expected::Exhaustion, &mut skip);
            }
            WastDirective::Invoke(call) => push(&mut instances, &names, at, &call, Expected::Anything, &mut skip),
            WastDirective::AssertReturn { .. } => skip("globals from outside"),
            WastDirective::AssertUnlinkable { .. } => skip("imports"),
            WastDirective::Register { .. } => {}
            _ => skip("other directives"),
        }
    }
    instances
}

fn push(
    instances: &mut [Instance],
    names: &BTreeMap<String, usize>,
    line: usize,
    call: &WastInvoke<'_>,
    expected: Expected,
    skip: &mut impl FnMut(&str),
) {
    let at = call.module.map_or(instances.len() - 1, |id| names[id.name()]);
    let Some(args) = call.args.iter().map(argument).collect::<Option<Vec<_>>>() else {
        return skip("arguments that are no numbers");
    };
    instances[at].steps.push(Step { line, name: call.name.to_owned(), args, expected });
}

fn argument(argument: &WastArg<'_>) -> Option<Value> {
    match argument {
        WastArg::Core(WastArgCore::I32(value)) => Some(Value::I32(*value as u32)),
        WastArg::Core(WastArgCore::I64(value)) => Some(Value::I64(*value as u64)),
        WastArg::Core(WastArgCore::F32(value)) => Some(Value::I32(value.bits)),
        WastArg::Core(WastArgCore::F64(value)) => Some(Value::I64(value.bits)),
        _ => None,
    }
}

fn result(result: &WastRet<'_>) -> Option<Value> {
    match result {
        WastRet::Core(WastRetCore::I32(value)) => Some(Value::I32(*value as u32)),
        WastRet::Core(WastRetCore::I64(value)) => Some(Value::I64(*value as u64)),
        WastRet::Core(WastRetCore::F32(NanPattern::Value(value))) => Some(Value::I32(value.bits)),
        WastRet::Core(WastRetCore::F64(NanPattern::Value(value))) => Some(Value::I64(value.bits)),
        _ => None,
    }
}
