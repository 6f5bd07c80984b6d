"""The id we give an order: unique for ever, and the way back to an order whose answer was lost."""

from orders import limit
from venue import A, Venue, check, holds, refused


def found_by_its_client_id(v: Venue) -> None:
    """An order is found by the id its sender gave it."""
    order = v.trading.submit_order(limit(A, 10, 40.00, client_order_id="desk-1"))
    check("id", order.client_order_id, "desk-1")
    check("found", v.trading.get_order_by_client_id("desk-1").id, order.id)


def unknown_client_id(v: Venue) -> None:
    """An id nobody used is 404."""
    refused("unknown", 404, 40410000, lambda: v.trading.get_order_by_client_id("never-sent"))


def one_is_made_when_none_is_given(v: Venue) -> None:
    """An order without a client order id gets one."""
    orders = [v.trading.submit_order(limit(A, 10, 40.00)) for _ in range(2)]
    ids = {order.client_order_id for order in orders}
    holds("two different ones", len(ids) == 2 and all(ids), ids)


def a_client_id_is_used_once(v: Venue) -> None:
    """A second order with the same id is refused, and the first is the one that is found."""
    order = v.trading.submit_order(limit(A, 10, 40.00, client_order_id="desk-1"))
    refused("again", 422, 40010001, lambda: v.trading.submit_order(limit(A, 99, 41.00, client_order_id="desk-1")))
    check("the first", v.trading.get_order_by_client_id("desk-1").id, order.id)
    check("one order", len(v.trading.get_orders()), 1)


def a_cancelled_order_keeps_its_client_id(v: Venue) -> None:
    """An id is not free again when its order was cancelled."""
    order = v.trading.submit_order(limit(A, 10, 40.00, client_order_id="desk-1"))
    v.trading.cancel_order_by_id(order.id)
    refused("again", 422, 40010001, lambda: v.trading.submit_order(limit(A, 10, 40.00, client_order_id="desk-1")))


def a_refused_order_uses_no_client_id(v: Venue) -> None:
    """An order that was refused never was: its id can be used."""
    refused("too dear", 403, 40310000, lambda: v.trading.submit_order(limit(A, 10**6, 40.00, client_order_id="desk-1")))
    v.trading.submit_order(limit(A, 1, 40.00, client_order_id="desk-1"))


def a_client_id_has_128_characters(v: Venue) -> None:
    """128 characters are taken, 129 are not."""
    check("128", len(v.trading.submit_order(limit(A, 1, 40.00, client_order_id="x" * 128)).client_order_id), 128)
    refused("129", 422, None, lambda: v.trading.submit_order(limit(A, 1, 40.00, client_order_id="x" * 129)))


def a_client_id_may_hold_more_than_letters(v: Venue) -> None:
    """Colons, slashes, percent signs and ampersands survive the way there and back."""
    name = "desk:2026-03-10/avwap-100%+1&2"
    order = v.trading.submit_order(limit(A, 1, 40.00, client_order_id=name))
    check("found", v.trading.get_order_by_client_id(name).id, order.id)
