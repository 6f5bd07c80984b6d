//! What was seen at the broker: its orders as they looked last, and the history of each symbol's protective stop.
//!
//! For people and for views: nothing is decided by it, so it is written after protection acted, only what changed, and
//! never at the price of the room that is kept for records.

use market::{Price, Qty, Symbol, Timestamp};
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};
use trading::{
    order::ClientOrderId,
    report::{OrderReport, OrderStatus},
};

use crate::{Ledger, LedgerError, row, schema};

/// An order of the broker's as it was seen last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenOrder {
    /// The order.
    pub order: OrderReport,
    /// Whether the broker listed it among the open ones when it was looked at last.
    pub listed: bool,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// When it was seen to be as it is here.
    pub last_seen: Timestamp,
}

/// What became of a symbol's protective stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StopChange {
    /// When it was seen.
    pub at: Timestamp,
    /// The symbol.
    pub symbol: Symbol,
    /// The stop order.
    pub client_order_id: ClientOrderId,
    /// Its trigger.
    pub stop: Price,
    /// Shares it sells.
    pub qty: Qty,
    /// What happened.
    pub why: StopWhy,
}

/// What happens to protective stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopWhy {
    /// There was none before.
    Placed,
    /// A higher one took its place.
    Raised,
    /// One at the same price or lower, or of another size, took its place.
    Renewed,
    /// It works no more and no other does: it sold, or it is missing.
    Gone,
}

impl Ledger {
    /// Writes what changed, in one transaction; nothing when nothing did. A full disk is an error here: the room that is
    /// kept is not for views.
    ///
    /// # Errors
    /// When it cannot be written; nothing was then.
    pub fn note_seen(&mut self, orders: &[SeenOrder], stops: &[StopChange]) -> Result<(), LedgerError> {
        if orders.is_empty() && stops.is_empty() {
            return Ok(());
        }
        let done = self.transaction(|tx| {
            orders.iter().try_for_each(|order| write_order(tx, order))?;
            stops.iter().try_for_each(|stop| write_stop(tx, stop))
        });
        self.noting_damage(done)
    }

    /// Orders of the broker's last seen at or after an instant, and all that were listed when it was looked at last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn orders_since(&self, since: Timestamp) -> Result<Vec<SeenOrder>, LedgerError> {
        if self.check_version()? < schema::WITH_SEEN {
            return Ok(Vec::new());
        }
        let query = "SELECT * FROM orders WHERE last_seen >= ?1 OR listed = 1 ORDER BY submitted_at, broker_id";
        self.rows("orders", query, [since.unix_nanos()], order)
    }

    /// The stop each symbol has, or the one it had last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn last_stops(&self) -> Result<Vec<StopChange>, LedgerError> {
        if self.check_version()? < schema::WITH_SEEN {
            return Ok(Vec::new());
        }
        let query = "SELECT * FROM stops WHERE id IN (SELECT max(id) FROM stops GROUP BY symbol) ORDER BY symbol";
        self.rows("stops", query, [], stop)
    }

    /// The history of a symbol's stop since an instant, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stops_of(&self, symbol: Symbol, since: Timestamp) -> Result<Vec<StopChange>, LedgerError> {
        if self.check_version()? < schema::WITH_SEEN {
            return Ok(Vec::new());
        }
        let query = "SELECT * FROM stops WHERE symbol = ?1 AND at >= ?2 ORDER BY id";
        self.rows("stops", query, params![symbol.as_str(), since.unix_nanos()], stop)
    }
}

fn write_order(tx: &Transaction<'_>, seen: &SeenOrder) -> rusqlite::Result<()> {
    let order = &seen.order;
    tx.prepare_cached(
        "INSERT INTO orders (broker_id, client_order_id, symbol, side, qty, filled_qty, filled_avg_price, kind,
            time_in_force, status, submitted_at, listed, first_seen, last_seen)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)
         ON CONFLICT (broker_id) DO UPDATE SET
            client_order_id = excluded.client_order_id, symbol = excluded.symbol, side = excluded.side,
            qty = excluded.qty, filled_qty = excluded.filled_qty, filled_avg_price = excluded.filled_avg_price,
            kind = excluded.kind, time_in_force = excluded.time_in_force, status = excluded.status,
            submitted_at = excluded.submitted_at, listed = excluded.listed, last_seen = excluded.last_seen",
    )?
    .execute(params![
        order.id.as_str(),
        order.client_order_id.as_str(),
        order.symbol.as_str(),
        order.side.to_string(),
        order.qty.to_string(),
        order.filled_qty.to_string(),
        order.filled_avg_price.map(|price| price.to_string()),
        order.kind.map(|kind| serde_json::to_string(&kind).unwrap_or_default()),
        order.time_in_force.map(|tif| row::word(&tif)),
        status_text(&order.status),
        order.submitted_at.unix_nanos(),
        seen.listed,
        seen.first_seen.unix_nanos(),
        seen.last_seen.unix_nanos(),
    ])
    .map(drop)
}

fn write_stop(tx: &Transaction<'_>, change: &StopChange) -> rusqlite::Result<()> {
    tx.prepare_cached("INSERT INTO stops (at, symbol, client_order_id, stop, qty, why) VALUES (?1,?2,?3,?4,?5,?6)")?
        .execute(params![
            change.at.unix_nanos(),
            change.symbol.as_str(),
            change.client_order_id.as_str(),
            change.stop.to_string(),
            change.qty.to_string(),
            row::word(&change.why),
        ])
        .map(drop)
}

/// The status as serde writes it; one this release does not know as it came.
fn status_text(status: &OrderStatus) -> String {
    if let OrderStatus::Unrecognised(text) = status { format!("?{text}") } else { row::word(status) }
}

fn status(text: String) -> Result<OrderStatus, String> {
    match text.strip_prefix('?') {
        Some(unknown) => Ok(OrderStatus::Unrecognised(unknown.to_owned())),
        None => row::unword(text),
    }
}

fn order(row: &row::Columns<'_>) -> Result<SeenOrder, String> {
    let json = |text: String| serde_json::from_str(&text).map_err(|error| error.to_string());
    let order = OrderReport {
        id: row::parse(row::get(row, "broker_id")?)?,
        client_order_id: row::parse(row::get(row, "client_order_id")?)?,
        symbol: row::parse(row::get(row, "symbol")?)?,
        side: row::unword(row::get(row, "side")?)?,
        qty: row::parse(row::get(row, "qty")?)?,
        filled_qty: row::parse(row::get(row, "filled_qty")?)?,
        filled_avg_price: row::get::<Option<String>>(row, "filled_avg_price")?.map(row::parse).transpose()?,
        kind: row::get::<Option<String>>(row, "kind")?.map(json).transpose()?,
        time_in_force: row::get::<Option<String>>(row, "time_in_force")?.map(row::unword).transpose()?,
        status: status(row::get(row, "status")?)?,
        submitted_at: Timestamp::from_unix_nanos(row::get(row, "submitted_at")?),
        // Not kept: what decides reads it from the broker.
        replaces: None,
    };
    Ok(SeenOrder {
        order,
        listed: row::get(row, "listed")?,
        first_seen: Timestamp::from_unix_nanos(row::get(row, "first_seen")?),
        last_seen: Timestamp::from_unix_nanos(row::get(row, "last_seen")?),
    })
}

fn stop(row: &row::Columns<'_>) -> Result<StopChange, String> {
    Ok(StopChange {
        at: Timestamp::from_unix_nanos(row::get(row, "at")?),
        symbol: row::parse(row::get(row, "symbol")?)?,
        client_order_id: row::parse(row::get(row, "client_order_id")?)?,
        stop: row::parse(row::get(row, "stop")?)?,
        qty: row::parse(row::get(row, "qty")?)?,
        why: row::unword(row::get(row, "why")?)?,
    })
}
