//! What a scan is made from, read and digested.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, bail};
use bars::{BarTable, Selection, Source, Universe, universe};
use contract::{Env, ExitCode, Layout, sha256_hex};
use market::{Feed, NyDate, Symbol};

use crate::{
    cli::ScanArguments,
    failure::{refuse, with_code},
    moment::Moment,
};

const WINDOW_DAYS: i32 = 730;
const BAD_TICKER_RETRIED_AFTER_DAYS: i64 = 30;

/// Where everything lies.
#[derive(Clone, Debug)]
pub struct Places {
    pub bars: PathBuf,
    pub universe: PathBuf,
    pub earnings: Option<PathBuf>,
    pub bad_tickers: Option<PathBuf>,
    /// Names of the outputs below the directory they go to.
    pub out: Layout,
}

/// What was read.
#[derive(Debug)]
pub struct Inputs {
    pub bars: BarTable,
    pub bars_sha256: String,
    pub universe: Universe,
    pub universe_sha256: String,
    pub feed: Feed,
    /// Days of earnings by symbol; `None` without a usable file.
    pub earnings: Option<BTreeMap<Symbol, BTreeSet<NyDate>>>,
    /// Symbols not to be asked for at the moment.
    pub bad_tickers: BTreeSet<Symbol>,
    /// What was missing and could be done without.
    pub warnings: Vec<String>,
}

/// Paths as given, or else as the deployment's layout says.
pub fn places(arguments: &ScanArguments, env: &Env) -> Result<Places> {
    let layout = Layout::from_env(env);
    let given = |path: &Option<PathBuf>, name: fn(&Layout) -> PathBuf| match (path, &layout) {
        (Some(path), _) => Ok(path.clone()),
        (None, Ok(layout)) => Ok(name(layout)),
        (None, Err(error)) => Err(refuse(ExitCode::BadConfig, error)),
    };
    let if_there = |path: &Option<PathBuf>, name: fn(&Layout) -> PathBuf| {
        path.clone().or_else(|| layout.as_ref().ok().map(name).filter(|path| path.exists()))
    };
    Ok(Places {
        bars: given(&arguments.bars, Layout::bars)?,
        universe: given(&arguments.universe, Layout::universe)?,
        earnings: if_there(&arguments.earnings, Layout::earnings),
        bad_tickers: if_there(&arguments.bad_tickers, Layout::bad_tickers),
        out: Layout::new(given(&arguments.out, |layout| layout.root().to_owned())?),
    })
}

/// Reads everything.
pub fn read(places: &Places, moment: &Moment, feed: Option<Feed>) -> Result<Inputs> {
    let bad_data = |error| with_code(ExitCode::BadData, error);
    let source = Source::open(&places.bars).map_err(|error| with_code(ExitCode::BadData, error))?;
    let selection = Selection { from: Some(moment.as_of.plus_days(-WINDOW_DAYS)), to: Some(moment.as_of) };
    // The digest takes as long as a quarter of the decoding: do both at once.
    let (bars, bars_sha256) = thread::scope(|scope| {
        let digest = scope.spawn(|| sha256_hex(source.bytes()));
        let bars = source.read(&selection);
        (bars, digest.join())
    });
    let bars = bars.map_err(|error| with_code(ExitCode::BadData, error))?;
    let Ok(bars_sha256) = bars_sha256 else { bail!("the digest of the bars cannot be computed") };
    check_reach(&bars, places, moment)?;
    let feed = agreed_feed(feed, bars.feed(), &places.bars)?;
    let (universe, universe_sha256) = read_universe(&places.universe).map_err(bad_data)?;
    let mut warnings = Vec::new();
    let earnings = earnings(places.earnings.as_deref(), &mut warnings);
    let bad_tickers = bad_tickers(places.bad_tickers.as_deref(), moment.session, &mut warnings);
    Ok(Inputs { bars, bars_sha256, universe, universe_sha256, feed, earnings, bad_tickers, warnings })
}

/// Data that stopped before the last session must never make a watchlist.
fn check_reach(bars: &BarTable, places: &Places, moment: &Moment) -> Result<()> {
    let newest = bars.newest();
    if newest == Some(moment.last_session) {
        return Ok(());
    }
    let found = newest.map_or("there is none at all".to_owned(), |day| format!("the newest is of {day}"));
    let (path, session, as_of) = (places.bars.display(), moment.last_session, moment.as_of);
    Err(refuse(
        ExitCode::BadData,
        format!("{path}: no bar of {session}, the last session up to {as_of}, is the newest: {found}"),
    ))
}

/// The file's note of its feed can be repeated on the command line, never overruled.
fn agreed_feed(given: Option<Feed>, noted: Feed, path: &Path) -> Result<Feed> {
    match given {
        None => Ok(noted),
        Some(given) if given == noted || noted == Feed::Sip => Ok(given),
        Some(given) => {
            let path = path.display();
            Err(refuse(
                ExitCode::BadData,
                format!("{path}: its bars are {noted} data, which --feed {given} cannot change"),
            ))
        }
    }
}

fn read_universe(path: &Path) -> Result<(Universe, String)> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    Ok((universe::parse(path, &bytes)?, sha256_hex(&bytes)))
}

/// Earnings are fail-open: a missing or unusable file costs a warning.
fn earnings(path: Option<&Path>, warnings: &mut Vec<String>) -> Option<BTreeMap<Symbol, BTreeSet<NyDate>>> {
    let Some(path) = path else {
        warnings.push("no earnings file: nothing is excluded for earnings".to_owned());
        return None;
    };
    match read_earnings(path) {
        Ok(earnings) => Some(earnings),
        Err(error) => {
            warnings.push(format!("nothing is excluded for earnings: {}: {error:#}", path.display()));
            None
        }
    }
}

fn read_earnings(path: &Path) -> Result<BTreeMap<Symbol, BTreeSet<NyDate>>> {
    let mut days: BTreeMap<Symbol, BTreeSet<NyDate>> = BTreeMap::new();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_path(path)?;
    let header = reader.headers()?.clone();
    let column = |name: &str| {
        header.iter().position(|field| field.eq_ignore_ascii_case(name)).with_context(|| format!("no column {name}"))
    };
    let (symbol, date) = (column("symbol")?, column("date")?);
    for (row, record) in (1..).zip(reader.records()) {
        let record = record?;
        let field = |column: usize| record.get(column).unwrap_or_default();
        let symbol = Symbol::new(field(symbol)).with_context(|| format!("row {row}"))?;
        let date = field(date).parse().with_context(|| format!("row {row}"))?;
        days.entry(symbol).or_default().insert(date);
    }
    Ok(days)
}

/// Lines of `SYMBOL,DATE`; a symbol rejected 30 days ago or more is tried again. Other lines are ignored with a warning.
fn bad_tickers(path: Option<&Path>, session: NyDate, warnings: &mut Vec<String>) -> BTreeSet<Symbol> {
    let Some(path) = path else { return BTreeSet::new() };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            warnings.push(format!("known-bad tickers are not left out: {}: {error}", path.display()));
            return BTreeSet::new();
        }
    };
    let mut bad = BTreeSet::new();
    for (line, content) in (1..).zip(text.lines()).filter(|(_, content)| !content.trim().is_empty()) {
        let entry = content
            .split_once(',')
            .and_then(|(symbol, rejected)| Some((Symbol::new(symbol).ok()?, rejected.trim().parse::<NyDate>().ok()?)));
        match entry {
            Some((symbol, rejected)) if session.days_since(rejected) < BAD_TICKER_RETRIED_AFTER_DAYS => {
                bad.insert(symbol);
            }
            Some(_) => {}
            None => warnings.push(format!("{}: line {line} is not SYMBOL,YYYY-MM-DD", path.display())),
        }
    }
    bad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_can_be_named_for_a_file_that_does_not_and_never_changed() {
        let check = |given, noted, expect: Result<Feed, &str>| match (agreed_feed(given, noted, Path::new("f")), expect)
        {
            (Ok(feed), Ok(expect)) => assert_eq!(feed, expect),
            (Err(error), Err(expect)) => assert!(crate::failure::text(&error).contains(expect), "{error:#}"),
            (got, expect) => panic!("{given:?} for {noted}: {got:?}, not {expect:?}"),
        };
        check(None, Feed::Simulated, Ok(Feed::Simulated));
        check(Some(Feed::Simulated), Feed::Sip, Ok(Feed::Simulated));
        check(Some(Feed::Iex), Feed::Iex, Ok(Feed::Iex));
        check(Some(Feed::Sip), Feed::Simulated, Err("its bars are simulated data"));
        check(Some(Feed::Iex), Feed::Simulated, Err("--feed iex cannot change"));
    }

    #[test]
    fn a_rejected_symbol_is_tried_again_after_thirty_days() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad_tickers.txt");
        fs::write(&path, "OLD,2017-10-14\nNEW,2017-10-15\n\nbrk-b, 2017-11-12\nnonsense\n").unwrap();
        let mut warnings = Vec::new();
        let bad = bad_tickers(Some(&path), "2017-11-13".parse().unwrap(), &mut warnings);
        assert_eq!(bad.iter().map(Symbol::as_str).collect::<Vec<_>>(), ["BRK.B", "NEW"]);
        assert!(warnings.len() == 1 && warnings[0].contains("line 5"), "{warnings:?}");
    }

    #[test]
    fn earnings_are_read_or_warned_about() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("earnings.csv");
        let check = |text: &str, expect: Option<usize>| {
            fs::write(&path, text).unwrap();
            let mut warnings = Vec::new();
            let days = earnings(Some(&path), &mut warnings);
            assert_eq!(days.map(|days| days.len()), expect, "{text}");
            assert_eq!(warnings.is_empty(), expect.is_some(), "{warnings:?}");
        };
        check("symbol,date\nAAPL,2017-11-13\naapl,2018-02-01\nBRK-B,2017-11-14\n", Some(2));
        check("symbol,when\nAAPL,2017-11-13\n", None);
        check("symbol,date\nAAPL,13.11.2017\n", None);
    }
}
