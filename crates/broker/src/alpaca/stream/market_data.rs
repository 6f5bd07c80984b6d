//! The core of a data stream: every finished minute told once, silence noticed, holes filled with minute bars by REST.
//!
//! What else was missed is gone: a quote that nobody saw is worth nothing, and a trade is in its minute's bar. A minute
//! told again with other numbers comes as an updated bar. Bars of REST may be booked a little late, so the minutes just
//! before a connection are asked for twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use market::{Candle, Symbol, TimeDelta, Timestamp};
use serde_json::Value;

use super::{
    core::{Core, Gap, Lost, Moment, Unreadable},
    data::{self, Market},
    outbox::Outbox,
    refusal::Refusal,
    staleness::{self, Silence},
    subscription::Subscription,
    tally::Source,
    waits::Waits,
};
use crate::ReadError;

/// Events that wait for a consumer that does not read; one more, and all are thrown away and the bars among them come
/// again from REST.
pub const ROWS_WAITING: usize = 16_384;
/// Minutes remembered of a symbol: more than a session has.
pub const MINUTES_REMEMBERED: usize = 480;
/// A hole older than this is not filled from further back.
const HOLE_MOST: TimeDelta = TimeDelta::hours(24);
/// The minutes before a connection are asked for again after this, when REST has booked them.
const BOOKED_AFTER: Duration = Duration::from_secs(30);

/// What a data stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataEvent {
    /// Connected, authenticated, subscribed.
    Live {
        /// Since when.
        since: Timestamp,
    },
    /// The server's own list of what it sends.
    Subscribed(Subscription),
    /// Something about a symbol.
    Market {
        /// The symbol.
        symbol: Symbol,
        /// What.
        market: Market,
    },
    /// The stream may have told less than there was; filled means that REST has told its minute bars.
    Gap(Gap),
    /// Connected, and nothing comes though the market is open.
    Silent {
        /// Since when.
        since: Timestamp,
    },
    /// Not connected.
    Lost(Lost),
    /// A change of subscription was refused; what was subscribed to before still is.
    Refused(Refusal),
    /// Something came that cannot be read.
    Unreadable(Unreadable),
}

/// A question: minute bars that begin in `[from, to)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) symbols: Vec<Symbol>,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

/// Its answer.
pub(super) type Answer = BTreeMap<Symbol, Vec<Candle>>;

#[derive(Clone, Copy, Debug)]
struct Hole {
    from: Timestamp,
    told: bool,
    overflow: bool,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    to: Timestamp,
    holes: u64,
}

/// The core.
#[derive(Debug)]
pub(super) struct MarketData {
    waits: Waits,
    wanted: Subscription,
    minutes: BTreeMap<Symbol, BTreeMap<Timestamp, Candle>>,
    outbox: Outbox<DataEvent>,
    link: Option<DataEvent>,
    live: Option<Timestamp>,
    spoken: bool,
    alive: Timestamp,
    silence: Option<Silence>,
    unreadable: u64,
    hole: Option<Hole>,
    holes: u64,
    asked: Option<Asked>,
    not_before: Duration,
    failed: u32,
    /// The second question about the minutes before the connection: when, and from where.
    again: Option<(Duration, Timestamp)>,
}

impl MarketData {
    /// `since`: minutes that began before it are none of the consumer's concern.
    pub(super) fn new(wanted: Subscription, since: Timestamp, waits: Waits) -> Self {
        Self::bounded(wanted, since, waits, ROWS_WAITING)
    }

    fn bounded(wanted: Subscription, since: Timestamp, waits: Waits, events: usize) -> Self {
        Self {
            waits,
            wanted,
            minutes: BTreeMap::new(),
            outbox: Outbox::new(events),
            link: None,
            live: None,
            spoken: false,
            alive: since,
            silence: None,
            unreadable: 0,
            hole: Some(Hole { from: since, told: false, overflow: false }),
            holes: 0,
            asked: None,
            not_before: Duration::ZERO,
            failed: 0,
            again: None,
        }
    }

    /// A finished minute: told once, told again as an update when it is another, and not at all when it is the same.
    fn minute(&mut self, symbol: Symbol, candle: Candle, source: Source, at: Moment) {
        let minutes = self.minutes.entry(symbol).or_default();
        let forgotten = minutes.len() >= MINUTES_REMEMBERED
            && minutes.first_key_value().is_some_and(|(first, _)| candle.start < *first);
        let market = match minutes.insert(candle.start, candle) {
            Some(before) if before == candle => return,
            Some(_) => Market::UpdatedBar(candle),
            None if forgotten => Market::UpdatedBar(candle),
            None => Market::Bar(candle),
        };
        while minutes.len() > MINUTES_REMEMBERED {
            minutes.pop_first();
        }
        self.tell(DataEvent::Market { symbol, market }, source, at);
    }

    fn unreadable(&mut self, symbol: Option<Symbol>, why: String, at: Moment) {
        self.unreadable += 1;
        let count = self.unreadable;
        self.tell(DataEvent::Unreadable(Unreadable { symbol, why, count }), Source::Stream, at);
    }

    fn tell(&mut self, event: DataEvent, source: Source, at: Moment) {
        let Err(thrown) = self.outbox.push(event, source) else { return };
        let mut from = at.now;
        for event in thrown {
            match event {
                DataEvent::Market { symbol, market: Market::Bar(candle) | Market::UpdatedBar(candle) } => {
                    from = from.min(candle.start);
                    self.minutes.entry(symbol).or_default().remove(&candle.start);
                }
                DataEvent::Gap(gap) => from = from.min(gap.from),
                DataEvent::Market { .. }
                | DataEvent::Live { .. }
                | DataEvent::Subscribed(_)
                | DataEvent::Silent { .. }
                | DataEvent::Lost(_)
                | DataEvent::Refused(_)
                | DataEvent::Unreadable(_) => {}
            }
        }
        let gap = DataEvent::Gap(Gap { from, to: at.now, filled: false });
        for event in [Some(gap), self.link.clone()].into_iter().flatten() {
            self.tell(event, Source::Rest, at);
        }
        self.open_hole(from, true);
    }

    fn open_hole(&mut self, from: Timestamp, overflow: bool) {
        let hole = self.hole.unwrap_or(Hole { from, told: false, overflow: false });
        let from = hole.from.min(from);
        self.hole = Some(Hole { from, told: overflow, overflow: hole.overflow || overflow });
        self.holes += 1;
    }

    fn say(&mut self, link: DataEvent, at: Moment) {
        self.link = Some(link.clone());
        self.tell(link, Source::Stream, at);
    }

    /// Symbols whose minutes are told.
    fn symbols(&self) -> Vec<Symbol> {
        self.wanted.bars.union(&self.wanted.updated_bars).copied().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The question and what it answers.
    fn question(&self, from: Timestamp, at: Moment) -> Ask {
        // The minute under way is the stream's to tell, and so is one that ended while it was live.
        let to = self.live.map_or(at.now, |live| if self.is_overflown() { at.now } else { live });
        let from = minute_of(from.max(at.now - HOLE_MOST));
        Ask { symbols: self.symbols(), from, to: minute_of(to) }
    }

    fn is_overflown(&self) -> bool {
        self.hole.is_some_and(|hole| hole.overflow)
    }

    fn filled(&mut self, answer: Answer, asked: Asked, at: Moment) {
        self.failed = 0;
        for (symbol, candles) in answer {
            for candle in candles {
                self.minute(symbol, candle, Source::Rest, at);
            }
        }
        if asked.holes != self.holes {
            return;
        }
        if let Some(hole) = self.hole.take() {
            self.again = Some((at.elapsed + BOOKED_AFTER, hole.from));
            self.tell(DataEvent::Gap(Gap { from: hole.from, to: asked.to, filled: true }), Source::Rest, at);
        }
    }

    fn not_filled(&mut self, error: &ReadError, at: Moment) {
        tracing::warn!(%error, "the minutes that a data stream may have missed cannot be read yet");
        let pause = self.waits.refill_again.saturating_mul(2_u32.saturating_pow(self.failed));
        self.failed = self.failed.saturating_add(1);
        self.not_before = at.elapsed + pause.min(self.waits.refill_again_most);
        if let Some(hole) = self.hole.as_mut().filter(|hole| !hole.told) {
            hole.told = true;
            let gap = Gap { from: hole.from, to: at.now, filled: false };
            self.tell(DataEvent::Gap(gap), Source::Stream, at);
        }
    }
}

impl Core for MarketData {
    type Event = DataEvent;
    type Ask = Ask;
    type Answer = Answer;

    fn wanted(&mut self, wanted: Subscription, at: Moment) {
        self.wanted = wanted;
        let limit = staleness::limit(&self.wanted, &self.waits);
        if let Some(silence) = &mut self.silence {
            silence.limited(at.now, limit);
        }
    }

    fn live(&mut self, at: Moment) {
        (self.live, self.spoken, self.alive) = (Some(at.now), false, at.now);
        self.not_before = Duration::ZERO;
        self.silence = Some(Silence::connected(at.now, staleness::limit(&self.wanted, &self.waits)));
        self.say(DataEvent::Live { since: at.now }, at);
    }

    fn subscribed(&mut self, subscription: Subscription, at: Moment) {
        self.tell(DataEvent::Subscribed(subscription), Source::Stream, at);
    }

    fn message(&mut self, message: Value, at: Moment) {
        self.alive = at.now;
        match data::decode(&message) {
            Ok((symbol, market)) => {
                self.spoken = true;
                if let Some(silence) = &mut self.silence {
                    silence.heard(at.now);
                }
                match market {
                    Market::Bar(candle) | Market::UpdatedBar(candle) => self.minute(symbol, candle, Source::Stream, at),
                    Market::Trade(_)
                    | Market::Quote(_)
                    | Market::DailyBar(_)
                    | Market::Status(_)
                    | Market::Luld(_)
                    | Market::Correction(_)
                    | Market::CancelError(_) => self.tell(DataEvent::Market { symbol, market }, Source::Stream, at),
                }
            }
            Err(undecodable) => self.unreadable(undecodable.symbol, undecodable.why, at),
        }
    }

    fn alive(&mut self, at: Moment) {
        self.alive = at.now;
    }

    fn unreadable(&mut self, why: String, at: Moment) {
        self.unreadable(None, why, at);
    }

    fn refused(&mut self, refusal: Refusal, at: Moment) {
        self.tell(DataEvent::Refused(refusal), Source::Stream, at);
    }

    fn lost(&mut self, lost: Lost, at: Moment) {
        if self.live.take().is_some() {
            self.open_hole(self.alive, false);
        }
        self.silence = None;
        self.say(DataEvent::Lost(lost), at);
    }

    fn look(&mut self, at: Moment) -> Option<String> {
        let since = self.silence.as_mut()?.look(at.now, at.session)?;
        self.alive = self.alive.min(since);
        self.tell(DataEvent::Silent { since }, Source::Stream, at);
        Some(format!("nothing since {since} though the market is open"))
    }

    fn ask(&mut self, at: Moment) -> Option<Ask> {
        if self.live.is_none() || self.asked.is_some() || at.elapsed < self.not_before {
            return None;
        }
        if self.is_overflown() && !self.outbox.is_empty() {
            return None;
        }
        let from = match (self.hole, self.again) {
            (Some(hole), _) => hole.from,
            (None, Some((due, from))) if at.elapsed >= due => {
                self.again = None;
                from
            }
            (None, _) => return None,
        };
        let ask = self.question(from, at);
        let asked = Asked { to: ask.to, holes: self.holes };
        if ask.symbols.is_empty() || ask.from >= ask.to {
            // Nothing REST could tell.
            self.filled(Answer::new(), asked, at);
            return None;
        }
        self.asked = Some(asked);
        Some(ask)
    }

    fn answered(&mut self, answer: Result<Answer, ReadError>, at: Moment) {
        let Some(asked) = self.asked.take() else { return };
        match answer {
            Ok(answer) => self.filled(answer, asked, at),
            Err(error) => self.not_filled(&error, at),
        }
    }

    fn is_proved(&self) -> bool {
        // A stream that connects and stays mute is waited for longer each time.
        self.spoken
    }

    fn has_next(&self) -> bool {
        !self.outbox.is_empty()
    }

    fn next(&mut self) -> Option<DataEvent> {
        self.outbox.pop()
    }
}

/// The minute an instant is in.
fn minute_of(instant: Timestamp) -> Timestamp {
    Timestamp::from_unix_seconds(instant.unix_seconds().div_euclid(60) * 60)
}

#[cfg(test)]
mod tests;
