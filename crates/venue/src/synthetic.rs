//! A market made by code: sixty invented companies, SPY, IWM and the sector funds, a good year of daily bars and one
//! session in which something happens.
//!
//! A symbol follows a trend line and swings around it (an autoregression of order one), so that a rising one is rising
//! on every seed: SPY above its 200-day mean, about a third of the companies in trends the scan looks for. On the
//! session some of those rise on, some rise first and then fall through any sensible stop, the rest stay quiet.
//! Prices in dollars on the cent grid, volumes in whole shares; every bar encloses its open and close.

mod companies;

use std::collections::BTreeMap;

use market::{Calendar, CalendarError, DailyBar, NyDate, Session, Symbol};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::{
    seed,
    traded::{AssetTraits, Market, MarketDay},
};
use companies::{COMPANIES, FUNDS};

/// Sessions of history: two hundred for the slowest mean, and what precedes it.
pub const SESSIONS: usize = 340;
/// Listed, but no order is taken.
const SUSPENDED: &str = "TLKQ";
/// Traded in whole shares only.
const WHOLE_SHARES: &str = "PNGQ";
/// How much of yesterday's distance from the trend line is left today.
const MEMORY: f64 = 0.9;

/// What the code made.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticMarket {
    /// The session the market is for.
    pub session: Session,
    /// Daily bars up to the session before, by symbol, oldest first.
    pub bars: Vec<(Symbol, DailyBar)>,
    /// The bars of the session itself.
    pub day: BTreeMap<Symbol, DailyBar>,
    /// The companies, as a fund lists its holdings. The funds are not among them.
    pub universe: Vec<UniverseRow>,
}

/// One line of the universe file.
#[derive(Clone, Debug, PartialEq)]
pub struct UniverseRow {
    /// The symbol.
    pub ticker: Symbol,
    /// The company.
    pub name: &'static str,
    /// Its sector.
    pub sector: &'static str,
    /// Its weight in percent; all add up to 100.
    pub weight_pct: f64,
}

/// How a symbol moves.
#[derive(Clone, Copy)]
struct Character {
    /// Growth of the trend line a day, as a fraction.
    growth: f64,
    /// Deviation of a day's swing, as a fraction.
    swing: f64,
    /// Where the trend line ends, in dollars.
    price: f64,
    /// Shares on an ordinary day.
    volume: f64,
    /// What the session brings.
    fate: Fate,
}

#[derive(Clone, Copy)]
enum Fate {
    /// Opens near its close and goes up by a few percent.
    Rises,
    /// Goes up a little, then falls by more than a stop allows.
    Falls,
    /// Stays where it is.
    Quiet,
}

/// Makes the market of a session; the same for the same seed and session.
///
/// # Errors
/// When the calendar does not reach back far enough.
pub fn market(seed: u64, session: Session, calendar: &Calendar) -> Result<SyntheticMarket, CalendarError> {
    let dates = dates_before(session.date, calendar)?;
    let mut market = SyntheticMarket { session, bars: Vec::new(), day: BTreeMap::new(), universe: universe() };
    for (ticker, character) in characters(seed) {
        let symbol = Symbol::new(ticker).expect("the tables hold tickers");
        let rng = &mut seed::stream(seed, &format!("history {ticker}"));
        let history = history(rng, &character, &dates);
        let previous = history.last().map_or(character.price, |bar| bar.close);
        let rng = &mut seed::stream(seed, &format!("session {ticker}"));
        market.day.insert(symbol, session_bar(rng, &character, session.date, previous));
        market.bars.extend(history.into_iter().map(|bar| (symbol, bar)));
    }
    market.bars.sort_by_key(|(symbol, bar)| (*symbol, bar.date));
    Ok(market)
}

/// Makes the market of a number of sessions from the first one on; its first day is that of [`market`], after it the
/// fates go round, so that every company that rises meets each of them in time. The same for the same arguments.
///
/// # Errors
/// When the calendar does not reach back or on far enough.
pub fn market_days(
    seed: u64,
    first_session: Session,
    sessions: usize,
    calendar: &Calendar,
) -> Result<Market, CalendarError> {
    let first = market(seed, first_session, calendar)?;
    let mut made = Market { traits: traits(), ..Market::from(first.market_day()) };
    let mut session = first_session;
    for day in 1..sessions {
        session = calendar.next_session(session.date)?;
        let before = &made.days[made.days.len() - 1].1;
        let bars = characters(seed).into_iter().enumerate().map(|(place, (ticker, character))| {
            let symbol = Symbol::new(ticker).expect("the tables hold tickers");
            let character = Character { fate: character.fate.later(place + day), ..character };
            let rng = &mut seed::stream(seed, &format!("session {ticker} {}", session.date));
            let previous = before.get(&symbol).map_or(character.price, |bar| bar.close);
            (symbol, session_bar(rng, &character, session.date, previous))
        });
        let bars = bars.collect();
        made.days.push((session, bars));
    }
    Ok(made)
}

/// Companies by name, every other one in New York; funds on Arca. One company is not traded in fractions, one not at all;
/// neither rises on any seed.
fn traits() -> BTreeMap<Symbol, AssetTraits> {
    let company = |(rank, (ticker, name, _)): (usize, &(&'static str, &'static str, &'static str))| {
        let exchange = if rank % 2 == 0 { "NYSE" } else { "NASDAQ" };
        let (tradable, fractionable) = (*ticker != SUSPENDED, *ticker != WHOLE_SHARES);
        (*ticker, AssetTraits { name: (*name).to_owned(), exchange, tradable, fractionable, ..AssetTraits::default() })
    };
    let fund = |(ticker, ..): &(&'static str, f64, f64)| {
        (*ticker, AssetTraits { name: format!("{ticker} Fund"), exchange: "ARCA", ..AssetTraits::default() })
    };
    let all = COMPANIES.iter().enumerate().map(company).chain(FUNDS.iter().map(fund));
    all.map(|(ticker, traits)| (Symbol::new(ticker).expect("the tables hold tickers"), traits)).collect()
}

impl Fate {
    /// What comes after some days: those that move take turns, the quiet stay quiet.
    fn later(self, days: usize) -> Self {
        match (self, days % 3) {
            (Self::Quiet, _) => Self::Quiet,
            (Self::Rises | Self::Falls, 0) => Self::Falls,
            (Self::Rises | Self::Falls, _) => Self::Rises,
        }
    }
}

impl SyntheticMarket {
    /// The market as the venue wants it.
    #[must_use]
    pub fn market_day(&self) -> MarketDay {
        let mut history: BTreeMap<Symbol, Vec<DailyBar>> = BTreeMap::new();
        for (symbol, bar) in &self.bars {
            history.entry(*symbol).or_default().push(*bar);
        }
        MarketDay { session: self.session, bars: self.day.clone(), history }
    }
}

fn dates_before(date: NyDate, calendar: &Calendar) -> Result<Vec<NyDate>, CalendarError> {
    let mut dates = vec![calendar.previous_session(date)?.date];
    while dates.len() < SESSIONS {
        let earliest = dates[dates.len() - 1];
        dates.push(calendar.previous_session(earliest)?.date);
    }
    dates.reverse();
    Ok(dates)
}

fn universe() -> Vec<UniverseRow> {
    let count = COMPANIES.len() as f64;
    // The weights fall in a straight line, as if by size.
    let weight = |rank: usize| 2.0 * (count - rank as f64) / (count * (count + 1.0)) * 100.0;
    COMPANIES
        .iter()
        .enumerate()
        .map(|(rank, (ticker, name, sector))| UniverseRow {
            ticker: Symbol::new(ticker).expect("the table holds tickers"),
            name,
            sector,
            weight_pct: (weight(rank) * 1e5).round() / 1e5,
        })
        .collect()
}

fn characters(seed: u64) -> Vec<(&'static str, Character)> {
    let funds = FUNDS.iter().map(|(ticker, price, volume)| (*ticker, fund(seed, ticker, *price, *volume)));
    let companies = COMPANIES.iter().enumerate().map(|(rank, (ticker, ..))| (*ticker, company(seed, ticker, rank)));
    funds.chain(companies).collect()
}

fn fund(seed: u64, ticker: &str, price: f64, volume: f64) -> Character {
    let rng = &mut seed::stream(seed, &format!("character {ticker}"));
    Character { growth: between(rng, 0.0005, 0.0008), swing: 0.005, price, volume, fate: Fate::Quiet }
}

/// Every third company rises; of the others half go sideways, half down. Fates are dealt in turn among those that rise,
/// so that each is there on every seed.
fn company(seed: u64, ticker: &str, rank: usize) -> Character {
    let rng = &mut seed::stream(seed, &format!("character {ticker}"));
    let (growth, fate) = match (rank % 3, rank / 3 % 5) {
        (0, 0 | 2) => (between(rng, 0.0012, 0.0022), Fate::Rises),
        (0, 1 | 3) => (between(rng, 0.0012, 0.0022), Fate::Falls),
        (0, _) => (between(rng, 0.0012, 0.0022), Fate::Quiet),
        (1, _) => (between(rng, -0.0002, 0.0002), Fate::Quiet),
        (_, _) => (between(rng, -0.0015, -0.0005), Fate::Quiet),
    };
    Character {
        growth,
        swing: between(rng, 0.011, 0.016),
        price: between(rng, 26.0, 52.0),
        volume: between(rng, 800_000.0, 6_000_000.0),
        fate,
    }
}

fn history(rng: &mut ChaCha8Rng, character: &Character, dates: &[NyDate]) -> Vec<DailyBar> {
    let mut line = character.price;
    for _ in dates {
        line /= 1.0 + character.growth;
    }
    let mut distance = 0.0;
    let mut previous = line;
    let mut bars = Vec::with_capacity(dates.len());
    for date in dates {
        line *= 1.0 + character.growth;
        distance = MEMORY * distance + character.swing * seed::normal(rng).clamp(-3.0, 3.0);
        let close = line * (1.0 + distance);
        let open = previous + (close - previous) * between(rng, -0.1, 0.5);
        let reach = character.swing * between(rng, 0.2, 0.8);
        let volume = character.volume * between(rng, 0.7, 1.3);
        let bar = bar(*date, [open, open.max(close) * (1.0 + reach), open.min(close) * (1.0 - reach), close], volume);
        previous = bar.close;
        bars.push(bar);
    }
    bars
}

fn session_bar(rng: &mut ChaCha8Rng, character: &Character, date: NyDate, previous: f64) -> DailyBar {
    let open = previous * (1.0 + between(rng, -0.002, 0.004));
    let [high, low, close] = match character.fate {
        Fate::Rises => {
            let close = open * (1.0 + between(rng, 0.02, 0.04));
            [close * (1.0 + between(rng, 0.001, 0.004)), open * (1.0 - between(rng, 0.001, 0.004)), close]
        }
        Fate::Falls => {
            let close = open * (1.0 - between(rng, 0.08, 0.11));
            [open * (1.0 + between(rng, 0.008, 0.015)), close * (1.0 - between(rng, 0.001, 0.006)), close]
        }
        Fate::Quiet => {
            let close = open * (1.0 + character.swing * between(rng, -0.4, 0.4));
            let reach = character.swing * 0.4;
            [open.max(close) * (1.0 + reach), open.min(close) * (1.0 - reach), close]
        }
    };
    bar(date, [open, high, low, close], character.volume * between(rng, 1.0, 1.7))
}

/// Rounds open, high, low and close to cents; rounding keeps their order.
fn bar(date: NyDate, prices: [f64; 4], volume: f64) -> DailyBar {
    let [open, high, low, close] = prices.map(|price| (price * 100.0).round() / 100.0);
    DailyBar { date, open, high, low, close, volume: volume.round() }
}

fn between(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.random::<f64>()
}
