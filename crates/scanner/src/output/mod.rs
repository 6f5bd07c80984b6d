//! The files a scan leaves: built in memory, published together, the attestation last.

mod candidates;
mod decimal;

use std::path::PathBuf;

use anyhow::Result;
use contract::{Attestation, ExitCode, Layout, Watchlist, write_all_atomically};

pub use decimal::decimal;

use crate::{failure::with_code, ranking::Ranked, sector::SectorStrength, stages::Judged};

/// What goes to disk, the attestation aside.
#[derive(Debug)]
pub struct Outputs {
    /// `daily_candidates.csv`.
    pub candidates: Vec<u8>,
    /// `tradingview_watchlist.txt`.
    watchlist: Vec<u8>,
    /// `verdicts.csv`.
    verdicts: Vec<u8>,
}

impl Outputs {
    /// Writes the files' contents to memory, and reads the list back as `execution` will.
    pub fn new(
        ranked: &[Ranked<'_>],
        judged: &[Judged<'_>],
        sectors: &SectorStrength,
        as_of: market::NyDate,
        out: &Layout,
    ) -> Result<Self> {
        let candidates = candidates::csv(ranked, sectors, as_of)?;
        let readable = Watchlist::parse(&candidates, &out.candidates());
        readable.map_err(|error| with_code(ExitCode::BadData, error))?;
        Ok(Self { candidates, watchlist: watchlist(ranked), verdicts: verdicts(judged)? })
    }

    /// Replaces the files in the output directory; a scan that is not attested replaces the list all the same, and the
    /// old attestation no longer matches it.
    pub fn publish(&self, out: &Layout, attestation: Option<&Attestation>) -> Result<Vec<PathBuf>> {
        let mut files = vec![
            (out.tradingview_watchlist(), self.watchlist.clone()),
            (out.verdicts(), self.verdicts.clone()),
            (out.candidates(), self.candidates.clone()),
        ];
        files.extend(attestation.map(|attestation| (out.attestation(), attestation.to_json())));
        let borrowed: Vec<_> = files.iter().map(|(path, bytes)| (path.as_path(), bytes.as_slice())).collect();
        write_all_atomically(&borrowed).map_err(|error| with_code(ExitCode::CannotWrite, error))?;
        Ok(files.into_iter().map(|(path, _)| path).collect())
    }
}

/// Symbols one a line, sorted.
fn watchlist(ranked: &[Ranked<'_>]) -> Vec<u8> {
    let mut symbols: Vec<_> = ranked.iter().map(|ranked| ranked.symbol).collect();
    symbols.sort_unstable();
    symbols.into_iter().flat_map(|symbol| format!("{symbol}\n").into_bytes()).collect()
}

/// Every symbol of the universe, in its order.
fn verdicts(judged: &[Judged<'_>]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["Ticker", "Bars", "Verdict"])?;
    for symbol in judged {
        let bars = symbol.series.map_or(0, |series| series.len()).to_string();
        let verdict = symbol.verdict.as_ref().map_or("", |verdict| verdict.name());
        writer.write_record([symbol.member.symbol.as_str(), &bars, verdict])?;
    }
    Ok(writer.into_inner()?)
}
