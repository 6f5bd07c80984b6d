//! Stops and trims as stories: what each look does, and what the broker makes of it.

use std::mem;

use proptest::prelude::*;

use super::*;
use crate::{book::TradePlan, state::OrderState, tape::Split};

#[test]
fn a_stop_that_differs_is_replaced_in_place_when_it_differs_twice() {
    let mut scene = Scene::managed(19);
    scene.shrink_stop(10);
    assert_eq!(scene.cycle(), [""; 0], "orders and positions are not read in one instant");
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
}

#[test]
fn an_order_in_passing_is_waited_for() {
    let passing = [
        OrderStatus::Accepted,
        OrderStatus::PendingNew,
        OrderStatus::PendingCancel,
        OrderStatus::PendingReplace,
        OrderStatus::PartiallyFilled,
        OrderStatus::Unrecognised("odd".into()),
    ];
    for status in passing {
        let mut scene = Scene::managed(19);
        scene.shrink_stop(10);
        scene.view.working[0].status = status.clone();
        scene.cycle();
        assert_eq!(scene.cycle(), ["alert AAPL/unprotected"], "{status:?}: kept, and told");
    }
}

#[test]
fn a_trail_moves_the_stop_once_and_only_up() {
    let mut scene = Scene::managed(19);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 50.90"], "a price may be believed at the first look");
    assert_eq!(scene.cycle(), [""; 0]);
    scene.trend(&["51", "50.1", "51.5", "50.3", "52"]);
    assert_eq!(scene.cycle(), [""; 0], "a lower low lowers nothing");
    scene.trend(&["51", "50.5", "51.5", "51.03", "52"]);
    assert_eq!(scene.cycle(), [""; 0], "three cents are not worth a replace");
    scene.view.candles.clear();
    scene.view.quotes.clear();
    scene.view.session = None;
    assert_eq!(scene.cycle(), [""; 0], "without a market the stop stands");
}

#[test]
fn a_stop_that_got_lost_comes_back_where_it_was() {
    let mut scene = Scene::managed(19);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    scene.cycle();
    scene.end_order(0, OrderState::Expired);
    scene.view.candles.clear();
    assert_eq!(scene.cycle(), ["submit stop 19 stop 50.90"], "not at the initial stop");
}

#[test]
fn a_refused_replace_leaves_the_old_stop_and_slows_down() {
    let mut scene = Scene::managed(19);
    scene.quote("53", "53.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    // The stop that works is the first attempt of the day.
    for _ in 0..4 {
        assert_eq!(scene.cycle_refused(), ["replace stop 19 @ 50.90"]);
    }
    assert_eq!(scene.cycle_refused(), ["alert AAPL/attempts"]);
    assert_eq!(scene.view.working[0].kind, Some(OrderKind::Stop { stop: price("48") }));
    scene.view.now = scene.view.now - TimeDelta::minutes(1);
    scene.quote("53", "53.02");
    let told = scene.cycle_refused();
    assert!(told.iter().any(|line| line.starts_with("replace")), "time that went back blocks nothing: {told:?}");
}

#[test]
fn stops_of_other_hands_are_cover_and_never_touched() {
    let mut scene = Scene::managed(19);
    scene.end_order(0, OrderState::Canceled);
    scene.foreign(19, OrderKind::Stop { stop: price("45") });
    assert_eq!(scene.cycle(), [""; 0], "all of it");
    scene.view.working[0].qty = Qty::shares(12);
    assert_eq!(scene.cycle(), [""; 0], "maybe two reads differ");
    assert_eq!(scene.cycle(), ["submit stop 7 stop 48.00"], "the part that is bare");
    assert_eq!(scene.cycle(), [""; 0]);
    scene.view.working[0].qty = Qty::shares(19);
    scene.cycle();
    assert_eq!(scene.cycle(), ["cancel pc_PA3_20261120_avwap_AAPL_stop_2"], "ours is the one too many");
}

#[test]
fn beside_a_foreign_sale_the_free_shares_are_protected() {
    let mut scene = Scene::managed(19);
    scene.end_order(0, OrderState::Canceled);
    scene.foreign(5, OrderKind::Limit { limit: price("60") });
    scene.cycle();
    assert_eq!(scene.cycle(), ["submit stop 14 stop 48.00", "alert AAPL/unprotected"]);
}

#[test]
fn of_several_stops_those_go_that_are_too_many() {
    // quantities, what is cancelled
    let table: [(&[u32], &[&str]); 5] = [
        (&[10, 9], &[]),
        (&[19, 19], &["cancel extra-0"]),
        (&[19, 10, 4], &["cancel extra-2", "cancel extra-1"]),
        (&[10, 12], &["alert AAPL/several-stops"]),
        (&[5, 4], &["alert AAPL/several-stops", "alert AAPL/unprotected"]),
    ];
    for (quantities, expect) in table {
        let mut scene = Scene::managed(19);
        scene.end_order(0, OrderState::Canceled);
        for (index, shares) in quantities.iter().enumerate() {
            scene.extra_stop(index, *shares, &format!("48.{}", 10 + index));
        }
        scene.cycle();
        assert_eq!(scene.cycle(), expect, "{quantities:?}");
    }
}

#[test]
fn a_stop_is_renewed_before_the_broker_ends_it() {
    let mut scene = Scene::managed(19);
    scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(79);
    assert_eq!(scene.cycle(), [""; 0]);
    scene.view.working[0].submitted_at = scene.view.now - TimeDelta::days(80);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00"]);
    assert_eq!(scene.cycle(), [""; 0]);
    scene.view.working[0].time_in_force = Some(TimeInForce::Day);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00"], "a stop that dies at the close is no overnight stop");
}

#[test]
fn a_split_moves_a_stop_that_the_broker_left_alone() {
    let mut scene = Scene::managed(19);
    scene.split(2, 1);
    assert_eq!(scene.cycle(), ["replace stop 19 @ 24.00"], "the price at once, the size when it stands twice");
    assert_eq!(scene.cycle(), ["replace stop 38 @ 24.00", "alert AAPL/unprotected"]);
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn a_stop_that_the_broker_split_itself_fits() {
    let mut scene = Scene::managed(19);
    scene.split(2, 1);
    scene.view.working[0].qty = Qty::shares(38);
    scene.view.working[0].kind = Some(OrderKind::Stop { stop: price("24") });
    assert_eq!(scene.cycle(), [""; 0]);
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn a_size_that_nothing_explains_moves_no_price_and_sells_nothing() {
    let mut scene = Scene::managed(19);
    scene.hold("AAPL", 38);
    scene.unexplained(19, 38);
    scene.quote("60", "60.02");
    scene.trend(&["51", "50.5", "51.5", "51", "52"]);
    assert_eq!(scene.cycle(), [""; 0]);
    assert_eq!(scene.cycle(), ["replace stop 38 @ 48.00", "alert AAPL/unprotected"]);
    assert_eq!(scene.cycle(), [""; 0], "no trim, no trail");
}

#[test]
fn a_trade_through_both_targets() {
    for forgets in [false, true] {
        let mut scene = Scene::managed(19);
        let next = |scene: &mut Scene| {
            if forgets {
                scene.view.misfits_before.clear();
            }
            scene.cycle()
        };
        scene.quote("53.99", "54.02");
        assert_eq!(next(&mut scene), [""; 0]);
        scene.quote("54", "54.02");
        assert_eq!(next(&mut scene), ["replace stop 10 @ 48.00"], "the stop lets go");
        assert_eq!(next(&mut scene), ["submit trim1 9 limit 48.60"], "a day limit below the bid");
        scene.fill(1, "54.00");
        assert_eq!(next(&mut scene), ["replace stop 10 @ 50.50"], "breakeven");
        assert_eq!(next(&mut scene), [""; 0], "once a trade");
        scene.quote("57", "57.02");
        assert_eq!(next(&mut scene), ["replace stop 5 @ 50.50"]);
        assert_eq!(next(&mut scene), ["submit trim2 5 limit 51.30"]);
        scene.fill(1, "57.00");
        assert_eq!(next(&mut scene), ["replace stop 5 @ 53.50"], "57 - (57 - 50) / 2");
        scene.quote("60", "60.02");
        assert_eq!(next(&mut scene), ["replace stop 5 @ 56.50"]);
        scene.quote("58", "58.02");
        assert_eq!(next(&mut scene), [""; 0]);
    }
}

#[test]
fn a_trim_that_is_no_longer_wanted_gives_the_shares_back() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    assert_eq!(scene.cycle(), ["replace stop 10 @ 48.00"]);
    scene.quote("53.72", "53.80");
    assert_eq!(scene.cycle(), [""; 0], "one look of grace");
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
    assert_eq!(scene.cycle(), [""; 0]);
}

#[test]
fn a_trim_that_was_begun_does_not_need_the_very_target() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.quote("53.73", "53.80");
    assert_eq!(scene.cycle(), ["submit trim1 9 limit 48.35"], "half a percent below 54");
}

#[test]
fn without_a_market_a_trim_that_was_begun_is_undone() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.view.quotes.clear();
    scene.cycle();
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
}

#[test]
fn a_trim_that_dies_unfilled_is_tried_three_times_a_day() {
    let mut scene = Scene::managed(19);
    for attempt in 1..=3 {
        scene.quote("54", "54.02");
        assert_eq!(scene.cycle(), ["replace stop 10 @ 48.00"], "{attempt}");
        assert_eq!(scene.cycle(), ["submit trim1 9 limit 48.60"], "{attempt}");
        scene.end_order(1, OrderState::Canceled);
        assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"], "{attempt}: it grows back");
        assert_eq!(scene.cycle(), [""; 0], "{attempt}: not at once");
        scene.later(1);
    }
    scene.quote("54", "54.02");
    assert_eq!(scene.cycle(), [""; 0], "no more today");
}

#[test]
fn a_trim_that_does_not_fill_is_withdrawn() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.cycle();
    assert_eq!(scene.cycle(), [""; 0], "its shares are spoken for");
    scene.later(1);
    assert_eq!(scene.cycle(), ["cancel pc_PA3_20261120_avwap_AAPL_trim1_1"]);
    scene.cycle();
    assert_eq!(scene.cycle(), ["replace stop 19 @ 48.00", "alert AAPL/unprotected"]);
}

#[test]
fn a_trim_of_unknown_outcome_is_waited_for_and_told() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.cycle();
    let id = scene.view.working.remove(1).client_order_id;
    scene.book.edit(|intent| {
        if intent.request.client_order_id == id {
            intent.state = OrderState::Unknown;
        }
    });
    for _ in 0..3 {
        assert_eq!(scene.cycle(), ["alert AAPL/unprotected"], "never resent, never doubled");
    }
}

#[test]
fn a_partly_filled_trim_was_the_trim() {
    let mut scene = Scene::managed(19);
    scene.quote("54", "54.02");
    scene.cycle();
    scene.cycle();
    scene.fill_part(1, 4, "54.00");
    assert_eq!(scene.cycle(), ["replace stop 10 @ 50.50"], "what is left of it still works");
    scene.end_order(1, OrderState::Canceled);
    assert_eq!(scene.cycle(), [""; 0]);
    assert_eq!(scene.cycle(), ["replace stop 15 @ 50.50", "alert AAPL/unprotected"]);
    scene.later(2);
    scene.quote("55", "55.02");
    assert_eq!(scene.cycle(), [""; 0], "once a trade");
}

#[test]
fn what_keeps_a_position_whole() {
    type Spoil = fn(&mut Scene);
    let table: [(&str, Spoil); 7] = [
        ("one share", |s| {
            s.hold("AAPL", 1);
            s.shrink_stop(1);
        }),
        ("the last half hour", |s| s.at(15, 30)),
        ("after the close", |s| s.at(16, 0)),
        ("no session", |s| s.view.session = None),
        ("another's order", |s| s.foreign(1, OrderKind::Limit { limit: price("60") })),
        ("a stop in passing", |s| s.view.working[0].status = OrderStatus::PendingReplace),
        ("a quote that is old", |s| s.view.now = s.view.now + TimeDelta::seconds(6)),
    ];
    for (why, spoil) in table {
        let mut scene = Scene::managed(19);
        scene.quote("54", "54.02");
        spoil(&mut scene);
        let told = scene.cycle();
        assert!(!told.iter().any(|line| line.contains("trim") || line.contains("stop 10")), "{why}: {told:?}");
    }
    let mut fresh = Scene::managed(19);
    fresh.view.now = fresh.view.now - TimeDelta::minutes(30) + TimeDelta::seconds(119);
    fresh.quote("54", "54.02");
    assert_eq!(fresh.cycle(), [""; 0], "exits are not armed");
    fresh.view.now = fresh.view.now + TimeDelta::seconds(1);
    fresh.quote("54", "54.02");
    assert_eq!(fresh.cycle(), ["replace stop 10 @ 48.00"]);
}

#[test]
fn one_share_goes_to_breakeven_at_the_target() {
    let mut scene = Scene::managed(1);
    scene.quote("54", "54.02");
    assert_eq!(scene.cycle(), ["replace stop 1 @ 50.50"]);
}

#[test]
fn a_trim_hurries_until_its_shares_are_sold_or_have_their_stop_back() {
    let mut scene = Scene::managed(19);
    let hurries = |scene: &mut Scene| {
        let before = scene.view.clone();
        let first = protect(&scene.book, &before, &scene.limits);
        let under_way = is_under_way(&scene.book, &before, &[&first]);
        scene.cycle();
        under_way
    };
    assert!(!hurries(&mut scene), "at rest");
    scene.quote("54", "54.02");
    scene.cycle();
    assert!(hurries(&mut scene), "the stop has let go");
    assert!(hurries(&mut scene), "the trim works");
    scene.fill(1, "54.00");
    scene.view.quotes.clear();
    assert!(!hurries(&mut scene), "sold");
    scene.shrink_stop(7);
    scene.view.working[0].status = OrderStatus::PendingReplace;
    assert!(hurries(&mut scene), "a misfit is looked at twice");
    assert!(!hurries(&mut scene), "and then at the usual pace");
}

#[derive(Clone, Debug)]
enum Twist {
    Bid(i64),
    Blind,
    Fill(usize),
    Die(usize),
    Pass(usize),
    Settle,
    Forget,
    Wait(i64),
}

fn twists() -> impl Strategy<Value = Vec<Twist>> {
    let twist = prop_oneof![
        4 => (4_600_i64..6_200).prop_map(Twist::Bid),
        1 => Just(Twist::Blind),
        2 => (0_usize..3).prop_map(Twist::Fill),
        1 => (0_usize..3).prop_map(Twist::Die),
        1 => (0_usize..3).prop_map(Twist::Pass),
        2 => Just(Twist::Settle),
        1 => Just(Twist::Forget),
        2 => (0_i64..200).prop_map(Twist::Wait),
    ];
    proptest::collection::vec(twist, 1..40)
}

proptest! {
    /// Whatever the broker and the market do, no order asks for more than is held, a stop's price never falls, each trim
    /// sells once, and when things have come to rest every share has its stop.
    #[test]
    fn orders_never_exceed_what_is_held_and_stops_never_fall(shares in 1_u32..20, twists in twists()) {
        let mut scene = Scene::managed(shares);
        let mut highest = price("48");
        for twist in twists {
            scene.suffer(&twist);
            scene.cycle();
            let held = scene.view.positions.get(&symbol("AAPL")).map_or(Qty::ZERO, |position| position.qty);
            let spoken = scene.view.working.iter().fold(Qty::ZERO, |sum, order| sum.plus(order.qty.minus_or_zero(order.filled_qty)));
            prop_assert!(spoken <= held, "{twist:?}: {spoken} of {held}");
            for order in &scene.view.working {
                if let Some(OrderKind::Stop { stop }) = order.kind {
                    prop_assert!(stop >= highest, "{twist:?}: {stop} after {highest}");
                    highest = stop;
                }
            }
        }
        for leg in [Leg::Trim1, Leg::Trim2] {
            let of_leg = scene.book.intents().values().filter(|intent| intent.key.leg == leg);
            prop_assert!(of_leg.filter(|intent| !scene.book.filled(intent).is_zero()).count() <= 1, "{leg} sold twice");
        }
        scene.view.quotes.clear();
        scene.suffer(&Twist::Settle);
        for _ in 0..6 {
            scene.later(2);
            scene.cycle();
        }
        if let Some(position) = scene.view.positions.get(&symbol("AAPL")) {
            if scene.view.working.iter().any(|order| order.kind == Some(OrderKind::Market)) {
                return Ok(());
            }
            let stops: Vec<_> = scene.view.working.iter().filter(|order| matches!(order.kind, Some(OrderKind::Stop { .. }))).collect();
            prop_assert_eq!(stops.len(), 1, "{:?}", scene.view.working);
            prop_assert_eq!(stops[0].qty.minus_or_zero(stops[0].filled_qty), position.qty);
        }
    }
}

/// What a broker makes of decisions, and what befalls a position.
impl Scene {
    /// Bought at 50.50 half an hour ago under a plan with targets at 54 and 57; its stop works at 48.
    fn managed(shares: u32) -> Self {
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
    fn cycle(&mut self) -> Vec<String> {
        let actions = self.looked();
        actions.iter().for_each(|action| self.obey(action));
        actions.iter().map(in_words).collect()
    }

    /// The same with a broker that refuses every order.
    fn cycle_refused(&mut self) -> Vec<String> {
        let actions = self.looked();
        for action in &actions {
            if let Action::Replace { replacement, key } = action {
                self.record(replacement.get().order.clone(), key.clone(), OrderState::Rejected);
            }
        }
        actions.iter().map(in_words).collect()
    }

    fn looked(&mut self) -> Vec<Action> {
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

    fn obey(&mut self, action: &Action) {
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
            }
            Action::Cancel { order, .. } => {
                let place = self.view.working.iter().position(|working| working.id == *order).unwrap();
                self.end_order(place, OrderState::Canceled);
            }
            Action::Alert { .. } => {}
        }
    }

    fn suffer(&mut self, twist: &Twist) {
        match twist {
            Twist::Bid(cents) => {
                let bid = Price::from_cents(*cents).unwrap();
                let quote = Quote::new(self.view.now, bid, bid).unwrap();
                self.view.quotes.insert(symbol("AAPL"), quote);
            }
            Twist::Blind => self.view.quotes.clear(),
            Twist::Fill(place) if *place < self.view.working.len() => self.fill(*place, "54.00"),
            Twist::Die(place) if *place < self.view.working.len() => self.end_order(*place, OrderState::Canceled),
            Twist::Pass(place) if *place < self.view.working.len() => {
                self.view.working[*place].status = OrderStatus::PendingReplace;
            }
            Twist::Fill(_) | Twist::Die(_) | Twist::Pass(_) => {}
            Twist::Settle => self.view.working.iter_mut().for_each(|order| order.status = OrderStatus::New),
            Twist::Forget => self.view.misfits_before.clear(),
            Twist::Wait(seconds) => self.view.now = self.view.now + TimeDelta::seconds(*seconds),
        }
    }

    fn later(&mut self, minutes: i64) {
        self.view.now = self.view.now + TimeDelta::minutes(minutes);
    }

    /// The time of day, with the quote as fresh as before.
    fn at(&mut self, hour: u32, minute: u32) {
        self.view.now = self.view.now.ny_date().at_hm(hour, minute);
        let now = self.view.now;
        self.view.quotes.values_mut().for_each(|quote| quote.at = now);
    }

    /// Ten-minute candles from 10:00 on with these lows.
    fn trend(&mut self, lows: &[&str]) {
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

    fn shrink_stop(&mut self, shares: u32) {
        self.view.working[0].qty = Qty::shares(shares);
    }

    fn end_order(&mut self, place: usize, state: OrderState) {
        let id = self.view.working.remove(place).client_order_id;
        self.book.edit(|intent| {
            if intent.request.client_order_id == id {
                intent.state = state;
            }
        });
    }

    fn fill(&mut self, place: usize, at: &str) {
        let order = self.view.working[place].clone();
        let rest = order.qty.minus_or_zero(order.filled_qty);
        self.fill_part(place, u32::try_from(rest.whole_shares()).unwrap(), at);
        self.end_order(place, OrderState::Filled);
    }

    fn fill_part(&mut self, place: usize, shares: u32, at: &str) {
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

    fn foreign(&mut self, shares: u32, kind: OrderKind) {
        let (request, _) = self.order(Leg::Stop, shares);
        self.work(&OrderRequest { client_order_id: "by-hand".parse().unwrap(), kind, ..request });
    }

    fn extra_stop(&mut self, index: usize, shares: u32, at: &str) {
        let (mut request, mut key) = self.order(Leg::Stop, shares);
        key.attempt = 10 + index as u32;
        request.client_order_id = format!("extra-{index}").parse().unwrap();
        request.kind = OrderKind::Stop { stop: price(at) };
        self.work(&request);
        self.record(request, key, OrderState::Working);
    }

    fn split(&mut self, new: u32, old: u32) {
        let effective = self.view.now - TimeDelta::minutes(1);
        self.book.split(&Split { id: "s1".into(), symbol: symbol("AAPL"), effective, new, old });
        let held = self.view.positions[&symbol("AAPL")].qty.whole_shares();
        self.hold("AAPL", u32::try_from(held).unwrap() * new / old);
        self.quote("26", "26.02");
    }

    fn unexplained(&mut self, ours: u32, theirs: u32) {
        let [ours, theirs] = [ours, theirs].map(|shares| Qty::shares(shares).units());
        self.view.findings.insert((symbol("AAPL"), Finding::QuantityMismatch { ours, theirs }));
    }
}

fn in_words(action: &Action) -> String {
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
