//! What the venue really holds, in the trading core's words: the reference every claim of a client is compared with.

use ::venue::{
    Engine, engine,
    engine::Fill,
    order,
    words::{self, OrderType, Status},
};
use broker::{
    order::{OrderKind, Side, TimeInForce},
    report::{AccountReport, Execution, OrderReport, OrderStatus, PositionReport},
};
use market::Timestamp;
use serde::Serialize;

/// A copy of the venue's books at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// The venue's time.
    pub now: Timestamp,
    /// The account.
    pub account: AccountReport,
    /// Open positions, by symbol.
    pub positions: Vec<PositionReport>,
    /// Every order ever received, oldest first.
    pub orders: Vec<OrderReport>,
    /// Every fill, oldest first.
    pub fills: Vec<Execution>,
}

impl Truth {
    /// The books of an engine.
    ///
    /// # Panics
    /// When the account number is none.
    #[must_use]
    pub fn of(engine: &mut Engine) -> Self {
        let account = AccountReport {
            number: engine.config().account.parse().expect("the venue's account number is one"),
            equity: engine.equity(),
            last_equity: engine.book().cash_at_start(),
            cash: engine.book().cash(),
            buying_power: engine.buying_power(),
            trading_blocked: false,
        };
        let holdings: Vec<_> = engine.book().holdings().iter().map(|(symbol, held)| (*symbol, *held)).collect();
        let positions = holdings.into_iter().filter_map(|(symbol, held)| {
            Some(PositionReport {
                symbol,
                qty: held.qty,
                short: held.short,
                avg_entry_price: Some(engine::average(held.cost, held.qty)?),
                current_price: engine.last_price(symbol),
            })
        });
        let positions = positions.collect();
        let book = engine.book();
        Self {
            now: engine.now(),
            account,
            positions,
            orders: book.orders().iter().map(report).collect(),
            fills: book.fills().iter().map(|fill| execution(fill, &book.orders()[fill.order])).collect(),
        }
    }
}

fn execution(fill: &Fill, order: &order::Order) -> Execution {
    Execution {
        id: engine::activity_id(fill),
        order_id: id(order),
        symbol: order.symbol,
        side: side(order.side),
        qty: fill.qty,
        price: fill.price,
        at: fill.at,
    }
}

fn report(order: &order::Order) -> OrderReport {
    OrderReport {
        id: id(order),
        client_order_id: order.client_order_id.parse().expect("the venue takes valid ids only"),
        symbol: order.symbol,
        side: side(order.side),
        qty: order.qty(),
        filled_qty: order.filled_qty,
        filled_avg_price: engine::average(order.filled_cost, order.filled_qty),
        kind: kind(order),
        time_in_force: time_in_force(order.time_in_force),
        status: status(order.status),
        submitted_at: order.submitted_at,
        replaces: order.replaces.map(|id| id.to_string().parse().expect("a UUID is a broker order id")),
    }
}

fn id(order: &order::Order) -> broker::order::BrokerOrderId {
    order.id.to_string().parse().expect("a UUID is a broker order id")
}

fn side(side: words::Side) -> Side {
    match side {
        words::Side::Buy => Side::Buy,
        words::Side::Sell => Side::Sell,
    }
}

/// The core knows three types.
fn kind(order: &order::Order) -> Option<OrderKind> {
    match order.order_type {
        OrderType::Market => Some(OrderKind::Market),
        OrderType::Limit => order.limit_price.map(|limit| OrderKind::Limit { limit }),
        OrderType::Stop => order.stop_price.map(|stop| OrderKind::Stop { stop }),
        OrderType::StopLimit | OrderType::TrailingStop => None,
    }
}

fn time_in_force(word: words::TimeInForce) -> Option<TimeInForce> {
    match word {
        words::TimeInForce::Day => Some(TimeInForce::Day),
        words::TimeInForce::Gtc => Some(TimeInForce::Gtc),
        words::TimeInForce::Opg | words::TimeInForce::Cls | words::TimeInForce::Ioc | words::TimeInForce::Fok => None,
    }
}

fn status(status: Status) -> OrderStatus {
    match status {
        Status::Accepted => OrderStatus::Accepted,
        Status::PendingNew => OrderStatus::PendingNew,
        Status::AcceptedForBidding => OrderStatus::AcceptedForBidding,
        Status::New => OrderStatus::New,
        Status::PartiallyFilled => OrderStatus::PartiallyFilled,
        Status::Filled => OrderStatus::Filled,
        Status::DoneForDay => OrderStatus::DoneForDay,
        Status::Canceled => OrderStatus::Canceled,
        Status::Expired => OrderStatus::Expired,
        Status::Replaced => OrderStatus::Replaced,
        Status::PendingCancel => OrderStatus::PendingCancel,
        Status::PendingReplace => OrderStatus::PendingReplace,
        Status::Stopped => OrderStatus::Stopped,
        Status::Rejected => OrderStatus::Rejected,
        Status::Suspended => OrderStatus::Suspended,
        Status::Calculated => OrderStatus::Calculated,
        Status::Held => OrderStatus::Held,
        Status::PendingReview => OrderStatus::PendingReview,
    }
}
