//! GET /v2/orders, all or one. Nested, the exits of a class stand inside its first order; else every order by itself.

use std::collections::BTreeSet;

use market::{Symbol, Timestamp};

use super::{
    Engine, Response,
    order_text::{OrderList, OrderView},
    query::{Asked, Query},
    refusal::Refusal,
};
use crate::{
    order::{Order, Role, Uuid},
    words::Side,
};

const LIMIT_DEFAULT: usize = 50;
const LIMIT_MAX: usize = 500;

/// Which orders are wanted.
struct Wanted {
    open: Option<bool>,
    after: Option<Timestamp>,
    until: Option<Timestamp>,
    symbols: Option<BTreeSet<Symbol>>,
    side: Option<Side>,
    nested: bool,
}

impl Engine {
    pub(super) fn order(&self, id: &str, query: &Query) -> Result<Response, Refusal> {
        let nested = Asked::trading(query).flag("nested")?;
        Ok(Response::text(200, self.order_view(self.find(id)?, nested).text()))
    }

    pub(super) fn order_by_client_id(&self, query: &Query) -> Result<Response, Refusal> {
        let id = Asked::trading(query).required("client_order_id")?;
        let place = self.book.place_of_client_id(id);
        let place = place.ok_or_else(|| Refusal::no_order(id))?;
        Ok(Response::text(200, self.order_view(place, true).text()))
    }

    pub(super) fn orders(&self, query: &Query) -> Result<Response, Refusal> {
        let asked = Asked::trading(query);
        let wanted = Wanted::of(&asked)?;
        let limit = asked.count("limit", LIMIT_DEFAULT, LIMIT_MAX)?;
        let descending = asked.is_descending("direction", true)?;
        let bounds = self.places(&asked)?;
        let found: Vec<usize> = if descending {
            bounds.rev().filter(|at| self.is_wanted(*at, &wanted)).take(limit).collect()
        } else {
            bounds.filter(|at| self.is_wanted(*at, &wanted)).take(limit).collect()
        };
        let list = OrderList(found.into_iter().map(|at| self.order_view(at, wanted.nested)).collect());
        Ok(Response::text(200, list.text()))
    }

    /// Places between the orders that the query names as bounds.
    fn places(&self, asked: &Asked<'_>) -> Result<std::ops::Range<usize>, Refusal> {
        let place = |name: &str| -> Result<Option<usize>, Refusal> {
            let Some(id) = asked.read(name, Uuid::parse)? else { return Ok(None) };
            let place = self.book.place_of(id).ok_or_else(|| asked.refuse(format!("no order of {name}: {id}")))?;
            Ok(Some(place))
        };
        let (before, after) = (place("before_order_id")?, place("after_order_id")?);
        if before.is_some() && after.is_some() {
            return Err(asked.refuse("before_order_id and after_order_id exclude each other"));
        }
        Ok(after.map_or(0, |at| at + 1)..before.unwrap_or(self.book.orders().len()))
    }

    fn is_wanted(&self, at: usize, wanted: &Wanted) -> bool {
        let order = &self.book.orders()[at];
        let is_open = |place: &usize| self.book.orders()[*place].is_open();
        let open = match (wanted.nested, order.role) {
            (true, Role::TakeProfit(_) | Role::StopLoss(_)) => return false,
            // A class is open while anything of it is.
            (true, Role::Parent) => order.is_open() || order.legs.iter().any(is_open),
            (false, _) => order.is_open(),
        };
        wanted.open.is_none_or(|wanted| wanted == open) && wanted.matches(order)
    }

    fn order_view(&self, at: usize, nested: bool) -> OrderView<'_> {
        if nested { OrderView::nested(&self.book, at) } else { OrderView::new(&self.book.orders()[at]) }
    }
}

impl Wanted {
    fn of(asked: &Asked<'_>) -> Result<Self, Refusal> {
        let open = asked.read("status", |text| match text {
            "open" => Some(Some(true)),
            "closed" => Some(Some(false)),
            "all" => Some(None),
            _ => None,
        })?;
        Ok(Self {
            open: open.unwrap_or(Some(true)),
            after: asked.instant("after")?,
            until: asked.instant("until")?,
            symbols: asked.symbols("symbols")?.map(BTreeSet::from_iter),
            side: asked.read("side", Side::parse)?,
            nested: asked.flag("nested")?,
        })
    }

    fn matches(&self, order: &Order) -> bool {
        self.after.is_none_or(|after| order.submitted_at > after)
            && self.until.is_none_or(|until| order.submitted_at < until)
            && self.symbols.as_ref().is_none_or(|symbols| symbols.contains(&order.symbol))
            && self.side.is_none_or(|side| order.side == side)
    }
}
