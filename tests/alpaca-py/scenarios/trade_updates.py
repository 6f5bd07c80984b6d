"""The stream of what happens to orders."""

from datetime import timedelta

from orders import SELL, limit, market, oco, replacement, stop
from streams import Running, Updates, connect_only, word
from venue import A, Venue, check, holds, money


def the_right_keys_are_let_in(v: Venue) -> None:
    """The client's login is answered with authorized."""
    connect_only(Updates(v))


def wrong_keys_are_not(v: Venue) -> None:
    """Wrong keys are answered with unauthorized, and the client says so."""
    for key, secret in (("WRONG", "SIMSECRET"), ("SIMKEY", "wrong")):
        try:
            connect_only(Updates(v, key, secret))
        except ValueError as error:
            holds("says so", "authenticate" in str(error), error)
        else:
            raise AssertionError(f"{key}:{secret} was let in")


def listening_is_confirmed(v: Venue) -> None:
    """listen is answered with the streams that are listened to."""
    stream = Updates(v)
    with Running(stream):
        stream.listening()
    check("streams", stream.control.all[0], {"stream": "listening", "data": {"streams": ["trade_updates"]}})


def new_then_filled(v: Venue) -> None:
    """An order is new, then filled; each update carries the order as it was then."""
    stream = Updates(v)
    v.open((A, "50.00"))
    with Running(stream):
        stream.listening()
        order = v.trading.submit_order(limit(A, 10, 48.00))
        v.tick(A, "47.90", ask="47.95")
        updates = stream.until("fill")
    events = [(word(update), update.order.status.value) for update in updates]
    check("events", events[-2:], [("new", "new"), ("fill", "filled")])
    check("order", {update.order.id for update in updates}, {order.id})
    fill = updates[-1]
    check("fill", (money(fill.price), fill.qty, fill.position_qty), (money("47.95"), 10, 10))
    holds("an execution id", fill.execution_id is not None)


def parts_come_one_by_one(v: Venue) -> None:
    """Each part is a partial_fill with its own quantity and execution id, the last is a fill."""
    stream = Updates(v)
    v.open((A, "50.00"))
    with Running(stream):
        stream.listening()
        v.trading.submit_order(limit(A, 100, 48.00))
        for volume in (30, 50, 1000):
            v.tick(A, "48.00", volume=volume, ask="48.00")
        updates = stream.until("fill")
    fills = [update for update in updates if word(update) in ("fill", "partial_fill")]
    check("events", [word(update) for update in fills], ["partial_fill", "partial_fill", "fill"])
    check("parts", [update.qty for update in fills], [30, 50, 20])
    check("so far", [money(update.order.filled_qty) for update in fills], [30, 80, 100])
    check("position", [update.position_qty for update in fills], [30, 80, 100])
    check("executions", len({update.execution_id for update in fills}), 3)


def stream_and_activities_agree(v: Venue) -> None:
    """The execution id of the stream is the second half of the activity's id."""
    stream = Updates(v)
    v.open((A, "50.00"))
    with Running(stream):
        stream.listening()
        v.buy(A, 10, "50.00")
        updates = stream.until("fill")
    activity = v.trading.get("/account/activities/FILL", {})[0]
    check("id", activity["id"].split("::")[1], str(updates[-1].execution_id))


def a_cancellation_is_an_event(v: Venue) -> None:
    """A cancelled order is reported as canceled."""
    stream = Updates(v)
    v.open((A, "50.00"))
    with Running(stream):
        stream.listening()
        order = v.trading.submit_order(limit(A, 10, 40.00))
        v.trading.cancel_order_by_id(order.id)
        updates = stream.until("canceled")
    check("order", (updates[-1].order.id, updates[-1].order.status.value), (order.id, "canceled"))


def a_replacement_is_an_event(v: Venue) -> None:
    """A replaced order is reported as replaced, naming its successor."""
    stream = Updates(v)
    v.open((A, "50.00"))
    with Running(stream):
        stream.listening()
        old = v.trading.submit_order(limit(A, 10, 40.00))
        new = v.trading.replace_order_by_id(old.id, replacement(limit_price=41.00))
        updates = stream.until("replaced")
    replaced = [update.order for update in updates if word(update) == "replaced"][0]
    holds("both named", old.id in (replaced.id, replaced.replaces) and new.id in (replaced.id, replaced.replaced_by), replaced)


def an_expiry_is_an_event(v: Venue) -> None:
    """A day order that the close ends is reported as expired."""
    stream = Updates(v)
    v.open((A, "50.00"))
    with Running(stream):
        stream.listening()
        order = v.trading.submit_order(limit(A, 10, 1.00))
        v.advance(to=v.trading.get_clock().next_close + timedelta(minutes=1))
        updates = stream.until("expired")
    check("order", updates[-1].order.id, order.id)


def a_bracket_tells_of_its_legs(v: Venue) -> None:
    """When the stop of an oco sells, the other exit's cancellation is reported too."""
    stream = Updates(v)
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    with Running(stream):
        stream.listening()
        v.trading.submit_order(oco(A, 10, 60.00, 45.00))
        v.tick(A, "44.00")
        v.tick(A, "44.00")
        updates = stream.until("fill", "canceled")
    types = {word(update): update.order.type.value for update in updates}
    check("which", (types["fill"], types["canceled"]), ("stop", "limit"))


def a_sale_lowers_the_position(v: Venue) -> None:
    """position_qty is what is held after the fill: nothing after the last share."""
    stream = Updates(v)
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    with Running(stream):
        stream.listening()
        v.trading.submit_order(market(A, 10, SELL))
        v.tick(A, "50.00")
        updates = stream.until("fill")
    check("held", updates[-1].position_qty, 0)


def a_stop_fills_as_a_stop(v: Venue) -> None:
    """The fill of a stop names the stop order."""
    stream = Updates(v)
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    with Running(stream):
        stream.listening()
        order = v.trading.submit_order(stop(A, 10, 45.00))
        v.tick(A, "44.00")
        v.tick(A, "44.00")
        updates = stream.until("fill")
    check("order", (updates[-1].order.id, updates[-1].order.type.value), (order.id, "stop"))


def a_cut_stream_is_joined_again(v: Venue) -> None:
    """After a cut the client comes back and hears what happens next; what happened meanwhile is not told again."""
    stream = Updates(v)
    v.open((A, "50.00"))
    with Running(stream):
        stream.listening()
        v.sim("POST", "stream", {"stream": "trade_updates", "fault": "cut"})
        v.sim("POST", "stream", {"stream": "trade_updates", "fault": "none"})
        stream.listening(times=2)
        order = v.trading.submit_order(limit(A, 10, 40.00))
        updates = stream.until("new")
    check("order", updates[-1].order.id, order.id)


def two_streams_hear_the_same(v: Venue) -> None:
    """Every listener hears every update."""
    one, other = Updates(v), Updates(v)
    v.open((A, "50.00"))
    with Running(one), Running(other):
        one.listening()
        other.listening()
        order = v.trading.submit_order(limit(A, 10, 40.00))
        for stream in (one, other):
            updates = stream.until("new")
            check("order", updates[-1].order.id, order.id)
