//! A run in four words (seed, steps, kinds of faults, symbols) and what the seed makes of them: limits, pace, first day.

use std::fmt::Write;

use market::{Bps, Calendar, NyDate, Symbol, TimeDelta, Usd};
use trading::{
    limits::{Limits, Sizing},
    polling::Pace,
};

use crate::{
    dice::Dice,
    fault::{Fault, Faults},
};

/// All symbols a run can have.
const SYMBOLS: [&str; 8] = ["AAA", "BBB", "BRK.B", "CCC", "DDD", "EEE", "FFF", "GGG"];
/// Days before which something is special: both changes of New York's offset, half-days, holidays, a long weekend.
const SPECIAL: [(i32, u32, u32); 10] = [
    (2016, 3, 10),
    (2016, 11, 3),
    (2017, 3, 9),
    (2017, 11, 2),
    (2016, 11, 22),
    (2017, 6, 30),
    (2018, 12, 3),
    (2018, 12, 21),
    (2017, 1, 12),
    (2017, 4, 12),
];

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Everything random comes from it.
    pub seed: u64,
    /// Steps: an effect performed, an event delivered, a happening of market, venue, operator or fault.
    pub steps: u64,
    /// What may go wrong.
    pub faults: Faults,
    /// At most so many symbols; `None` is the seed's own number, 3 to 8.
    pub symbols: Option<usize>,
}

/// What a seed sets up.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub symbols: Vec<Symbol>,
    pub first_day: NyDate,
    pub limits: Limits,
    pub pace: Pace,
    pub cash: Usd,
    pub venue: Habits,
}

/// Where venues differ, or where Alpaca's documents leave it open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// A sell stop at or above the market is refused; otherwise it fires.
    pub refuses_stops_through_the_market: bool,
    /// A sell is refused while a buy works.
    pub refuses_wash_trades: bool,
    /// The order that replaces another is listed before it has replaced it.
    pub lists_pending_replacements: bool,
    /// New orders work at once.
    pub works_at_once: bool,
    /// Cash is paid for what a split leaves of less than a share.
    pub pays_in_lieu: bool,
    /// How many days a good-till-cancelled order lives.
    pub life_days: i64,
    /// Most milliseconds until something asked for is done.
    pub patience_ms: i64,
}

impl Scenario {
    /// A seed with everything it has.
    #[must_use]
    pub fn new(seed: u64, steps: u64) -> Self {
        Self { seed, steps, faults: Faults::ALL, symbols: None }
    }

    /// The command that runs it again.
    #[must_use]
    pub fn command(&self) -> String {
        let mut text = format!("rehearse replay {} --steps {}", self.seed, self.steps);
        if let Some(symbols) = self.symbols {
            let _ = write!(text, " --symbols {symbols}");
        }
        let absent: Vec<&str> = self.faults.absent().into_iter().map(Fault::name).collect();
        if !absent.is_empty() {
            let _ = write!(text, " --without {}", absent.join(","));
        }
        text
    }

    pub(crate) fn setup(&self) -> Setup {
        let mut dice = Dice::new(self.seed, "setup");
        let count = dice.between(3, 8) as usize;
        let kept = self.symbols.unwrap_or(count).clamp(1, SYMBOLS.len());
        let symbols: Vec<Symbol> = SYMBOLS.iter().take(kept).map(|text| Symbol::new(text).expect("a ticker")).collect();
        let first_day = first_day(&mut dice);
        let pace = pace(&mut dice);
        let cash = Usd::dollars(dice.pick(&[5_000, 20_000, 60_000, 250_000]));
        let venue = habits(&mut dice, self.faults);
        let mut limits = roomy();
        if self.faults.has(Fault::Limits) {
            vary(&mut limits, &mut Dice::new(self.seed, "limits"), &symbols);
        }
        Setup { symbols, first_day, limits, pace, cash, venue }
    }
}

fn first_day(dice: &mut Dice) -> NyDate {
    let special = dice.pick(&SPECIAL);
    let (days, usual) = (dice.between(0, 700) as i32, dice.chance(4_000));
    let date = |(year, month, day)| NyDate::new(year, month, day).expect("a day of the table");
    let day = if usual { date((2016, 1, 4)).plus_days(days) } else { date(special) };
    Calendar::nyse().session_on_or_after(day).map_or(day, |session| session.date)
}

/// The shell's own pace is too slow to see many days in few steps; a hurried process sees fewer cycles of each.
fn pace(dice: &mut Dice) -> Pace {
    let market = TimeDelta::seconds(dice.pick(&[60, 180, 300, 600, 900]));
    let base = TimeDelta::seconds(dice.pick(&[300, 7_200, 14_400, 43_200]));
    let tight = TimeDelta::seconds(dice.pick(&[15, 60, 120]));
    let hurry = TimeDelta::seconds(dice.pick(&[2, 2, 5]));
    Pace { base: base.max(market), market, tight, hurry, ..Pace::default() }
}

fn habits(dice: &mut Dice, faults: Faults) -> Habits {
    let slow = dice.pick(&[3_000, 8_000]);
    Habits {
        refuses_stops_through_the_market: dice.chance(5_000),
        refuses_wash_trades: dice.chance(7_500),
        lists_pending_replacements: dice.chance(5_000),
        works_at_once: dice.chance(5_000),
        life_days: dice.pick(&[90, 90, 90, 90, 90, 3]),
        pays_in_lieu: dice.chance(5_000),
        patience_ms: if faults.has(Fault::Slow) { slow } else { 300 },
    }
}

/// Limits under which much happens.
fn roomy() -> Limits {
    Limits {
        orders_per_day: 8,
        positions: 6,
        gross_notional: Usd::dollars(60_000),
        symbol_notional: Usd::dollars(12_000),
        ..Limits::default()
    }
}

/// One in three keeps the roomy ones, one in three the desk's defaults; the others change several fields, sanely or not.
fn vary(limits: &mut Limits, dice: &mut Dice, symbols: &[Symbol]) {
    match dice.below(3) {
        0 => {}
        1 => *limits = Limits::default(),
        _ => {
            for _ in 0..dice.between(1, 6) {
                vary_one(limits, dice, symbols);
            }
        }
    }
}

fn vary_one(limits: &mut Limits, dice: &mut Dice, symbols: &[Symbol]) {
    let bps = |dice: &mut Dice, of: &[u32]| Bps::constant(dice.pick(of));
    let seconds = |dice: &mut Dice, of: &[i64]| TimeDelta::seconds(dice.pick(of));
    match dice.below(27) {
        0 => limits.orders_per_day = dice.pick(&[0, 1, 2, 50, u32::MAX]),
        1 => limits.positions = dice.pick(&[0, 1, 2, 3, u32::MAX]),
        2 => limits.gross_notional = Usd::dollars(dice.pick(&[0, 100, 3_000, 20_000, i64::MAX])),
        3 => limits.symbol_notional = Usd::dollars(dice.pick(&[0, 100, 1_500, 20_000, i64::MAX])),
        4 => limits.allowlist = symbols.iter().copied().filter(|_| dice.chance(5_000)).collect(),
        5 => limits.sizing = dice.pick(&[Sizing::ByRisk, Sizing::ByDistance]),
        6 => limits.risk_per_trade = bps(dice, &[0, 1, 10, 200, 10_000]),
        7 => limits.distance_stake = bps(dice, &[0, 100, 1_000, 10_000]),
        8 => limits.position_share = bps(dice, &[0, 100, 2_000, 10_000]),
        9 => limits.risk_per_share = Usd::cents(dice.pick(&[0, 50, 150, 1_000])),
        10 => limits.entry_buffer = bps(dice, &[0, 5, 50, 1_000]),
        11 => limits.entry_collar = bps(dice, &[0, 10, 100, 10_000]),
        12 => limits.exit_collar = bps(dice, &[0, 50, 500, 10_000]),
        13 => limits.price_drift = bps(dice, &[0, 50, 1_000]),
        14 => limits.quote_age = seconds(dice, &[0, 1, 30, 600]),
        15 => limits.volume_share = bps(dice, &[0, 1, 1_000]),
        16 => limits.sends_per_second = dice.pick(&[0, 1, 100]),
        17 => limits.sends_per_minute = dice.pick(&[0, 1, 3, 100]),
        18 => limits.reject_streak = dice.pick(&[0, 1, 2, 100]),
        19 => limits.daily_loss = bps(dice, &[0, 10, 50, 10_000]),
        20 => limits.buying_power = bps(dice, &[0, 500, 10_000]),
        21 => limits.bar_age = seconds(dice, &[0, 30, 3_600]),
        22 => limits.clock_skew = seconds(dice, &[0, 1, 60]),
        23 => limits.entry_delay = seconds(dice, &[0, 900, 3_600, 50_000]),
        24 => limits.intent_life = seconds(dice, &[0, 300, 20_000]),
        25 => limits.executions_age = seconds(dice, &[0, 10, 3_600]),
        _ => limits.exit_arming = seconds(dice, &[0, 30, 1_800]),
    }
}
