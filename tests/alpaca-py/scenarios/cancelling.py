"""Taking orders back."""

from orders import limit, market, stop
from venue import A, B, Venue, check, holds, money, refused

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def cancel_one(v: Venue) -> None:
    """Cancelling an open order answers 204 and nothing; the order is cancelled and says when."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 10, 40.00))
    check("no body", v.trading.cancel_order_by_id(order.id), None)
    order = v.order(order)
    check("canceled", order.status.value, "canceled")
    holds("it says when", order.canceled_at is not None)


def cancel_while_accepted(v: Venue) -> None:
    """An order that waits for the open can be cancelled."""
    order = v.trading.submit_order(limit(A, 10, 40.00))
    v.trading.cancel_order_by_id(order.id)
    check("canceled", v.order(order).status.value, "canceled")


def what_is_filled_stays(v: Venue) -> None:
    """Cancelling a partly filled order keeps the part, and gives no more."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 100, 48.00))
    v.tick(A, "48.00", volume=30, ask="48.00")
    v.trading.cancel_order_by_id(order.id)
    v.tick(A, "47.00")
    check("part", (v.order(order).status.value, money(v.order(order).filled_qty)), ("canceled", 30))
    check("position", v.position(A), 30)


def the_dead_are_not_cancelled(v: Venue) -> None:
    """A filled order and a cancelled one answer 422."""
    v.open((A, "50.00"))
    filled = v.buy(A, 10, "50.00")
    refused("filled", 422, 42210000, lambda: v.trading.cancel_order_by_id(filled.id))
    order = v.trading.submit_order(limit(A, 10, 40.00))
    v.trading.cancel_order_by_id(order.id)
    refused("cancelled", 422, 42210000, lambda: v.trading.cancel_order_by_id(order.id))


def what_is_not_there_is_not_cancelled(v: Venue) -> None:
    """Cancelling an unknown order is 404."""
    refused("unknown", 404, 40410000, lambda: v.trading.cancel_order_by_id(UNKNOWN))


def cancel_all(v: Venue) -> None:
    """Cancelling all answers 207 with a status for each open order, and no other."""
    v.open((A, "50.00"), (B, "50.00"))
    v.buy(A, 10, "50.00")
    orders = [v.trading.submit_order(limit(symbol, 10, 40.00)) for symbol in (A, B)]
    orders.append(v.trading.submit_order(limit(B, 5, 39.00)))
    answers = v.trading.cancel_orders()
    check("status", v.answer().status_code, 207)
    check("each", sorted((answer.id, answer.status) for answer in answers), sorted((order.id, 200) for order in orders))
    check("nothing open", v.trading.get_orders(), [])


def cancel_all_of_nothing(v: Venue) -> None:
    """With nothing open the answer is an empty list."""
    check("nothing", v.trading.cancel_orders(), [])


def a_cancelled_stop_gives_its_shares_back(v: Venue) -> None:
    """Shares held by a stop are free again once it is cancelled."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop(A, 10, 45.00))
    check("held", money(v.trading.get_open_position(A).qty_available), 0)
    v.trading.cancel_order_by_id(order.id)
    check("free", money(v.trading.get_open_position(A).qty_available), 10)


def cancelled_dollars_are_free_again(v: Venue) -> None:
    """A cancelled order to buy gives back the buying power it took."""
    v.open((A, "50.00"))
    before = money(v.trading.get_account().buying_power)
    order = v.trading.submit_order(limit(A, 100, 40.00))
    holds("taken", money(v.trading.get_account().buying_power) < before)
    v.trading.cancel_order_by_id(order.id)
    check("given back", money(v.trading.get_account().buying_power), before)


def a_market_order_waits_for_the_open_and_can_be_taken_back(v: Venue) -> None:
    """A market order sent at night has not traded and is cancelled like any other."""
    order = v.trading.submit_order(market(A, 10))
    v.trading.cancel_order_by_id(order.id)
    v.open()
    check("never bought", v.position(A), 0)
