//! One scan: gather, decide, publish; and the record of how far it came, which the gate reads.
//!
//! `scan_run.json` says `running` before anything is read, so that a scan that fails, crashes or hangs closes the gate for
//! its session although the previous outputs are still there.

use std::{collections::BTreeMap, path::PathBuf};

use anyhow::Result;
use contract::{Attestation, Env, ExitCode, Layout, ScanRun, ScanStatus, sha256_hex};
use market::{Calendar, Feed, NyDate, Qty, Symbol};

use crate::{
    cli::{ScanArguments, Stages},
    failure::{self, refuse, with_code},
    inputs::{self, Inputs, Places},
    moment::{Moment, moment},
    output::Outputs,
    progress::Progress,
    ranking::{self, Ranked},
    sector::SectorStrength,
    stages::{self, Findings, ScanRules, Verdict},
};

const TOP: usize = 10;

/// What a finished scan has to say.
#[derive(Debug)]
pub struct Report {
    pub run_id: String,
    pub moment: Moment,
    pub newest_bar: NyDate,
    pub feed: Feed,
    pub stages: Stages,
    /// Lines of the universe without a valid ticker.
    pub skipped: usize,
    /// Lines that named a symbol again.
    pub merged: usize,
    /// Symbols by verdict, in the order of the stages; verdicts nobody got are left out.
    pub verdicts: Vec<(&'static str, u64)>,
    pub top: Vec<Row>,
    pub warnings: Vec<String>,
    pub files: Vec<PathBuf>,
    pub attested: bool,
}

/// A candidate as the summary shows it.
#[derive(Debug, serde::Serialize)]
pub struct Row {
    pub symbol: String,
    pub tier: String,
    pub price: f64,
    pub entry_level: f64,
    pub distance_pct: f64,
    pub stop: f64,
    pub trend_score: f64,
    pub anchor: String,
}

/// Runs a scan.
///
/// # Errors
/// Carries the exit code; the previous outputs are then untouched and `scan_run.json` says why.
pub fn scan(arguments: &ScanArguments, env: &Env) -> Result<Report> {
    let places = inputs::places(arguments, env)?;
    let moment = moment(arguments.as_of, Calendar::nyse(), env)?;
    let run = ScanRun {
        schema: ScanRun::SCHEMA,
        run_id: format!("{}-{:x}", moment.session, moment.started_at.unix_nanos()),
        session: moment.session,
        as_of: moment.as_of,
        started_at: moment.started_at,
        status: ScanStatus::Running,
        reason: None,
    };
    let record =
        |run: &ScanRun| run.write(&places.out.scan_run()).map_err(|error| with_code(ExitCode::CannotWrite, error));
    record(&run)?;
    match attempt(arguments, &places, &moment, &run.run_id) {
        Ok(report) => record(&ScanRun { status: ScanStatus::Finished, ..run }).map(|()| report),
        Err(error) => {
            let reason = Some(failure::text(&error));
            // The first error is the one to report; should this fail, too, the record still says `running`.
            let _ = record(&ScanRun { status: ScanStatus::Failed, reason, ..run });
            Err(error)
        }
    }
}

fn attempt(arguments: &ScanArguments, places: &Places, moment: &Moment, run_id: &str) -> Result<Report> {
    let progress = Progress::new(arguments.shape());
    let inputs = inputs::read(places, moment, arguments.feed)?;
    if inputs.feed == Feed::Iex && arguments.stages == Stages::All {
        let text = "iex volumes are a few percent of the tape's and never satisfy the liquidity rules, written for sip";
        return Err(refuse(ExitCode::BadData, text));
    }
    let rules = ScanRules::new(arguments.stages, moment);
    let findings = stages::judge(&inputs, moment, arguments.stages, &rules, &progress);
    progress.finish();
    publish(arguments.stages, places, moment, run_id, &inputs, &rules, &findings)
}

/// Whole shares: nobody orders a part of an average.
fn average_volume(ranked: &Ranked<'_>) -> (Symbol, Qty) {
    let shares = ranked.candidate.average_volume.clamp(0.0, f64::from(u32::MAX));
    (ranked.symbol, Qty::shares(shares as u32))
}

fn publish(
    stages: Stages,
    places: &Places,
    moment: &Moment,
    run_id: &str,
    inputs: &Inputs,
    rules: &ScanRules,
    findings: &Findings<'_>,
) -> Result<Report> {
    let ranked = ranking::rank(&findings.judged);
    let sectors = SectorStrength::of(&inputs.bars, moment.last_session);
    let outputs = Outputs::new(&ranked, &findings.judged, &sectors, moment.as_of, &places.out)?;
    let warnings = warnings(inputs, findings);
    let verdicts = count(findings);
    let attestation = Attestation {
        schema: Attestation::SCHEMA,
        run_id: run_id.to_owned(),
        session: moment.session,
        as_of: moment.as_of,
        newest_bar: moment.last_session,
        bars_sha256: inputs.bars_sha256.clone(),
        universe_sha256: inputs.universe_sha256.clone(),
        feed: inputs.feed,
        verdicts: verdicts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        candidates: ranked.len() as u64,
        average_volumes: ranked.iter().map(average_volume).collect(),
        remark: (!warnings.is_empty()).then(|| warnings.join("; ")),
        scanner_version: env!("CARGO_PKG_VERSION").to_owned(),
        rules_sha256: sha256_hex(&serde_json::to_vec(rules)?),
        // A scan takes less than a second; one reading of the clock keeps everything after it a function of its inputs.
        written_at: moment.started_at,
        csv_sha256: sha256_hex(&outputs.candidates),
    };
    // A scan without its first stages let symbols through that nobody may trade from: it vouches for nothing.
    let attested = stages == Stages::All;
    let files = outputs.publish(&places.out, attested.then_some(&attestation))?;
    Ok(Report {
        run_id: run_id.to_owned(),
        moment: *moment,
        newest_bar: moment.last_session,
        feed: inputs.feed,
        stages,
        skipped: inputs.universe.skipped,
        merged: inputs.universe.merged,
        verdicts,
        top: ranked.iter().take(TOP).map(Row::from).collect(),
        warnings,
        files: with_record(files, &places.out),
        attested,
    })
}

fn with_record(mut files: Vec<PathBuf>, out: &Layout) -> Vec<PathBuf> {
    files.push(out.scan_run());
    files
}

fn warnings(inputs: &Inputs, findings: &Findings<'_>) -> Vec<String> {
    let regime = findings.regime.as_ref().and_then(stages::Regime::remark);
    // The earnings file is only missed by a scan that would have used it.
    let missed = inputs.warnings.iter().filter(|_| findings.regime.is_some()).cloned();
    regime.into_iter().chain(missed).collect()
}

fn count(findings: &Findings<'_>) -> Vec<(&'static str, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for verdict in findings.judged.iter().filter_map(|symbol| symbol.verdict.as_ref()) {
        *counts.entry(verdict.name()).or_default() += 1;
    }
    Verdict::NAMES.iter().filter_map(|name| Some((*name, *counts.get(name)?))).collect()
}

impl From<&Ranked<'_>> for Row {
    fn from(ranked: &Ranked<'_>) -> Self {
        let candidate = ranked.candidate;
        Self {
            symbol: ranked.symbol.to_string(),
            tier: candidate.tier.to_string(),
            price: candidate.close,
            entry_level: candidate.choice.level,
            distance_pct: candidate.choice.distance_pct,
            stop: candidate.levels.stop,
            trend_score: candidate.trend_score,
            anchor: candidate.choice.anchor.kind.to_string(),
        }
    }
}
