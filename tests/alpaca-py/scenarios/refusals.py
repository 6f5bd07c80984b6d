"""What is refused, with which status and code."""

import requests
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.requests import StockLatestQuoteRequest
from alpaca.trading.requests import GetAssetsRequest
from orders import SELL, limit, market
from venue import A, KEY, SECONDS, Venue, check, holds, money, refused


def too_little_money(v: Venue) -> None:
    """An order dearer than the buying power is 403 with code 40310000, and changes nothing."""
    v.open((A, "50.00"))
    before = v.trading.get_account().buying_power
    refused("too dear", 403, 40310000, lambda: v.trading.submit_order(limit(A, 1_000_000, 50.00)))
    check("nothing open", v.trading.get_orders(), [])
    check("nothing taken", v.trading.get_account().buying_power, before)


def open_orders_take_buying_power(v: Venue) -> None:
    """What an open order would cost is no longer there for the next."""
    v.reset(multiplier=1)
    v.open((A, "50.00"))
    v.trading.submit_order(limit(A, 1900, 50.00))
    refused("twice", 403, 40310000, lambda: v.trading.submit_order(limit(A, 1900, 49.00)))


def a_trade_with_oneself(v: Venue) -> None:
    """An order that could trade with an open one of ours on the other side is 403: a wash trade."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    sale = v.trading.submit_order(limit(A, 10, 51.00, SELL))
    refused("market", 403, 40310000, lambda: v.trading.submit_order(market(A, 5)))
    refused("crossing limit", 403, 40310000, lambda: v.trading.submit_order(limit(A, 5, 52.00)))
    v.trading.cancel_order_by_id(sale.id)
    v.trading.submit_order(market(A, 5))


def orders_that_cannot_meet_are_no_wash_trade(v: Venue) -> None:
    """A limit to buy below a limit to sell is allowed."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    v.trading.submit_order(limit(A, 10, 55.00, SELL))
    v.trading.submit_order(limit(A, 5, 45.00))


def sub_penny_prices(v: Venue) -> None:
    """From one dollar on prices have two decimals, below it four; anything finer is 422 with code 42210000."""
    for what, body in (
        ("limit", {"type": "limit", "limit_price": "40.001"}),
        ("limit just above a dollar", {"type": "limit", "limit_price": "1.001"}),
        ("stop", {"type": "stop", "stop_price": "60.005"}),
        ("below a dollar", {"type": "limit", "limit_price": "0.12345"}),
    ):
        base = {"symbol": A, "qty": "1", "side": "buy", "time_in_force": "day"}
        refused(what, 422, 42210000, lambda: v.post({**base, **body}))
    v.trading.submit_order(limit(A, 1, 0.1234))


def an_unknown_symbol(v: Venue) -> None:
    """An order for what is not listed is 422."""
    refused("unknown", 422, 42210000, lambda: v.trading.submit_order(market("NOSUCH", 1)))


def an_untradable_asset(v: Venue) -> None:
    """An asset that is listed but not tradable refuses orders."""
    closed = [asset for asset in v.trading.get_all_assets(GetAssetsRequest()) if not asset.tradable]
    holds("the venue lists such an asset", bool(closed))
    error = refused("untradable", 422, None, lambda: v.trading.submit_order(limit(closed[0].symbol, 1, 10.00)))
    holds("it says which", closed[0].symbol in error.message, error.message)


def orders_that_make_no_sense(v: Venue) -> None:
    """Every bad order is 422 with code 42210000, and none is in the books afterwards."""
    base = {"symbol": A, "qty": "1", "side": "buy", "type": "limit", "limit_price": "40", "time_in_force": "day"}
    without = lambda *names: {name: value for name, value in base.items() if name not in names}  # noqa: E731
    for what, body in (
        ("qty 0", {**base, "qty": "0"}),
        ("qty below 0", {**base, "qty": "-1"}),
        ("qty no number", {**base, "qty": "many"}),
        ("no symbol", without("symbol")),
        ("no side", without("side")),
        ("no type", without("type")),
        ("no time in force", without("time_in_force")),
        ("side", {**base, "side": "hold"}),
        ("type", {**base, "type": "guess"}),
        ("time in force", {**base, "time_in_force": "forever"}),
        ("class", {**base, "order_class": "trio"}),
        ("limit without price", without("limit_price")),
        ("limit price 0", {**base, "limit_price": "0"}),
        ("limit price below 0", {**base, "limit_price": "-40"}),
        ("limit with a stop", {**base, "stop_price": "39"}),
        ("market with a price", {**base, "type": "market"}),
        ("stop without price", {**without("limit_price"), "type": "stop"}),
        ("stop limit without stop", {**base, "type": "stop_limit"}),
        ("trail without trail", {**without("limit_price"), "type": "trailing_stop"}),
        ("trail of two kinds", {**without("limit_price"), "type": "trailing_stop", "trail_price": "1", "trail_percent": "1"}),
        ("trail 0", {**without("limit_price"), "type": "trailing_stop", "trail_price": "0"}),
    ):
        refused(what, 422, 42210000, lambda: v.post(body))
    check("nothing open", v.trading.get_orders(), [])


def a_body_that_is_no_order(v: Venue) -> None:
    """A body that is no JSON object is refused and is not an order."""
    headers = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": "SIMSECRET", "Content-Type": "application/json"}
    for body in ("", "{", "[]", "null", '"buy"', "\xff"):
        answer = requests.post(f"{v.url}/v2/orders", data=body.encode("latin-1"), headers=headers, timeout=SECONDS)
        holds(f"{body!r} is refused", answer.status_code in (400, 422), answer.status_code)
        holds(f"{body!r}: a message", bool(answer.json().get("message")), answer.text)
    check("nothing open", v.trading.get_orders(), [])


def nothing_there(v: Venue) -> None:
    """Unknown orders, positions and assets are 404 with code 40410000."""
    unknown = "00000000-0000-4000-8000-000000000000"
    refused("order", 404, 40410000, lambda: v.trading.get_order_by_id(unknown))
    refused("position", 404, 40410000, lambda: v.trading.get_open_position("NOSUCH"))
    refused("asset", 404, 40410000, lambda: v.trading.get_asset("NOSUCH"))


def an_unknown_endpoint(v: Venue) -> None:
    """A path that is no endpoint is 404."""
    refused("path", 404, None, lambda: v.trading.get("/no/such/endpoint"))


def wrong_keys(v: Venue) -> None:
    """Without the right keys nothing is told and nothing is done: 401 or 403, trading and data alike."""
    quote = StockLatestQuoteRequest(symbol_or_symbols=A)
    for key, secret in (("SIMKEY", "wrong"), ("WRONG", "SIMSECRET")):
        stranger = v.client(key, secret)
        data = StockHistoricalDataClient(key, secret, url_override=v.url)
        for what, call in (
            ("account", stranger.get_account),
            ("cancel", stranger.cancel_orders),
            ("order", lambda: stranger.submit_order(market(A, 1))),
            ("quote", lambda: data.get_stock_latest_quote(quote)),
        ):
            refused(f"{what} as {key}:{secret}", (401, 403), None, call)
    check("nothing open", v.trading.get_orders(), [])


def no_keys(v: Venue) -> None:
    """A request without keys is 401."""
    answer = requests.get(f"{v.url}/v2/account", timeout=SECONDS)
    check("status", answer.status_code, 401)
    holds("a message", bool(answer.json().get("message")), answer.text)


def a_refusal_names_what_there_is(v: Venue) -> None:
    """Too little buying power comes with the buying power there is."""
    v.open((A, "50.00"))
    error = refused("too dear", 403, 40310000, lambda: v.trading.submit_order(limit(A, 1_000_000, 50.00)))
    told = error.response.json()
    check("buying power", money(told["buying_power"]), money(v.trading.get_account().buying_power))
