//! Prices: a seeded walk a symbol, with gaps, halts and splits, in units of 1/10,000 dollar. From it come quotes, the
//! ten-minute candles of the session and the day's watchlist, whose levels lie where the walk crosses them often.

use market::{Bps, Candle, Price, Qty, Quote, Session, Symbol, TimeDelta, Timestamp};
use trading::{confirm::CANDLE_MINUTES, decide::Candidate};

use crate::dice::Dice;

const CANDLE: TimeDelta = TimeDelta::minutes(CANDLE_MINUTES as i64);
/// Deviation of a price over the square root of a second: about three percent a session.
const WOBBLE: f64 = 0.000_2;
/// 4 and 400 dollars: what the walk is turned back at.
const BOUNDS: (i64, i64) = (40_000, 4_000_000);

/// One symbol.
#[derive(Clone, Debug)]
pub struct Path {
    /// Which.
    pub symbol: Symbol,
    /// The last trade.
    last: i64,
    /// Half the distance from bid to ask.
    half_spread: i64,
    /// Of the day, a second, as a part of the price.
    drift: f64,
    /// No trade before.
    pub halted_until: Option<Timestamp>,
    /// When it last traded.
    pub traded_at: Timestamp,
    /// Complete candles of today's session.
    candles: Vec<Candle>,
    forming: Option<Candle>,
    opened_at: Timestamp,
}

impl Path {
    /// A symbol somewhere between 12 and 150 dollars.
    pub fn new(symbol: Symbol, now: Timestamp, dice: &mut Dice) -> Self {
        let last = dice.between(120_000, 1_500_000) / 100 * 100;
        let half_spread = dice.pick(&[50, 100, 200]);
        let (candles, forming) = (Vec::new(), None);
        let drift = 0.0;
        Self { symbol, last, half_spread, drift, halted_until: None, traded_at: now, candles, forming, opened_at: now }
    }

    /// The last trade.
    pub fn last(&self) -> Price {
        price(self.last)
    }

    /// Highest price somebody pays.
    pub fn bid(&self) -> Price {
        price((self.last - self.half_spread) / 100 * 100)
    }

    /// Lowest price somebody sells at.
    pub fn ask(&self) -> Price {
        price((self.last + self.half_spread + 99) / 100 * 100)
    }

    /// The quote, made at an instant.
    pub fn quote(&self, at: Timestamp) -> Option<Quote> {
        Quote::new(at, self.bid(), self.ask())
    }

    /// Complete candles of today.
    pub fn candles(&self) -> &[Candle] {
        &self.candles
    }

    /// Whether it trades.
    pub fn is_halted(&self, now: Timestamp) -> bool {
        self.halted_until.is_some_and(|until| now < until)
    }

    /// The open: yesterday's candles go, a gap comes, the day gets its direction.
    pub fn open(&mut self, now: Timestamp, gap: f64, dice: &mut Dice) {
        self.candles.clear();
        self.forming = None;
        self.opened_at = now;
        self.drift = dice.pick(&[-1.2, -0.4, 0.0, 0.4, 1.2, 1.8]) * 0.02 / 23_400.0;
        self.jump(gap);
        self.trade(now, dice);
    }

    /// The price moves by a part of itself, at once.
    pub fn jump(&mut self, part: f64) {
        let moved = (self.last as f64 * (1.0 + part)) as i64 / 100 * 100;
        self.last = moved.clamp(BOUNDS.0, BOUNDS.1);
    }

    /// A trade after so long.
    pub fn walk(&mut self, elapsed: TimeDelta, now: Timestamp, dice: &mut Dice) {
        let seconds = elapsed.num_milliseconds() as f64 / 1_000.0;
        self.jump(WOBBLE * seconds.sqrt() * dice.bell() + self.drift * seconds);
        if self.last <= BOUNDS.0 || self.last >= BOUNDS.1 {
            self.drift = -self.drift;
        }
        self.trade(now, dice);
    }

    /// New shares for old: the price moves the other way, today's candles with it.
    pub fn split(&mut self, new: i64, old: i64) {
        self.last = (self.last * old / new / 100 * 100).clamp(BOUNDS.0, BOUNDS.1);
        self.candles.clear();
        self.forming = None;
    }

    /// The candle that ends now is complete.
    pub fn complete(&mut self) {
        self.candles.extend(self.forming.take());
    }

    fn trade(&mut self, now: Timestamp, dice: &mut Dice) {
        self.traded_at = now;
        let reach = (self.last as f64 * 0.001) as i64;
        let (high, low) = (self.last + dice.between(0, reach), self.last - dice.between(0, reach));
        let last = price(self.last);
        // A trade at the very end of ten minutes is their last one, not the first of the next.
        let passed = (now.since(self.opened_at).num_milliseconds() - 1).max(0) / CANDLE.num_milliseconds();
        let start = self.opened_at + TimeDelta::milliseconds(passed * CANDLE.num_milliseconds());
        let candle = self.forming.get_or_insert(Candle {
            start,
            open: last,
            high: last,
            low: last,
            close: last,
            volume: Qty::ZERO,
        });
        candle.high = candle.high.max(price(high));
        candle.low = candle.low.min(price(low));
        candle.close = last;
        candle.volume = candle.volume.plus(Qty::shares(dice.between(800, 1_400) as u32));
    }

    /// The symbol's line of a day's watchlist: a level near the last price. Some lines make no sense.
    pub fn candidate(&self, dice: &mut Dice) -> Candidate {
        let part = |of: i64, in_ten_thousand: i64| of * in_ten_thousand / 10_000;
        let level = self.last + part(self.last, dice.between(-60, 60));
        let stop = level - part(level, dice.between(40, 220));
        let stop = if dice.chance(200) { level + 100 } else { stop };
        let r1 = level + part(level, dice.between(40, 150));
        let r2 = r1 + part(level, dice.between(20, 150));
        let structural = stop + part(level, dice.between(-100, 60));
        Candidate {
            symbol: self.symbol,
            entry_level: price(level),
            stop_loss: price(stop),
            structural_stop: dice.chance(6_000).then(|| price(structural)),
            r1: dice.chance(9_500).then(|| price(r1)),
            r2: dice.chance(9_500).then(|| price(r2)),
            average_volume: dice.chance(9_700).then(|| Qty::shares(dice.between(200, 3_000_000) as u32)),
            distance: dice.chance(9_000).then(|| Bps::constant(dice.between(0, 600) as u32)),
        }
    }
}

/// The end of the ten minutes an instant of the session lies in.
pub fn candle_end(session: &Session, now: Timestamp) -> Timestamp {
    let passed = now.since(session.open).num_seconds().div_euclid(CANDLE.num_seconds());
    session.open + TimeDelta::seconds((passed + 1) * CANDLE.num_seconds())
}

fn price(units: i64) -> Price {
    Price::from_units(units.max(1)).expect("the walk is kept between its bounds")
}
