"""alpaca-py against a running `sim-broker`: the peer our client is measured beside, in the same run.

    python bench.py --url http://127.0.0.1:PORT [--orders N] [--pages N]

Orders one after another, and pages of 10,000 daily bars, read into the client's models. Prints one line of JSON:
microseconds for orders, milliseconds for pages.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date, datetime, timedelta
from typing import Any, Callable
from zoneinfo import ZoneInfo

import requests
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.requests import StockBarsRequest
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import GetCalendarRequest, LimitOrderRequest

KEYS = ("SIMKEY", "SIMSECRET")
SESSIONS = 250
SYMBOLS = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--orders", type=int, default=2_000)
    parser.add_argument("--pages", type=int, default=30)
    arguments = parser.parse_args()
    requests.post(f"{arguments.url}/sim/reset", json={"seed": 7, "rate_limit": None}, timeout=60).raise_for_status()
    trading = TradingClient(*KEYS, url_override=arguments.url)
    data = StockHistoricalDataClient(*KEYS, url_override=arguments.url)
    orders = timed(arguments.orders, lambda number: trading.submit_order(order(number)))
    request = bars_wanted(trading)
    pages = timed(arguments.pages, lambda _: page(data, request))
    print(json.dumps({
        "client": "alpaca-py",
        "orders": arguments.orders,
        "orders_a_second": round(len(orders) / sum(orders)),
        "order_p50_us": round(percentile(orders, 50) * 1e6),
        "order_p99_us": round(percentile(orders, 99) * 1e6),
        "bars_a_page": SESSIONS * SYMBOLS,
        "page_p50_ms": round(percentile(pages, 50) * 1e3, 2),
        "page_p99_ms": round(percentile(pages, 99) * 1e3, 2),
    }))


def order(number: int) -> LimitOrderRequest:
    return LimitOrderRequest(
        symbol="AVNQ",
        qty=1,
        limit_price=1.00,
        side=OrderSide.BUY,
        time_in_force=TimeInForce.DAY,
        client_order_id=f"bench-py-{number}",
    )


def bars_wanted(trading: TradingClient) -> StockBarsRequest:
    """10,000 daily bars: so many sessions before today, of so many symbols."""
    today = trading.get_clock().timestamp.date()
    days = trading.get_calendar(GetCalendarRequest(start=today - timedelta(days=2 * SESSIONS), end=today - timedelta(days=1)))
    symbols = [asset.symbol for asset in trading.get_all_assets()][:SYMBOLS]
    first = days[-SESSIONS].date
    return StockBarsRequest(symbol_or_symbols=symbols, timeframe=TimeFrame.Day, start=midnight(first), end=midnight(today))


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), ZoneInfo("America/New_York"))


def page(data: StockHistoricalDataClient, request: StockBarsRequest) -> None:
    found = sum(len(bars) for bars in data.get_stock_bars(request).data.values())
    if found != SESSIONS * SYMBOLS:
        raise SystemExit(f"a page of {found} bars")


def timed(times: int, work: Callable[[int], Any]) -> list[float]:
    """Seconds of each; the first, which opens the connection, does not count."""
    work(-1)
    seconds = []
    for number in range(times):
        started = time.perf_counter()
        work(number)
        seconds.append(time.perf_counter() - started)
    return seconds


def percentile(values: list[float], percent: int) -> float:
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, len(ranked) * percent // 100)]


if __name__ == "__main__":
    main()
