//! Who calls the client: one that sends once, asks about what it does not know, and keeps count of what it believes.

use std::collections::BTreeMap;

use broker::{
    Broker, CancelOutcome, OrderFilter, Orders, RejectReason, SubmitOutcome,
    alpaca::Alpaca,
    order::{BrokerOrderId, ClientOrderId, Purpose},
    report::{OrderReport, OrderStatus, PositionReport},
};
use market::{Qty, Symbol, TimeDelta, Timestamp};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use crate::floor::{Floor, PATIENCE, opening, request, symbols};

/// What is sent may arrive so much later and no later: the core's own limit is longer.
pub const ARRIVAL: TimeDelta = TimeDelta::seconds(30);

/// What the caller holds to be true of an order it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Belief {
    /// The broker has it.
    There(BrokerOrderId),
    /// It never came to be, or it is over: nothing of it may live, now or ever.
    Dead(String),
    /// Nobody can tell; sent last at that instant.
    Unknown(Timestamp),
    /// The broker did not act on it: it may be sent again.
    NotSent,
}

pub struct Caller<'a> {
    floor: &'a Floor,
    client: Alpaca,
    rng: ChaCha8Rng,
    pub beliefs: BTreeMap<ClientOrderId, Belief>,
    /// How often each id was given to the client to send.
    pub sent: BTreeMap<ClientOrderId, usize>,
    pub tally: BTreeMap<&'static str, usize>,
    made: usize,
}

impl<'a> Caller<'a> {
    pub fn new(floor: &'a Floor, seed: u64) -> Self {
        let client = floor.client(PATIENCE);
        let rng = ChaCha8Rng::seed_from_u64(seed);
        Self { floor, client, rng, beliefs: BTreeMap::new(), sent: BTreeMap::new(), tally: BTreeMap::new(), made: 0 }
    }

    /// One thing a trader does.
    pub async fn step(&mut self) {
        match self.rng.random_range(0..14) {
            0..=3 => self.open().await,
            4 | 5 => self.protect().await,
            6 | 7 => self.replace().await,
            8 | 9 => self.cancel().await,
            10 => self.read_orders().await,
            11 => self.read_books().await,
            _ => {
                let seconds = self.rng.random_range(1..20);
                self.floor.advance(seconds);
            }
        }
        self.ask_about_unknown().await;
    }

    /// Asks until nothing is unknown; nothing disturbs any more.
    pub async fn settle(&mut self) {
        self.floor.advance(ARRIVAL.num_seconds() + 1);
        self.ask_about_unknown().await;
        let open: Vec<_> = self.beliefs.iter().filter(|(_, belief)| matches!(belief, Belief::Unknown(_))).collect();
        assert_eq!(open, [], "asked in peace, the broker answers");
        let all = self.client.orders(OrderFilter::SubmittedAfter(opening())).await.unwrap().whole().unwrap();
        assert_eq!(exact(all), exact(self.floor.truth().orders), "in peace every order is seen as it is");
    }

    async fn open(&mut self) {
        let (symbol, qty) = (self.symbol(), self.rng.random_range(1..20));
        // Whatever comes of it: without them the client sends no opening.
        let _ = self.client.account_number().await;
        let _ = self.client.learn_assets(&[symbol]).await;
        self.send(symbol, Purpose::Open, qty).await;
    }

    async fn protect(&mut self) {
        let held = self.floor.truth().positions;
        let Some(position) = held.choose(&mut self.rng) else { return };
        let qty = u32::try_from(position.qty.whole_shares()).unwrap();
        let purpose = *[Purpose::Protect, Purpose::Reduce].choose(&mut self.rng).unwrap();
        self.send(position.symbol, purpose, qty.max(1)).await;
    }

    async fn send(&mut self, symbol: Symbol, purpose: Purpose, qty: u32) {
        let id = self.next_id(purpose);
        let Some(quote) = self.floor.quote(symbol) else { return };
        let order = request(id.as_str(), symbol, purpose, qty, &quote);
        let Some(approved) = self.floor.approved(order) else { return };
        // What was certainly not acted on may be sent once more, under the same id.
        for _ in 0..2 {
            let at = self.floor.venue.now();
            *self.sent.entry(id.clone()).or_default() += 1;
            let outcome = self.client.submit(&approved).await;
            if self.believe(&id, at, outcome) != Belief::NotSent {
                return;
            }
        }
    }

    async fn replace(&mut self) {
        let Some(old) = self.one_of_ours() else { return };
        let Some(quote) = self.floor.quote(old.symbol) else { return };
        let Some(kind) = old.kind else { return };
        let id = self.next_id(Purpose::Reduce);
        let purpose = if old.side == broker::order::Side::Buy { Purpose::Open } else { Purpose::Protect };
        let mut order = request(id.as_str(), old.symbol, purpose, 1, &quote);
        order.kind = kind;
        order.time_in_force = old.time_in_force.unwrap_or(order.time_in_force);
        order.qty = Qty::shares(self.rng.random_range(1..20)).min(old.qty);
        let Some(approved) = self.floor.replacement(&old, order) else { return };
        let at = self.floor.venue.now();
        *self.sent.entry(id.clone()).or_default() += 1;
        let outcome = self.client.replace(&approved).await;
        self.believe(&id, at, outcome);
        // Whatever became of the new order, the old one is there until the broker says otherwise.
    }

    fn believe(&mut self, id: &ClientOrderId, at: Timestamp, outcome: SubmitOutcome) -> Belief {
        let (word, belief) = match outcome {
            SubmitOutcome::Accepted(report) => {
                assert_eq!(report.client_order_id, *id, "an answer about another order");
                ("accepted", Belief::There(report.id))
            }
            SubmitOutcome::Rejected { reason: RejectReason::DuplicateClientOrderId, .. } => {
                ("duplicate", Belief::Unknown(at))
            }
            SubmitOutcome::Rejected { message, .. } => ("rejected", Belief::Dead(message)),
            SubmitOutcome::Retryable { .. } => ("retryable", Belief::NotSent),
            SubmitOutcome::Unknown { .. } => ("unknown", Belief::Unknown(at)),
        };
        *self.tally.entry(word).or_default() += 1;
        self.beliefs.insert(id.clone(), belief.clone());
        belief
    }

    async fn cancel(&mut self) {
        let there = self.beliefs.values().filter_map(|belief| match belief {
            Belief::There(id) => Some(id.clone()),
            Belief::Dead(_) | Belief::Unknown(_) | Belief::NotSent => None,
        });
        let there: Vec<_> = there.collect();
        let Some(id) = there.choose(&mut self.rng).cloned() else { return };
        let outcome = self.client.cancel(&id).await;
        let order = self.floor.truth().orders.into_iter().find(|order| order.id == id).unwrap();
        let over = order.status.is_final();
        let under_way = matches!(
            order.status,
            OrderStatus::PendingCancel | OrderStatus::PendingReplace | OrderStatus::PendingNew | OrderStatus::Accepted
        );
        match outcome {
            // Accepted is no end: the cancel is under way, and the order may fill before it takes effect.
            CancelOutcome::Accepted => assert!(over || under_way, "a cancel that was accepted: {order:?}"),
            CancelOutcome::NotCancelable(why) => assert!(over || under_way, "{why}, and it lives: {order:?}"),
            CancelOutcome::NotFound => panic!("the venue has {order:?}"),
            CancelOutcome::Unknown(_) => {}
        }
    }

    async fn ask_about_unknown(&mut self) {
        let unknown = self.beliefs.iter().filter_map(|(id, belief)| match belief {
            Belief::Unknown(at) => Some((id.clone(), *at)),
            Belief::There(_) | Belief::Dead(_) | Belief::NotSent => None,
        });
        let unknown: Vec<_> = unknown.collect();
        for (id, sent_at) in unknown {
            let belief = match self.client.order_by_client_id(&id).await {
                Ok(Some(report)) => Belief::There(report.id),
                Ok(None) if self.floor.venue.now().since(sent_at) > ARRIVAL => Belief::Dead("never arrived".to_owned()),
                Ok(None) | Err(_) => continue,
            };
            self.beliefs.insert(id, belief);
        }
    }

    /// A list that is answered is whole.
    async fn read_orders(&mut self) {
        let before = self.floor.truth().orders;
        let open = self.client.orders(OrderFilter::Open).await.and_then(Orders::whole);
        let all = self.client.orders(OrderFilter::SubmittedAfter(opening())).await.and_then(Orders::whole);
        let after = self.floor.truth().orders;
        if before != after {
            return;
        }
        if let Ok(open) = open {
            let truth: Vec<_> = before.iter().filter(|order| !order.status.is_final()).cloned().collect();
            assert_eq!(exact(open), exact(truth), "open orders");
        }
        if let Ok(all) = all {
            assert_eq!(exact(all), exact(before), "all orders");
        }
    }

    async fn read_books(&mut self) {
        let before = self.floor.truth();
        let (fills, held) = (self.client.executions(opening()).await, self.client.positions().await);
        if before != self.floor.truth() {
            return;
        }
        if let Ok(fills) = fills {
            assert_eq!(fills, before.fills, "executions");
        }
        if let Ok(held) = held {
            let shares = |positions: Vec<PositionReport>| -> Vec<_> {
                positions.into_iter().map(|position| (position.symbol, position.qty, position.short)).collect()
            };
            assert_eq!(shares(held.whole().unwrap()), shares(before.positions), "positions");
        }
    }

    fn one_of_ours(&mut self) -> Option<OrderReport> {
        let orders = self.floor.truth().orders;
        let open: Vec<_> = orders.into_iter().filter(|order| !order.status.is_final()).collect();
        open.choose(&mut self.rng).cloned()
    }

    fn symbol(&mut self) -> Symbol {
        *symbols().choose(&mut self.rng).unwrap()
    }

    fn next_id(&mut self, purpose: Purpose) -> ClientOrderId {
        self.made += 1;
        format!("{purpose}-{}", self.made).parse().unwrap()
    }
}

/// Without the average, which has more decimals on the wire than a price has.
fn exact(orders: Vec<OrderReport>) -> Vec<OrderReport> {
    orders.into_iter().map(|order| OrderReport { filled_avg_price: None, ..order }).collect()
}
