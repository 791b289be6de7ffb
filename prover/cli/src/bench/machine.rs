//! Which machine this is, and what it lets us read of itself. What can not be read is not guessed.

use std::fs;

use zera_kernels::CpuEngine;

/// Flags of a processor that change what proving costs.
const FLAGS: [&str; 10] =
    ["bmi2", "adx", "avx2", "avx512f", "avx512dq", "avx512vl", "avx512ifma", "sha_ni", "asimd", "sha2"];

/// Where and with what was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Model of the processor.
    pub cpu: String,
    /// Those of its flags that matter here.
    pub flags: Vec<String>,
    /// Processors that this process may use.
    pub cpus: usize,
    /// Cores; `None` where the system does not tell.
    pub cores: Option<usize>,
    /// Whether a hypervisor is underneath.
    pub hypervisor: bool,
    /// Memory, in bytes.
    pub memory_bytes: Option<u64>,
    /// Name and release of the kernel.
    pub kernel: String,
    /// The rule by which clock speeds are chosen.
    pub governor: Option<String>,
    /// What the engine computes with.
    pub backend: &'static str,
    /// What `ZERA_CPU` asks for.
    pub zera_cpu: Option<String>,
    /// The build.
    pub build: Build,
}

/// What the binary was built from, and how; as its build script found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Build {
    /// Version of this program.
    pub version: &'static str,
    /// The commit, `+dirty` where tracked files differed, or `unknown`.
    pub commit: &'static str,
    /// The compiler.
    pub rustc: &'static str,
    /// `release` or `debug`.
    pub profile: &'static str,
    /// The target.
    pub target: &'static str,
    /// Flags given to the compiler.
    pub rustflags: &'static str,
    /// Version of ark-groth16.
    pub peer: &'static str,
}

impl Build {
    /// Of this binary.
    pub const THIS: Build = Build {
        version: env!("CARGO_PKG_VERSION"),
        commit: env!("ZERA_BUILD_COMMIT"),
        rustc: env!("ZERA_BUILD_RUSTC"),
        profile: env!("ZERA_BUILD_PROFILE"),
        target: env!("ZERA_BUILD_TARGET"),
        rustflags: env!("ZERA_BUILD_RUSTFLAGS"),
        peer: env!("ZERA_BUILD_PEER"),
    };
}

impl Machine {
    /// Asks the system; what does not answer is `unknown`, or missing.
    pub fn detect(engine: &CpuEngine) -> Machine {
        let info = read("/proc/cpuinfo").unwrap_or_default();
        let all = after(&info, "flags").or_else(|| after(&info, "Features")).unwrap_or_default();
        let has = |flag: &str| all.split_whitespace().any(|found| found == flag);
        Machine {
            cpu: after(&info, "model name").unwrap_or_else(|| "unknown".to_owned()),
            flags: FLAGS.iter().filter(|flag| has(flag)).map(|&flag| flag.to_owned()).collect(),
            cpus: cpus(),
            cores: cores(&info),
            hypervisor: has("hypervisor"),
            memory_bytes: read("/proc/meminfo").and_then(|text| kilobytes(&text, "MemTotal")),
            kernel: kernel(),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            backend: engine.0.name(),
            zera_cpu: std::env::var("ZERA_CPU").ok(),
            build: Build::THIS,
        }
    }
}

/// Processors that this process may use.
pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Load average over the last minute.
pub fn load() -> Option<f64> {
    let load: f64 = read("/proc/loadavg")?.split_whitespace().next()?.parse().ok()?;
    Some(load).filter(|load| load.is_finite())
}

/// The process' memory while something ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Resident when it began.
    pub before: u64,
    /// The most that was resident.
    pub peak: u64,
}

/// What work takes of memory; `None` where the system does not let us measure it.
pub fn memory_of<T>(work: impl FnOnce() -> T) -> (T, Option<Memory>) {
    // 5 resets the high-water mark.
    let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let status = || read("/proc/self/status").unwrap_or_default();
    let before = kilobytes(&status(), "VmRSS");
    let value = work();
    let peak = kilobytes(&status(), "VmHWM");
    let memory = before.zip(peak).filter(|_| reset).map(|(before, peak)| Memory { before, peak });
    (value, memory)
}

/// Processor time, in ticks: all of it, and what a hypervisor kept for others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    /// All.
    pub all: u64,
    /// Stolen.
    pub stolen: u64,
}

impl Ticks {
    /// Since the machine started.
    pub fn now() -> Option<Ticks> {
        Ticks::parse(&read("/proc/stat")?)
    }

    fn parse(stat: &str) -> Option<Ticks> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        // user, nice, system, idle, iowait, irq, softirq, steal; guests' time is in the first two.
        let ticks: Vec<u64> = line.split_whitespace().take(8).map_while(|word| word.parse().ok()).collect();
        Some(Ticks { all: ticks.iter().sum(), stolen: *ticks.get(7)? })
    }

    /// The share that was stolen since `before`.
    pub fn stolen_since(&self, before: &Ticks) -> f64 {
        let (all, stolen) = (self.all.saturating_sub(before.all), self.stolen.saturating_sub(before.stolen));
        stolen as f64 / all.max(1) as f64
    }
}

/// Counters of energy, in microjoules, each with the value it wraps at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Energy(Vec<(u64, u64)>);

impl Energy {
    /// Of the processor packages; `None` where they can not be read.
    pub fn now() -> Option<Energy> {
        let counter = |package: usize| {
            let file = |name: &str| read(&format!("/sys/class/powercap/intel-rapl:{package}/{name}"))?.parse().ok();
            Some((file("energy_uj")?, file("max_energy_range_uj")?))
        };
        let counters: Vec<(u64, u64)> = (0..).map_while(counter).collect();
        (!counters.is_empty()).then_some(Energy(counters))
    }

    /// Joules since `before`.
    pub fn joules_since(&self, before: &Energy) -> f64 {
        let spent = self.0.iter().zip(&before.0).map(|(&(now, wrap), &(then, _))| match now.checked_sub(then) {
            Some(spent) => spent,
            None => now.saturating_add(wrap.saturating_sub(then)),
        });
        spent.sum::<u64>() as f64 / 1e6
    }
}

/// A small file's text, without the white space around it.
fn read(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What stands behind `label:` on the first line that starts with it.
fn after(text: &str, label: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == label && !value.trim().is_empty()).then(|| value.trim().to_owned())
    })
}

/// The bytes of a line like `VmHWM:   1234 kB`.
fn kilobytes(text: &str, label: &str) -> Option<u64> {
    let value = after(text, label)?;
    value.strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Pairs of socket and core.
fn cores(info: &str) -> Option<usize> {
    let mut found = std::collections::BTreeSet::new();
    for processor in info.split("\n\n") {
        if let (Some(socket), Some(core)) = (after(processor, "physical id"), after(processor, "core id")) {
            found.insert((socket, core));
        }
    }
    (!found.is_empty()).then_some(found.len())
}

fn kernel() -> String {
    let part = |name: &str| read(&format!("/proc/sys/kernel/{name}"));
    match (part("ostype"), part("osrelease")) {
        (Some(name), Some(release)) => format!("{name} {release}"),
        _ => std::env::consts::OS.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_system_are_read() {
        let info = "processor\t: 0\nmodel name\t: A: B\nphysical id\t: 0\ncore id\t: 0\nflags\t\t: adx hypervisor\n\n\
                    processor\t: 1\nmodel name\t: A: B\nphysical id\t: 0\ncore id\t: 0\n\n\
                    processor\t: 2\nphysical id\t: 1\ncore id\t: 0\n";
        assert_eq!(after(info, "model name").as_deref(), Some("A: B"));
        assert_eq!((cores(info), cores("processor\t: 0\n")), (Some(2), None));
        let status = "VmPeak:\t   99 kB\nVmHWM:\t    1234 kB\nVmRSS:\t12 MB\n";
        assert_eq!((kilobytes(status, "VmHWM"), kilobytes(status, "VmRSS")), (Some(1234 * 1024), None));
        let (before, now) =
            (Ticks::parse("cpu  1 2 3 4 0 0 0 10 0 0\n"), Ticks::parse("cpu  51 2 3 34 0 0 0 30 9 9\n"));
        let (before, now) = (before.unwrap(), now.unwrap());
        assert_eq!((before, now), (Ticks { all: 20, stolen: 10 }, Ticks { all: 120, stolen: 30 }));
        assert!((now.stolen_since(&before) - 0.2).abs() < 1e-9);
        assert_eq!(Ticks::parse("cpu0 1 2\n"), None);
    }

    #[test]
    fn counters_of_energy_wrap() {
        let (before, now) = (Energy(vec![(100, 1_000), (900, 1_000)]), Energy(vec![(400, 1_000), (100, 1_000)]));
        assert!((now.joules_since(&before) - 500e-6).abs() < 1e-12);
    }

    #[test]
    fn memory_is_measured_or_missing() {
        let (len, memory) = memory_of(|| std::hint::black_box(vec![1u8; 32 << 20]).len());
        assert_eq!(len, 32 << 20);
        if let Some(Memory { before, peak }) = memory {
            assert!(peak >= before && peak > 16 << 20, "{before} {peak}");
        }
    }

    #[test]
    fn this_machine_has_a_name() {
        let machine = Machine::detect(&CpuEngine::detect());
        assert!(machine.cpus > 0 && !machine.backend.is_empty());
        assert!(["release", "debug"].contains(&machine.build.profile));
        assert!(machine.build.rustc.starts_with("rustc ") && machine.build.peer.starts_with("0.6"));
    }
}
