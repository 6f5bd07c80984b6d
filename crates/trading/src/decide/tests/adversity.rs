//! Whatever broker and market do to one position, in any order.

use proptest::prelude::*;

use super::*;
use crate::state::OrderState;

/// What befalls a position between two looks.
#[derive(Clone, Debug)]
enum Twist {
    Bid(i64),
    Blind,
    Fill(usize),
    FillOne(usize),
    Die(usize),
    Pass(usize),
    Settle,
    Forget,
    Wait(i64),
    Answer,
}

/// How the broker takes what it is sent in a cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Obeys,
    Refuses,
    /// It does it, and the answer is lost.
    ActsUnheard,
    /// The request is lost.
    NeverHears,
}

fn twists() -> impl Strategy<Value = Vec<(Twist, Mood)>> {
    let twist = prop_oneof![
        4 => (4_600_i64..6_200).prop_map(Twist::Bid),
        1 => Just(Twist::Blind),
        2 => (0_usize..3).prop_map(Twist::Fill),
        1 => (0_usize..3).prop_map(Twist::FillOne),
        1 => (0_usize..3).prop_map(Twist::Die),
        1 => (0_usize..3).prop_map(Twist::Pass),
        2 => Just(Twist::Settle),
        1 => Just(Twist::Forget),
        2 => (-30_i64..200).prop_map(Twist::Wait),
        1 => Just(Twist::Answer),
    ];
    let mood = prop_oneof![
        6 => Just(Mood::Obeys),
        1 => Just(Mood::Refuses),
        1 => Just(Mood::ActsUnheard),
        1 => Just(Mood::NeverHears),
    ];
    proptest::collection::vec((twist, mood), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// No order asks for more than is held, a stop's price never falls, each trim sells once, and when things have come
    /// to rest every share has its stop.
    #[test]
    fn orders_never_exceed_what_is_held_and_stops_never_fall(shares in 1_u32..20, twists in twists()) {
        let mut scene = Scene::managed(shares);
        let mut highest = price("48");
        for (twist, mood) in &twists {
            scene.suffer(twist);
            scene.cycle_in(*mood);
            prop_assert!(scene.spoken_for() <= scene.held(), "{twist:?} {mood:?}: {:?}", scene.view.working);
            for stop in scene.stops() {
                prop_assert!(stop >= highest, "{twist:?} {mood:?}: {stop} after {highest}");
                highest = stop;
            }
        }
        for leg in [Leg::Trim1, Leg::Trim2] {
            let of_leg = scene.book.intents().map(|(_, intent)| intent).filter(|intent| intent.key.leg == leg);
            prop_assert!(of_leg.filter(|intent| !scene.book.filled(intent).is_zero()).count() <= 1, "{leg} sold twice");
        }
        scene.come_to_rest();
        let leaving = scene.view.working.iter().any(|order| order.kind == Some(OrderKind::Market));
        if !scene.held().is_zero() && !leaving {
            prop_assert_eq!(scene.stops().len(), 1, "{:?}", scene.view.working);
            prop_assert_eq!(scene.spoken_for(), scene.held());
        }
    }
}

impl Scene {
    fn suffer(&mut self, twist: &Twist) {
        let has = |place: usize| place < self.view.working.len();
        match twist {
            Twist::Bid(cents) => {
                let bid = Price::from_cents(*cents).unwrap();
                let quote = Quote::new(self.view.now, bid, bid).unwrap();
                self.view.quotes.insert(symbol("AAPL"), quote);
            }
            Twist::Blind => self.view.quotes.clear(),
            Twist::Fill(place) if has(*place) => self.fill(*place, "54.00"),
            Twist::FillOne(place) if has(*place) && self.remains(*place) > 1 => self.fill_part(*place, 1, "54.00"),
            Twist::Die(place) if has(*place) => self.end_order(*place, OrderState::Canceled),
            Twist::Pass(place) if has(*place) => self.view.working[*place].status = OrderStatus::PendingReplace,
            Twist::Fill(_) | Twist::FillOne(_) | Twist::Die(_) | Twist::Pass(_) => {}
            Twist::Settle => self.settle(),
            Twist::Forget => self.view.misfits_before.clear(),
            Twist::Wait(seconds) => self.view.now = self.view.now + TimeDelta::seconds(*seconds),
            Twist::Answer => self.change_unheard(OrderState::NeverArrived),
        }
    }

    /// A cycle: the look settles what the broker lists, then the broker takes what is decided as it likes.
    fn cycle_in(&mut self, mood: Mood) {
        let listed: BTreeSet<ClientOrderId> =
            self.view.working.iter().map(|order| order.client_order_id.clone()).collect();
        self.book.edit(|intent| {
            if intent.state == OrderState::Unknown && listed.contains(&intent.request.client_order_id) {
                intent.state = OrderState::Working;
            }
        });
        for action in self.looked() {
            match (&action, mood) {
                (Action::Alert { .. }, _) => {}
                (_, Mood::Obeys) => self.obey(&action),
                (Action::Cancel { .. }, Mood::ActsUnheard) => self.obey(&action),
                (Action::Cancel { .. }, Mood::Refuses | Mood::NeverHears) => {}
                (Action::Submit { .. } | Action::Replace { .. }, Mood::ActsUnheard) => {
                    self.obey(&action);
                    self.forget_outcome(&action);
                }
                (Action::Submit { order, key, .. }, Mood::Refuses) => {
                    self.record(order.get().clone(), key.clone(), OrderState::Rejected);
                }
                (Action::Replace { replacement, key }, Mood::Refuses) => {
                    self.record(replacement.get().order.clone(), key.clone(), OrderState::Rejected);
                }
                (Action::Submit { order, key, .. }, Mood::NeverHears) => {
                    self.record(order.get().clone(), key.clone(), OrderState::Unknown);
                }
                (Action::Replace { replacement, key }, Mood::NeverHears) => {
                    self.record(replacement.get().order.clone(), key.clone(), OrderState::Unknown);
                }
            }
        }
    }

    fn forget_outcome(&mut self, action: &Action) {
        let id = match action {
            Action::Submit { order, .. } => order.get().client_order_id.clone(),
            Action::Replace { replacement, .. } => replacement.get().order.client_order_id.clone(),
            Action::Cancel { .. } | Action::Alert { .. } => return,
        };
        self.book.edit(|intent| {
            if intent.request.client_order_id == id {
                intent.state = OrderState::Unknown;
            }
        });
    }

    /// The broker's answer about orders it never got.
    fn change_unheard(&mut self, to: OrderState) {
        let listed: BTreeSet<ClientOrderId> =
            self.view.working.iter().map(|order| order.client_order_id.clone()).collect();
        self.book.edit(|intent| {
            if intent.state == OrderState::Unknown && !listed.contains(&intent.request.client_order_id) {
                intent.state = to;
                intent.broker_id = None;
            }
        });
    }

    fn settle(&mut self) {
        for order in self.view.working.iter_mut().filter(|order| order.filled_qty.is_zero()) {
            order.status = OrderStatus::New;
        }
    }

    /// No more fills, no more faults, no more prices; a stop that began to fill is filled.
    fn come_to_rest(&mut self) {
        self.view.quotes.clear();
        self.settle();
        self.change_unheard(OrderState::NeverArrived);
        let begun = |order: &OrderReport| !order.filled_qty.is_zero();
        while let Some(place) = self.view.working.iter().position(begun) {
            self.fill(place, "54.00");
        }
        for _ in 0..8 {
            self.later(2);
            self.cycle_in(Mood::Obeys);
        }
    }

    fn held(&self) -> Qty {
        self.view.positions.get(&symbol("AAPL")).map_or(Qty::ZERO, |position| position.qty)
    }

    fn remains(&self, place: usize) -> u64 {
        let order = &self.view.working[place];
        order.qty.minus_or_zero(order.filled_qty).whole_shares()
    }

    fn spoken_for(&self) -> Qty {
        let rest = |order: &OrderReport| order.qty.minus_or_zero(order.filled_qty);
        self.view.working.iter().fold(Qty::ZERO, |sum, order| sum.plus(rest(order)))
    }

    fn stops(&self) -> Vec<Price> {
        let stop = |order: &OrderReport| match order.kind {
            Some(OrderKind::Stop { stop }) => Some(stop),
            Some(OrderKind::Market | OrderKind::Limit { .. }) | None => None,
        };
        self.view.working.iter().filter_map(stop).collect()
    }
}
