"""The official stream clients, run in a thread: what they hand to their handlers is collected to be waited for.

Waiting is waiting for a message, with a bound; a message that must not come is shown by one that comes after it.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable

from alpaca.data.live import StockDataStream
from alpaca.trading.stream import TradingStream

from venue import KEY, SECRET, SECONDS, Venue


class Seen:
    """Messages in the order in which they came."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._changed = threading.Condition()

    def add(self, message: Any) -> None:
        with self._changed:
            self.all.append(message)
            self._changed.notify_all()

    def until(self, what: str, wanted: Callable[[list[Any]], bool]) -> list[Any]:
        """Everything so far, once it is what is wanted."""
        with self._changed:
            if not self._changed.wait_for(lambda: wanted(self.all), timeout=SECONDS):
                raise AssertionError(f"{what}\n      within {SECONDS:.0f} s\n      but got  {self.all!r}")
            return list(self.all)

    def count(self, what: str, number: int) -> list[Any]:
        return self.until(what, lambda seen: len(seen) >= number)


class Running:
    """A stream client in a thread of its own, stopped at the end of the `with` block."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        # A reconnect need not wait: the venue is there at once.
        stream._reconnect_min_backoff = stream._reconnect_max_backoff = 0.01
        self._thread = threading.Thread(target=stream.run, daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        loop = self.stream._loop
        if loop is not None and loop.is_running():
            asyncio.run_coroutine_threadsafe(self._end(), loop)
        self._thread.join(timeout=SECONDS)

    async def _end(self) -> None:
        # stop() alone is noticed only when the receive times out, five seconds later.
        await self.stream.stop_ws()
        if self.stream._ws is not None:
            await self.stream._ws.close()


class Updates(TradingStream):
    """trade_updates; `control` holds what is no update."""

    def __init__(self, venue: Venue, key: str = KEY, secret: str = SECRET, raw: bool = False) -> None:
        super().__init__(key, secret, raw_data=raw, url_override=venue.url.replace("http", "ws", 1) + "/stream")
        self.updates, self.control = Seen(), Seen()
        self._record = venue.record
        self.subscribe_trade_updates(self._collect)

    async def _collect(self, update: Any) -> None:
        self.updates.add(update)

    async def _dispatch(self, msg: dict[str, Any]) -> None:
        if msg.get("stream") == "trade_updates":
            self._record.streamed("trade_updates", msg["data"])
        else:
            self.control.add(msg)
        await super()._dispatch(msg)

    def listening(self, times: int = 1) -> None:
        """Waits until the venue has confirmed the subscription (again)."""
        self.control.count("listening", times)

    def until(self, *events: str) -> list[Any]:
        """Everything so far, once each of the events was heard; the last of them ends it."""
        return self.updates.until(" and ".join(events), lambda seen: set(events) <= {word(update) for update in seen})


def word(update: Any) -> str:
    """The event of an update: the client makes an enumeration of those it knows."""
    return str(getattr(update.event, "value", update.event))


class Data(StockDataStream):
    """Market data over msgpack; `control` holds subscriptions and errors."""

    def __init__(self, venue: Venue, feed: str = "iex", key: str = KEY, secret: str = SECRET) -> None:
        super().__init__(key, secret, url_override=venue.url.replace("http", "ws", 1) + f"/v2/{feed}")
        self.seen, self.control = Seen(), Seen()

    async def collect(self, message: Any) -> None:
        self.seen.add(message)

    async def _dispatch(self, msg: dict[str, Any]) -> None:
        if msg.get("T") in ("subscription", "error"):
            self.control.add(msg)
        await super()._dispatch(msg)

    def subscribed(self, times: int = 1) -> dict[str, Any]:
        """Waits for so many answers to subscriptions; the last one."""
        return self.control.count("subscription", times)[times - 1]


def connect_only(stream: Any) -> None:
    """Connects and logs in, once; raises what the client raises."""

    async def attempt() -> None:
        try:
            await asyncio.wait_for(stream._start_ws(), SECONDS)
        finally:
            await stream.close()

    asyncio.run(attempt())
