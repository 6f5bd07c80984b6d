"""Clock and calendar of the exchange."""

from datetime import date, datetime, timedelta

from alpaca.trading.requests import GetCalendarRequest
from venue import Venue, check, holds


def _days(v: Venue, first: str, last: str) -> list[tuple[str, str, str]]:
    request = GetCalendarRequest(start=date.fromisoformat(first), end=date.fromisoformat(last))
    days = v.trading.get_calendar(request)
    return [(day.date.isoformat(), f"{day.open:%H:%M}", f"{day.close:%H:%M}") for day in days]


def the_clock_before_the_open(v: Venue) -> None:
    """Before the open the market is closed and opens, then closes, today."""
    clock = v.trading.get_clock()
    check("now", (clock.timestamp, clock.is_open), (v.now(), False))
    check("opens", clock.next_open, datetime.fromisoformat("2026-03-10T09:30:00-04:00"))
    check("closes", clock.next_close, datetime.fromisoformat("2026-03-10T16:00:00-04:00"))


def the_clock_in_the_session(v: Venue) -> None:
    """At the open the market is open; the next open is tomorrow's, the next close today's."""
    opens = v.trading.get_clock().next_open
    v.advance(to=opens)
    clock = v.trading.get_clock()
    check("open", clock.is_open, True)
    check("next open", clock.next_open, opens + timedelta(days=1))
    check("next close", clock.next_close, opens + timedelta(hours=6, minutes=30))


def the_clock_at_the_close(v: Venue) -> None:
    """At the close the market is closed."""
    clock = v.trading.get_clock()
    v.advance(to=clock.next_close)
    check("closed", v.trading.get_clock().is_open, False)


def the_clock_before_a_weekend(v: Venue) -> None:
    """On Friday evening the next open is Monday's."""
    v.reset(start="2026-03-13T22:00:00Z")
    check("opens", v.trading.get_clock().next_open, datetime.fromisoformat("2026-03-16T09:30:00-04:00"))


def the_calendar_of_a_week(v: Venue) -> None:
    """The calendar lists sessions, both ends included, without weekends."""
    week = [(f"2026-03-{day:02}", "09:30", "16:00") for day in range(9, 14)]
    check("week", _days(v, "2026-03-07", "2026-03-15"), week)
    check("ends included", len(_days(v, "2026-03-09", "2026-03-13")), 5)


def holidays_are_no_sessions(v: Venue) -> None:
    """Thanksgiving is missing, and the day after closes at 13:00."""
    check("week", _days(v, "2026-11-25", "2026-11-27"), [("2026-11-25", "09:30", "16:00"), ("2026-11-27", "09:30", "13:00")])


def clock_and_calendar_agree(v: Venue) -> None:
    """What the clock says of the next session is what the calendar says, over two changes of the hour."""
    for start in ("2026-03-06T22:00:00Z", "2026-10-30T22:00:00Z", "2026-07-02T22:00:00Z"):
        v.reset(start=start)
        clock = v.trading.get_clock()
        day = v.trading.get_calendar(GetCalendarRequest(start=clock.next_open.date(), end=clock.next_open.date()))[0]
        check("open", day.open, clock.next_open.replace(tzinfo=None))
        check("close", day.close, clock.next_close.replace(tzinfo=None))


def a_clock_may_lie(v: Venue) -> None:
    """The venue can be told to lie by an hour, so that programs can be shown to notice."""
    v.sim("POST", "skew", {"seconds": 3600})
    skew = v.trading.get_clock().timestamp - v.now()
    holds("an hour", skew == timedelta(hours=1), skew)


def a_calendar_may_lie(v: Venue) -> None:
    """The venue can be told to hide today's session from clock and calendar."""
    v.sim("POST", "calendar", {"wrong": "closed_today"})
    check("calendar", _days(v, "2026-03-10", "2026-03-10"), [])
    check("clock", v.trading.get_clock().next_open, datetime.fromisoformat("2026-03-11T09:30:00-04:00"))
