//! Explores every scenario within the full bounds, or within `CRASHES FAULTS SLOW` given as arguments; with a word, those
//! whose name has it. Prints what was explored and seen; ends with 1 and a trace when a rule breaks.

use std::process::ExitCode;

use protocol::{Bounds, Protocol, Scenario, Variant, explore};

/// Far beyond the full bounds; a world that grows past it is not explored for ever.
const STATES_MAX: usize = 50_000_000;

fn main() -> ExitCode {
    let (mut numbers, mut word) = (Vec::<u8>::new(), String::new());
    for text in std::env::args().skip(1) {
        match text.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => word = text,
        }
    }
    let bounds = match numbers.as_slice() {
        [] => Bounds::FULL,
        [crashes, faults, slow] => Bounds { crashes: *crashes, faults: *faults, slow: *slow },
        _other => {
            eprintln!("either nothing or three numbers: crashes, message faults, slow moments");
            return ExitCode::from(64);
        }
    };
    let scenarios: Vec<Scenario> =
        Scenario::all(bounds).into_iter().filter(|scenario| scenario.name.contains(&word)).collect();
    if scenarios.is_empty() {
        eprintln!("no scenario is called anything like {word:?}");
        return ExitCode::from(64);
    }
    println!("{} crashes, {} message faults, {} slow moments", bounds.crashes, bounds.faults, bounds.slow);
    let mut code = ExitCode::SUCCESS;
    for scenario in scenarios {
        let name = scenario.name;
        let model = Protocol::new(scenario, Variant::Honest);
        let report = explore(&model, STATES_MAX);
        println!("{name}: {report}");
        for (what, times) in model.seen() {
            println!("{times:>12}  {what}");
        }
        if report.counterexample.is_some() || !report.complete {
            code = ExitCode::FAILURE;
        }
    }
    code
}
