//! WebAssembly's own tests of integers, control and memory, through rows and tape; see `core/README.md` for the texts.
//!
//! A function that neither reads nor writes what other calls change is an arm of a predicate with unknown arguments, which
//! compares the results with further unknowns: each assertion is a run of its tape, which says true, and false with any
//! result changed, or trap. Where that is beyond the limits (an unknown address may be any of a memory), and for functions
//! with state, arguments are constants; calls with state follow each other in one predicate. How many assertions were run,
//! in which way, and how many were left out and why stands in `counts.txt` (`UPDATE_PINS=1` writes it anew).

mod rewrite;
mod script;

use ark_bn254::Fr;
use ark_ff::PrimeField;
use rewrite::{Entry, Survey, constant, predicate};
use script::{Expected, Instance, Step, Value, read};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Instant;
use wasm_encoder::{BlockType, Instruction};
use wasmparser::ValType;
use zera_compiler::symex::Limits;
use zera_compiler::{Options, compile};
use zera_r1cs::{Artefact, Manifest, TapeInputs};
use zera_statement::input_root;

/// With unknown arguments: tight, since what grows large is tried again with known ones.
const UNKNOWN: Limits = Limits { iterations: 40, instructions: 100_000, expressions: 200_000, candidates: 256 };
/// With known arguments.
const KNOWN: Limits = Limits { iterations: 4_096, instructions: 20_000_000, expressions: 2_000_000, candidates: 4_096 };
/// Functions in one predicate.
const ARMS: usize = 24;
/// Calls that are looked at in one predicate of calls with state, and numbers of them.
const CALLS: usize = 120;
const SLOTS: usize = 600;
/// Codes of what is beyond the limits; any other is a refusal of the module.
const BEYOND: [&str; 9] = [
    "address",
    "expressions",
    "indirect-call",
    "instructions",
    "length",
    "loop",
    "memory-grow",
    "recursion",
    "too-large",
];

/// Calls that make a memory larger than a predicate's may be, and one that finds it so.
const LARGE: [(&str, usize); 4] = [("call", 359), ("call_indirect", 574), ("memory_grow", 44), ("memory_grow", 47)];
/// In larger circuits a few results only are changed.
const ROWS: usize = 5_000;

/// Assertions by what became of them.
type Counts = BTreeMap<String, u32>;

/// A predicate, and how it compares with what is expected.
struct Circuit {
    artefact: Artefact,
    slots: usize,
}

/// The circuit, or the code of why there is none.
fn circuit(wasm: &[u8], slots: u32, limits: Limits, counts: &mut Counts) -> Result<Circuit, &'static str> {
    let manifest = Manifest::new("test", 1, 4 + 8 * slots, 0, vec![]).unwrap().with_entry("predicate").unwrap();
    let artefact = compile(wasm, &Options { manifest, limits }).map_err(|errors| errors[0].code)?.artefact;
    *counts.entry("circuits".to_owned()).or_default() += 1;
    match zera_check::check(&artefact) {
        Ok(report) => assert!(report.assumed.is_empty(), "wires on trust"),
        Err(_) => *counts.entry("circuits without a certificate".to_owned()).or_default() += 1,
    }
    Ok(Circuit { artefact, slots: slots as usize })
}

impl Circuit {
    /// The outcome, all rows being satisfied.
    fn outcome(&self, which: u32, slots: &[u64]) -> u32 {
        let mut public = which.to_le_bytes().to_vec();
        public.extend((0..self.slots).flat_map(|at| slots.get(at).copied().unwrap_or(0).to_le_bytes()));
        let inputs = TapeInputs { binding: Fr::from(7), public: &public, private: &[] };
        let z = self.artefact.tape.run(&inputs).unwrap_or_else(|error| panic!("{error}"));
        if let Err(error) = self.artefact.matrices.check(&z) {
            panic!("{error} on {which} and {slots:x?}");
        }
        assert_eq!(z[3], input_root(&public));
        z[1].into_bigint().0[0] as u32
    }

    /// The values give true, and false with any of those from `first` on changed.
    fn holds(&self, which: u32, slots: &[u64], first: usize, turn: usize) -> Result<(), String> {
        let outcome = self.outcome(which, slots);
        if outcome != 1 {
            return Err(format!("outcome {outcome}, not 1"));
        }
        if self.artefact.matrices.rows() > ROWS && !turn.is_multiple_of(8) {
            return Ok(());
        }
        for at in first..slots.len() {
            let mut changed = slots.to_vec();
            changed[at] ^= 1 << (at % 32);
            let outcome = self.outcome(which, &changed);
            if outcome != 0 {
                return Err(format!("outcome {outcome}, not 0, with another result {at}"));
            }
        }
        Ok(())
    }
}

/// Writes the body of an entry.
struct Writer<'a> {
    survey: &'a Survey,
    code: Vec<Instruction<'static>>,
    slots: u32,
    locals: Vec<ValType>,
}

/// Where a call's arguments come from.
#[derive(Clone, Copy)]
enum Args<'a> {
    /// From slots, the first being this.
    Slots(u32, &'a [Value]),
    Known(&'a [Value]),
}

impl Writer<'_> {
    fn new(survey: &Survey) -> Writer<'_> {
        Writer { survey, code: vec![], slots: 0, locals: vec![] }
    }

    /// Pushes a slot's number.
    fn slot(&mut self, at: u32, narrow: bool) {
        self.slots = self.slots.max(at + 1);
        self.code.push(Instruction::LocalGet(1 + at));
        if narrow {
            self.code.push(Instruction::I32WrapI64);
        }
    }

    fn call(&mut self, function: u32, args: Args<'_>) {
        match args {
            Args::Known(values) => self.code.extend(values.iter().map(|value| constant(*value))),
            Args::Slots(first, values) => {
                for (at, value) in values.iter().enumerate() {
                    self.slot(first + at as u32, matches!(value, Value::I32(_)));
                }
            }
        }
        self.code.extend((0..self.survey.zeros(function)).map(|_| Instruction::I32Const(0)));
        self.code.push(Instruction::Call(function));
    }

    fn drop_results(&mut self, function: u32) {
        self.code.extend(self.survey.results(function).iter().map(|_| Instruction::Drop));
    }

    /// Whether the results of the call before are the slots' from `first` on; locals are numbered when all slots are known.
    fn compare(&mut self, function: u32, first: u32) {
        let results = self.survey.results(function);
        let base = self.locals.len();
        self.locals.extend(&results);
        for at in (0..results.len()).rev() {
            self.code.push(Instruction::LocalSet(LOCALS + (base + at) as u32));
        }
        self.code.push(Instruction::I32Const(1));
        for (at, ty) in results.iter().enumerate() {
            self.code.push(Instruction::LocalGet(LOCALS + (base + at) as u32));
            self.slot(first + at as u32, *ty == ValType::I32);
            self.code.push(if *ty == ValType::I32 { Instruction::I32Eq } else { Instruction::I64Eq });
            self.code.push(Instruction::I32And);
        }
    }

    /// What follows up to the matching `End` is done only where the first parameter is this.
    fn only(&mut self, which: u32) {
        self.code.extend([
            Instruction::Block(BlockType::Empty),
            Instruction::LocalGet(0),
            Instruction::I32Const(which as i32),
            Instruction::I32Ne,
            Instruction::BrIf(0),
        ]);
    }

    fn finish(self, wasm: &[u8], last: Instruction<'static>) -> (Vec<u8>, u32) {
        let mut code = self.code;
        code.push(last);
        for instruction in &mut code {
            if let Instruction::LocalGet(at) | Instruction::LocalSet(at) = instruction
                && *at >= LOCALS
            {
                *at = *at - LOCALS + 1 + self.slots;
            }
        }
        (predicate(wasm, self.survey, &Entry { slots: self.slots, locals: self.locals, code }), self.slots)
    }
}

/// Numbers of locals from here on are not yet what they will be.
const LOCALS: u32 = 1 << 20;

/// Calls of a function that are compared by one arm of a predicate.
#[derive(Clone)]
struct Arm<'a> {
    function: u32,
    steps: Vec<&'a Step>,
    /// Arguments are unknown: one arm for all the steps, which are then alike.
    unknown: bool,
}

struct Run<'a> {
    file: &'a str,
    instance: &'a Instance,
    survey: &'a Survey,
    counts: &'a mut Counts,
    failures: &'a mut Vec<String>,
}

impl Run<'_> {
    fn count(&mut self, what: &str, many: usize) {
        if many == 0 {
            return;
        }
        *self.counts.entry(what.to_owned()).or_default() += many as u32;
    }

    fn fail(&mut self, step: &Step, why: &str) {
        self.failures.push(format!("{}:{} {}{:x?}: {why}", self.file, step.line, step.name, step.args));
    }

    /// Compiles the arms and runs their assertions, in two halves where they are beyond the limits together.
    fn arms(&mut self, arms: &[Arm<'_>]) {
        let Some(first) = arms.first() else { return };
        let mut writer = Writer::new(self.survey);
        for (which, arm) in arms.iter().enumerate() {
            writer.only(which as u32);
            let args = &arm.steps[0].args;
            writer.call(arm.function, if arm.unknown { Args::Slots(0, args) } else { Args::Known(args) });
            writer.compare(arm.function, if arm.unknown { args.len() as u32 } else { 0 });
            writer.code.extend([Instruction::Return, Instruction::End]);
        }
        let (wasm, slots) = writer.finish(&self.instance.wasm, Instruction::I32Const(0));
        let circuit = match circuit(&wasm, slots, if first.unknown { UNKNOWN } else { KNOWN }, self.counts) {
            Ok(circuit) => circuit,
            Err(code) => {
                assert!(BEYOND.contains(&code), "{}:{}: {code}", self.file, self.instance.line);
                if arms.len() > 1 {
                    let (one, two) = arms.split_at(arms.len() / 2);
                    self.arms(one);
                    self.arms(two);
                } else if first.unknown {
                    let arm = |step| Arm { function: first.function, steps: vec![step], unknown: false };
                    let known: Vec<_> = first.steps.iter().copied().map(arm).collect();
                    known.chunks(ARMS).for_each(|arms| self.arms(arms));
                } else if first.steps[0].expected == Expected::Exhaustion {
                    self.count("without end, refused", 1);
                } else {
                    self.count(&format!("skipped: {code}"), 1);
                }
                return;
            }
        };
        for (which, arm) in arms.iter().enumerate() {
            for (turn, step) in arm.steps.iter().enumerate() {
                let args: Vec<u64> =
                    if arm.unknown { step.args.iter().map(|value| value.bits()).collect() } else { vec![] };
                let result = match &step.expected {
                    Expected::Values(values) => {
                        let slots: Vec<u64> =
                            args.iter().copied().chain(values.iter().map(|value| value.bits())).collect();
                        circuit.holds(which as u32, &slots, args.len(), which + turn)
                    }
                    Expected::Anything => Ok(()),
                    Expected::Trap => match circuit.outcome(which as u32, &args) {
                        2 => Ok(()),
                        outcome => Err(format!("outcome {outcome}, not 2")),
                    },
                    Expected::Exhaustion => Err("a call without end is compiled".to_owned()),
                };
                match result {
                    Ok(()) => self.count(if arm.unknown { "unknown arguments" } else { "known arguments" }, 1),
                    Err(why) => self.fail(step, &why),
                }
            }
        }
    }

    /// Calls with state, one after the other; those before `looked_at` are known, and not looked at any more.
    fn sequence(&mut self, steps: &[(u32, &Step)], looked_at: usize, unknown: bool) {
        let mut writer = Writer::new(self.survey);
        writer.locals.push(ValType::I32);
        writer.code.extend([Instruction::I32Const(1), Instruction::LocalSet(LOCALS)]);
        let (mut slots, mut expected) = (Vec::new(), Vec::new());
        for (at, (function, step)) in steps.iter().enumerate() {
            let trap = step.expected == Expected::Trap;
            if at < looked_at {
                if !trap {
                    writer.call(*function, Args::Known(&step.args));
                    writer.drop_results(*function);
                }
                continue;
            }
            if trap {
                writer.only(at as u32 + 1);
            }
            let first = slots.len() as u32;
            if unknown {
                slots.extend(step.args.iter().map(|value| value.bits()));
            }
            writer.call(*function, if unknown { Args::Slots(first, &step.args) } else { Args::Known(&step.args) });
            if let Expected::Values(values) = &step.expected {
                writer.compare(*function, slots.len() as u32);
                for value in values {
                    expected.push((at, slots.len()));
                    slots.push(value.bits());
                }
                writer.code.extend([Instruction::LocalGet(LOCALS), Instruction::I32And, Instruction::LocalSet(LOCALS)]);
            } else {
                writer.drop_results(*function);
            }
            if trap {
                writer.code.extend([Instruction::I32Const(0), Instruction::Return, Instruction::End]);
            }
        }
        let many = steps.len() - looked_at;
        let (wasm, count) = writer.finish(&self.instance.wasm, Instruction::LocalGet(LOCALS));
        let circuit = match circuit(&wasm, count, if unknown { UNKNOWN } else { KNOWN }, self.counts) {
            Ok(circuit) => circuit,
            Err(code) if BEYOND.contains(&code) && unknown => return self.sequence(steps, looked_at, false),
            Err(code) => {
                assert!(BEYOND.contains(&code), "{}:{}: {code}", self.file, self.instance.line);
                return self.count(&format!("skipped: {code}"), many);
            }
        };
        let outcome = circuit.outcome(0, &slots);
        if outcome != 1 {
            // By halves, to tell which.
            if many > 1 {
                let half = looked_at + many / 2;
                self.sequence(&steps[..half], looked_at, unknown);
                self.sequence(steps, half, unknown);
            } else {
                self.fail(steps[looked_at].1, &format!("outcome {outcome}, not 1"));
            }
            return;
        }
        let mut wrong: Vec<(usize, String)> = Vec::new();
        for (at, slot) in &expected {
            let mut changed = slots.clone();
            changed[*slot] ^= 1 << (at % 32);
            let outcome = circuit.outcome(0, &changed);
            if outcome != 0 {
                wrong.push((*at, format!("outcome {outcome}, not 0, with another result")));
            }
        }
        for (at, (_, step)) in steps.iter().enumerate().skip(looked_at) {
            if step.expected == Expected::Trap {
                let outcome = circuit.outcome(at as u32 + 1, &slots);
                if outcome != 2 {
                    wrong.push((at, format!("outcome {outcome}, not 2")));
                }
            }
        }
        self.count(if unknown { "in sequence, unknown arguments" } else { "in sequence, known arguments" }, many);
        for (at, why) in wrong {
            self.fail(steps[at].1, &why);
        }
    }

    fn instance(&mut self) {
        let steps = &self.instance.steps;
        if self.survey.imports {
            return self.count("skipped: imports", steps.len() + usize::from(self.instance.fails));
        }
        // Whether it can be a predicate at all.
        let (wasm, slots) = Writer::new(self.survey).finish(&self.instance.wasm, Instruction::I32Const(1));
        match circuit(&wasm, slots, KNOWN, self.counts) {
            Ok(circuit) => {
                let outcome = circuit.outcome(0, &[]);
                if self.instance.fails || outcome != 1 {
                    assert!(self.instance.fails && outcome == 2, "{}:{}: {outcome}", self.file, self.instance.line);
                    return self.count("traps at the start", 1);
                }
                self.count("modules", 1);
            }
            Err("segment") if self.instance.fails => return self.count("traps at the start", 1),
            Err(code) => {
                let many = steps.len() + usize::from(self.instance.fails);
                return self.count(&format!("skipped: {code}"), many);
            }
        }
        let mut free: BTreeMap<u32, Vec<&Step>> = BTreeMap::new();
        let mut sequence = Vec::new();
        let known = |step: &Step| self.survey.exports.get(&step.name).copied();
        let writers = steps.iter().filter_map(known).any(|function| self.survey.traits[function as usize].writes);
        for step in steps {
            let function = known(step).unwrap_or_else(|| panic!("{}:{}: no such export", self.file, step.line));
            let traits = &self.survey.traits[function as usize];
            if LARGE.contains(&(self.file, step.line)) {
                self.count("skipped: memory of more than 256 pages", 1);
            } else if traits.floats {
                self.count("skipped: floats", 1);
            } else if step.expected == Expected::Exhaustion || !writers || !(traits.reads || traits.writes) {
                free.entry(function).or_default().push(step);
            } else {
                sequence.push((function, step));
            }
        }
        let arms = free.into_iter().map(|(function, steps)| Arm { function, steps, unknown: true });
        let (endless, arms): (Vec<_>, Vec<_>) =
            arms.partition(|arm| arm.steps.iter().any(|step| step.expected == Expected::Exhaustion));
        arms.chunks(ARMS).for_each(|arms| self.arms(arms));
        for arm in endless {
            for step in &arm.steps {
                self.arms(&[Arm { function: arm.function, steps: vec![step], unknown: false }]);
            }
        }
        let mut first = 0;
        while first < sequence.len() {
            let (mut end, mut slots) = (first, 0);
            while end < sequence.len() && end - first < CALLS && slots < SLOTS {
                slots += sequence[end].1.args.len() + 4;
                end += 1;
            }
            self.sequence(&sequence[..end], first, true);
            first = end;
        }
    }
}

fn texts() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/core")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "wast")).collect();
    paths.sort();
    paths
}

#[test]
fn the_tests_of_webassembly_hold_in_circuits() {
    let all = Mutex::new((BTreeMap::new(), Vec::new()));
    let (texts, next) = (texts(), AtomicUsize::new(0));
    let only = std::env::var("ZERA_SPEC").ok();
    let work = || {
        while let Some(path) = texts.get(next.fetch_add(1, Relaxed)) {
            let file = path.file_stem().unwrap().to_str().unwrap();
            if only.as_deref().is_some_and(|only| only != file) {
                continue;
            }
            let begun = Instant::now();
            let text = std::fs::read_to_string(path).unwrap();
            let (mut counts, mut failures) = (Counts::new(), Vec::new());
            for instance in read(file, &text, &mut counts) {
                let survey = Survey::new(&instance.wasm);
                let run =
                    Run { file, instance: &instance, survey: &survey, counts: &mut counts, failures: &mut failures };
                { run }.instance();
            }
            println!("{file}: {:?} {counts:?}", begun.elapsed());
            let mut all = all.lock().unwrap();
            all.0.insert(file.to_owned(), counts);
            all.1.extend(failures);
        }
    };
    std::thread::scope(|scope| {
        (0..std::thread::available_parallelism().map_or(1, NonZero::get)).for_each(|_| {
            scope.spawn(work);
        });
    });
    let (counts, failures) = all.into_inner().unwrap();
    assert!(failures.is_empty(), "{} fail:\n{}", failures.len(), failures.join("\n"));
    let mut text = String::new();
    let mut total = Counts::new();
    for (file, counts) in &counts {
        counts.iter().for_each(|(what, many)| *total.entry(what.clone()).or_default() += many);
        text += &line(file, counts);
    }
    text += &line("total", &total);
    println!("{}", line("total", &total));
    if only.is_some() {
        return;
    }
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/counts.txt");
    if std::env::var_os("UPDATE_PINS").is_some_and(|value| value == "1") {
        std::fs::write(&pins, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&pins).unwrap(), "counts changed: UPDATE_PINS=1 records them");
}

fn line(file: &str, counts: &Counts) -> String {
    let counts: Vec<String> = counts.iter().map(|(what, many)| format!("{what} {many}")).collect();
    format!("{file}: {}\n", counts.join(", "))
}
