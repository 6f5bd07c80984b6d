"""What a client that repeats a POST by itself does, and what the client order id is for.

alpaca-py repeats every request that was answered with 429 or 504, orders too.
"""

from alpaca.common.exceptions import APIError
from alpaca.trading.requests import GetOrdersRequest
from orders import limit
from venue import A, Venue, check, holds, refused

GATEWAY_TIMEOUT_AFTER_ACTING = {"status": {"code": 504, "acted": True}}
GATEWAY_TIMEOUT_BEFORE_ACTING = {"status": {"code": 504, "acted": False}}


def a_repeated_order_is_two_orders(v: Venue) -> None:
    """Without a client order id an order whose answer was lost (504) is placed twice, and nobody notices."""
    v.fault("POST", "/v2/orders", GATEWAY_TIMEOUT_AFTER_ACTING)
    v.trading.submit_order(limit(A, 10, 40.00))
    check("sent", len(v.requests("POST", "/v2/orders")), 2)
    check("orders", len(v.trading.get_orders()), 2)


def a_client_id_keeps_it_one_order(v: Venue) -> None:
    """With a client order id the repetition is refused as a duplicate, and the order is there once, to be found."""
    v.fault("POST", "/v2/orders", GATEWAY_TIMEOUT_AFTER_ACTING)
    refused("again", 422, 40010001, lambda: v.trading.submit_order(limit(A, 10, 40.00, client_order_id="desk-1")))
    check("sent", len(v.requests("POST", "/v2/orders")), 2)
    check("orders", [order.client_order_id for order in v.trading.get_orders()], ["desk-1"])
    check("found", v.trading.get_order_by_client_id("desk-1").symbol, A)


def a_timeout_before_acting_is_harmless(v: Venue) -> None:
    """When the venue had not acted, the repetition places the one order."""
    v.fault("POST", "/v2/orders", GATEWAY_TIMEOUT_BEFORE_ACTING)
    v.trading.submit_order(limit(A, 10, 40.00))
    check("orders", len(v.trading.get_orders()), 1)


def a_lost_answer_looks_like_a_failure(v: Venue) -> None:
    """The connection is cut after the venue has acted: the client raises, and the order is there."""
    v.fault("POST", "/v2/orders", "drop_after")
    try:
        v.trading.submit_order(limit(A, 10, 40.00, client_order_id="desk-1"))
        raise AssertionError("the answer should have been lost")
    except OSError:
        pass
    check("found", v.trading.get_order_by_client_id("desk-1").status.value, "accepted")


def an_outage_is_an_error(v: Venue) -> None:
    """500, 502 and 503 are errors at once: nothing repeats them."""
    for code in (500, 502, 503):
        v.fault("GET", "/v2/account", {"status": {"code": code, "acted": False}})
        try:
            v.trading.get_account()
        except APIError as error:
            check("status", error.status_code, code)
        else:
            raise AssertionError(f"{code} should have raised")


def too_many_requests(v: Venue) -> None:
    """Beyond the rate limit the answer is 429, and its headers say the limit, that nothing is left, and until when."""
    v.reset(rate_limit=5)
    client = v.client()
    client._retry = 0
    for left in (4, 3, 2, 1, 0):
        client.get_clock()
        headers = v.answer().headers
        check("limit", headers["X-RateLimit-Limit"], "5")
        check("left", headers["X-RateLimit-Remaining"], str(left))
    refused("the sixth", 429, None, client.get_clock)
    headers = v.answer().headers
    check("left", headers["X-RateLimit-Remaining"], "0")
    wait = int(headers["X-RateLimit-Reset"]) - v.now().timestamp()
    holds("until within a minute, in seconds since 1970", 0 < wait <= 60, wait)
    v.advance(seconds=61)
    client.get_clock()


def the_limit_refuses_before_it_acts(v: Venue) -> None:
    """An order answered with 429 was not placed; alpaca-py's repetitions are refused as well."""
    v.reset(rate_limit=2)
    v.trading.get_clock()
    v.trading.get_clock()
    refused("order", 429, None, lambda: v.trading.submit_order(limit(A, 10, 40.00)))
    check("it tried four times", len(v.requests("POST", "/v2/orders")), 4)
    v.advance(seconds=61)
    check("nothing placed", v.trading.get_orders(GetOrdersRequest(status="all")), [])
