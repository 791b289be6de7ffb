//! What a record says of machine, compiler and commit.

use std::path::Path;
use std::process::Command;

/// Where measurements were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Model of the CPU.
    pub cpu: String,
    /// `rustc --version`.
    pub rustc: String,
    /// The commit checked out, `+dirty` where tracked files differ; `unknown` outside a repository.
    pub commit: String,
    /// When that commit was made, in seconds since 1970; 0 where that is not known.
    pub committed: u64,
    /// `lscpu` and `rustc -vV`, for people.
    pub text: String,
}

impl Machine {
    /// Asks `lscpu`, `rustc` and `git`; what does not answer is `unknown`.
    pub fn detect(repository: &Path) -> Machine {
        let unknown = || "unknown".to_owned();
        let lscpu = output("lscpu", &[], repository);
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").ok();
        let model = |text: &String| line_after(text, "model name");
        let cpu = lscpu.as_ref().and_then(model).or_else(|| cpuinfo.as_ref().and_then(model)).unwrap_or_else(unknown);
        let rustc = output("rustc", &["--version"], repository).unwrap_or_else(unknown);
        let git = |arguments: &[&str]| output("git", arguments, repository);
        let head = git(&["rev-parse", "--short=12", "HEAD"]);
        let differs = git(&["status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)benches/records"]);
        let dirty = if differs.is_some_and(|lines| !lines.is_empty()) { "+dirty" } else { "" };
        let commit = head.map_or_else(unknown, |head| format!("{head}{dirty}"));
        let committed = git(&["log", "-1", "--format=%ct"]).and_then(|text| text.parse().ok()).unwrap_or(0);
        let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
        let text = format!(
            "commit {commit}\nRUSTFLAGS={flags}\n\n{}\n\n{}\n",
            output("rustc", &["-vV"], repository).unwrap_or_else(unknown),
            lscpu.unwrap_or_else(unknown),
        );
        Machine { cpu, rustc, commit, committed, text }
    }

    /// The CPU's model as the name of a folder.
    pub fn slug(&self) -> String {
        let spaced: String = self.cpu.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
        let words: Vec<&str> = spaced.split_whitespace().collect();
        if words.is_empty() { "unknown".to_owned() } else { words.join("-").to_ascii_lowercase() }
    }
}

/// Standard output of a program that succeeds, without the white space around it.
fn output(program: &str, arguments: &[&str], folder: &Path) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).env("LC_ALL", "C").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What stands behind `label:` on the first line that starts with it, in whatever case.
fn line_after(text: &str, label: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim().eq_ignore_ascii_case(label) && !value.trim().is_empty()).then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_found_in_either_text() {
        let lscpu = "Architecture:  x86_64\n  Model name:   AMD EPYC (TM) 9\nBIOS Model name: z\n";
        assert_eq!(line_after(lscpu, "model name").as_deref(), Some("AMD EPYC (TM) 9"));
        assert_eq!(line_after("model\t\t: 1\nmodel name\t: A: B\n", "model name").as_deref(), Some("A: B"));
        assert_eq!(line_after("cpu: 1\n", "model name"), None);
    }

    #[test]
    fn slugs_are_plain() {
        let slug = |cpu: &str| {
            let text = String::new();
            Machine { cpu: cpu.to_owned(), rustc: text.clone(), commit: text.clone(), committed: 0, text }.slug()
        };
        assert_eq!(slug("Intel(R) Xeon(R) CPU @ 2.60GHz"), "intel-r-xeon-r-cpu-2-60ghz");
        assert_eq!(slug("../.."), "unknown");
    }
}
