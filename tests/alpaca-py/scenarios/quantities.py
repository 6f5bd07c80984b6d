"""Whole shares, fractions, dollars, short sales and extended hours."""

from datetime import timedelta

from alpaca.trading.requests import GetAssetsRequest
from orders import BUY, GTC, SELL, limit, market
from venue import A, B, Venue, check, holds, money, refused


def dollars_buy_a_fraction(v: Venue) -> None:
    """A notional order of 500 dollars at 40 buys twelve shares and a half."""
    v.open((A, "40.00"))
    order = v.trading.submit_order(market(A, None, notional=500))
    v.tick(A, "40.00", ask="40.00")
    order = v.order(order)
    check("filled", (order.status.value, money(order.filled_qty)), ("filled", money("12.5")))
    check("position", v.position(A), money("12.5"))


def a_notional_order_says_dollars_not_shares(v: Venue) -> None:
    """An order in dollars has a notional and no qty."""
    v.open((A, "40.00"))
    order = v.trading.submit_order(market(A, None, notional=500))
    check("notional and qty", (money(order.notional), order.qty), (500, None))


def a_fraction_of_a_share_trades(v: Venue) -> None:
    """Half a share is bought and sold at the market."""
    v.open((A, "40.00"))
    v.trading.submit_order(market(A, 0.5))
    v.tick(A, "40.00")
    check("position", v.position(A), money("0.5"))
    v.trading.submit_order(market(A, 0.5, SELL))
    v.tick(A, "40.00")
    check("flat", v.position(A), 0)


def nine_decimals_of_a_share(v: Venue) -> None:
    """A quantity has up to nine decimals."""
    v.open((A, "40.00"))
    v.post({"symbol": A, "qty": "1.123456789", "side": "buy", "type": "market", "time_in_force": "day"})
    v.tick(A, "40.00")
    check("position", v.position(A), money("1.123456789"))
    body = {"symbol": A, "qty": "1.1234567891", "side": "buy", "type": "market", "time_in_force": "day"}
    refused("ten decimals", 422, 42210000, lambda: v.post(body))


def fractions_are_market_and_day(v: Venue) -> None:
    """Fractions and dollars go with market day orders only."""
    v.open((A, "40.00"))
    for what, order in (
        ("limit", limit(A, 0.5, 39.00)),
        ("gtc", market(A, 0.5, tif=GTC)),
        ("dollars, gtc", market(A, None, tif=GTC, notional=100)),
    ):
        refused(what, 422, 42210000, lambda: v.trading.submit_order(order))


def shares_or_dollars_not_both(v: Venue) -> None:
    """qty and notional together are refused, and so is neither."""
    v.open((A, "40.00"))
    base = {"symbol": A, "side": "buy", "type": "market", "time_in_force": "day"}
    refused("both", 422, 42210000, lambda: v.post({**base, "qty": "1", "notional": "40"}))
    refused("neither", 422, 42210000, lambda: v.post(base))


def what_is_not_fractionable_trades_whole(v: Venue) -> None:
    """An asset that is not fractionable refuses fractions and dollars, and takes whole shares."""
    whole = [asset for asset in v.trading.get_all_assets(GetAssetsRequest()) if asset.tradable and not asset.fractionable]
    holds("the venue lists such an asset", bool(whole))
    symbol = whole[0].symbol
    v.open((symbol, "40.00"))
    refused("fraction", 403, 40310000, lambda: v.trading.submit_order(market(symbol, 0.5)))
    refused("dollars", 403, 40310000, lambda: v.trading.submit_order(market(symbol, None, notional=100)))
    v.trading.submit_order(market(symbol, 1))


def selling_short_needs_permission(v: Venue) -> None:
    """An account that may not short sells no more than it holds."""
    v.reset(shorting=False)
    v.open((A, "40.00"))
    refused("nothing held", 403, 40310000, lambda: v.trading.submit_order(market(A, 10, SELL)))
    v.buy(A, 5, "40.00")
    refused("more than held", 403, 40310000, lambda: v.trading.submit_order(market(A, 10, SELL)))


def a_short_position_is_negative(v: Venue) -> None:
    """With permission a sale of what is not held is a short position: negative quantity, side short."""
    v.reset(shorting=True, multiplier=2)
    v.open((A, "40.00"))
    v.trading.submit_order(market(A, 10, SELL))
    v.tick(A, "40.00")
    position = v.trading.get_open_position(A)
    check("short", (position.side.value, money(position.qty)), ("short", -10))
    v.trading.submit_order(market(A, 10, BUY))
    v.tick(A, "40.00")
    check("covered", v.position(A), 0)


def extended_hours_fill_before_the_open(v: Venue) -> None:
    """A limit day order for extended hours fills before the open; one without the mark does not."""
    now = v.now()
    check("before the open", v.trading.get_clock().is_open, False)
    early = v.trading.submit_order(limit(A, 10, 500.00, extended_hours=True))
    late = v.trading.submit_order(limit(B, 10, 500.00))
    v.advance(to=now + timedelta(minutes=1))
    v.tick(A, "40.00")
    v.tick(B, "40.00")
    check("marked", v.order(early).status.value, "filled")
    check("unmarked", (v.order(late).status.value, money(v.order(late).filled_qty)), ("accepted", 0))


def extended_hours_take_limits_only(v: Venue) -> None:
    """Extended hours go with limit orders, day or gtc."""
    for what, order in (
        ("market", {"type": "market", "time_in_force": "day"}),
        ("stop", {"type": "stop", "stop_price": "50", "time_in_force": "day"}),
        ("ioc", {"type": "limit", "limit_price": "30", "time_in_force": "ioc"}),
    ):
        body = {"symbol": A, "qty": "10", "side": "buy", "extended_hours": True, **order}
        refused(what, 422, 42210000, lambda: v.post(body))
