//! Taking in an order: every check, then its place in the book and those of its exits.

use market::{Price, Qty, Symbol, Timestamp, Usd};

use super::{
    Engine, Response,
    event::{Event, Terms},
    means::Means,
    order_text::OrderView,
    pending::Deed,
    refusal::Refusal,
    render, rules,
};
use crate::{
    order::{Order, Role, Trail, Uuid},
    ticket::{Ticket, TicketError},
    update::UpdateKind,
    words::{Intent, OrderClass, OrderType, Side, Status, TimeInForce},
};

/// The longest id a client may give.
const CLIENT_ID_MAX: usize = 128;

impl Engine {
    pub(super) fn post_order(&mut self, body: &str) -> Result<Response, Refusal> {
        let ticket = Ticket::parse(body, |text| self.symbol_of(text))?;
        let at = self.take(&ticket)?;
        Ok(Response::text(200, OrderView::nested(&self.book, at).text()))
    }

    /// Takes an order, as `POST /v2/orders` does with its body read. The id of the order.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub fn submit(&mut self, ticket: &Ticket) -> Result<Uuid, Refusal> {
        self.take(ticket).map(|at| self.book.order(at).id)
    }

    /// A symbol that is traded here, by its text or by its asset's id.
    pub(super) fn symbol_of(&self, text: &str) -> Option<Symbol> {
        let symbol = Symbol::new(text).ok().or_else(|| render::symbol_of_asset(text))?;
        self.book.line(symbol).map(|_| symbol)
    }

    /// The order's place, its exits being placed after it.
    pub(super) fn take(&mut self, ticket: &Ticket) -> Result<usize, Refusal> {
        rules::check(ticket)?;
        self.check_asset(ticket)?;
        let client_order_id = self.fresh_client_id(ticket.client_order_id.as_deref(), ticket.class)?;
        self.check_auction(ticket.time_in_force)?;
        self.check_stop(ticket)?;
        self.check_exits(ticket)?;
        self.check_wash(ticket, None)?;
        let means = self.means_of(ticket, None)?;
        if ticket.class == OrderClass::Oco && !means.intent.closes() {
            return Err(Refusal::invalid("oco orders must be exit orders"));
        }
        let at = self.place_all(ticket, client_order_id, means);
        if self.book.order(at).doomed && self.config.latency.is_zero() && self.trades_now(ticket.extended_hours) {
            self.route_order(at);
        }
        Ok(at)
    }

    fn check_asset(&self, ticket: &Ticket) -> Result<(), Refusal> {
        let symbol = ticket.symbol;
        if self.book.line(symbol).is_none() {
            return Err(Refusal::invalid(format!("asset \"{symbol}\" not found")));
        }
        let Some(traits) = self.tape.market().traits.get(&symbol) else { return Ok(()) };
        if !traits.active {
            return Err(Refusal::invalid(format!("asset \"{symbol}\" is not active")));
        }
        if !traits.tradable {
            return Err(Refusal::invalid(format!("asset \"{symbol}\" is not tradable")));
        }
        if !traits.fractionable && rules::wants_fractions(ticket) {
            return Err(Refusal::not_allowed(format!("asset \"{symbol}\" is not fractionable")));
        }
        Ok(())
    }

    /// The client's id, or one of the venue's; refuses what was used before, and orders beyond the venue's bound.
    pub(super) fn fresh_client_id(&mut self, given: Option<&str>, class: OrderClass) -> Result<String, Refusal> {
        let (most, legs) = (self.config.orders_max, 2 * usize::from(class != OrderClass::Simple));
        if self.book.orders().len() + legs >= most {
            return Err(Refusal::invalid(format!("this venue takes at most {most} orders")));
        }
        let Some(text) = given.filter(|text| !text.is_empty()) else { return Ok(self.new_client_id()) };
        if self.book.place_of_client_id(text).is_some() {
            return Err(Refusal::duplicate());
        }
        if text.len() > CLIENT_ID_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::invalid("client_order_id must be 1 to 128 visible characters"));
        }
        Ok(text.to_owned())
    }

    pub(super) fn new_client_id(&mut self) -> String {
        let id = self.book.new_uuid();
        String::from_utf8(id.text().to_vec()).expect("digits and dashes are UTF-8")
    }

    /// A stop that the market has passed already is refused. Outside the session the market is not known.
    pub(super) fn check_stop(&mut self, ticket: &Ticket) -> Result<(), Refusal> {
        if let Some(trail) = ticket.trail {
            let mark = self.mark(ticket)?;
            let too_far = || Refusal::invalid("the trail is longer than the price");
            return trail.stop(ticket.side, mark).map(|_| ()).ok_or_else(too_far);
        }
        let Some(stop) = ticket.stop_price.filter(|_| self.is_open()) else { return Ok(()) };
        let Some(last) = self.last_price(ticket.symbol) else { return Ok(()) };
        match ticket.side {
            Side::Sell if stop >= last => Err(Refusal::invalid("stop price must be less than current price")),
            Side::Buy if stop <= last => Err(Refusal::invalid("stop price must be greater than current price")),
            Side::Sell | Side::Buy => Ok(()),
        }
    }

    /// Where a trailing stop begins.
    fn mark(&mut self, ticket: &Ticket) -> Result<Price, Refusal> {
        match self.last_price(ticket.symbol) {
            Some(last) => Ok(last),
            None => self.far_side(ticket.symbol, ticket.side),
        }
    }

    fn check_exits(&mut self, ticket: &Ticket) -> Result<(), Refusal> {
        if ticket.class == OrderClass::Simple {
            return Ok(());
        }
        let profit = rules::take_profit(ticket);
        let stop = ticket.stop_loss.map(|loss| loss.stop_price);
        let market = self.last_price(ticket.symbol);
        let (exits, entry) = match ticket.class {
            OrderClass::Oco => (ticket.side, None),
            OrderClass::Simple | OrderClass::Bracket | OrderClass::Oto => {
                let own = ticket.limit_price.or(ticket.stop_price);
                let entry = match own {
                    Some(price) => price,
                    None => self.far_side(ticket.symbol, ticket.side)?,
                };
                (ticket.side.opposite(), Some(entry))
            }
        };
        rules::check_geometry(exits, profit, stop, entry, market)
    }

    fn place_all(&mut self, ticket: &Ticket, client_order_id: String, means: Means) -> usize {
        let mut first = self.draft(ticket, client_order_id, means);
        if ticket.class == OrderClass::Simple {
            return self.place(first);
        }
        let group = self.book.new_uuid();
        first.group = Some(group);
        let parent = self.book.orders().len();
        let profit = rules::take_profit(ticket);
        if ticket.class == OrderClass::Oco {
            first.limit_price = profit;
        }
        let mut exits: Vec<Order> = Vec::new();
        if let Some(limit) = profit.filter(|_| ticket.class != OrderClass::Oco) {
            let mut leg = self.leg(&first, Role::TakeProfit(parent));
            leg.order_type = OrderType::Limit;
            leg.limit_price = Some(limit);
            exits.push(leg);
        }
        if let Some(loss) = ticket.stop_loss {
            let mut leg = self.leg(&first, Role::StopLoss(parent));
            leg.order_type = if loss.limit_price.is_some() { OrderType::StopLimit } else { OrderType::Stop };
            leg.stop_price = Some(loss.stop_price);
            leg.limit_price = loss.limit_price;
            exits.push(leg);
        }
        first.legs = (parent + 1..=parent + exits.len()).collect();
        let at = self.place(first);
        for leg in exits {
            self.place(leg);
        }
        at
    }

    /// An order as it is received; nothing knows of it yet.
    pub(super) fn draft(&mut self, ticket: &Ticket, client_order_id: String, means: Means) -> Order {
        let high_water_mark = match ticket.trail {
            Some(_) => self.mark(ticket).ok(),
            None => None,
        };
        let doomed = self.rejections.meet(&client_order_id);
        let trailing = ticket.trail.zip(high_water_mark).and_then(|(trail, mark)| trail.stop(ticket.side, mark));
        Order {
            id: self.book.new_uuid(),
            client_order_id,
            symbol: ticket.symbol,
            side: ticket.side,
            size: ticket.size,
            order_type: ticket.order_type,
            time_in_force: ticket.time_in_force,
            limit_price: ticket.limit_price,
            stop_price: ticket.stop_price.or(trailing),
            trail: ticket.trail,
            high_water_mark,
            extended_hours: ticket.extended_hours,
            class: ticket.class,
            role: Role::Parent,
            legs: Vec::new(),
            group: None,
            intent: means.intent,
            submitted_at: self.now,
            expires_at: (ticket.time_in_force == TimeInForce::Gtc).then_some(self.moment.gtc_ends),
            replaces: None,
            status: self.first_status(ticket.extended_hours, doomed),
            updated_at: self.now,
            ended_at: None,
            replaced_by: None,
            filled_qty: Qty::ZERO,
            filled_cost: Usd::ZERO,
            fills: 0,
            triggered: false,
            routed: false,
            doomed,
            reserve_price: means.price,
            reserved: means.reserved,
            claimed: means.claimed,
        }
    }

    /// An exit as it is received: for as many shares as the first order of its class, on the other side of an entry.
    fn leg(&mut self, first: &Order, role: Role) -> Order {
        let works = first.class == OrderClass::Oco;
        let side = if works { first.side } else { first.side.opposite() };
        Order {
            id: self.book.new_uuid(),
            client_order_id: self.new_client_id(),
            side,
            limit_price: None,
            stop_price: None,
            role,
            legs: Vec::new(),
            intent: Intent::of(side, true),
            status: if works { first.status } else { Status::Held },
            reserve_price: None,
            reserved: Usd::ZERO,
            doomed: false,
            // The shares are claimed once for both exits.
            claimed: Qty::ZERO,
            ..first.clone()
        }
    }

    /// In session an order goes to the exchange, at once or after the latency; else it waits for the session. One that is
    /// to be rejected there never gets to be new.
    fn first_status(&self, extended_hours: bool, doomed: bool) -> Status {
        match (self.trades_now(extended_hours), self.config.latency.is_zero() && !doomed) {
            (false, _) => Status::Accepted,
            (true, true) => Status::New,
            (true, false) => Status::PendingNew,
        }
    }

    /// Puts a draft into the book and on its way.
    pub(super) fn place(&mut self, mut order: Order) -> usize {
        order.routed = order.status == Status::New;
        let (status, expires_at, replaces) = (order.status, order.expires_at, order.replaces);
        self.events.push(Event::Received {
            at: self.now,
            order: order.id,
            symbol: order.symbol,
            side: order.side,
            qty: order.size,
            terms: Terms::of(&order),
            time_in_force: order.time_in_force,
            class: order.class,
        });
        let at = self.book.add(order);
        if let Some(ends) = expires_at {
            self.expiries.push_back((ends, at));
        }
        // A replacement is routed with the swap.
        if status == Status::PendingNew && replaces.is_none() && !self.config.latency.is_zero() {
            self.defer(Deed::Route(at));
        }
        let told = [
            (Status::New, UpdateKind::New),
            (Status::PendingNew, UpdateKind::PendingNew),
            (Status::Held, UpdateKind::Held),
        ];
        let kind = told.into_iter().find(|(of, _)| *of == status).map_or(UpdateKind::Accepted, |(_, kind)| kind);
        self.tell(at, kind);
        at
    }
}

impl Trail {
    /// Where a stop stands at a distance from the best price; `None` when that is no price. To 1/10,000 dollar.
    pub(super) fn stop(self, side: Side, mark: Price) -> Option<Price> {
        let distance = match self {
            Self::Price(amount) => amount.units(),
            Self::Percent(hundredths) => {
                let part = i128::from(mark.units()) * i128::from(hundredths) / 10_000;
                i64::try_from(part).ok()?
            }
        };
        Price::from_units(match side {
            Side::Sell => mark.units() - distance,
            Side::Buy => mark.units() + distance,
        })
        .ok()
    }
}

impl From<TicketError> for Refusal {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::Malformed(message) => Self::malformed(message),
            TicketError::Member(message) => Self::invalid(message),
        }
    }
}

/// When an order that is good till cancelled ends: at 16:15 in New York, so many days after it was received.
pub(super) const GTC_DAYS: i32 = 90;

/// The end of such an order received on the day of an instant.
pub(super) fn gtc_ends(now: Timestamp) -> Timestamp {
    now.ny_date().plus_days(GTC_DAYS).at_hm(16, 15)
}
