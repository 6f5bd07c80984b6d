//! What a finished scan prints: a funnel and the first candidates for a person, one JSON object for a program.

use std::{
    fmt::{self, Write as _},
    io::{Write as _, stdout},
};

use serde_json::{Value, json};

use crate::{
    cli::{Shape, Stages},
    run::{Report, Row},
};

const SCHEMA_VERSION: u32 = 1;

/// Prints a report. A closed standard output is nobody's problem: the files are in place.
pub fn print(report: &Report, shape: Shape) {
    let text = match shape {
        Shape::Nothing => return,
        Shape::Json => format!("{}\n", as_json(report)),
        Shape::Text => as_text(report).unwrap_or_default(),
    };
    let _ = stdout().lock().write_all(text.as_bytes());
}

fn as_json(report: &Report) -> Value {
    let verdicts: serde_json::Map<String, Value> =
        report.verdicts.iter().map(|(name, count)| ((*name).to_owned(), json!(count))).collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "run_id": report.run_id,
        "session": report.moment.session,
        "as_of": report.moment.as_of,
        "newest_bar": report.newest_bar,
        "feed": report.feed,
        "stages": report.stages.name(),
        "attested": report.attested,
        "universe": { "skipped": report.skipped, "merged": report.merged },
        "verdicts": verdicts,
        "candidates": candidates(report),
        "top": report.top,
        "warnings": report.warnings,
        "files": report.files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
    })
}

fn as_text(report: &Report) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let moment = &report.moment;
    writeln!(
        text,
        "Scan for the session of {}: {} data up to {}, stages {}.\n",
        moment.session,
        report.feed,
        moment.as_of,
        report.stages.name()
    )?;
    funnel(&mut text, report)?;
    if !report.top.is_empty() {
        top(&mut text, &report.top)?;
    }
    if report.skipped + report.merged > 0 {
        let (skipped, merged) = (report.skipped, report.merged);
        writeln!(text, "Universe: {skipped} lines without a ticker skipped, {merged} repeated symbols merged.")?;
    }
    for warning in &report.warnings {
        writeln!(text, "warning: {warning}")?;
    }
    writeln!(text, "Written:")?;
    for path in &report.files {
        writeln!(text, "  {}", path.display())?;
    }
    writeln!(text, "\n{}", next_step(report))?;
    Ok(text)
}

fn funnel(text: &mut String, report: &Report) -> fmt::Result {
    let mut left: u64 = report.verdicts.iter().map(|(_, count)| count).sum();
    writeln!(text, "  {:<20} {:>7} {:>9}", "verdict", "symbols", "still in")?;
    writeln!(text, "  {:<20} {:>7} {left:>9}", "universe", "")?;
    for (name, count) in report.verdicts.iter().filter(|(name, _)| *name != "candidate") {
        left -= count;
        writeln!(text, "  {name:<20} {count:>7} {left:>9}")?;
    }
    writeln!(text, "  {:<20} {left:>7}\n", "candidate")
}

fn top(text: &mut String, rows: &[Row]) -> fmt::Result {
    writeln!(
        text,
        "  {:<8} {:<4} {:>10} {:>10} {:>6} {:>10} {:>7}  anchor",
        "symbol", "tier", "price", "entry", "dist%", "stop", "score"
    )?;
    for row in rows {
        writeln!(
            text,
            "  {:<8} {:<4} {:>10.2} {:>10.2} {:>6.2} {:>10.2} {:>7.2}  {}",
            row.symbol, row.tier, row.price, row.entry_level, row.distance_pct, row.stop, row.trend_score, row.anchor
        )?;
    }
    writeln!(text)
}

fn next_step(report: &Report) -> String {
    match report.stages {
        Stages::Signals => {
            "Not attested: without stages 1-3 the list is for comparison only and the gate refuses it.".to_owned()
        }
        Stages::All if candidates(report) == 0 => {
            "The list is empty; verdicts.csv says for each symbol why. The gate accepts it: nothing will be opened."
                .to_owned()
        }
        Stages::All => format!("Next: `gate execution` opens for it on {}.", report.moment.session),
    }
}

fn candidates(report: &Report) -> u64 {
    report.verdicts.iter().find(|(name, _)| *name == "candidate").map_or(0, |(_, count)| *count)
}
