"""Market, limit, stop, stop limit and trailing stop orders."""

from orders import BUY, SELL, limit, market, stop, stop_limit, trailing
from venue import A, Venue, check, holds, money


def market_buy_pays_the_ask(v: Venue) -> None:
    """A market order to buy fills at the ask."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(market(A, 10))
    v.tick(A, "50.00", bid="49.98", ask="50.01")
    order = v.order(order)
    check("filled", (order.status.value, money(order.filled_qty)), ("filled", 10))
    check("price", money(order.filled_avg_price), money("50.01"))
    holds("it says when", order.filled_at is not None)


def market_sell_takes_the_bid(v: Venue) -> None:
    """A market order to sell fills at the bid."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(market(A, 10, SELL))
    v.tick(A, "50.00")
    check("price", money(v.order(order).filled_avg_price), money("49.99"))
    check("flat", v.position(A), 0)


def limit_rests_until_the_market_comes(v: Venue) -> None:
    """A limit order below the market is new, stays new, and fills when the ask reaches it, never above its limit."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 10, 49.00))
    v.tick(A, "49.50")
    check("rests", v.order(order).status.value, "new")
    v.tick(A, "48.90", ask="48.95")
    order = v.order(order)
    check("filled", order.status.value, "filled")
    holds("at the limit or better", money(order.filled_avg_price) <= money("49.00"), order.filled_avg_price)


def a_buy_limit_gets_the_better_price(v: Venue) -> None:
    """A limit order to buy above the ask pays the ask, not its limit."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 10, 52.00))
    v.tick(A, "50.00")
    check("price", money(v.order(order).filled_avg_price), money("50.01"))


def a_sell_limit_gets_the_better_price(v: Venue) -> None:
    """A limit order to sell below the bid gets the bid, not its limit."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(limit(A, 10, 48.00, SELL))
    v.tick(A, "50.00")
    check("price", money(v.order(order).filled_avg_price), money("49.99"))


def a_stop_waits_for_its_price(v: Venue) -> None:
    """A stop to sell does nothing above its price and sells at the market once the price is reached."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop(A, 10, 48.00))
    v.tick(A, "48.50")
    check("waits", v.order(order).status.value, "new")
    v.tick(A, "48.00", bid="47.99")
    v.tick(A, "48.00", bid="47.99")
    order = v.order(order)
    check("filled", (order.status.value, money(order.filled_avg_price)), ("filled", money("47.99")))


def a_stop_to_buy_waits_above(v: Venue) -> None:
    """A stop to buy waits above the market and buys once the price has risen to it."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(stop(A, 10, 52.00, BUY))
    v.tick(A, "51.90")
    check("waits", v.order(order).status.value, "new")
    v.tick(A, "52.10")
    v.tick(A, "52.10")
    check("filled", v.order(order).status.value, "filled")


def a_gap_goes_through_a_stop(v: Venue) -> None:
    """A stop is no promise of its price: after a gap it fills at the bid that is there."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop(A, 10, 48.00))
    v.tick(A, "41.00", bid="40.95")
    v.tick(A, "41.00", bid="40.95")
    order = v.order(order)
    check("filled", (order.status.value, money(order.filled_avg_price)), ("filled", money("40.95")))


def a_stop_limit_does_not_follow_a_gap(v: Venue) -> None:
    """A stop limit that gaps past its limit rests as a limit order and fills when the price comes back."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop_limit(A, 10, 48.00, 47.00))
    v.tick(A, "41.00")
    v.tick(A, "41.00")
    check("unfilled", (v.order(order).status.value, money(v.order(order).filled_qty)), ("new", 0))
    v.tick(A, "47.50")
    order = v.order(order)
    check("filled", order.status.value, "filled")
    holds("at the limit or better", money(order.filled_avg_price) >= money("47.00"), order.filled_avg_price)


def a_stop_limit_does_nothing_before_its_stop(v: Venue) -> None:
    """The limit of a stop limit order counts only once the stop was reached, though the market would fill it."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop_limit(A, 10, 48.00, 47.00))
    v.tick(A, "49.00")
    check("waits", v.order(order).status.value, "new")


def a_trailing_stop_follows_by_dollars(v: Venue) -> None:
    """A trailing stop of two dollars follows the high and sells two dollars below it, not before."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(trailing(A, 10, trail_price=2.0))
    v.tick(A, "55.00")
    check("its stop", money(v.order(order).stop_price), money("53.00"))
    v.tick(A, "53.50")
    check("waits", v.order(order).status.value, "new")
    v.tick(A, "53.00")
    v.tick(A, "53.00")
    check("filled", v.order(order).status.value, "filled")


def a_trailing_stop_follows_by_percent(v: Venue) -> None:
    """A trailing stop of ten percent of a high of 60 sells at 54."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(trailing(A, 10, trail_percent=10.0))
    v.tick(A, "60.00")
    v.tick(A, "54.50")
    check("waits", v.order(order).status.value, "new")
    v.tick(A, "54.00")
    v.tick(A, "54.00")
    check("filled", v.order(order).status.value, "filled")


def a_trailing_stop_says_its_high(v: Venue) -> None:
    """hwm is the best price since the order, and a fall leaves it where it is."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(trailing(A, 10, trail_price=5.0))
    v.tick(A, "56.00")
    v.tick(A, "53.00")
    order = v.order(order)
    check("hwm and stop", (money(order.hwm), money(order.stop_price)), (56, 51))


def a_trailing_stop_to_buy_follows_down(v: Venue) -> None:
    """A trailing stop to buy follows the low and buys above it."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(trailing(A, 10, BUY, trail_price=2.0))
    v.tick(A, "45.00")
    check("hwm and stop", (money(v.order(order).hwm), money(v.order(order).stop_price)), (45, 47))
    v.tick(A, "47.00")
    v.tick(A, "47.00")
    check("filled", v.order(order).status.value, "filled")


def an_order_fills_in_parts(v: Venue) -> None:
    """An order takes no more than was traded: it is partially_filled until the rest comes."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 100, 50.00))
    v.tick(A, "49.00", volume=30, ask="49.00")
    part = v.order(order)
    check("part", (part.status.value, money(part.filled_qty)), ("partially_filled", 30))
    v.tick(A, "49.00", volume=1000, ask="49.00")
    check("whole", (v.order(order).status.value, money(v.order(order).filled_qty)), ("filled", 100))


def the_average_price_weighs_the_parts(v: Venue) -> None:
    """filled_avg_price is the mean of the fills by shares: 25 at 48 and 75 at 44 are 45."""
    v.open((A, "50.00"))
    order = v.trading.submit_order(limit(A, 100, 48.00))
    v.tick(A, "48.00", volume=25, ask="48.00")
    v.tick(A, "44.00", volume=1000, ask="44.00")
    check("mean", money(v.order(order).filled_avg_price), 45)
