"""Every answer the official client got, one JSON object a line: what schema.py holds against Alpaca's documents."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import urlsplit

import requests


class Record:
    """Writes to a file, or nowhere when there is none."""

    def __init__(self, path: str | None) -> None:
        self._file = open(path, "w", encoding="utf-8") if path else None
        # The streams have threads of their own, and a text file is not made for two.
        self._lock = threading.Lock()
        self.scenario = ""
        self.last: requests.Response | None = None

    def watch(self, session: requests.Session) -> None:
        session.hooks["response"].append(self._write)

    def _write(self, response: requests.Response, *_args: Any, **_kwargs: Any) -> None:
        self.last = response
        if self._file is None:
            return
        request = response.request
        address = urlsplit(request.url)
        line = {
            "scenario": self.scenario,
            "method": request.method,
            "path": address.path,
            "query": address.query,
            "sent": as_json(request.body),
            "status": response.status_code,
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "body": as_json(response.text),
        }
        self._append(line)

    def streamed(self, stream: str, message: Any) -> None:
        """A message of a websocket."""
        if self._file is not None:
            self._append({"scenario": self.scenario, "stream": stream, "body": message})

    def _append(self, line: dict[str, Any]) -> None:
        with self._lock:
            if self._file is not None:
                self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        if self._file is not None:
            with self._lock:
                self._file.close()
                self._file = None


def as_json(text: str | bytes | None) -> Any:
    """The value, or null for nothing; text that is no JSON stays text."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text if isinstance(text, str) else text.decode(errors="replace")
