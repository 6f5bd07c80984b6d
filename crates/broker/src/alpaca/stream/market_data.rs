//! The core of a data stream: every finished minute told once, silence noticed, holes filled with minute bars by REST.
//!
//! What else was missed is gone: a quote that nobody saw is worth nothing, and a trade is in its minute's bar. A minute
//! told again with other numbers comes as an updated bar. Bars of REST may be booked a little late, so the minutes of a
//! hole are asked for twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use market::{Candle, Symbol, TimeDelta, Timestamp};
use serde_json::Value;

use super::{
    core::{Core, Gap, Lost, Moment, Unreadable},
    data::{self, Market},
    holes::Holes,
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
/// Minutes remembered of a symbol: as many as REST can be asked for.
pub const MINUTES_REMEMBERED: usize = 24 * 60 + 1;
/// A hole older than this is not filled from further back.
const HOLE_MOST: TimeDelta = TimeDelta::hours(24);
/// A minute's bars come after its end, not all at once: what was told last is no proof that those before it were.
const BARS_WITHIN: TimeDelta = TimeDelta::minutes(1);
/// The minutes of a hole are asked for again after this, when REST has booked them.
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
    /// A change of subscription was refused; what the server has confirmed last still comes, and is asked for after the
    /// next connection too.
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

/// What a question is about.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// As far back as it reaches.
    from: Timestamp,
    to: Timestamp,
    holes: u64,
    /// It is the second one about minutes of a hole that is filled.
    second: bool,
}

/// The core.
#[derive(Debug)]
pub(super) struct MarketData {
    waits: Waits,
    since: Timestamp,
    /// What the server sends; at first what was asked for.
    listed: Subscription,
    minutes: BTreeMap<Symbol, BTreeMap<Timestamp, Candle>>,
    outbox: Outbox<DataEvent>,
    link: Option<DataEvent>,
    live: Option<Timestamp>,
    spoken: bool,
    /// When the stream told something last.
    told: Timestamp,
    silence: Option<Silence>,
    unreadable: u64,
    holes: Holes,
    asked: Option<Asked>,
    /// The second question: when, and from where.
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
            since,
            listed: wanted,
            minutes: BTreeMap::new(),
            outbox: Outbox::new(events),
            link: None,
            live: None,
            spoken: false,
            told: since,
            silence: None,
            unreadable: 0,
            holes: Holes::new(since),
            asked: None,
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
        self.holes.open(from, true);
    }

    fn say(&mut self, link: DataEvent, at: Moment) {
        self.link = Some(link.clone());
        self.tell(link, Source::Stream, at);
    }

    /// Symbols whose minutes are told.
    fn symbols(&self) -> Vec<Symbol> {
        self.listed.bars.union(&self.listed.updated_bars).copied().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The question about what is after `from`, and what its answer means.
    fn question(&self, from: Timestamp, second: bool, at: Moment) -> (Ask, Asked) {
        // The minute under way is the stream's to tell, and at first so is one that ended while it was live.
        let stream_tells_from = self.live.filter(|_| !second && !self.holes.is_overflown());
        let to = stream_tells_from.unwrap_or(at.now);
        let ask = Ask { symbols: self.symbols(), from: minute_of(from.max(at.now - HOLE_MOST)), to: minute_of(to) };
        let asked = Asked { from: from.max(ask.from).min(to), to, holes: self.holes.opened(), second };
        (ask, asked)
    }

    /// REST has been asked; `by_rest` is whether it could tell anything.
    fn filled(&mut self, asked: Asked, by_rest: bool, at: Moment) {
        self.holes.answered();
        if asked.holes != self.holes.opened() {
            return;
        }
        if asked.second {
            self.again = None;
        }
        let Some(from) = self.holes.close() else { return };
        let earliest = self.again.map_or(from, |(_, earlier)| earlier.min(from));
        self.again = Some((at.elapsed + BOOKED_AFTER, earliest));
        let Asked { from: reached, to, .. } = asked;
        let beyond = (from < reached).then_some(Gap { from, to: reached, filled: false });
        for gap in beyond.into_iter().chain([Gap { from: reached, to, filled: by_rest }]) {
            self.tell(DataEvent::Gap(gap), Source::Rest, at);
        }
    }

    fn not_filled(&mut self, error: &ReadError, at: Moment) {
        tracing::warn!(%error, "the minutes that a data stream may have missed cannot be read yet");
        if let Some(gap) = self.holes.not_filled(&self.waits, at) {
            self.tell(DataEvent::Gap(gap), Source::Stream, at);
        }
    }
}

impl Core for MarketData {
    type Event = DataEvent;
    type Ask = Ask;
    type Answer = Answer;

    fn live(&mut self, at: Moment) {
        (self.live, self.spoken, self.told) = (Some(at.now), false, at.now);
        self.holes.now();
        self.silence = Some(Silence::connected(at.now, staleness::limit(&self.listed, &self.waits)));
        self.say(DataEvent::Live { since: at.now }, at);
    }

    fn subscribed(&mut self, subscription: Subscription, at: Moment) {
        self.listed = subscription.clone();
        if let Some(silence) = &mut self.silence {
            silence.limited(at.now, staleness::limit(&self.listed, &self.waits));
        }
        self.tell(DataEvent::Subscribed(subscription), Source::Stream, at);
    }

    fn message(&mut self, message: Value, at: Moment) {
        self.told = at.now;
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

    fn unreadable(&mut self, why: String, at: Moment) {
        self.unreadable(None, why, at);
    }

    fn refused(&mut self, refusal: Refusal, at: Moment) {
        self.tell(DataEvent::Refused(refusal), Source::Stream, at);
    }

    fn lost(&mut self, lost: Lost, at: Moment) {
        if self.live.take().is_some() {
            self.holes.open((self.told - BARS_WITHIN).max(self.since), false);
        }
        self.silence = None;
        self.say(DataEvent::Lost(lost), at);
    }

    fn look(&mut self, at: Moment) -> Option<String> {
        let since = self.silence.as_mut()?.look(at.now, at.session)?;
        self.tell(DataEvent::Silent { since }, Source::Stream, at);
        Some(format!("nothing since {since} though the market is open"))
    }

    fn ask(&mut self, at: Moment) -> Option<Ask> {
        if self.live.is_none() || self.asked.is_some() || !self.holes.may_ask(at, self.outbox.is_empty()) {
            return None;
        }
        let (from, second) = match (self.holes.from(), self.again) {
            (Some(from), _) => (from, false),
            (None, Some((due, from))) if at.elapsed >= due => (from, true),
            (None, _) => return None,
        };
        let (ask, asked) = self.question(from, second, at);
        if ask.symbols.is_empty() || ask.from >= ask.to {
            // Without a whole minute in it there is nothing to tell; without symbols nobody could.
            self.filled(asked, !ask.symbols.is_empty(), at);
            return None;
        }
        self.asked = Some(asked);
        Some(ask)
    }

    fn answered(&mut self, answer: Result<Answer, ReadError>, at: Moment) {
        let Some(asked) = self.asked.take() else { return };
        match answer {
            Ok(answer) => {
                for (symbol, candles) in answer {
                    for candle in candles {
                        self.minute(symbol, candle, Source::Rest, at);
                    }
                }
                self.filled(asked, true, at);
            }
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
