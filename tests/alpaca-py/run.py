"""Runs every scenario against one running `sim-broker`, each on a fresh venue.

    python run.py --url http://127.0.0.1:PORT [--record FILE] [--table FILE] [--only TEXT]

One line a scenario; a failure is followed by what was expected and what came. The last line is JSON:
{topic: {"passed": n, "failed": n}}. Ends with 1 when anything failed.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import inspect
import json
import logging
import pkgutil
import sys
import time
import traceback
from types import ModuleType
from typing import Callable

import scenarios
from record import Record
from venue import Venue

SECONDS_MAX = 600
Scenario = Callable[[Venue], None]


def main() -> int:
    arguments = read_arguments()
    # The client logs what a scenario provokes on purpose.
    logging.disable(logging.CRITICAL)
    # A client that waits for ever ends here, with the place where it waits.
    faulthandler.dump_traceback_later(SECONDS_MAX, exit=True)
    found = collect(arguments.only)
    if arguments.table:
        with open(arguments.table, "w", encoding="utf-8") as table:
            table.write(render(found))
    if not arguments.url:
        return 0
    record = Record(arguments.record)
    venue = Venue(arguments.url.rstrip("/"), record)
    summary: dict[str, dict[str, int]] = {}
    for topic, named in found.items():
        counts = summary.setdefault(topic, {"passed": 0, "failed": 0})
        for scenario in named:
            counts["passed" if run(venue, topic, scenario) else "failed"] += 1
    record.close()
    print(json.dumps(summary))
    return 1 if any(counts["failed"] for counts in summary.values()) else 0


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", help="where sim-broker listens; without it nothing is run")
    parser.add_argument("--record", help="writes every answer to this file, one JSON object a line")
    parser.add_argument("--table", help="writes the table of scenarios, as Markdown")
    parser.add_argument("--only", default="", help="only scenarios whose topic or name contains this")
    return parser.parse_args()


def collect(only: str) -> dict[str, list[Scenario]]:
    """Every public function of every module in scenarios/, in the order in which it is written."""
    found: dict[str, list[Scenario]] = {}
    for module in sorted(pkgutil.iter_modules(scenarios.__path__), key=lambda module: module.name):
        loaded = importlib.import_module(f"scenarios.{module.name}")
        topic = module.name.replace("_", " ")
        named = [scenario for scenario in written(loaded) if only in f"{topic} {scenario.__name__}"]
        if named:
            found[topic] = named
    return found


def written(module: ModuleType) -> list[Scenario]:
    functions = [
        function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    ]
    return sorted(functions, key=lambda function: function.__code__.co_firstlineno)


def run(venue: Venue, topic: str, scenario: Scenario) -> bool:
    venue.record.scenario = f"{topic}: {scenario.__name__}"
    started = time.monotonic()
    try:
        venue.reset()
        scenario(venue)
    except Exception as error:  # a scenario that breaks is a failure like one that disagrees
        print(f"FAIL  {topic}: {scenario.__name__}\n      rule     {rule(scenario)}\n      {told(error)}", flush=True)
        return False
    print(f"pass  {topic}: {scenario.__name__} ({1000 * (time.monotonic() - started):.0f} ms)", flush=True)
    return True


def told(error: Exception) -> str:
    where = [frame for frame in traceback.extract_tb(error.__traceback__) if "/scenarios/" in frame.filename]
    place = f"{where[-1].filename.rsplit('/', 1)[-1]}:{where[-1].lineno}: " if where else ""
    return f"{place}{error}" if isinstance(error, AssertionError) else f"{place}{type(error).__name__}: {error}"


def rule(scenario: Scenario) -> str:
    """The rule a scenario states: its docstring on one line."""
    text = inspect.getdoc(scenario)
    if not text:
        raise SystemExit(f"{scenario.__module__}.{scenario.__name__} states no rule")
    return " ".join(text.split())


def render(found: dict[str, list[Scenario]]) -> str:
    lines = []
    for topic, named in found.items():
        lines += [f"### {topic.capitalize()} ({len(named)})", "", "| scenario | rule |", "|---|---|"]
        lines += [f"| {scenario.__name__.replace('_', ' ')} | {rule(scenario)} |" for scenario in named]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
