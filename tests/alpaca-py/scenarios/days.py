"""Days that are not like others: halts, splits, weekends."""

from datetime import date, timedelta

from alpaca.data.enums import Adjustment, CorporateActionsType
from alpaca.data.requests import CorporateActionsRequest, StockBarsRequest
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.enums import CorporateActionDateType, CorporateActionType
from alpaca.trading.requests import GetCorporateAnnouncementsRequest
from orders import GTC, limit, market, stop
from venue import A, B, Venue, check, holds, money


def _next_session(v: Venue) -> None:
    v.advance(to=v.trading.get_clock().next_close + timedelta(minutes=5))
    v.open()


def nothing_trades_in_a_halt(v: Venue) -> None:
    """While a symbol is halted its orders wait, and they fill when it trades again."""
    v.open((A, "50.00"))
    v.sim("POST", "halt", {"symbol": A, "halted": True})
    order = v.trading.submit_order(market(A, 10))
    v.advance(minutes=2)
    check("waits", money(v.order(order).filled_qty), 0)
    v.sim("POST", "halt", {"symbol": A, "halted": False})
    v.tick(A, "50.00")
    check("filled", v.order(order).status.value, "filled")


def a_halt_is_of_one_symbol(v: Venue) -> None:
    """Another symbol trades on."""
    v.open((A, "50.00"), (B, "40.00"))
    v.sim("POST", "halt", {"symbol": A, "halted": True})
    v.buy(B, 10, "40.00")


def a_stop_waits_out_a_halt(v: Venue) -> None:
    """A stop does not protect in a halt: after it the shares go at whatever is paid then."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop(A, 10, 45.00))
    v.sim("POST", "halt", {"symbol": A, "halted": True})
    v.sim("POST", "halt", {"symbol": A, "halted": False})
    v.tick(A, "30.00", bid="29.90")
    v.tick(A, "30.00", bid="29.90")
    order = v.order(order)
    check("sold", (order.status.value, money(order.filled_avg_price)), ("filled", money("29.90")))


def a_split_multiplies_the_shares(v: Venue) -> None:
    """After two for one there are twice the shares at half the price, and the cost is what it was."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    v.sim("POST", "split", {"symbol": A, "numerator": 2, "denominator": 1})
    position = v.trading.get_open_position(A)
    check("shares", (money(position.qty), money(position.avg_entry_price)), (20, 25))
    check("cost", money(position.cost_basis), 500)


def a_reverse_split_divides_the_shares(v: Venue) -> None:
    """After one for ten there is a tenth of the shares at ten times the price."""
    v.open((A, "50.00"))
    v.buy(A, 100, "50.00")
    v.sim("POST", "split", {"symbol": A, "numerator": 1, "denominator": 10})
    position = v.trading.get_open_position(A)
    check("shares", (money(position.qty), money(position.avg_entry_price)), (10, 500))


def bars_are_adjusted_for_a_split(v: Venue) -> None:
    """Raw bars before a split are as they traded; adjusted ones have half the price and twice the volume."""
    start, end = v.now() - timedelta(days=10), v.now()

    def bars(adjustment: Adjustment) -> list[tuple[float, float]]:
        request = StockBarsRequest(symbol_or_symbols=A, timeframe=TimeFrame.Day, start=start, end=end, adjustment=adjustment)
        return [(bar.close, bar.volume) for bar in v.data.get_stock_bars(request).data[A]]

    before = bars(Adjustment.RAW)
    v.open()
    v.sim("POST", "split", {"symbol": A, "numerator": 2, "denominator": 1})
    check("raw", bars(Adjustment.RAW), before)
    for (close, volume), (adjusted_close, adjusted_volume) in zip(before, bars(Adjustment.SPLIT), strict=True):
        holds("half the price", abs(adjusted_close - close / 2) < 0.006, (close, adjusted_close))
        check("twice the volume", adjusted_volume, 2 * volume)


def a_split_is_a_corporate_action(v: Venue) -> None:
    """A split is listed with its day and its rates."""
    v.open()
    v.sim("POST", "split", {"symbol": A, "numerator": 3, "denominator": 1})
    today = v.now().date()
    request = CorporateActionsRequest(symbols=[A], start=today - timedelta(days=1), end=today + timedelta(days=1))
    actions = v.actions.get_corporate_actions(request).data["forward_splits"]
    check("split", [(a.symbol, a.ex_date, a.new_rate, a.old_rate) for a in actions], [(A, today, 3, 1)])


def corporate_actions_are_filtered(v: Venue) -> None:
    """Other symbols, other kinds and other days have none."""
    v.open()
    v.sim("POST", "split", {"symbol": A, "numerator": 1, "denominator": 5})
    today = v.now().date()

    def count(symbol: str, kind: CorporateActionsType, day: date) -> int:
        request = CorporateActionsRequest(symbols=[symbol], types=[kind], start=day, end=day)
        return sum(len(found) for found in v.actions.get_corporate_actions(request).data.values())

    check("this", count(A, CorporateActionsType.REVERSE_SPLIT, today), 1)
    check("another symbol", count(B, CorporateActionsType.REVERSE_SPLIT, today), 0)
    check("another kind", count(A, CorporateActionsType.FORWARD_SPLIT, today), 0)
    check("another day", count(A, CorporateActionsType.REVERSE_SPLIT, today - timedelta(days=1)), 0)


def a_split_is_announced(v: Venue) -> None:
    """The older list of announcements has the split too, and each by its id."""
    v.open()
    v.sim("POST", "split", {"symbol": A, "numerator": 3, "denominator": 1})
    today = v.now().date()
    request = GetCorporateAnnouncementsRequest(
        ca_types=[CorporateActionType.SPLIT], since=today, until=today, symbol=A, date_type=CorporateActionDateType.EX_DATE
    )
    announced = v.trading.get_corporate_announcements(request)
    check("split", [(a.initiating_symbol, a.ex_date, a.new_rate, a.old_rate) for a in announced], [(A, today, 3, 1)])
    check("by id", v.trading.get_corporate_announcement_by_id(announced[0].id), announced[0])


def a_position_lasts_over_a_weekend(v: Venue) -> None:
    """What was bought on Friday is there on Monday, with its stop."""
    v.reset(start="2026-03-13T12:00:00Z")
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop(A, 10, 0.50, tif=GTC))
    _next_session(v)
    check("Monday", v.now().weekday(), 0)
    check("shares", v.position(A), 10)
    check("stop", v.order(order).status.value, "new")


def a_gtc_stop_protects_the_next_day(v: Venue) -> None:
    """A stop good till cancelled sells on the day after."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop(A, 10, 0.50, tif=GTC))
    _next_session(v)
    v.tick(A, "0.40")
    v.tick(A, "0.40")
    check("sold", v.order(order).status.value, "filled")


def a_day_order_does_not(v: Venue) -> None:
    """A day order of yesterday fills at no price today."""
    v.open((A, "50.00"))
    v.trading.submit_order(limit(A, 10, 0.50))
    _next_session(v)
    v.tick(A, "0.40")
    check("nothing", v.position(A), 0)


def the_log_tells_the_day(v: Venue) -> None:
    """The venue's own log has a line for everything that happened, and the same day makes the same log."""
    def day() -> str:
        v.reset()
        v.open((A, "50.00"))
        v.trading.submit_order(limit(A, 10, 48.00, client_order_id="one"))
        v.tick(A, "47.00")
        return v.sim("GET", "events")

    first = day()
    holds("something happened", len(first.splitlines()) >= 2, first)
    check("again", day(), first)
