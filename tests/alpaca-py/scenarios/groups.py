"""Bracket, one cancels the other, one triggers the other."""

from datetime import timedelta

from alpaca.trading.enums import OrderClass, OrderStatus
from alpaca.trading.models import Order
from alpaca.trading.requests import GetOrdersRequest
from orders import BUY, GTC, IOC, bracket, exits, limit, market, oco, replacement
from venue import A, Venue, check, holds, money, refused


def _legs(v: Venue, order: Order) -> tuple[Order, Order]:
    """Take profit and stop loss of a group, as they are now."""
    legs = v.order(order).legs or []
    profit = [leg for leg in legs if leg.type.value == "limit"]
    loss = [leg for leg in legs if leg.type.value in ("stop", "stop_limit")]
    check("two exits", (len(profit), len(loss)), (1, 1))
    return profit[0], loss[0]


def _statuses(v: Venue, order: Order) -> tuple[str, str]:
    profit, loss = _legs(v, order)
    return profit.status.value, loss.status.value


def _entered(v: Venue) -> Order:
    """A bracket around 50 whose entry is filled."""
    v.open((A, "50.00"))
    entry = v.trading.submit_order(bracket(A, 10, 50.00, 60.00, 45.00))
    v.tick(A, "49.90")
    check("entry", v.order(entry).status.value, "filled")
    return entry


def a_bracket_comes_with_its_exits(v: Venue) -> None:
    """A bracket answers with two legs on the other side: a limit at the profit, a stop at the loss, both held."""
    v.open((A, "50.00"))
    entry = v.trading.submit_order(bracket(A, 10, 49.00, 60.00, 45.00))
    check("class", entry.order_class, OrderClass.BRACKET)
    check("legs", len(entry.legs), 2)
    profit, loss = _legs(v, entry)
    check("profit", (profit.side.value, money(profit.limit_price), money(profit.qty)), ("sell", 60, 10))
    check("loss", (loss.side.value, money(loss.stop_price), money(loss.qty)), ("sell", 45, 10))
    check("held", _statuses(v, entry), ("held", "held"))


def exits_begin_with_the_filled_entry(v: Venue) -> None:
    """Once the entry is filled, the profit leg works at the exchange."""
    entry = _entered(v)
    profit, loss = _statuses(v, entry)
    check("profit", profit, "new")
    holds("the stop is alive", loss in ("new", "held"), loss)


def a_partial_entry_is_unprotected(v: Venue) -> None:
    """While the entry is filled only in part both exits are held: a fall through the stop sells nothing."""
    v.open((A, "50.00"))
    entry = v.trading.submit_order(bracket(A, 100, 50.00, 60.00, 45.00))
    v.tick(A, "49.00", volume=30)
    check("part", v.order(entry).status.value, "partially_filled")
    check("held", _statuses(v, entry), ("held", "held"))
    v.trading.cancel_order_by_id(entry.id)
    v.tick(A, "40.00")
    v.tick(A, "40.00")
    check("still ours", v.position(A), 30)


def the_profit_ends_the_stop(v: Venue) -> None:
    """When the profit leg fills, the stop leg is cancelled."""
    entry = _entered(v)
    v.tick(A, "61.00")
    check("exits", _statuses(v, entry), ("filled", "canceled"))
    check("flat", v.position(A), 0)


def the_stop_ends_the_profit(v: Venue) -> None:
    """When the stop leg fills, the profit leg is cancelled."""
    entry = _entered(v)
    v.tick(A, "44.00")
    v.tick(A, "44.00")
    check("exits", _statuses(v, entry), ("canceled", "filled"))
    check("flat", v.position(A), 0)


def cancelling_a_leg_cancels_the_group(v: Venue) -> None:
    """Cancelling one exit cancels the other too, and the position stays."""
    entry = _entered(v)
    profit, _ = _legs(v, entry)
    v.trading.cancel_order_by_id(profit.id)
    check("exits", _statuses(v, entry), ("canceled", "canceled"))
    check("position", v.position(A), 10)


def cancelling_the_entry_cancels_its_exits(v: Venue) -> None:
    """A bracket cancelled before its entry filled leaves nothing behind."""
    v.open((A, "50.00"))
    entry = v.trading.submit_order(bracket(A, 10, 40.00, 60.00, 35.00))
    v.trading.cancel_order_by_id(entry.id)
    check("entry", v.order(entry).status.value, "canceled")
    check("exits", _statuses(v, entry), ("canceled", "canceled"))
    check("nothing open", v.trading.get_orders(), [])


def exits_on_the_wrong_side_are_refused(v: Venue) -> None:
    """A long bracket wants its profit above and its stop below the entry."""
    v.open((A, "50.00"))
    for profit, loss in ((45.00, 40.00), (60.00, 55.00), (50.00, 45.00)):
        order = bracket(A, 10, 50.00, profit, loss)
        refused(f"{profit} and {loss}", 422, 42210000, lambda: v.trading.submit_order(order))


def the_stop_keeps_a_cent_from_the_base(v: Venue) -> None:
    """The stop lies at least a cent below the base price: at it is refused, a cent below is taken."""
    v.open((A, "50.00"))
    refused("at the base", 422, 42210000, lambda: v.trading.submit_order(bracket(A, 10, 49.00, 60.00, 49.00)))
    check("a cent below", v.trading.submit_order(bracket(A, 10, 49.00, 60.00, 48.99)).legs is not None, True)


def brackets_are_day_or_gtc(v: Venue) -> None:
    """A bracket takes day and gtc, not ioc."""
    v.open((A, "50.00"))
    refused("ioc", 422, 42210000, lambda: v.trading.submit_order(bracket(A, 10, 49.00, 60.00, 45.00, tif=IOC)))
    v.trading.submit_order(bracket(A, 10, 49.00, 60.00, 45.00, tif=GTC))


def brackets_keep_regular_hours(v: Venue) -> None:
    """A bracket for extended hours is refused."""
    v.open((A, "50.00"))
    order = bracket(A, 10, 49.00, 60.00, 45.00, extended_hours=True)
    refused("extended hours", 422, 42210000, lambda: v.trading.submit_order(order))


def a_market_bracket_protects_what_it_bought(v: Venue) -> None:
    """A bracket may enter at the market, and its stop may carry a limit."""
    v.open((A, "50.00"))
    order = market(A, 10, order_class=OrderClass.BRACKET, **exits(60.00, 45.00, worst=44.50))
    entry = v.trading.submit_order(order)
    v.tick(A, "50.00")
    _, loss = _legs(v, entry)
    check("stop limit", (loss.type.value, money(loss.limit_price)), ("stop_limit", money("44.50")))
    check("entry", v.order(entry).status.value, "filled")


def a_leg_can_be_moved(v: Venue) -> None:
    """The stop of a bracket can be replaced; its partner ends when the new one fills."""
    entry = _entered(v)
    profit, loss = _legs(v, entry)
    if loss.status is OrderStatus.HELD:
        v.tick(A, "49.90")
    moved = v.trading.replace_order_by_id(loss.id, replacement(stop_price=48.00))
    check("moved", money(moved.stop_price), 48)
    v.tick(A, "47.00")
    v.tick(A, "47.00")
    check("sold", v.position(A), 0)
    check("partner", v.order(profit).status.value, "canceled")


def one_cancels_the_other(v: Venue) -> None:
    """Of the two exits of an oco only one trades: the profit fills, the stop is cancelled."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(oco(A, 10, 60.00, 45.00))
    check("class", order.order_class, OrderClass.OCO)
    v.tick(A, "61.00")
    order = v.order(order)
    check("profit", order.status.value, "filled")
    check("stop", [leg.status.value for leg in order.legs], ["canceled"])


def the_other_cancels_the_one(v: Venue) -> None:
    """The stop of an oco fills and the profit order is cancelled; nothing is sold twice."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(oco(A, 10, 60.00, 45.00))
    v.tick(A, "44.00")
    v.tick(A, "44.00")
    order = v.order(order)
    check("profit", order.status.value, "canceled")
    check("stop", [leg.status.value for leg in order.legs], ["filled"])
    check("flat", v.position(A), 0)


def an_oco_needs_shares(v: Venue) -> None:
    """An oco to sell what nobody holds is refused."""
    v.open((A, "50.00"))
    refused("nothing held", 403, 40310000, lambda: v.trading.submit_order(oco(A, 10, 60.00, 45.00)))


def one_triggers_the_other(v: Venue) -> None:
    """An oto holds its stop until the entry is filled, then the stop protects."""
    v.open((A, "50.00"))
    entry = v.trading.submit_order(limit(A, 10, 49.00, order_class=OrderClass.OTO, **exits(stop_loss=45.00)))
    check("held", [leg.status.value for leg in v.order(entry).legs], ["held"])
    v.tick(A, "48.90")
    check("entry", v.order(entry).status.value, "filled")
    check("works", [leg.status.value for leg in v.order(entry).legs], ["new"])
    v.tick(A, "44.00")
    v.tick(A, "44.00")
    check("sold", v.position(A), 0)


def a_group_is_listed_flat_or_nested(v: Venue) -> None:
    """nested=true rolls the legs up under their entry; without it all three stand in the list."""
    v.open((A, "50.00"))
    entry = v.trading.submit_order(bracket(A, 10, 49.00, 60.00, 45.00))
    nested = v.trading.get_orders(GetOrdersRequest(nested=True))
    check("nested", [(order.id, len(order.legs or [])) for order in nested], [(entry.id, 2)])
    flat = v.trading.get_orders(GetOrdersRequest(nested=False))
    check("flat", (len(flat), [order.legs for order in flat]), (3, [None, None, None]))


def a_day_bracket_ends_with_the_session(v: Venue) -> None:
    """A day bracket whose entry never filled is over after the close, exits included."""
    v.open((A, "50.00"))
    entry = v.trading.submit_order(bracket(A, 10, 1.00, 60.00, 0.90))
    v.advance(to=v.trading.get_clock().next_close + timedelta(minutes=1))
    over = ("expired", "canceled")
    statuses = [v.order(entry).status.value, *_statuses(v, entry)]
    holds("all over", all(status in over for status in statuses), statuses)


def a_group_without_its_exits_is_refused(v: Venue) -> None:
    """A bracket needs both exits, an oco both, an oto at least one."""
    v.open((A, "50.00"))
    base = {"symbol": A, "qty": "10", "side": BUY.value, "type": "limit", "limit_price": "49", "time_in_force": "day"}
    profit, loss = {"take_profit": {"limit_price": "60"}}, {"stop_loss": {"stop_price": "45"}}
    for name, group in (("bracket", profit), ("bracket", loss), ("oco", profit), ("oto", {})):
        body = {**base, "order_class": name, **group}
        refused(f"{name} with {list(group)}", 422, 42210000, lambda: v.post(body))
