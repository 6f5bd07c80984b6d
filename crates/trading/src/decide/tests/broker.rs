//! A broker for stories: it does what it is asked, at once, and says what it did in words.

use std::mem;

use super::*;
use crate::{book::TradePlan, state::OrderState, tape::Split};

/// What a broker makes of decisions, and what befalls a position.
impl Scene {
    /// Bought at 50.50 half an hour ago under a plan with targets at 54 and 57; its stop works at 48.
    pub(super) fn managed(shares: u32) -> Self {
        let mut scene = Self::holding(shares);
        scene.view.candidates.clear();
        scene.view.candles.clear();
        let plan =
            TradePlan { stop: price("48"), level: Some(price("50")), r1: Some(price("54")), r2: Some(price("57")) };
        scene.book.edit(|intent| intent.trade = Some(plan));
        scene.stop_works(shares);
        scene.later(30);
        scene.quote("52", "52.02");
        scene
    }

    /// One cycle: protection without the market, then with it; the broker does what it is asked. In words.
    pub(super) fn cycle(&mut self) -> Vec<String> {
        let actions = self.looked();
        actions.iter().for_each(|action| self.obey(action));
        actions.iter().map(in_words).collect()
    }

    /// The same with a broker that refuses every order.
    pub(super) fn cycle_refused(&mut self) -> Vec<String> {
        let actions = self.looked();
        for action in &actions {
            if let Action::Replace { replacement, key } = action {
                self.record(replacement.get().order.clone(), key.clone(), OrderState::Rejected);
            }
        }
        actions.iter().map(in_words).collect()
    }

    pub(super) fn looked(&mut self) -> Vec<Action> {
        let quotes = mem::take(&mut self.view.quotes);
        let candles = mem::take(&mut self.view.candles);
        let first = protect(&self.book, &self.view, &self.limits);
        (self.view.quotes, self.view.candles) = (quotes, candles);
        let acted = first.actions.iter().any(|action| !matches!(action, Action::Alert { .. }));
        self.view.acted = acted.then(|| symbol("AAPL")).into_iter().collect();
        let second = manage(&self.book, &self.view, &self.limits);
        self.view.acted.clear();
        self.view.misfits_before = first.misfits;
        let mut actions = first.actions;
        let news: Vec<Action> = second.actions.into_iter().filter(|action| !actions.contains(action)).collect();
        actions.extend(news);
        actions
    }

    pub(super) fn obey(&mut self, action: &Action) {
        match action {
            Action::Submit { order, key, .. } => {
                self.work(order.get());
                self.record(order.get().clone(), key.clone(), OrderState::Working);
            }
            Action::Replace { replacement, key } => {
                let replacement = replacement.get();
                let place = self.view.working.iter().position(|order| order.id == replacement.replaces).unwrap();
                let last = self.view.working.len() - 1;
                self.end_order(place, OrderState::Replaced);
                self.work(&replacement.order);
                self.view.working[place..=last].rotate_right(1);
                self.record(replacement.order.clone(), key.clone(), OrderState::Working);
                let (new, old) = (key.client_order_id(), replacement.replaced_id.clone());
                self.book.edit(|intent| {
                    if intent.request.client_order_id == new {
                        intent.replaces = Some(old.clone());
                    }
                });
            }
            Action::Cancel { order, .. } => {
                let place = self.view.working.iter().position(|working| working.id == *order).unwrap();
                self.end_order(place, OrderState::Canceled);
            }
            Action::Alert { .. } => {}
        }
    }

    pub(super) fn later(&mut self, minutes: i64) {
        self.view.now = self.view.now + TimeDelta::minutes(minutes);
    }

    /// The time of day, with the quote as fresh as before.
    pub(super) fn at(&mut self, hour: u32, minute: u32) {
        self.view.now = self.view.now.ny_date().at_hm(hour, minute);
        let now = self.view.now;
        self.view.quotes.values_mut().for_each(|quote| quote.at = now);
    }

    /// Ten-minute candles from 10:00 on with these lows.
    pub(super) fn trend(&mut self, lows: &[&str]) {
        let candle = |(index, low): (usize, &&str)| Candle {
            start: self.view.now - TimeDelta::minutes(50 - 10 * index as i64),
            open: price(low),
            high: price("53"),
            low: price(low),
            close: price("53"),
            volume: Qty::shares(1_000),
        };
        let candles = lows.iter().enumerate().map(candle).collect();
        self.view.candles.insert(symbol("AAPL"), candles);
        self.limits.stops.min_bars = 1;
    }

    pub(super) fn shrink_stop(&mut self, shares: u32) {
        self.view.working[0].qty = Qty::shares(shares);
    }

    pub(super) fn end_order(&mut self, place: usize, state: OrderState) {
        let id = self.view.working.remove(place).client_order_id;
        self.book.edit(|intent| {
            if intent.request.client_order_id == id {
                intent.state = state;
            }
        });
    }

    pub(super) fn fill(&mut self, place: usize, at: &str) {
        let order = self.view.working[place].clone();
        let rest = order.qty.minus_or_zero(order.filled_qty);
        self.fill_part(place, u32::try_from(rest.whole_shares()).unwrap(), at);
        self.end_order(place, OrderState::Filled);
    }

    pub(super) fn fill_part(&mut self, place: usize, shares: u32, at: &str) {
        let order = &mut self.view.working[place];
        order.filled_qty = order.filled_qty.plus(Qty::shares(shares));
        order.status = OrderStatus::PartiallyFilled;
        let fill = Execution {
            id: format!("{}-{}", order.id, order.filled_qty),
            order_id: order.id.clone(),
            symbol: order.symbol,
            side: Side::Sell,
            qty: Qty::shares(shares),
            price: price(at),
            at: self.view.now,
        };
        self.book.count(&fill);
        let position = self.view.positions.get_mut(&fill.symbol).unwrap();
        position.qty = position.qty.minus_or_zero(fill.qty);
        if position.qty.is_zero() {
            self.view.positions.remove(&fill.symbol);
        }
    }

    pub(super) fn foreign(&mut self, shares: u32, kind: OrderKind) {
        let (request, _) = self.order(Leg::Stop, shares);
        self.work(&OrderRequest { client_order_id: "by-hand".parse().unwrap(), kind, ..request });
    }

    pub(super) fn extra_stop(&mut self, index: usize, shares: u32, at: &str) {
        let (mut request, mut key) = self.order(Leg::Stop, shares);
        key.attempt = 10 + index as u32;
        request.client_order_id = format!("extra-{index}").parse().unwrap();
        request.kind = OrderKind::Stop { stop: price(at) };
        self.work(&request);
        self.record(request, key, OrderState::Working);
    }

    pub(super) fn split(&mut self, new: u32, old: u32) {
        let effective = self.view.now - TimeDelta::minutes(1);
        self.book.split(&Split { id: "s1".into(), symbol: symbol("AAPL"), effective, new, old });
        let held = self.view.positions[&symbol("AAPL")].qty.whole_shares();
        self.hold("AAPL", u32::try_from(held).unwrap() * new / old);
        self.quote("26", "26.02");
    }

    pub(super) fn unexplained(&mut self, ours: u32, theirs: u32) {
        let [ours, theirs] = [ours, theirs].map(|shares| Qty::shares(shares).units());
        self.view.findings.insert((symbol("AAPL"), Finding::QuantityMismatch { ours, theirs }));
    }
}

pub(super) fn in_words(action: &Action) -> String {
    match action {
        Action::Submit { order, key, .. } => format!("submit {} {} {}", key.leg, order.get().qty, order.get().kind),
        Action::Replace { replacement, key } => {
            let order = &replacement.get().order;
            format!("replace {} {} @ {}", key.leg, order.qty, order.price().unwrap())
        }
        Action::Cancel { client_order_id, .. } => format!("cancel {client_order_id}"),
        Action::Alert { subject, .. } => format!("alert {subject}"),
    }
}
