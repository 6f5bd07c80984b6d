"""What happened to the account: fills, one activity each."""

from datetime import timedelta
from typing import Any

from orders import SELL, limit, market
from venue import A, B, Venue, check, holds, money, refused


def _fills(v: Venue, **query: Any) -> list[dict[str, Any]]:
    return v.trading.get("/account/activities/FILL", query)


def _five(v: Venue) -> None:
    """Five purchases of 1 to 5 shares, a second apart."""
    v.open((A, "50.00"))
    for qty in range(1, 6):
        v.buy(A, qty, "50.00")
        v.advance(seconds=1)


def a_fill_is_an_activity(v: Venue) -> None:
    """A fill says order, symbol, side, price, shares, and that nothing is left."""
    v.open((A, "50.00"))
    order = v.buy(A, 10, "50.00")
    fills = _fills(v)
    check("one", len(fills), 1)
    fill = fills[0]
    check("what", (fill["activity_type"], fill["symbol"], fill["side"], fill["type"]), ("FILL", A, "buy", "fill"))
    check("numbers", (money(fill["qty"]), money(fill["price"]), money(fill["cum_qty"]), money(fill["leaves_qty"])), (10, 50, 10, 0))
    check("order", (fill["order_id"], fill["order_status"]), (str(order.id), "filled"))


def parts_add_up(v: Venue) -> None:
    """The parts of an order are activities of their own: cum_qty grows, leaves_qty falls, ids differ."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 100, 48.00))
    for volume in (30, 50, 1000):
        v.tick(A, "48.00", volume=volume, ask="48.00")
    fills = _fills(v, order_id=str(order.id), direction="asc")
    check("shares", [money(fill["qty"]) for fill in fills], [30, 50, 20])
    check("so far", [money(fill["cum_qty"]) for fill in fills], [30, 80, 100])
    check("left", [money(fill["leaves_qty"]) for fill in fills], [70, 20, 0])
    check("type", [fill["type"] for fill in fills], ["partial_fill", "partial_fill", "fill"])
    check("ids", len({fill["id"] for fill in fills}), 3)


def activity_ids_have_two_halves(v: Venue) -> None:
    """An activity's id is an instant and a UUID with :: between."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    when, _, which = _fills(v)[0]["id"].partition("::")
    holds("instant", when.isdigit() and len(when) == 17, when)
    check("UUID", len(which), 36)


def pages_follow_each_other(v: Venue) -> None:
    """page_token is the id of the last activity seen; page after page finds each once."""
    _five(v)
    found, token = [], None
    while page := _fills(v, page_size=2, direction="asc", **({"page_token": token} if token else {})):
        found += [money(fill["qty"]) for fill in page]
        token = page[-1]["id"]
    check("found", found, [1, 2, 3, 4, 5])


def pages_backwards(v: Venue) -> None:
    """The newest come first unless said, and pages go on backwards."""
    _five(v)
    first = _fills(v, page_size=3)
    check("newest", [money(fill["qty"]) for fill in first], [5, 4, 3])
    rest = _fills(v, page_size=3, page_token=first[-1]["id"])
    check("rest", [money(fill["qty"]) for fill in rest], [2, 1])


def a_page_has_a_limit(v: Venue) -> None:
    """page_size is 1 to 100."""
    for size in (0, 101):
        refused(str(size), 422, None, lambda: _fills(v, page_size=size))


def by_time(v: Venue) -> None:
    """after and until bound the activities."""
    _five(v)
    times = [fill["transaction_time"] for fill in _fills(v, direction="asc")]
    after = [money(fill["qty"]) for fill in _fills(v, direction="asc", after=times[1])]
    check("after the second", after, [3, 4, 5])
    until = [money(fill["qty"]) for fill in _fills(v, direction="asc", until=times[3])]
    holds("until the fourth", until in ([1, 2, 3], [1, 2, 3, 4]), until)


def by_date(v: Venue) -> None:
    """date keeps one day's activities."""
    v.open((A, "50.00"))
    today = v.now().date()
    v.buy(A, 1, "50.00")
    v.advance(to=v.trading.get_clock().next_close + timedelta(minutes=5))
    v.open((A, "50.00"))
    v.buy(A, 2, "50.00")
    check("first day", [money(fill["qty"]) for fill in _fills(v, date=today.isoformat())], [1])


def of_all_kinds(v: Venue) -> None:
    """Without a type the list holds every kind; activity_types filters; a kind that has none is empty."""
    v.open((A, "50.00"), (B, "40.00"))
    v.buy(A, 10, "50.00")
    v.trading.submit_order(market(A, 10, SELL))
    v.tick(A, "51.00")
    every = v.trading.get("/account/activities", {})
    check("fills", sum(activity["activity_type"] == "FILL" for activity in every), 2)
    check("filtered", len(v.trading.get("/account/activities", {"activity_types": "FILL"})), 2)
    check("dividends", v.trading.get("/account/activities/DIV", {}), [])
