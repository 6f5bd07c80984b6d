"""How long an order lives: day, gtc, opg, cls, ioc, fok."""

from datetime import datetime, timedelta

from orders import BUY, CLS, DAY, FOK, GTC, IOC, OPG, limit, market, stop
from venue import A, Venue, check, holds, money, refused


def a_day_order_ends_with_the_session(v: Venue) -> None:
    """A day order that nothing filled expires at the close."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 10, 1.00))
    v.advance(to=v.trading.get_clock().next_close + timedelta(minutes=1))
    order = v.order(order)
    check("expired", order.status.value, "expired")
    holds("it says when", order.expired_at is not None)


def a_day_order_after_the_close_is_for_tomorrow(v: Venue) -> None:
    """A day order sent after the close is accepted, and is new in the next session."""
    v.open()
    v.advance(to=v.trading.get_clock().next_close + timedelta(minutes=5))
    order = v.trading.submit_order(limit(A, 10, 1.00))
    check("queued", order.status.value, "accepted")
    v.advance(to=v.trading.get_clock().next_open + timedelta(minutes=5))
    check("next session", v.order(order).status.value, "new")


def a_gtc_order_lives_on(v: Venue) -> None:
    """An order good till cancelled survives the close and fills on a later day."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 10, 1.00, tif=GTC))
    for _ in range(2):
        v.advance(to=v.trading.get_clock().next_close + timedelta(minutes=1))
        v.advance(to=v.trading.get_clock().next_open + timedelta(minutes=1))
    check("alive", v.order(order).status.value, "new")
    v.tick(A, "0.99")
    check("filled", v.order(order).status.value, "filled")


def a_gtc_order_ends_after_ninety_days(v: Venue) -> None:
    """An order good till cancelled says when it expires, ninety days on, and does."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 10, 1.00, tif=GTC))
    days = (order.expires_at - order.submitted_at).days
    holds("about ninety days", 89 <= days <= 90, days)
    v.advance(to=order.expires_at - timedelta(days=2))
    check("alive", v.order(order).status.value in ("new", "accepted"), True)
    v.advance(to=order.expires_at + timedelta(days=2))
    check("expired", v.order(order).status.value, "expired")


def ioc_keeps_what_it_got(v: Venue) -> None:
    """Immediate or cancel takes what is there and is cancelled for the rest."""
    v.open((A, "50.00"))
    v.tick(A, "50.00", volume=30)
    order = v.trading.submit_order(limit(A, 100, 51.00, tif=IOC))
    v.tick(A, "50.00", volume=30)
    order = v.order(order)
    check("part", (order.status.value, money(order.filled_qty)), ("canceled", 30))


def ioc_without_a_match_is_cancelled(v: Venue) -> None:
    """Immediate or cancel below the market is cancelled with nothing filled."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 10, 40.00, tif=IOC))
    v.tick(A, "50.00")
    check("nothing", (v.order(order).status.value, money(v.order(order).filled_qty)), ("canceled", 0))


def fok_is_all_or_nothing(v: Venue) -> None:
    """Fill or kill is cancelled whole when only a part can be had."""
    v.open((A, "50.00"))
    v.tick(A, "50.00", volume=30)
    order = v.trading.submit_order(limit(A, 100, 51.00, tif=FOK))
    v.tick(A, "50.00", volume=30)
    check("nothing", (v.order(order).status.value, money(v.order(order).filled_qty)), ("canceled", 0))


def fok_fills_when_all_is_there(v: Venue) -> None:
    """Fill or kill fills when the whole quantity can be had at once."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 100, 51.00, tif=FOK))
    v.tick(A, "50.00", volume=1000)
    check("all", (v.order(order).status.value, money(v.order(order).filled_qty)), ("filled", 100))


def opg_trades_in_the_opening_auction(v: Venue) -> None:
    """A market order on open waits for the open and fills there."""
    clock = v.trading.get_clock()
    order = v.trading.submit_order(market(A, 10, tif=OPG))
    v.advance(to=clock.next_open - timedelta(minutes=1))
    check("waits", money(v.order(order).filled_qty), 0)
    v.advance(to=clock.next_open + timedelta(minutes=1))
    order = v.order(order)
    check("filled", order.status.value, "filled")
    holds("at the open", order.filled_at < clock.next_open + timedelta(minutes=1), order.filled_at)


def opg_out_of_reach_ends_with_the_open(v: Venue) -> None:
    """A limit order on open that the auction does not reach is over once the auction is."""
    clock = v.trading.get_clock()
    order = v.trading.submit_order(limit(A, 10, 1.00, tif=OPG))
    v.advance(to=clock.next_open + timedelta(minutes=5))
    order = v.order(order)
    check("over", (order.status.value in ("canceled", "expired"), money(order.filled_qty)), (True, 0))


def opg_in_the_session_is_too_late(v: Venue) -> None:
    """Orders on open are refused from 9:28 on."""
    v.open((A, "50.00"))
    refused("opg", 422, None, lambda: v.trading.submit_order(market(A, 10, tif=OPG)))


def opg_just_before_the_open_is_too_late(v: Venue) -> None:
    """9:28 is the last moment for an order on open, 9:27 is in time."""
    clock = v.trading.get_clock()
    v.advance(to=clock.next_open - timedelta(minutes=3))
    v.trading.submit_order(limit(A, 10, 1.00, tif=OPG))
    v.advance(to=clock.next_open - timedelta(minutes=1, seconds=30))
    refused("opg", 422, None, lambda: v.trading.submit_order(limit(A, 10, 1.00, tif=OPG)))


def cls_trades_in_the_closing_auction(v: Venue) -> None:
    """A market order on close waits for the close and fills there."""
    v.open((A, "50.00"))
    close = v.trading.get_clock().next_close
    order = v.trading.submit_order(market(A, 10, tif=CLS))
    v.advance(to=close - timedelta(minutes=1))
    check("waits", money(v.order(order).filled_qty), 0)
    v.advance(to=close + timedelta(minutes=1))
    check("filled", v.order(order).status.value, "filled")


def cls_near_the_close_is_too_late(v: Venue) -> None:
    """Orders on close are refused from 15:50 on."""
    v.open((A, "50.00"))
    close = v.trading.get_clock().next_close
    v.advance(to=close - timedelta(minutes=11))
    v.trading.submit_order(market(A, 1, tif=CLS))
    v.advance(to=close - timedelta(minutes=9))
    refused("cls", 422, None, lambda: v.trading.submit_order(market(A, 10, tif=CLS)))


def auctions_take_market_and_limit_only(v: Venue) -> None:
    """On open and on close go with market and limit orders, not with stops."""
    for tif in (OPG, CLS):
        refused(tif.value, 422, 42210000, lambda: v.trading.submit_order(stop(A, 10, 90.00, BUY, tif)))


def a_half_day_closes_early(v: Venue) -> None:
    """On a half day a day order ends at 13:00 New York time."""
    v.reset(start="2026-11-27T13:00:00Z")
    v.open((A, "50.00"))
    clock = v.trading.get_clock()
    check("closes", clock.next_close, datetime.fromisoformat("2026-11-27T18:00:00Z"))
    order = v.trading.submit_order(limit(A, 10, 1.00, tif=DAY))
    v.advance(to=clock.next_close + timedelta(minutes=1))
    check("expired", v.order(order).status.value, "expired")
