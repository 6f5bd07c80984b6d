//! Looking: what the broker has, and what protection takes into account when it comes in time.
//!
//! Nothing here changes the engine before all of a read is there: any of it may be given up half way.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::Context;
use broker::{Broker, OrderFilter, Orders, Positions};
use market::{NyDate, Qty, Quote, Session, Symbol, TimeDelta, Timestamp};
use trading::{
    order::{OrderKind, Side},
    phase,
    reconcile::{self, Finding, Reported},
    report::{Execution, MarketClock, OrderReport, PositionReport},
};

use crate::{
    actions::{Asked, concerned},
    engine::Engine,
};

/// A fill can be told days after it happened; so far back the executions are read once a day.
const LATE_FILLS: TimeDelta = TimeDelta::days(7);

/// What the broker has, read and not yet believed.
pub(crate) struct Looked {
    orders: Orders,
    positions: Positions,
    executions: Option<Vec<Execution>>,
    actions: Option<Asked>,
}

/// What protection takes into account when it comes in time.
pub(crate) struct Aside {
    /// The broker's clock, and when ours was read before and after it.
    pub clock: Result<(Timestamp, MarketClock, Timestamp), String>,
    /// The broker's calendar entry of a day.
    pub listed: Result<(NyDate, Option<Session>), String>,
    /// Quotes of positions without a stop: whether the market is through it already.
    pub quotes: BTreeMap<Symbol, Quote>,
}

impl<B: Broker> Engine<B> {
    /// Today's session by our own calendar.
    pub(crate) fn hours(&self, now: Timestamp) -> Option<Session> {
        self.config.hours(self.calendar.session_on(now.ny_date()).ok().flatten(), now)
    }

    /// What the broker has. A start has its time: what it cannot reach by then is for a fresh one.
    pub(crate) async fn look(&self, now: Timestamp) -> anyhow::Result<Looked> {
        if self.memory.ready || self.ending.is_some() {
            return self.read(now).await;
        }
        let deadline = tokio::time::Instant::from_std(self.started + self.patience.start);
        tokio::time::timeout_at(deadline, self.read(now)).await.context("the time of a start is up")?
    }

    async fn read(&self, now: Timestamp) -> anyhow::Result<Looked> {
        // Orders before positions: a fill between the two shows as a position with an order that still seems to work,
        // which makes the next look come soon.
        let orders = self.beating(self.broker.orders(OrderFilter::Open)).await?;
        let positions = self.beating(self.broker.positions()).await?;
        let limit = self.executions_patience(&orders.listed, &positions.held);
        let after = self.executions_from(now);
        let executions = match self.within(limit, self.broker.executions(after)).await {
            Ok(executions) => Some(executions),
            Err(why) => {
                tracing::warn!("no executions this cycle, soon nothing is opened: {why}");
                None
            }
        };
        let actions = self.ask_actions(&orders.listed, &positions.held, now).await;
        Ok(Looked { orders, positions, executions, actions })
    }

    /// Believes what was read.
    pub(crate) fn take_in(&mut self, looked: Looked, now: Timestamp) -> Reported {
        let Looked { orders, positions, executions, actions } = looked;
        self.bell.answered();
        let (splits, notices) = self.note_actions(actions, &concerned(&orders.listed, &positions.held), now);
        self.memory.unreadable_orders = orders.unreadable;
        self.memory.unreadable = positions.unreadable;
        let executions_unread = executions.is_none();
        if executions_unread {
            self.memory.unread_looks = self.memory.unread_looks.saturating_add(1);
        } else {
            self.memory.read_back_on = Some(now.ny_date());
            self.memory.unread_looks = 0;
            self.copying.looks += 1;
            self.doubts.read_back();
        }
        Reported {
            orders: orders.listed,
            executions: executions.unwrap_or_default(),
            positions: positions.held.into_iter().map(|position| (position.symbol, position)).collect(),
            splits,
            notices,
            executions_unread,
        }
    }

    /// Since before the last known one; from days back at the first look of a day and while a position is not what the
    /// executions make it.
    fn executions_from(&self, now: Timestamp) -> Timestamp {
        let differs = |(_, finding): &(Symbol, Finding)| matches!(finding, Finding::QuantityMismatch { .. });
        let reads_back = self.memory.read_back_on != Some(now.ny_date()) || self.core.findings().iter().any(differs);
        let news = reconcile::executions_from(self.core.book(), now);
        if reads_back { news.min(now - LATE_FILLS) } else { news }
    }

    /// How long executions are waited for. They come before protection, which needs none of them, so that a fill is
    /// explained when its stop is decided; they may not keep it waiting when there can be something for it to do.
    fn executions_patience(&self, orders: &[OrderReport], positions: &[PositionReport]) -> Duration {
        let buys = orders.iter().any(|order| order.side == Side::Buy);
        let bare = positions.iter().any(|position| !position.short && !is_covered(position, orders));
        let unknown = self.core.book().live().any(|(_, intent)| intent.state.is_unresolved());
        if buys || bare || unknown || self.ending.is_some() || self.kill_level().is_some() {
            return self.patience.aside.min(self.patience.executions);
        }
        // A first read, over months, may need more than the others ever do: it gets more with each look.
        let is_first = self.core.book().last_fill().is_none();
        let tries = if is_first { self.memory.unread_looks.min(4) } else { 0 };
        self.patience.executions * 2_u32.pow(tries)
    }

    /// Clock, calendar and quotes, all at once and not for long.
    pub(crate) async fn aside(&self, said: &Reported, now: Timestamp) -> Aside {
        let (date, limit) = (now.ny_date(), self.patience.aside);
        let clock = async {
            let before = self.now().map_err(|error| error.to_string())?;
            let clock = self.within(limit, self.broker.clock()).await?;
            let after = self.now().map_err(|error| error.to_string())?;
            Ok((before, clock, after))
        };
        let listed = async {
            // Asked once a day, but for as long as the answer is not ours: a wrong one may be put right.
            if self.memory.calendar_agreed_on == Some(date) {
                return Ok((date, self.hours(now)));
            }
            let days = self.within(limit, self.broker.calendar(date, date)).await?;
            Ok((date, days.into_iter().find(|session| session.date == date)))
        };
        let (clock, listed, quotes) = tokio::join!(clock, listed, self.quotes(self.bare(said, now), limit));
        Aside { clock, listed, quotes }
    }

    /// Remembers that the broker lists a day as our own calendar does.
    pub(crate) fn note_calendar(&mut self, aside: &Aside) {
        if let Ok((date, session)) = &aside.listed
            && self.calendar.session_on(*date).is_ok_and(|ours| ours == *session)
        {
            self.memory.calendar_agreed_on = Some(*date);
        }
    }

    /// Positions without a stop, while the market is open by our calendar.
    fn bare(&self, said: &Reported, now: Timestamp) -> BTreeSet<Symbol> {
        if !phase::is_open(self.hours(now).as_ref(), now) {
            return BTreeSet::new();
        }
        let has_stop = |symbol: &Symbol| said.orders.iter().any(|order| is_stop(order, *symbol));
        said.positions.keys().copied().filter(|symbol| !has_stop(symbol)).collect()
    }

    pub(crate) async fn quotes(&self, symbols: BTreeSet<Symbol>, limit: Duration) -> BTreeMap<Symbol, Quote> {
        if symbols.is_empty() {
            return BTreeMap::new();
        }
        let symbols: Vec<Symbol> = symbols.into_iter().collect();
        self.within(limit, self.broker.quotes(&symbols)).await.unwrap_or_else(|why| {
            tracing::warn!("no quotes this cycle: {why}");
            BTreeMap::new()
        })
    }
}

fn is_stop(order: &OrderReport, symbol: Symbol) -> bool {
    order.symbol == symbol && order.side == Side::Sell && matches!(order.kind, Some(OrderKind::Stop { .. }))
}

/// Whether stops protect every whole share.
fn is_covered(position: &PositionReport, orders: &[OrderReport]) -> bool {
    let stops = orders.iter().filter(|order| is_stop(order, position.symbol));
    let protected = stops.fold(Qty::ZERO, |sum, order| sum.plus(order.qty.minus_or_zero(order.filled_qty)));
    protected.whole_shares() >= position.qty.whole_shares()
}
