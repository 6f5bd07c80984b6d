//! The market of the day: who sees which bars.
//!
//! The scan gets the bars dated before the session and nothing later; only the venue gets the session's own. Synthetic
//! by default, from a seed; or real bars from files.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, ensure};
use bars::{BarTable, Selection};
use broker_sim::{MarketDay, synthetic};
use contract::{ExitCode, Layout};
use market::{Calendar, DailyBar, Feed, NyDate, Session, Symbol};

/// The session of a synthetic day unless another is asked for.
const SYNTHETIC_SESSION: (i32, u32, u32) = (2026, 10, 15);
/// The scan looks at 730 calendar days; a little more, so that the window is never short.
const HISTORY_DAYS: i32 = 770;

/// Where the bars come from.
pub enum Origin {
    /// Made by code, from a seed.
    Synthetic {
        /// The seed.
        seed: u64,
    },
    /// Files of real bars.
    Files {
        /// Bars, Parquet or CSV.
        bars: PathBuf,
        /// The universe, CSV.
        universe: PathBuf,
    },
}

/// The market of one session.
pub struct Market {
    /// The session.
    pub session: Session,
    /// The session before, whose watchlist lies there in the morning.
    pub previous: Session,
    /// What the venue knows.
    pub day: MarketDay,
    /// Where it comes from, for the headline.
    pub origin: String,
    feed: Feed,
    universe: Vec<u8>,
}

impl Market {
    /// Gathers the market of a day: of `session`, or of the origin's own choice.
    pub fn gather(origin: &Origin, session: Option<NyDate>, calendar: Calendar) -> anyhow::Result<Self> {
        match origin {
            Origin::Synthetic { seed } => Self::synthetic(*seed, session, calendar),
            Origin::Files { bars, universe } => Self::real(bars, universe, session, calendar),
        }
    }

    fn synthetic(seed: u64, session: Option<NyDate>, calendar: Calendar) -> anyhow::Result<Self> {
        let (year, month, day) = SYNTHETIC_SESSION;
        let date = session.or_else(|| NyDate::new(year, month, day)).context("the constant is a date")?;
        Self::of_days(seed, date, date, calendar)
    }

    /// One session of a synthetic market whose first one at the venue is `first`.
    pub fn of_days(seed: u64, first: NyDate, date: NyDate, calendar: Calendar) -> anyhow::Result<Self> {
        let (session, begin) = (session_of(date, calendar)?, session_of(first, calendar)?);
        let market = synthetic::market(seed, begin, &calendar).context(ExitCode::BadData)?;
        let mut universe = String::from("Ticker,Name,Sector,WeightPct\n");
        for row in &market.universe {
            writeln!(universe, "{},{},{},{}", row.ticker, row.name, row.sector, row.weight_pct)?;
        }
        Ok(Self {
            session,
            previous: calendar.previous_session(date).context(ExitCode::BadData)?,
            day: day_of(seed, begin, session, calendar)?,
            origin: format!("synthetic market, seed {seed}"),
            feed: Feed::Simulated,
            universe: universe.into_bytes(),
        })
    }

    fn real(bars: &Path, universe: &Path, session: Option<NyDate>, calendar: Calendar) -> anyhow::Result<Self> {
        let wanted = Selection { from: session.map(|date| date.plus_days(-HISTORY_DAYS)), to: session };
        let table = bars::read(bars, &wanted).context(ExitCode::BadData)?;
        let date = session.or_else(|| table.newest()).context("the file holds no bars").context(ExitCode::BadData)?;
        let session = session_of(date, calendar)?;
        let day = market_day(&table, session);
        if day.bars.is_empty() {
            return Err(anyhow!("{} has no bars of {date}", bars.display()).context(ExitCode::BadData));
        }
        let universe_text = fs::read(universe).with_context(|| format!("{}", universe.display()));
        Ok(Self {
            session,
            previous: calendar.previous_session(date).context(ExitCode::BadData)?,
            day,
            origin: format!("{} symbols of {}", table.symbols(), bars.display()),
            feed: table.feed(),
            universe: universe_text.context(ExitCode::BadData)?,
        })
    }

    /// Lays the scan's inputs into the deployment: the bars before the session, and the universe.
    pub fn write_inputs(&self, layout: &Layout) -> anyhow::Result<()> {
        let rows = self.day.history.iter().flat_map(|(symbol, bars)| bars.iter().map(move |bar| (*symbol, *bar)));
        let table = BarTable::from_bars(self.feed, rows).context(ExitCode::BadData)?;
        fs::create_dir_all(layout.bars().parent().context("the bars lie in a folder")?)
            .context(ExitCode::CannotWrite)?;
        bars::write_parquet(&layout.bars(), &table).context(ExitCode::CannotWrite)?;
        fs::write(layout.universe(), &self.universe).context(ExitCode::CannotWrite)
    }
}

/// The day of a session, what the market's sessions before it brought among its history.
fn day_of(seed: u64, first: Session, session: Session, calendar: Calendar) -> anyhow::Result<MarketDay> {
    ensure!(first.date <= session.date, anyhow!("{} is before {}", session.date, first.date).context(ExitCode::Usage));
    let (mut sessions, mut last) = (1, first);
    while last.date < session.date {
        last = calendar.next_session(last.date).context(ExitCode::BadData)?;
        sessions += 1;
    }
    let made = synthetic::market_days(seed, first, sessions, &calendar).context(ExitCode::BadData)?;
    let (mut history, mut bars) = (made.history, BTreeMap::new());
    for (of, day) in made.days {
        if of.date == session.date {
            bars = day;
            break;
        }
        day.into_iter().for_each(|(symbol, bar)| history.entry(symbol).or_default().push(bar));
    }
    Ok(MarketDay { session, bars, history })
}

fn session_of(date: NyDate, calendar: Calendar) -> anyhow::Result<Session> {
    let session = calendar.session_on(date).context(ExitCode::BadData)?;
    session.ok_or_else(|| {
        let why = calendar.closed_for(date).ok().flatten().unwrap_or("closed");
        anyhow!("{date} is no session of the exchange ({why})").context(ExitCode::BadData)
    })
}

fn market_day(table: &BarTable, session: Session) -> MarketDay {
    let first = session.date.plus_days(-HISTORY_DAYS);
    let mut history: BTreeMap<Symbol, Vec<DailyBar>> = BTreeMap::new();
    let mut bars = BTreeMap::new();
    for (symbol, series) in table.iter() {
        for bar in series.since(first).bars() {
            if bar.date < session.date {
                history.entry(symbol).or_default().push(bar);
            } else if bar.date == session.date {
                bars.insert(symbol, bar);
            }
        }
    }
    MarketDay { session, bars, history }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scan_sees_no_bar_of_the_session_and_the_venue_does() {
        let market = Market::gather(&Origin::Synthetic { seed: 7 }, None, Calendar::nyse()).unwrap();
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        market.write_inputs(&layout).unwrap();
        let table = bars::read(&layout.bars(), &Selection::default()).unwrap();
        assert_eq!(table.newest(), Some(market.previous.date));
        assert_eq!(table.feed(), Feed::Simulated);
        assert!(market.day.bars.values().all(|bar| bar.date == market.session.date));
        assert!(!bars::read_universe(&layout.universe()).unwrap().members.is_empty());
    }

    #[test]
    fn a_later_session_of_a_market_sees_what_the_venue_traded_before_it() {
        let [first, second] = ["2026-03-06", "2026-03-09"].map(|date| date.parse::<NyDate>().unwrap());
        let alone = Market::of_days(7, first, first, Calendar::nyse()).unwrap();
        let later = Market::of_days(7, first, second, Calendar::nyse()).unwrap();
        assert_eq!(later.previous.date, first);
        for (symbol, bar) in &alone.day.bars {
            assert_eq!(later.day.history[symbol].last(), Some(bar), "{symbol}");
        }
        assert!(later.day.bars.values().all(|bar| bar.date == second));
        assert!(Market::of_days(7, second, first, Calendar::nyse()).is_err());
    }

    #[test]
    fn a_day_without_a_session_is_bad_data() {
        for (date, why) in [("2017-11-11", "weekend"), ("2017-11-23", "Thanksgiving")] {
            let session = Some(date.parse().unwrap());
            let error = Market::gather(&Origin::Synthetic { seed: 7 }, session, Calendar::nyse()).err().unwrap();
            assert_eq!(error.downcast_ref::<ExitCode>(), Some(&ExitCode::BadData));
            assert!(format!("{error:#}").contains(why), "{error:#}");
        }
    }
}
