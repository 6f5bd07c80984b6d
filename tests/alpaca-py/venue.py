"""The venue as a scenario sees it: its switches under /sim, and the official clients pointed at it.

Prices are text ("10.00") where they go to the venue, Decimal where they come back. Time moves only by `advance`.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Callable

import requests
from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.requests import StockLatestQuoteRequest
from alpaca.trading.client import TradingClient
from alpaca.trading.models import Order

from record import Record

KEY, SECRET = "SIMKEY", "SIMSECRET"
# Three of the invented companies. Scenarios set their prices by ticks, so what they cost by themselves does not matter.
A, B, C = "AVNQ", "BRZQ", "CLYQ"
# A Tuesday in a week without holidays, before the market of that day opens (08:00 in New York).
START = "2026-03-10T12:00:00Z"
# How long anything is waited for: far longer than it takes, on a machine with much else to do.
SECONDS = 30.0
SHOWN_CHARS = 600


class Venue:
    """One running `sim-broker`, fresh after `reset`."""

    def __init__(self, url: str, record: Record) -> None:
        self.url = url
        self.record = record
        self.admin = requests.Session()
        self.trading = self.client()
        self.data = StockHistoricalDataClient(KEY, SECRET, url_override=url)
        self.actions = CorporateActionsClient(KEY, SECRET, url_override=url)
        for client in (self.data, self.actions):
            record.watch(client._session)

    def client(self, key: str = KEY, secret: str = SECRET) -> TradingClient:
        """A trading client that retries without waiting: the venue's clock stands still anyway."""
        client = TradingClient(key, secret, paper=True, url_override=self.url)
        client._retry_wait = 0
        self.record.watch(client._session)
        return client

    # The switches.

    def sim(self, method: str, path: str, body: Any = None) -> Any:
        response = self.admin.request(method, f"{self.url}/sim/{path}", json=body, timeout=SECONDS)
        if response.status_code >= 400:
            raise AssertionError(f"{method} /sim/{path} {body}: {response.status_code} {response.text}")
        kind = response.headers.get("content-type", "")
        return response.json() if kind.startswith("application/json") and response.text else response.text

    def reset(self, **changes: Any) -> None:
        """A fresh venue, before the open unless `start` says otherwise, without a rate limit unless one is given."""
        self.sim("POST", "reset", {"seed": 7, "start": START, "cash": "100000", "rate_limit": None, **changes})

    def now(self) -> datetime:
        return datetime.fromisoformat(self.sim("GET", "clock")["timestamp"])

    def advance(self, to: datetime | None = None, **span: float) -> datetime:
        """To an instant, or by so much (as timedelta counts)."""
        body = {"to": stamp(to)} if to else {"seconds": int(timedelta(**span).total_seconds())}
        return datetime.fromisoformat(self.sim("POST", "advance", body)["timestamp"])

    def tick(self, symbol: str, price: str, volume: int = 1_000_000, bid: str | None = None, ask: str | None = None) -> None:
        """A trade and a quote around it: a cent to each side unless said. Open orders meet it at once."""
        around = Decimal(price)
        quote = {"bid": bid or str(around - Decimal("0.01")), "ask": ask or str(around + Decimal("0.01"))}
        self.sim("POST", "tick", {"symbol": symbol, "price": price, "volume": volume, **quote})

    def fault(self, method: str, path: str, fault: Any, times: int = 1) -> None:
        rule = {"match": {"method": method, "path": path}, "times": times, "fault": fault}
        self.sim("POST", "faults", {"script": [rule]})

    def requests(self, method: str, path: str) -> list[dict[str, Any]]:
        """What reached the venue's door."""
        return [seen for seen in self.sim("GET", "requests") if seen["method"] == method and seen["path"] == path]

    def answer(self) -> requests.Response:
        """The latest answer a client got: what the client does not hand on, like status and headers."""
        assert self.record.last is not None
        return self.record.last

    # Shorthands of the clients.

    def open(self, *prices: tuple[str, str]) -> None:
        """Half an hour into the session, with the given symbols at the given prices."""
        clock = self.trading.get_clock()
        if not clock.is_open:
            self.advance(to=clock.next_open + timedelta(minutes=30))
        for symbol, price in prices:
            self.tick(symbol, price)

    def order(self, order: Order) -> Order:
        """The order as it is now, with its legs."""
        return Order(**self.trading.get(f"/orders/{order.id}", {"nested": "true"}))

    def buy(self, symbol: str, qty: int, price: str) -> Order:
        """Shares in hand, bought at one tick of the price."""
        from orders import market

        self.tick(symbol, price, ask=price)
        order = self.trading.submit_order(market(symbol, qty))
        self.tick(symbol, price, ask=price)
        order = self.order(order)
        check("bought", (order.status.value, Decimal(str(order.filled_qty))), ("filled", Decimal(qty)))
        return order

    def position(self, symbol: str) -> Decimal:
        """Shares held, 0 when there is no position."""
        held = [position for position in self.trading.get_all_positions() if position.symbol == symbol]
        return Decimal(held[0].qty) if held else Decimal(0)

    def post(self, body: dict[str, Any]) -> Any:
        """An order exactly as written: alpaca-py refuses some bad ones itself."""
        return self.trading.post("/orders", body)

    def ask(self, symbol: str) -> Decimal:
        return self.quote(symbol)[1]

    def bid(self, symbol: str) -> Decimal:
        return self.quote(symbol)[0]

    def quote(self, symbol: str) -> tuple[Decimal, Decimal]:
        quote = self.data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=symbol))[symbol]
        return Decimal(str(quote.bid_price)), Decimal(str(quote.ask_price))


def stamp(instant: datetime) -> str:
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=timezone.utc)
    return instant.isoformat()


def check(what: str, actual: Any, expected: Any) -> None:
    """Equal, or the scenario ends with both."""
    if actual != expected:
        raise AssertionError(f"{what}\n      expected {shown(expected)}\n      but got  {shown(actual)}")


def holds(what: str, condition: bool, seen: Any = "") -> None:
    """True, or the scenario ends."""
    if not condition:
        raise AssertionError(f"{what}\n      but got  {shown(seen)}")


def refused(what: str, status: int | tuple[int, ...], code: int | None, call: Callable[[], Any]) -> APIError:
    """Refused with that status (or one of them) and code; the message is nobody's contract, but there must be one."""
    try:
        answer = call()
    except APIError as error:
        statuses = status if isinstance(status, tuple) else (status,)
        holds(f"{what}: refused with {statuses}", error.status_code in statuses, f"{error.status_code} {error}")
        if code is not None:
            check(f"{what}: code", error.code, code)
        holds(f"{what}: a message", bool(error.message))
        return error
    raise AssertionError(f"{what}\n      expected a refusal with {status}\n      but got  {shown(answer)}")


def shown(value: Any) -> str:
    """A value on one line, cut where nobody reads on."""
    text = " ".join(repr(value).split())
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + " ..."


def money(text: Any) -> Decimal:
    """Decimals compare by value: the venue may say 10 or 10.00."""
    return Decimal(str(text))
