//! Every scenario, small: it runs, twice the same, and its report needs nothing beside itself.

use zera_simulate::scenario::EMBEDDED;
use zera_simulate::{Outcome, Scenario, Study, report, run};

/// The scenario with so few jobs that it takes a moment; its predictions need more to hold.
fn small(name: &str) -> Scenario {
    let mut scenario = Scenario::embedded(name).expect("embedded");
    scenario.seeds = scenario.seeds.min(2);
    match &mut scenario.study {
        Study::ExpectedValue(settings) => settings.jobs = 40,
        Study::Heat(settings) => settings.jobs = 10,
        Study::Rescue(settings) => settings.jobs = 5,
        Study::Griefing(_) => {}
        Study::Outage(settings) => {
            (settings.providers, settings.start, settings.blocks, settings.total) = (40, 120, 50, 300);
        }
        Study::Crowd(settings) => {
            (settings.providers, settings.requesters, settings.tasks, settings.blocks) = (200, 20, 2_000, 100);
            (settings.scan_blocks, settings.speed) = (20, None);
        }
        Study::Auction(settings) => settings.jobs = 20,
        Study::Setup(settings) => (settings.runs, settings.blocks) = (1, 300),
        Study::Dynamics(settings) => (settings.generations, settings.jobs) = (20, 10),
        Study::Conviction(settings) => (settings.samples, settings.shares) = (2, vec![0.3, 1.0]),
        Study::Audits(settings) => {
            (settings.jobs, settings.generations, settings.sample, settings.answers) = (20, 20, 5, 20);
        }
        Study::Silence(settings) => (settings.jobs, settings.lies) = (10, 20),
        Study::Split(settings) => (settings.rescues, settings.jobs) = (3, 20),
    }
    scenario
}

fn play(scenario: &Scenario) -> Outcome {
    run(scenario, &|_| ()).unwrap_or_else(|error| panic!("{}: {error:?}", scenario.name))
}

#[test]
fn every_scenario_runs_and_the_same_seed_gives_the_same() {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    let mut digests = std::collections::BTreeSet::new();
    for (name, _) in EMBEDDED {
        let mut scenario = small(name);
        let first = play(&scenario);
        let again = one.install(|| play(&scenario));
        assert_eq!(first.digest(), again.digest(), "{name}: threads change nothing");
        assert_eq!(first.tables, again.tables, "{name}");
        assert!(first.transitions > 0 && !first.checks.is_empty() && !first.figures.is_empty(), "{name}");
        digests.insert(first.digest());
        scenario.seed += 1;
        let other = play(&scenario);
        // Attacks are not drawn, and where rescue begins does not hang on what is.
        assert!(
            matches!(*name, "griefing" | "rescue") || other.digest() != first.digest(),
            "{name}: another seed is another course"
        );
    }
    assert_eq!(digests.len(), EMBEDDED.len());
}

#[test]
fn what_does_not_hang_on_the_size_holds() {
    for name in ["crowd", "latency", "capital", "rescue", "setup", "conviction"] {
        // How many forgeries get through needs more forgers.
        for check in play(&small(name)).checks.into_iter().filter(|check| !check.name.contains("falls with T_final")) {
            assert!(check.holds, "{name}: {}: {}", check.name, check.measured);
        }
    }
    for (name, starts) in [
        ("expected-value", "splitting"),
        ("audits", "a look at an honest answer"),
        ("silence", "a challenge met by silence"),
        ("split", "rescues of what"),
        ("split", "a holder that lapses"),
        ("split", "lapses pay"),
    ] {
        let outcome = play(&small(name));
        let check = outcome.checks.iter().find(|check| check.name.starts_with(starts)).expect("checked");
        assert!(check.holds, "{}", check.measured);
    }
}

#[test]
fn a_report_needs_nothing_beside_itself() {
    let outcomes: Vec<Outcome> = ["griefing", "rescue", "latency"].map(|name| play(&small(name))).into();
    let command = "zera simulate --scenario '<b>' --seed 1";
    let files = report::files(&outcomes, command);
    let (name, page) = files.last().expect("a page");
    assert_eq!(name, "report.html");
    for outside in ["http", "url(", "@import", "src=", "<link", "<script", "NaN", "<b>"] {
        assert!(!page.contains(outside), "{outside} at {:?}", page.find(outside));
    }
    assert!(page.is_ascii() && page.contains("What is assumed") && page.contains("What this does not show"));
    assert!(page.contains("zera simulate --scenario &#39;&lt;b&gt;&#39; --seed 1"));
    let assumed = page.find("What is assumed").expect("there");
    assert!(assumed < page.find("Predictions").expect("there"), "assumptions come first");
    let (mut tables, mut figures) = (0, 0);
    for (name, text) in &files {
        assert!(text.is_ascii() && !text.contains("NaN"), "{name}");
        if name.ends_with(".csv") {
            tables += 1;
            assert!(text.starts_with("# zera simulate") && text.lines().count() > 2, "{name}");
        }
        if name.ends_with(".svg") {
            figures += 1;
            assert!(text.starts_with("<svg xmlns") && text.contains("seeds 1 to"), "{name}: says where it comes from");
        }
    }
    assert!(tables >= 6 && figures >= 4, "{tables} tables, {figures} figures");
    let names: std::collections::BTreeSet<&String> = files.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), files.len(), "no file is written twice");
}

/// What the simulation found against the rules as they are; a rule that closes one of these changes this test.
#[test]
fn the_attacks_above_one_are_known() {
    let outcome = play(&small("griefing"));
    let table = outcome.tables.iter().find(|table| table.name == "griefing").expect("a table");
    let above = table.rows.iter().filter(|row| match &row[3] {
        zera_simulate::outcome::Cell::Number(factor) => *factor > 1.0,
        zera_simulate::outcome::Cell::Text(_) => false,
    });
    let above: Vec<String> = above.map(|row| row[0].shown()).collect();
    assert_eq!(
        above,
        // Only a proof answers where inputs are private, and who can not make one should not attest.
        [
            "challenge an attester that can not prove, and nobody else does",
            // The fee of a demand covers a delay of less than two blocks.
            "demand what came, delivered in the last block",
            // Silence costs the requester its bond, and pays the holder.
            "demand what came of a requester that is away",
            // The fee exceeds what a delivery on the chain costs.
            "withhold until demanded, then deliver",
        ]
    );
    assert!(!outcome.holds());
    // Each attack on private bytes costs both sides what the rules' numbers say.
    let demands = outcome.checks.iter().filter(|check| check.name.contains("demand") || check.name.contains("deliver"));
    assert_eq!(demands.filter(|check| check.holds).count(), 10);
}
