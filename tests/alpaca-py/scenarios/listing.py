"""Lists of orders and their filters."""

from datetime import timedelta

from alpaca.common.enums import Sort
from alpaca.trading.enums import OrderSide, QueryOrderStatus
from alpaca.trading.models import Order
from alpaca.trading.requests import GetOrdersRequest
from orders import SELL, limit
from venue import A, B, C, Venue, check, holds, refused


def _ids(v: Venue, **filters: object) -> list[str]:
    return [order.client_order_id for order in v.trading.get_orders(GetOrdersRequest(**filters))]


def _five(v: Venue) -> list[Order]:
    """Orders named a to e, a second apart."""
    v.open()
    orders = []
    for name in "abcde":
        orders.append(v.trading.submit_order(limit(A, 1, 1.00, client_order_id=name)))
        v.advance(seconds=1)
    return orders


def open_orders_are_the_default(v: Venue) -> None:
    """Without a filter the list is of open orders, the newest first."""
    orders = _five(v)
    v.trading.cancel_order_by_id(orders[1].id)
    check("open", [order.client_order_id for order in v.trading.get_orders()], ["e", "d", "c", "a"])


def closed_and_all(v: Venue) -> None:
    """closed lists what is over, all lists everything."""
    orders = _five(v)
    v.trading.cancel_order_by_id(orders[1].id)
    check("closed", _ids(v, status=QueryOrderStatus.CLOSED), ["b"])
    check("all", _ids(v, status=QueryOrderStatus.ALL), ["e", "d", "c", "b", "a"])


def the_oldest_first(v: Venue) -> None:
    """direction asc turns the list round."""
    _five(v)
    check("ascending", _ids(v, direction=Sort.ASC), ["a", "b", "c", "d", "e"])
    check("descending", _ids(v, direction=Sort.DESC), ["e", "d", "c", "b", "a"])


def no_more_than_asked(v: Venue) -> None:
    """limit takes the first so many, in the direction of the list."""
    _five(v)
    check("newest two", _ids(v, limit=2), ["e", "d"])
    check("oldest two", _ids(v, limit=2, direction=Sort.ASC), ["a", "b"])


def after_and_until_exclude_their_instant(v: Venue) -> None:
    """after and until bound the time of submission and exclude it."""
    orders = _five(v)
    b, d = orders[1].submitted_at, orders[3].submitted_at
    check("after b", _ids(v, after=b, direction=Sort.ASC), ["c", "d", "e"])
    check("until d", _ids(v, until=d, direction=Sort.ASC), ["a", "b", "c"])
    check("between", _ids(v, after=b, until=d), ["c"])


def paging_by_time_loses_nothing(v: Venue) -> None:
    """Page after page by `after` finds every order once."""
    orders = _five(v)
    found: list[str] = []
    after = orders[0].submitted_at - timedelta(seconds=1)
    while page := v.trading.get_orders(GetOrdersRequest(limit=2, after=after, direction=Sort.ASC)):
        found += [order.client_order_id for order in page]
        after = page[-1].submitted_at
    check("found", found, ["a", "b", "c", "d", "e"])


def by_symbol(v: Venue) -> None:
    """symbols keeps the orders of those symbols."""
    v.open()
    for symbol in (A, B, C):
        v.trading.submit_order(limit(symbol, 1, 1.00, client_order_id=symbol))
    check("one", _ids(v, symbols=[B]), [B])
    check("two", sorted(_ids(v, symbols=[A, C])), sorted([A, C]))
    check("none", _ids(v, symbols=["NOSUCH"]), [])


def by_side(v: Venue) -> None:
    """side keeps purchases or sales."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    v.trading.submit_order(limit(A, 1, 1.00, client_order_id="buy"))
    v.trading.submit_order(limit(A, 1, 90.00, SELL, client_order_id="sell"))
    check("buys", _ids(v, side=OrderSide.BUY), ["buy"])
    check("sells", _ids(v, side=OrderSide.SELL), ["sell"])


def fifty_unless_said(v: Venue) -> None:
    """A list has fifty orders unless limit says more, and never more than five hundred."""
    v.open()
    for number in range(60):
        v.trading.submit_order(limit(A, 1, 1.00, client_order_id=str(number)))
    check("default", len(_ids(v)), 50)
    check("more", len(_ids(v, limit=500)), 60)


def a_filter_that_makes_no_sense(v: Venue) -> None:
    """Unknown words and times that are none are refused, not ignored."""
    for query in ({"status": "maybe"}, {"direction": "up"}, {"after": "yesterday"}, {"limit": "many"}):
        refused(str(query), (400, 422), None, lambda: v.trading.get("/orders", query))


def one_order_says_everything(v: Venue) -> None:
    """An order asked for alone is the order of the list."""
    v.open()
    order = v.trading.submit_order(limit(A, 10, 1.00, client_order_id="one"))
    alone, listed = v.trading.get_order_by_id(order.id), v.trading.get_orders()[0]
    check("the same", alone.model_dump(), listed.model_dump())
    holds("named", alone.client_order_id == "one" and alone.symbol == A)
