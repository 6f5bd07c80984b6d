"""PATCH: a new order takes the place of an open one."""

from datetime import timedelta

from orders import BUY, limit, market, replacement, stop, trailing
from venue import A, Venue, check, holds, money, refused


def a_replacement_is_a_new_order(v: Venue) -> None:
    """Replacing answers with a new id; the old order is replaced, and each names the other."""
    v.open((A, "50.00"))
    old = v.trading.submit_order(limit(A, 10, 40.00))
    new = v.trading.replace_order_by_id(old.id, replacement(qty=20, limit_price=41.00))
    holds("a new id", new.id != old.id)
    check("terms", (money(new.qty), money(new.limit_price), new.side.value), (20, 41, "buy"))
    check("new names old", new.replaces, old.id)
    old = v.order(old)
    check("old names new", (old.status.value, old.replaced_by), ("replaced", new.id))
    holds("it says when", old.replaced_at is not None)


def only_the_replacement_fills(v: Venue) -> None:
    """After a replacement the old order can no longer trade."""
    v.open((A, "50.00"))
    old = v.trading.submit_order(limit(A, 10, 48.00))
    v.trading.replace_order_by_id(old.id, replacement(limit_price=46.00))
    v.tick(A, "47.00")
    check("nothing at the old price", v.position(A), 0)
    v.tick(A, "45.00")
    check("once at the new one", v.position(A), 10)


def what_is_not_said_stays(v: Venue) -> None:
    """A replacement keeps every term it does not name."""
    v.open((A, "50.00"))
    old = v.trading.submit_order(limit(A, 10, 40.00))
    new = v.trading.replace_order_by_id(old.id, replacement(limit_price=41.00))
    check("kept", (money(new.qty), new.time_in_force, new.type), (10, old.time_in_force, old.type))


def accepted_is_too_early(v: Venue) -> None:
    """An order that is only accepted, the market being closed, cannot be replaced."""
    order = v.trading.submit_order(limit(A, 10, 40.00))
    check("accepted", order.status.value, "accepted")
    refused("accepted", 422, 42210000, lambda: v.trading.replace_order_by_id(order.id, replacement(limit_price=41.00)))


def pending_new_is_too_early(v: Venue) -> None:
    """An order still on its way to the exchange cannot be replaced; on arrival it can."""
    v.reset(latency_ms=2000)
    v.open()
    order = v.trading.submit_order(limit(A, 10, 1.00))
    holds("on its way", order.status.value in ("pending_new", "accepted"), order.status)
    refused("on its way", 422, 42210000, lambda: v.trading.replace_order_by_id(order.id, replacement(limit_price=1.01)))
    v.advance(seconds=3)
    check("arrived", v.order(order).status.value, "new")
    new = v.trading.replace_order_by_id(order.id, replacement(limit_price=1.01))
    check("replaces", new.replaces, order.id)


def the_dead_are_not_replaced(v: Venue) -> None:
    """Filled, cancelled and replaced orders cannot be replaced."""
    v.open((A, "50.00"))
    filled = v.buy(A, 10, "50.00")
    canceled = v.trading.submit_order(limit(A, 10, 40.00))
    v.trading.cancel_order_by_id(canceled.id)
    replaced = v.trading.submit_order(limit(A, 10, 40.00))
    v.trading.replace_order_by_id(replaced.id, replacement(limit_price=39.00))
    for order in (filled, canceled, replaced):
        change = replacement(limit_price=38.00)
        refused(v.order(order).status.value, 422, 42210000, lambda: v.trading.replace_order_by_id(order.id, change))


def a_partly_filled_order_can_be_replaced(v: Venue) -> None:
    """What was filled stays filled: in the end the position is what the replacement says in all."""
    v.open((A, "50.00"))
    old = v.trading.submit_order(limit(A, 100, 48.00))
    v.tick(A, "48.00", volume=30, ask="48.00")
    new = v.trading.replace_order_by_id(old.id, replacement(limit_price=47.00))
    check("old keeps its fill", (v.order(old).status.value, money(v.order(old).filled_qty)), ("replaced", 30))
    v.tick(A, "46.00")
    check("new", v.order(new).status.value, "filled")
    check("position", v.position(A), 100)


def a_stop_is_moved_in_place(v: Venue) -> None:
    """A protective stop moves without a moment in which there is none."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    old = v.trading.submit_order(stop(A, 10, 45.00))
    new = v.trading.replace_order_by_id(old.id, replacement(stop_price=47.00))
    check("terms", (new.type.value, money(new.stop_price), money(new.qty)), ("stop", 47, 10))
    v.tick(A, "46.50")
    v.tick(A, "46.50")
    check("sold", v.position(A), 0)


def a_trail_can_be_tightened(v: Venue) -> None:
    """trail sets the trail of a trailing stop anew, in its own unit."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    old = v.trading.submit_order(trailing(A, 10, trail_price=5.0))
    new = v.trading.replace_order_by_id(old.id, replacement(trail=2.0))
    check("trail", money(new.trail_price), 2)


def a_replacement_obeys_the_rules(v: Venue) -> None:
    """A replacement is validated like an order: sub-penny price, used client order id, too little buying power."""
    v.open((A, "50.00"))
    used = v.trading.submit_order(limit(A, 1, 40.00, client_order_id="used"))
    order = v.trading.submit_order(limit(A, 10, 40.00))
    for what, status, code, change in (
        ("sub-penny", 422, 42210000, replacement(limit_price=40.001)),
        ("client order id", 422, 40010001, replacement(client_order_id=used.client_order_id, limit_price=41.00)),
        ("buying power", 403, 40310000, replacement(qty=1_000_000)),
    ):
        refused(what, status, code, lambda: v.trading.replace_order_by_id(order.id, change))
        check(f"{what}: the order stands", v.order(order).status.value, "new")


def what_is_not_there_is_not_replaced(v: Venue) -> None:
    """Replacing an unknown order is 404."""
    unknown = "00000000-0000-4000-8000-000000000000"
    refused("unknown", 404, 40410000, lambda: v.trading.replace_order_by_id(unknown, replacement(limit_price=1.00)))


def dollars_are_not_replaced(v: Venue) -> None:
    """An order in dollars cannot be replaced."""
    order = v.trading.submit_order(market(A, None, BUY, notional=500))
    v.advance(to=v.trading.get_clock().next_open - timedelta(minutes=5))
    refused("notional", 422, 42210000, lambda: v.trading.replace_order_by_id(order.id, replacement(qty=1)))
