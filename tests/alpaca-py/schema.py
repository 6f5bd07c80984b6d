"""Holds a recorded run against Alpaca's own OpenAPI documents (3.1, so plain JSON Schema 2020-12).

    python schema.py RECORD --openapi DIRECTORY

Checked: every answer's body against the schema of its endpoint and status, dates and UUIDs included; members the
documents do not know; bodies of refusals; orders as they were sent; that every endpoint was met; and the documents'
own examples. Where a document is at odds with itself or with its service, the tables below say so, each with a reason:
an entry that is no longer needed fails as well. The last line is JSON: counts and what fell short.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from datetime import datetime
from typing import Any, Iterator
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

MESSAGE_CHARS = 200
DOCUMENTS = ("trading-api.json", "market-data-api.json")

# Method and path as in the documents: each must have been answered with success at least once.
SERVED = (
    "GET /v2/account",
    "GET /v2/account/activities",
    "GET /v2/account/activities/{activity_type}",
    "GET /v2/account/configurations",
    "PATCH /v2/account/configurations",
    "GET /v2/account/portfolio/history",
    "GET /v2/assets",
    "GET /v2/assets/{symbol_or_asset_id}",
    "GET /v2/calendar",
    "GET /v2/clock",
    "GET /v2/orders",
    "POST /v2/orders",
    "DELETE /v2/orders",
    "GET /v2/orders/{order_id}",
    "PATCH /v2/orders/{order_id}",
    "DELETE /v2/orders/{order_id}",
    "GET /v2/orders:by_client_order_id",
    "GET /v2/positions",
    "DELETE /v2/positions",
    "GET /v2/positions/{symbol_or_asset_id}",
    "DELETE /v2/positions/{symbol_or_asset_id}",
    "GET /v1/corporate-actions",
    "GET /v2/corporate_actions/announcements",
    "GET /v2/corporate_actions/announcements/{id}",
    "GET /v2/stocks/bars",
    "GET /v2/stocks/bars/latest",
    "GET /v2/stocks/quotes",
    "GET /v2/stocks/quotes/latest",
    "GET /v2/stocks/snapshots",
    "GET /v2/stocks/trades",
    "GET /v2/stocks/trades/latest",
    "GET /v2/stocks/{symbol}/bars",
    "GET /v2/stocks/{symbol}/bars/latest",
    "GET /v2/stocks/{symbol}/quotes",
    "GET /v2/stocks/{symbol}/quotes/latest",
    "GET /v2/stocks/{symbol}/snapshot",
    "GET /v2/stocks/{symbol}/trades",
    "GET /v2/stocks/{symbol}/trades/latest",
    "GET /v2/stocks/meta/conditions/{ticktype}",
    "GET /v2/stocks/meta/exchanges",
)

# Endpoint, then place in the answer and rule -> why the document is wrong there.
CAPITAL_TYPES = "the documents write announcements' types with a capital; the official client sends and reads small letters"
ANSWERS_AT_ODDS: dict[tuple[str, str], str] = {
    ("GET /v2/corporate_actions/announcements", "[].ca_type enum"): CAPITAL_TYPES,
    ("GET /v2/corporate_actions/announcements/{id}", "ca_type enum"): CAPITAL_TYPES,
    ("GET /v2/account/activities/{activity_type}", "[] oneOf"): (
        "a fill must be one of two forms, and neither requires anything, so every fill is both"
    ),
}

PATTERN_DAY_TRADER = "the documents dropped it when the pattern-day-trader rule ended; the official client still reads it"
# Members of answers that the schemas do not have -> why the venue sends them all the same.
MEMBERS_UNDOCUMENTED: dict[str, str] = {
    "source": "the documents' own examples of orders have it",
    "subtag": "the documents' own examples of orders have it",
    "easy_to_borrow": "the documents' own example of an asset has it",
    "expires_at": "the documents' own example of an order's legs has it; they describe it for orders only",
    "pattern_day_trader": PATTERN_DAY_TRADER,
    "dtbp_check": PATTERN_DAY_TRADER,
    "pdt_check": PATTERN_DAY_TRADER,
    "daytrade_count": PATTERN_DAY_TRADER,
    "daytrading_buying_power": PATTERN_DAY_TRADER,
    "effective_buying_power": "the documents' own example of an account has it",
    "position_market_value": "the documents' own example of an account has it",
}

# What alpaca-py sends that the documents do not describe -> why that is well.
ORDERS_AT_ODDS: dict[str, str] = {
    "type": "the documents want decimals as text; the official client sends numbers, and Alpaca takes both",
}

# Example and place in it -> how the example breaks its own schema.
EXAMPLES_AT_ODDS: dict[str, str] = {
    "GET /v2/orders .": "the answer is a list of orders, the examples show one order without the list",
    "MultilegOptions asset_class": "an order of several legs has no asset class of its own; empty text is not in the enumeration",
    "MultilegOptions asset_id": "an order of several legs has no asset of its own; empty text is no UUID",
    "MultilegOptions symbol": "an order of several legs has no symbol of its own; the schema wants one character at least",
    "MultilegOptions side": "an order of several legs has no side of its own; empty text is not in the enumeration",
    "MultilegOptions legs.[].type": "the legs have no type of their own; empty text is not in the enumeration",
    "NonTradeActivities date": "the example shows a day, the schema says date-time",
}


class Documents:
    """Both documents, their schemas ready to validate with."""

    def __init__(self, directory: str) -> None:
        self.contents = {name: json.load(open(f"{directory}/{name}", encoding="utf-8")) for name in DOCUMENTS}
        resources = [(name, Resource(contents, DRAFT202012)) for name, contents in self.contents.items()]
        self._registry = Registry().with_resources(resources)
        self._formats = formats()
        self.operations: dict[str, tuple[str, str, str]] = {}
        for document, contents in self.contents.items():
            for path, methods in contents["paths"].items():
                for method in methods:
                    self.operations[f"{method.upper()} {path}"] = (document, path, method)
        self._patterns = [(operation, pattern(operation)) for operation in SERVED]

    def endpoint(self, method: str, path: str) -> str | None:
        """The documents' name of a request; a path without parameters goes before one with."""
        asked = f"{method} {path}"
        matching = [operation for operation, form in self._patterns if form.fullmatch(asked)]
        return min(matching, key=lambda operation: operation.count("{"), default=None)

    def response(self, operation: str, status: int) -> str | None:
        """Where the schema of an answer is; none when the documents describe no body."""
        document, path, method = self.operations[operation]
        answer = self.contents[document]["paths"][path][method]["responses"].get(str(status), {})
        if "schema" not in answer.get("content", {}).get("application/json", {}):
            return None
        place = [path, method, "responses", str(status), "content", "application/json", "schema"]
        return f"{document}#/paths/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in place)

    def errors(self, reference: str, value: Any) -> list[tuple[str, str, str]]:
        """Place, rule and message of everything a value has wrong; an anyOf is told by its nearest branch."""
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": reference}
        validator = Draft202012Validator(schema, registry=self._registry, format_checker=self._formats)
        found = []
        for error in validator.iter_errors(value):
            nearest = best_match([error]) if error.context else error
            found.append((place(nearest.absolute_path), str(nearest.validator), shortened(nearest.message)))
        return found

    def resolve(self, document: str, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            target: Any = self.contents[document]
            for step in schema["$ref"].split("#/")[1].split("/"):
                target = target[step.replace("~1", "/").replace("~0", "~")]
            schema = target
        return schema

    def unknown(self, document: str, schema: dict[str, Any], value: Any, at: str = "") -> Iterator[str]:
        """Places of members that the schema does not name."""
        schema = self.resolve(document, schema)
        if isinstance(value, list) and "items" in schema:
            for item in value:
                yield from self.unknown(document, schema["items"], item, at + "[]")
        if not isinstance(value, dict):
            return
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches:
            found = [list(self.unknown(document, branch, value, at)) for branch in branches]
            yield from min(found, key=len)
            return
        parts = [self.resolve(document, part) for part in schema.get("allOf", [])] + [schema]
        known = {name: member for part in parts for name, member in part.get("properties", {}).items()}
        open_ended = next((part["additionalProperties"] for part in parts if "additionalProperties" in part), None)
        for name, member in value.items():
            if name in known:
                yield from self.unknown(document, known[name], member, f"{at}.{name}")
            elif isinstance(open_ended, dict):
                yield from self.unknown(document, open_ended, member, f"{at}.*")
            elif not open_ended and known:
                yield f"{at}.{name}"

    def examples(self, operation: str) -> Iterator[tuple[str, str, Any]]:
        """Name, place of the schema and value of every example of an endpoint's successful answers."""
        document, path, method = self.operations[operation]
        for status, answer in self.contents[document]["paths"][path][method]["responses"].items():
            content = answer.get("content", {}).get("application/json", {})
            reference = self.response(operation, int(status)) if status.isdigit() else None
            for name, example in content.get("examples", {}).items():
                if reference:
                    yield name, reference, self.resolve(document, example)["value"]
        schemas = self.contents[document]["components"]["schemas"]
        spoken = json.dumps(self.contents[document]["paths"][path][method])
        for name in sorted(set(re.findall(r"#/components/schemas/(\w+)", spoken))):
            for example in schemas[name].get("examples", []):
                yield name, f"{document}#/components/schemas/{name}", example


class Findings:
    """What fell short, and which of the tables' entries were needed."""

    def __init__(self) -> None:
        self.wrong: Counter[str] = Counter()
        self.needed: set[Any] = set()

    def note(self, table: dict[Any, str], key: Any, told: str) -> None:
        if key in table:
            self.needed.add(key)
        else:
            self.wrong[told] += 1

    def unneeded(self, table: dict[Any, str], name: str) -> None:
        for key in table.keys() - self.needed:
            self.wrong[f"{name} has an entry that is not needed: {key}"] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("record")
    parser.add_argument("--openapi", required=True)
    arguments = parser.parse_args()
    documents, findings = Documents(arguments.openapi), Findings()
    met: Counter[str] = Counter()
    counts = Counter(answers=0, refusals=0, orders=0, updates=0, examples=0)
    with open(arguments.record, encoding="utf-8") as record:
        for line in record:
            examine(documents, findings, json.loads(line), met, counts)
    for operation in SERVED:
        if not met[operation]:
            findings.wrong[f"never answered with success: {operation}"] += 1
        for name, reference, value in documents.examples(operation):
            counts["examples"] += 1
            for where, _, message in documents.errors(reference, value):
                key = f"{operation if where == '.' else name} {where}"
                findings.note(EXAMPLES_AT_ODDS, key, f"example {name} of {operation} at {where}: {message}")
    findings.unneeded(ANSWERS_AT_ODDS, "ANSWERS_AT_ODDS")
    findings.unneeded(MEMBERS_UNDOCUMENTED, "MEMBERS_UNDOCUMENTED")
    findings.unneeded(ORDERS_AT_ODDS, "ORDERS_AT_ODDS")
    findings.unneeded(EXAMPLES_AT_ODDS, "EXAMPLES_AT_ODDS")
    for told, times in sorted(findings.wrong.items()):
        print(f"{times:6} x {told}")
    print(json.dumps({**counts, "endpoints": len(met), "wrong": len(findings.wrong)}))
    return 1 if findings.wrong else 0


def examine(documents: Documents, findings: Findings, seen: dict[str, Any], met: Counter[str], counts: Counter[str]) -> None:
    """One request and its answer, or one message of a stream."""
    if "stream" in seen:
        counts["updates"] += 1
        examine_order(documents, findings, seen)
        return
    status, body = seen["status"], seen["body"]
    operation = documents.endpoint(seen["method"], seen["path"])
    if status >= 400:
        counts["refusals"] += 1
        for told in refusal(seen):
            findings.wrong[f"{seen['method']} {status}: {told} ({seen['scenario']})"] += 1
        return
    if operation is None:
        findings.wrong[f"success where nothing is documented: {seen['method']} {seen['path']}"] += 1
        return
    met[operation] += 1
    counts["answers"] += 1
    if operation == "DELETE /v2/positions":
        # The documents describe what was done only; what was not carries a refusal, as alpaca-py's models say.
        for entry in [entry for entry in body if entry["status"] >= 400]:
            for told in refusal({**seen, "status": entry["status"], "body": entry["body"]}):
                findings.wrong[f"{operation}: {told} ({seen['scenario']})"] += 1
        body = [entry for entry in body if entry["status"] < 400]
    reference = documents.response(operation, status)
    if reference is None:
        if body is not None or status != 204:
            findings.wrong[f"{operation} {status}: no such answer is documented"] += 1
    else:
        for where, rule, message in documents.errors(reference, body):
            key = (operation, f"{where} {rule}")
            findings.note(ANSWERS_AT_ODDS, key, f"{operation} {status} at {where}: {message}")
        document = reference.split("#")[0]
        for member in documents.unknown(document, {"$ref": reference}, body):
            name = member.rsplit(".", 1)[-1]
            findings.note(MEMBERS_UNDOCUMENTED, name, f"{operation} {status}: unknown member {member}")
    if operation in ("POST /v2/orders", "PATCH /v2/orders/{order_id}"):
        counts["orders"] += 1
        sent(documents, findings, operation, seen["sent"])


def examine_order(documents: Documents, findings: Findings, update: dict[str, Any]) -> None:
    """The order in a trade update is an order like any other."""
    document, order = "trading-api.json", update["body"]["order"]
    reference = f"{document}#/components/schemas/Order"
    for where, _, message in documents.errors(reference, order):
        findings.wrong[f"trade update at {where}: {message}"] += 1
    for member in documents.unknown(document, {"$ref": reference}, order):
        findings.note(MEMBERS_UNDOCUMENTED, member.rsplit(".", 1)[-1], f"trade update: unknown member {member}")


def refusal(seen: dict[str, Any]) -> Iterator[str]:
    """What the body of a refusal lacks: a message always, on trading endpoints a code of eight digits too."""
    body = seen["body"]
    if not isinstance(body, dict) or not isinstance(body.get("message"), str) or not body["message"]:
        yield f"no message in {body!r}"
        return
    code = body.get("code")
    if code is not None and not (isinstance(code, int) and 40_000_000 <= code < 60_000_000):
        yield f"code {code!r}"
    if code is None and seen["status"] in (404, 422) and re.match(r"/v2/(orders|positions|assets)", seen["path"]):
        yield "no code"


def sent(documents: Documents, findings: Findings, operation: str, body: Any) -> None:
    """The official client's orders against the documents: what it sends is what the venue must take."""
    document, path, method = documents.operations[operation]
    steps = [path, method, "requestBody", "content", "application/json", "schema"]
    reference = f"{document}#/paths/" + "/".join(step.replace("/", "~1") for step in steps)
    for where, _, message in documents.errors(reference, body):
        kind = "type" if re.search(r"is not of type 'string'$", message) else where
        findings.note(ORDERS_AT_ODDS, kind, f"sent {operation} at {where}: {message}")


def pattern(operation: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", operation)
    return re.compile("[^/]+".join(re.escape(part) for part in parts))


def place(path: Any) -> str:
    """Numbers of lists and names of symbols do not matter, members do."""
    steps = ("[]" if isinstance(step, int) else "*" if re.fullmatch(r"[A-Z]+", str(step)) else str(step) for step in path)
    return ".".join(steps) or "."


def shortened(message: str) -> str:
    return message if len(message) <= MESSAGE_CHARS else f"{message[:60]} ... {message[60 - MESSAGE_CHARS:]}"


def formats() -> FormatChecker:
    checker = FormatChecker(formats=())

    @checker.checks("date-time")
    def instant(value: object) -> bool:
        form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)"
        return not isinstance(value, str) or re.fullmatch(form, value) is not None

    @checker.checks("date", raises=ValueError)
    def day(value: object) -> bool:
        return not isinstance(value, str) or bool(datetime.strptime(value, "%Y-%m-%d"))

    @checker.checks("uuid", raises=ValueError)
    def uuid(value: object) -> bool:
        return not isinstance(value, str) or str(UUID(value)) == value.lower()

    @checker.checks("decimal")
    def decimal(value: object) -> bool:
        return not isinstance(value, str) or re.fullmatch(r"-?\d+(\.\d+)?", value) is not None

    return checker


if __name__ == "__main__":
    sys.exit(main())
