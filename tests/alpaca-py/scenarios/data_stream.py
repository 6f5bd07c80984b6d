"""The stream of market data, in msgpack as alpaca-py speaks it."""

import json
from datetime import timedelta
from typing import Any

from alpaca.data.models import Bar, Quote, Trade, TradingStatus
from streams import Data, Running, connect_only
from venue import A, B, C, KEY, SECONDS, SECRET, Venue, check, holds
from websockets.sync.client import connect


def the_right_keys_are_let_in(v: Venue) -> None:
    """Connected, then authenticated, on each feed."""
    for feed in ("iex", "sip", "test"):
        connect_only(Data(v, feed))


def wrong_keys_are_not(v: Venue) -> None:
    """Wrong keys are an error, and the client raises its text."""
    try:
        connect_only(Data(v, key="WRONG"))
    except ValueError as error:
        holds("says so", "auth" in str(error), error)
    else:
        raise AssertionError("wrong keys were let in")


def a_second_connection_is_one_too_many(v: Venue) -> None:
    """One connection at a time: the second is refused, the first goes on."""
    stream = Data(v)
    stream.subscribe_trades(stream.collect, A)
    v.open((A, "50.00"))
    with Running(stream):
        stream.subscribed()
        try:
            connect_only(Data(v))
        except ValueError as error:
            holds("says so", "connection limit" in str(error), error)
        else:
            raise AssertionError("a second connection was let in")
        v.tick(A, "51.00")
        stream.seen.count("the first hears on", 1)


def after_the_first_is_gone_another_may_come(v: Venue) -> None:
    """A connection that has ended makes room for the next."""
    for _ in range(3):
        connect_only(Data(v))


def trades(v: Venue) -> None:
    """A trade of a subscribed symbol comes with price, size and instant; others do not."""
    stream = Data(v)
    stream.subscribe_trades(stream.collect, A)
    v.open((A, "50.00"), (B, "40.00"))
    with Running(stream):
        check("subscribed", stream.subscribed()["trades"], [A])
        v.tick(B, "41.00")
        v.tick(A, "51.25", volume=300)
        trade = stream.seen.count("a trade", 1)[0]
    holds("a trade", isinstance(trade, Trade), trade)
    check("what", (trade.symbol, trade.price, trade.size, trade.timestamp), (A, 51.25, 300, v.now()))


def quotes(v: Venue) -> None:
    """A quote of a subscribed symbol comes with bid and ask."""
    stream = Data(v)
    stream.subscribe_quotes(stream.collect, A)
    v.open((A, "50.00"))
    with Running(stream):
        stream.subscribed()
        v.tick(A, "51.25", bid="51.20", ask="51.40")
        quote = stream.seen.count("a quote", 1)[0]
    holds("a quote", isinstance(quote, Quote), quote)
    check("what", (quote.symbol, quote.bid_price, quote.ask_price), (A, 51.20, 51.40))


def minute_bars(v: Venue) -> None:
    """A bar comes when its minute is over, and is the bar the history has."""
    stream = Data(v)
    stream.subscribe_bars(stream.collect, A)
    v.open()
    begin = v.now()
    with Running(stream):
        stream.subscribed()
        v.advance(minutes=3)
        bars = stream.seen.count("two bars", 2)
    holds("bars", all(isinstance(bar, Bar) for bar in bars), bars)
    times = [bar.timestamp for bar in bars]
    check("in order", times, sorted(times))
    query = {"symbols": A, "timeframe": "1Min", "start": begin.isoformat(), "end": times[-1].isoformat()}
    listed = {bar["t"]: (bar["o"], bar["h"], bar["l"], bar["c"], bar["v"]) for bar in v.data.get("/stocks/bars", query)["bars"][A]}
    last = bars[-1]
    same = listed[last.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ")]
    check("the same", (last.open, last.high, last.low, last.close, last.volume), same)


def a_halt_is_a_status(v: Venue) -> None:
    """A halt and its end come as statuses of the symbol."""
    stream = Data(v)
    stream.subscribe_trading_statuses(stream.collect, A)
    v.open((A, "50.00"))
    with Running(stream):
        stream.subscribed()
        v.sim("POST", "halt", {"symbol": A, "halted": True})
        v.sim("POST", "halt", {"symbol": A, "halted": False})
        statuses = stream.seen.count("two statuses", 2)
    holds("statuses", all(isinstance(status, TradingStatus) and status.symbol == A for status in statuses), statuses)
    holds("two different ones", statuses[0].status_code != statuses[1].status_code, statuses)


def several_kinds_on_one_connection(v: Venue) -> None:
    """Trades and quotes of several symbols share a connection, and the answer lists all of it."""
    stream = Data(v)
    stream.subscribe_trades(stream.collect, A, B)
    stream.subscribe_quotes(stream.collect, C)
    v.open((A, "50.00"), (B, "40.00"), (C, "30.00"))
    with Running(stream):
        answer = stream.subscribed()
        check("subscribed", (sorted(answer["trades"]), answer["quotes"]), (sorted([A, B]), [C]))
        for symbol, price in ((A, "51.00"), (B, "41.00"), (C, "31.00")):
            v.tick(symbol, price)
        seen = stream.seen.count("three", 3)
    check("in order", [(type(message), message.symbol) for message in seen[:3]], [(Trade, A), (Trade, B), (Quote, C)])


def everything_by_a_star(v: Venue) -> None:
    """A star subscribes to every symbol of the consolidated feed."""
    stream = Data(v, "sip")
    stream.subscribe_trades(stream.collect, "*")
    v.open((A, "50.00"), (B, "40.00"))
    with Running(stream):
        check("subscribed", stream.subscribed()["trades"], ["*"])
        v.tick(A, "51.00")
        v.tick(B, "41.00")
        seen = stream.seen.count("two", 2)
    check("symbols", [trade.symbol for trade in seen[:2]], [A, B])


def what_is_unsubscribed_is_silent(v: Venue) -> None:
    """After unsubscribing nothing more of that symbol comes, and the answer lists what is left."""
    stream = Data(v)
    stream.subscribe_trades(stream.collect, A, B)
    v.open((A, "50.00"), (B, "40.00"))
    with Running(stream):
        stream.subscribed()
        v.tick(A, "51.00")
        stream.seen.count("a trade", 1)
        stream.unsubscribe_trades(A)
        check("left", stream.subscribed(2)["trades"], [B])
        v.tick(A, "52.00")
        v.tick(B, "41.00")
        seen = stream.seen.count("the other symbol", 2)
    check("symbols", [trade.symbol for trade in seen], [A, B])


def a_subscription_can_grow(v: Venue) -> None:
    """A symbol can be added while the stream runs."""
    stream = Data(v)
    stream.subscribe_trades(stream.collect, A)
    v.open((A, "50.00"), (B, "40.00"))
    with Running(stream):
        stream.subscribed()
        stream.subscribe_trades(stream.collect, B)
        check("both", sorted(stream.subscribed(2)["trades"]), sorted([A, B]))
        v.tick(B, "41.00")
        check("symbol", stream.seen.count("a trade", 1)[0].symbol, B)


def thirty_symbols_are_free(v: Venue) -> None:
    """The free feed takes thirty symbols; one more is refused with an error, and nothing changes."""
    symbols = [asset.symbol for asset in v.trading.get_all_assets()][:31]
    stream = Data(v)
    stream.subscribe_trades(stream.collect, *symbols)
    with Running(stream):
        answer = stream.control.count("an answer", 1)[0]
    check("too many", (answer["T"], answer["code"]), ("error", 405))
    stream = Data(v)
    stream.subscribe_trades(stream.collect, *symbols[:30])
    with Running(stream):
        check("thirty", len(stream.subscribed()["trades"]), 30)


def updated_and_daily_bars(v: Venue) -> None:
    """Daily bars come through the session, with the day's extremes so far."""
    stream = Data(v)
    stream.subscribe_daily_bars(stream.collect, A)
    v.open()
    with Running(stream):
        check("subscribed", stream.subscribed()["dailyBars"], [A])
        v.advance(minutes=3)
        bar = stream.seen.count("a daily bar", 1)[0]
    check("symbol and day", (bar.symbol, bar.timestamp.date()), (A, v.now().date()))


def a_cut_stream_is_joined_again(v: Venue) -> None:
    """After a cut the client comes back with its subscriptions."""
    stream = Data(v)
    stream.subscribe_trades(stream.collect, A)
    v.open((A, "50.00"))
    with Running(stream):
        stream.subscribed()
        v.sim("POST", "stream", {"stream": "data", "fault": "cut"})
        v.sim("POST", "stream", {"stream": "data", "fault": "none"})
        check("again", stream.subscribed(2)["trades"], [A])
        v.tick(A, "51.00")
        stream.seen.count("a trade", 1)


def the_market_flows(v: Venue) -> None:
    """Two minutes of the market's own trades come in order and inside their minutes' bars."""
    stream = Data(v)
    stream.subscribe_trades(stream.collect, A)
    v.open()
    begin = v.now()
    with Running(stream):
        stream.subscribed()
        v.advance(minutes=2)
        v.tick(A, "1.00")
        seen = stream.seen.until("the pushed trade", lambda seen: seen and seen[-1].price == 1.00)
    times = [trade.timestamp for trade in seen]
    check("in order", times, sorted(times))
    holds("some, all of these minutes", len(seen) > 1 and begin <= times[0] <= begin + timedelta(minutes=2), times)


def _speak(socket: Any, **message: Any) -> Any:
    socket.send(json.dumps(message))
    return json.loads(socket.recv(timeout=SECONDS))


def others_speak_json(v: Venue) -> None:
    """A client that asks for nothing special speaks JSON: connected, authenticated, subscribed, a trade."""
    v.open((A, "50.00"))
    with connect(v.url.replace("http", "ws", 1) + "/v2/iex") as socket:
        check("connected", json.loads(socket.recv(timeout=SECONDS)), [{"T": "success", "msg": "connected"}])
        check("in", _speak(socket, action="auth", key=KEY, secret=SECRET), [{"T": "success", "msg": "authenticated"}])
        check("subscribed", _speak(socket, action="subscribe", trades=[A])[0]["trades"], [A])
        v.tick(A, "51.25", volume=300)
        trade = json.loads(socket.recv(timeout=SECONDS))[0]
    check("trade", (trade["T"], trade["S"], trade["p"], trade["s"]), ("t", A, 51.25, 300))


def nothing_before_the_login(v: Venue) -> None:
    """A subscription before the login is error 401, a second login error 403, nonsense error 400."""
    with connect(v.url.replace("http", "ws", 1) + "/v2/iex") as socket:
        socket.recv(timeout=SECONDS)
        check("too early", _speak(socket, action="subscribe", trades=[A])[0]["code"], 401)
    with connect(v.url.replace("http", "ws", 1) + "/v2/iex") as socket:
        socket.recv(timeout=SECONDS)
        _speak(socket, action="auth", key=KEY, secret=SECRET)
        check("twice", _speak(socket, action="auth", key=KEY, secret=SECRET)[0]["code"], 403)
        check("nonsense", _speak(socket, action="sing")[0]["code"], 400)
