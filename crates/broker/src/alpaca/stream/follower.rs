//! Streams with everything round them: connected again and again, subscribed to exactly what was asked, holes filled.
//!
//! A stream is two halves: a future that drives it, to be spawned or awaited beside other work, and the events it tells.
//! Dropping the events ends it.

use std::collections::BTreeSet;

use market::{Clock, Timestamp};
use tokio::sync::{mpsc, watch};
use trading::report::OrderReport;

use super::{
    super::{Config, ConfigError},
    account::{self, Account, AccountEvent, Start},
    driver::Driver,
    frame::Codec,
    market_data::{self, DataEvent, MarketData},
    subscription::Subscription,
    target::Target,
    waits::Waits,
};
use crate::{Broker, OrderFilter, ReadError};

/// Events on their way to the consumer; more wait in the core.
const CHANNEL: usize = 64;
/// Orders looked up one by one for an answer; the rest waits for the next.
const LOOKUPS_MAX: usize = 10;

/// The events of a stream.
#[derive(Debug)]
pub struct Events<E>(mpsc::Receiver<E>);

impl<E> Events<E> {
    /// The next event; `None` when the stream has ended for good. Can be dropped and asked again without losing one.
    pub async fn next(&mut self) -> Option<E> {
        self.0.recv().await
    }
}

/// Changes what a data stream is asked for.
#[derive(Clone, Debug)]
pub struct Subscriber(watch::Sender<Subscription>);

impl Subscriber {
    /// Asks for exactly this from now on, and again after every connection.
    pub fn subscribe(&self, subscription: Subscription) {
        self.0.send_replace(subscription);
    }
}

/// The stream of an account's orders and executions, with `broker` to fill its holes. The future drives it.
///
/// # Errors
/// When the addresses are not those of the account the configuration is for.
pub fn follow_account<B: Broker, K: Clock>(
    config: &Config,
    broker: B,
    clock: K,
    start: Start,
    waits: Waits,
) -> Result<(impl Future<Output = ()> + use<B, K>, Events<AccountEvent>), ConfigError> {
    let target = Target::trade_updates(config)?;
    let (events, receiver) = mpsc::channel(CHANNEL);
    let (_, wanted) = watch::channel(Subscription::default());
    let core = Account::new(start, waits);
    let driver = Driver { core, target, waits, clock, events, wanted };
    Ok((driver.run(async move |ask| account_answer(&broker, ask).await), Events(receiver)))
}

/// A data stream, with `broker` to fill its holes. Minutes that began before `since` are not told. The future drives it.
///
/// # Errors
/// When the feed is simulated and the address is not on this machine, or the addresses are not those of the account.
pub fn follow_data<B: Broker, K: Clock>(
    config: &Config,
    codec: Codec,
    broker: B,
    clock: K,
    (subscription, since): (Subscription, Timestamp),
    waits: Waits,
) -> Result<(impl Future<Output = ()> + use<B, K>, Subscriber, Events<DataEvent>), ConfigError> {
    let target = Target::data(config, codec)?;
    let (events, receiver) = mpsc::channel(CHANNEL);
    let core = MarketData::new(subscription.clone(), since, waits);
    let (subscriber, wanted) = watch::channel(subscription);
    let driver = Driver { core, target, waits, clock, events, wanted };
    let run = driver.run(async move |ask: market_data::Ask| broker.candles(&ask.symbols, 1, ask.from, ask.to).await);
    Ok((run, Subscriber(subscriber), Events(receiver)))
}

/// Executions first and orders after them; those that were open and are on no list, one by one. What was read is told
/// though an order cannot be looked up.
async fn account_answer<B: Broker>(broker: &B, ask: account::Ask) -> Result<account::Answer, ReadError> {
    let executions = broker.executions(ask.after).await?;
    let mut orders: Vec<OrderReport> = broker.orders(OrderFilter::Open).await?.listed;
    orders.extend(broker.orders(OrderFilter::SubmittedAfter(ask.after)).await?.listed);
    let listed: BTreeSet<_> = orders.iter().map(|order| order.id.clone()).collect();
    let unlisted: Vec<_> = ask.open.into_iter().filter(|(id, _)| !listed.contains(id)).collect();
    let mut unread: BTreeSet<_> = unlisted.iter().map(|(id, _)| id.clone()).collect();
    let mut last = None;
    for (id, client_order_id) in unlisted.into_iter().take(LOOKUPS_MAX) {
        let found = broker.order_by_client_id(&client_order_id).await;
        last = Some(id.clone());
        match found {
            Ok(found) => {
                orders.extend(found);
                unread.remove(&id);
            }
            Err(error) => {
                tracing::warn!(%error, order = %id, "an order on no list cannot be looked up yet");
                break;
            }
        }
    }
    Ok(account::Answer { executions, orders, unread, last })
}
