"""alpaca-py against a running `sim-broker`: the peer our client is measured beside, in the same run.

    python bench.py --url http://127.0.0.1:PORT [--orders N] [--pages N]

Orders one after another, and pages of 10,000 minute bars, read into the client's models. Prints one line of JSON:
microseconds for orders, milliseconds for pages.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any, Callable

import requests
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.requests import StockBarsRequest
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import LimitOrderRequest

KEYS = ("SIMKEY", "SIMSECRET")
SYMBOLS = ["AVNQ", "BRZQ", "CLYQ"]
BARS = 10_000


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
    pages = timed(arguments.pages, lambda _: page(data))
    print(json.dumps({
        "client": "alpaca-py",
        "orders": arguments.orders,
        "orders_a_second": round(len(orders) / sum(orders)),
        "order_p50_us": round(percentile(orders, 50) * 1e6),
        "order_p99_us": round(percentile(orders, 99) * 1e6),
        "bars_a_page": BARS,
        "page_p50_ms": round(percentile(pages, 50) * 1e3, 2),
        "page_p99_ms": round(percentile(pages, 99) * 1e3, 2),
    }))


def order(number: int) -> LimitOrderRequest:
    return LimitOrderRequest(
        symbol=SYMBOLS[0],
        qty=1,
        limit_price=1.00,
        side=OrderSide.BUY,
        time_in_force=TimeInForce.DAY,
        client_order_id=f"bench-py-{number}",
    )


def page(data: StockHistoricalDataClient) -> None:
    request = StockBarsRequest(symbol_or_symbols=SYMBOLS, timeframe=TimeFrame.Minute, start="2015-01-01", limit=BARS)
    found = sum(len(bars) for bars in data.get_stock_bars(request).data.values())
    if found != BARS:
        raise SystemExit(f"a page of {found} bars, not {BARS}")


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
