//! What a split does to the open orders of its symbol, as configured.
//!
//! Alpaca's pages say: prices of open limit orders that are good till cancelled are adjusted; orders of a class are
//! neither adjusted nor cancelled; trailing stops are cancelled or adjusted at its discretion. Restated here are, after a
//! forward split, limits and stops that stand alone (price times old/new, the rest times new/old); trailing stops are
//! cancelled, orders of a class stay as they are; after a reverse split every open order of the symbol is cancelled,
//! since none could be trusted to sell no more than is held.

use market::{Price, Qty, Symbol, Usd};

use super::{
    Engine,
    cancel::Ending,
    event::{Event, Terms},
    holding, rules,
};
use crate::{
    config::SplitOrders,
    order::{Order, Size},
    path,
    update::UpdateKind,
    words::{OrderClass, OrderType, Status},
};

/// So many new shares for so many old ones.
#[derive(Clone, Copy)]
struct Ratio {
    new: u32,
    old: u32,
}

/// What is left of an order, in new terms.
struct Restated {
    limit: Option<Price>,
    stop: Option<Price>,
    rest: Qty,
}

impl Engine {
    pub(super) fn split_orders(&mut self, symbol: Symbol, new: u32, old: u32) {
        let ratio = Ratio { new, old };
        let open = self.book.line(symbol).map(|line| line.open.clone()).unwrap_or_default();
        for at in open {
            if !self.book.order(at).is_open() {
                continue;
            }
            match self.config.split_orders {
                SplitOrders::Restate => self.carry_on(at, ratio, false),
                SplitOrders::Replace => self.carry_on(at, ratio, true),
                SplitOrders::Untouched => {}
                SplitOrders::Cancel => self.end(at, Ending::Canceled),
            }
        }
    }

    fn carry_on(&mut self, at: usize, ratio: Ratio, replaces: bool) {
        let order = self.book.order(at);
        let stands_alone = order.class == OrderClass::Simple;
        if ratio.new < ratio.old || stands_alone && order.order_type == OrderType::TrailingStop {
            self.end(at, Ending::Canceled);
            return;
        }
        if !stands_alone {
            return;
        }
        let at_rest = matches!(order.status, Status::Accepted | Status::New | Status::PartiallyFilled);
        let has_room = self.book.orders().len() < self.config.orders_max;
        match restated(order, ratio) {
            None => self.end(at, Ending::Canceled),
            Some(terms) if replaces && at_rest && has_room => self.replace_split(at, &terms, ratio),
            Some(terms) => self.restate(at, &terms, ratio),
        }
    }

    fn restate(&mut self, at: usize, terms: &Restated, ratio: Ratio) {
        let now = self.now;
        let order = self.book.order_mut(at);
        order.limit_price = terms.limit;
        order.stop_price = terms.stop;
        order.updated_at = now;
        if let Size::Shares(_) = order.size {
            order.size = Size::Shares(order.filled_qty.plus(terms.rest));
        }
        let event = Event::Restated { at: now, order: order.id, qty: order.qty(), terms: Terms::of(order) };
        self.scale_means(at, terms.rest, ratio);
        self.log(event);
        self.tell(at, UpdateKind::Restated);
    }

    /// The order ends, and one for what is left of it, in new terms, has its place and its means.
    fn replace_split(&mut self, at: usize, terms: &Restated, ratio: Ratio) {
        let (id, client_order_id) = (self.book.new_uuid(), self.new_client_id());
        let old = self.book.order(at);
        let (reserved, claimed) = (old.reserved, old.claimed);
        let new = Order {
            id,
            client_order_id,
            size: match old.size {
                Size::Shares(_) => Size::Shares(terms.rest),
                Size::Notional(_) => Size::Notional(old.unspent()),
            },
            limit_price: terms.limit,
            stop_price: terms.stop,
            submitted_at: self.now,
            updated_at: self.now,
            expires_at: old.expires_at.map(|_| self.moment.gtc_ends),
            replaces: Some(old.id),
            status: if old.status == Status::Accepted { Status::Accepted } else { Status::New },
            filled_qty: Qty::ZERO,
            filled_cost: Usd::ZERO,
            fills: 0,
            reserved: Usd::ZERO,
            claimed: Qty::ZERO,
            ..old.clone()
        };
        self.hand_over(at, self.book.orders().len(), id);
        let place = self.place(new);
        self.book.set_means(place, reserved, claimed);
        self.scale_means(place, terms.rest, ratio);
    }

    /// The order claims as many shares as it is for now, and reserves no more than before.
    fn scale_means(&mut self, at: usize, rest: Qty, Ratio { new, old }: Ratio) {
        let order = self.book.order(at);
        let claimed = match (order.intent.closes(), order.size) {
            (false, _) => Qty::ZERO,
            (true, Size::Shares(_)) => rest,
            (true, Size::Notional(_)) => holding::scaled(order.claimed, new, old),
        };
        let reserved = order.reserved;
        let price = order.reserve_price.map(|price| Ratio { new, old }.of_price(price).unwrap_or(price));
        self.book.order_mut(at).reserve_price = price;
        self.book.set_means(at, reserved, claimed);
        self.book.fit_means(at);
    }
}

impl Ratio {
    fn of_price(self, price: Price) -> Option<Price> {
        let units = i128::from(price.units()) * i128::from(self.old) / i128::from(self.new);
        Price::from_units(i64::try_from(units).ok()?).ok()
    }
}

/// `None` when a price would be none.
fn restated(order: &Order, ratio: Ratio) -> Option<Restated> {
    let adjusted = |price: Option<Price>| match price {
        None => Some(None),
        Some(price) => ratio.of_price(price).map(Price::floor_to_tick).filter(|price| price.units() > 0).map(Some),
    };
    let rest = holding::scaled(order.remaining(), ratio.new, ratio.old);
    let rest = if rules::is_fractional(order.qty()) { rest } else { path::shares(rest.whole_shares()) };
    Some(Restated { limit: adjusted(order.limit_price)?, stop: adjusted(order.stop_price)?, rest })
}
