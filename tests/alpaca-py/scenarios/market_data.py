"""Bars, trades, quotes and snapshots."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from alpaca.common.enums import Sort
from alpaca.data.models import Bar
from alpaca.data.requests import (
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from venue import A, B, C, Venue, check, holds, refused

HOUR = timedelta(hours=1)


def _bars(v: Venue, symbols: str | list[str], frame: TimeFrame, **more: Any) -> dict[str, list[Bar]]:
    return v.data.get_stock_bars(StockBarsRequest(symbol_or_symbols=symbols, timeframe=frame, **more)).data


def _mid_session(v: Venue) -> datetime:
    """Two hours into the session; returns when it opened."""
    opened = v.trading.get_clock().next_open
    v.advance(to=opened + 2 * HOUR)
    return opened


def _minutes(count: int) -> TimeFrame:
    return TimeFrame(count, TimeFrameUnit.Minute)


def _sane(bars: list[Bar]) -> None:
    for bar in bars:
        holds("low <= open, close <= high", bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high, bar)
        holds("the mean is inside", bar.low <= bar.vwap <= bar.high, bar)


def daily_bars_of_the_past(v: Venue) -> None:
    """A year of daily bars: one a session, none for today before the open, each of them a bar."""
    end = v.now()
    bars = _bars(v, A, TimeFrame.Day, start=end - timedelta(days=365), end=end)[A]
    days = [bar.timestamp.date() for bar in bars]
    holds("about 250", 245 <= len(days) <= 253, len(days))
    check("in order, each once", days, sorted(set(days)))
    holds("weekdays", all(day.weekday() < 5 for day in days))
    _sane(bars)


def a_daily_bar_begins_at_midnight(v: Venue) -> None:
    """The time of a daily bar is midnight in New York."""
    end = v.now()
    bar = _bars(v, A, TimeFrame.Day, start=end - timedelta(days=6), end=end)[A][0]
    check("UTC", (bar.timestamp.hour, bar.timestamp.minute), (5, 0) if bar.timestamp.date().isoformat() < "2026-03-08" else (4, 0))


def minute_bars_of_today(v: Venue) -> None:
    """Two hours of a session are at most 120 minute bars, none of them later than now."""
    opened = _mid_session(v)
    bars = _bars(v, A, TimeFrame.Minute, start=opened, end=opened + 8 * HOUR)[A]
    holds("at most 120", 100 <= len(bars) <= 120, len(bars))
    holds("inside", all(opened <= bar.timestamp < opened + 2 * HOUR for bar in bars), bars[-1].timestamp)
    _sane(bars)


def bigger_bars_are_made_of_smaller(v: Venue) -> None:
    """Five-minute and hourly bars have the open, high, low, close and volume of their minutes."""
    opened = _mid_session(v)
    minutes = _bars(v, A, TimeFrame.Minute, start=opened, end=opened + HOUR - timedelta(minutes=30))[A]
    for size in (5, 10, 15):
        for bar in _bars(v, A, _minutes(size), start=opened, end=opened + timedelta(minutes=29))[A]:
            inside = [m for m in minutes if bar.timestamp <= m.timestamp < bar.timestamp + timedelta(minutes=size)]
            made = (inside[0].open, max(m.high for m in inside), min(m.low for m in inside), inside[-1].close)
            check(f"{size} minutes from {bar.timestamp}", (bar.open, bar.high, bar.low, bar.close), made)
            check("volume", bar.volume, sum(m.volume for m in inside))


def weeks_and_months(v: Venue) -> None:
    """Weekly and monthly bars have the extremes and the volume of their days, and begin on Monday and on the first."""
    end = v.now()
    start = datetime.fromisoformat("2026-01-05T05:00:00Z")
    days = _bars(v, A, TimeFrame.Day, start=start, end=end)[A]
    weeks = _bars(v, A, TimeFrame.Week, start=start, end=end)[A]
    check("Mondays", {bar.timestamp.weekday() for bar in weeks}, {0})
    first = [day for day in days if day.timestamp < weeks[1].timestamp]
    check("first week", (weeks[0].high, weeks[0].volume), (max(day.high for day in first), sum(day.volume for day in first)))
    months = _bars(v, A, TimeFrame.Month, start=datetime.fromisoformat("2025-11-01T04:00:00Z"), end=end)[A]
    check("the first", {bar.timestamp.day for bar in months}, {1})


def the_limit_counts_all_symbols(v: Venue) -> None:
    """limit bounds the bars of all symbols together, and next_page_token says there are more."""
    end = v.now()
    query = {"symbols": f"{A},{B}", "timeframe": "1Day", "start": "2026-01-05", "end": end.isoformat(), "limit": 60}
    page = v.data.get("/stocks/bars", query)
    counts = {symbol: len(bars) for symbol, bars in page["bars"].items()}
    check("sixty in all", sum(counts.values()), 60)
    holds("the first symbol first", counts[A] > counts.get(B, 0), counts)
    holds("more", bool(page["next_page_token"]), page["next_page_token"])


def pages_are_the_whole(v: Venue) -> None:
    """Pages of seven bars, one after another, are what one large page is."""
    end = v.now()
    query: dict[str, Any] = {"symbols": f"{A},{B},{C}", "timeframe": "1Day", "start": "2026-02-02", "end": end.isoformat()}
    whole = v.data.get("/stocks/bars", {**query, "limit": 10_000})
    check("one page", whole["next_page_token"], None)
    found: dict[str, list[Any]] = {}
    token, pages = None, 0
    while True:
        page = v.data.get("/stocks/bars", {**query, "limit": 7, "page_token": token})
        for symbol, bars in page["bars"].items():
            found.setdefault(symbol, []).extend(bars)
        token, pages = page["next_page_token"], pages + 1
        if token is None:
            break
    check("the same", found, whole["bars"])
    holds("more than one page", pages > 5, pages)


def the_client_pages_by_itself(v: Venue) -> None:
    """alpaca-py asks page after page until it has as many bars as it wants."""
    end = v.now()
    start = end - timedelta(days=200)
    bars = _bars(v, [A, B], TimeFrame.Day, start=start, end=end, limit=100)
    check("a hundred", sum(len(of) for of in bars.values()), 100)


def the_newest_first(v: Venue) -> None:
    """sort desc turns the bars round."""
    end = v.now()
    span = {"start": end - timedelta(days=30), "end": end}
    up = _bars(v, A, TimeFrame.Day, **span)[A]
    down = _bars(v, A, TimeFrame.Day, sort=Sort.DESC, **span)[A]
    check("reversed", [bar.timestamp for bar in down], [bar.timestamp for bar in reversed(up)])


def both_ends_are_included(v: Venue) -> None:
    """start and end are inclusive."""
    opened = _mid_session(v)
    start, end = opened + timedelta(minutes=10), opened + timedelta(minutes=19)
    bars = _bars(v, A, TimeFrame.Minute, start=start, end=end)[A]
    check("first and last", (bars[0].timestamp, bars[-1].timestamp), (start, end))


def unknown_symbols_have_no_bars(v: Venue) -> None:
    """A symbol nobody lists is left out, the others are there."""
    end = v.now()
    bars = _bars(v, [A, "NOSUCH"], TimeFrame.Day, start=end - timedelta(days=10), end=end)
    check("symbols", sorted(bars), [A])


def a_request_that_makes_no_sense(v: Venue) -> None:
    """A bad timeframe, limit, date, token or no symbol is 400."""
    good = {"symbols": A, "timeframe": "1Day", "start": "2026-02-02"}
    for name, value in (
        ("timeframe", "1Fortnight"),
        ("timeframe", "60Min"),
        ("limit", "0"),
        ("limit", "10001"),
        ("start", "yesterday"),
        ("page_token", "no token"),
        ("adjustment", "wishful"),
        ("symbols", ""),
    ):
        refused(f"{name}={value}", (400, 422), None, lambda: v.data.get("/stocks/bars", {**good, name: value}))


def the_latest_trade_is_the_last_tick(v: Venue) -> None:
    """The latest trade has the price, size and instant of what traded last."""
    v.open((A, "50.00"))
    v.tick(A, "51.25", volume=300)
    trade = v.data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols=A))[A]
    check("trade", (trade.price, trade.size, trade.timestamp), (51.25, 300, v.now()))


def the_latest_quote_is_the_last_one(v: Venue) -> None:
    """The latest quote has the bid and ask that stand."""
    v.open((A, "50.00"))
    v.tick(A, "51.25", bid="51.20", ask="51.40")
    check("quote", v.quote(A), (Decimal("51.2"), Decimal("51.4")))
    request = StockLatestQuoteRequest(symbol_or_symbols=[A, B])
    check("of several", sorted(v.data.get_stock_latest_quote(request)), sorted([A, B]))


def the_latest_bar_is_complete(v: Venue) -> None:
    """The latest bar is the last whole minute, as the list of minute bars has it."""
    opened = _mid_session(v)
    latest = v.data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=A))[A]
    listed = _bars(v, A, TimeFrame.Minute, start=opened)[A][-1]
    check("bar", (latest.timestamp, latest.close, latest.volume), (listed.timestamp, listed.close, listed.volume))


def a_snapshot_is_all_of_it(v: Venue) -> None:
    """A snapshot has the latest trade and quote, the minute, today's bar and yesterday's."""
    opened = _mid_session(v)
    v.tick(A, "51.25", bid="51.20", ask="51.40")
    snapshot = v.data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=[A, B]))[A]
    check("trade", snapshot.latest_trade.price, 51.25)
    check("quote", (snapshot.latest_quote.bid_price, snapshot.latest_quote.ask_price), (51.20, 51.40))
    check("today", snapshot.daily_bar.timestamp.date(), opened.date())
    holds("yesterday", snapshot.previous_daily_bar.timestamp < snapshot.daily_bar.timestamp)
    holds("the minute", snapshot.minute_bar.timestamp < v.now(), snapshot.minute_bar)


def trades_of_the_past(v: Venue) -> None:
    """Trades of a span come in order, and the pushed one is among them."""
    v.open((A, "50.00"))
    v.tick(A, "51.25", volume=300)
    end = v.now()
    request = StockTradesRequest(symbol_or_symbols=A, start=end - timedelta(minutes=5), end=end)
    trades = v.data.get_stock_trades(request).data[A]
    times = [trade.timestamp for trade in trades]
    check("in order", times, sorted(times))
    check("the last", (trades[-1].price, trades[-1].size), (51.25, 300))


def quotes_of_the_past(v: Venue) -> None:
    """Quotes of a span come in order, never crossed, and the pushed one is the last."""
    v.open((A, "50.00"))
    v.tick(A, "51.25", bid="51.20", ask="51.40")
    end = v.now()
    request = StockQuotesRequest(symbol_or_symbols=A, start=end - timedelta(minutes=5), end=end)
    quotes = v.data.get_stock_quotes(request).data[A]
    holds("not crossed", all(quote.bid_price <= quote.ask_price for quote in quotes))
    check("the last", (quotes[-1].bid_price, quotes[-1].ask_price), (51.20, 51.40))


def one_symbol_alone(v: Venue) -> None:
    """Asked for alone, in the path, a symbol has what it has in the list of one."""
    opened = _mid_session(v)
    span = {"start": opened.isoformat(), "end": v.now().isoformat(), "limit": 50}
    for kind, more in (("bars", {"timeframe": "5Min"}), ("trades", {}), ("quotes", {})):
        alone = v.data.get(f"/stocks/{A}/{kind}", {**span, **more})
        listed = v.data.get(f"/stocks/{kind}", {"symbols": A, **span, **more})
        check(f"{kind}: whose", alone["symbol"], A)
        check(kind, alone[kind], listed[kind][A])
    for kind, name in (("bars", "bar"), ("trades", "trade"), ("quotes", "quote")):
        alone = v.data.get(f"/stocks/{A}/{kind}/latest", {})
        listed = v.data.get(f"/stocks/{kind}/latest", {"symbols": A})
        check(f"latest {name}", (alone["symbol"], alone[name]), (A, listed[kind][A]))
    alone = v.data.get(f"/stocks/{A}/snapshot", {})
    check("whose snapshot", alone.pop("symbol"), A)
    check("snapshot", alone, v.data.get("/stocks/snapshots", {"symbols": A})[A])


def codes_have_their_meanings(v: Venue) -> None:
    """Every exchange and condition that occurs in trades is in the tables of codes."""
    opened = _mid_session(v)
    exchanges = v.data.get("/stocks/meta/exchanges", {})
    conditions = v.data.get("/stocks/meta/conditions/trade", {"tape": "A"})
    trades = v.data.get("/stocks/trades", {"symbols": A, "start": opened.isoformat(), "limit": 100})["trades"][A]
    holds("trades", len(trades) > 10, len(trades))
    check("exchanges", {trade["x"] for trade in trades} - set(exchanges), set())
    check("conditions", {code for trade in trades for code in trade["c"]} - set(conditions), set())


def the_same_seed_is_the_same_market(v: Venue) -> None:
    """Two venues of one seed have the same bars, another seed has others."""
    def bars() -> list[Bar]:
        return _bars(v, A, TimeFrame.Day, start=v.now() - timedelta(days=60), end=v.now())[A]

    first = bars()
    v.reset()
    check("again", bars(), first)
    v.reset(seed=8)
    holds("another", bars() != first)
