"""What is held, and closing it."""

from alpaca.trading.requests import ClosePositionRequest
from orders import SELL, limit, market, stop
from venue import A, B, Venue, check, holds, money, refused


def a_position_says_what_it_cost(v: Venue) -> None:
    """A position has quantity, mean price, cost, value and profit, and they fit together."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    v.buy(A, 30, "54.00")
    v.tick(A, "60.00")
    position = v.trading.get_open_position(A)
    check("shares", (money(position.qty), position.side.value, position.symbol), (40, "long", A))
    check("mean and cost", (money(position.avg_entry_price), money(position.cost_basis)), (53, 2120))
    check("price and value", (money(position.current_price), money(position.market_value)), (60, 2400))
    check("profit", money(position.unrealized_pl), 280)
    holds("profit as a fraction", abs(money(position.unrealized_plpc) - money("0.132075")) < money("0.0001"))


def selling_part_keeps_the_mean(v: Venue) -> None:
    """Selling a part leaves the mean price of the rest as it was."""
    v.open((A, "50.00"))
    v.buy(A, 40, "50.00")
    v.trading.submit_order(market(A, 15, SELL))
    v.tick(A, "55.00")
    position = v.trading.get_open_position(A)
    check("rest", (money(position.qty), money(position.avg_entry_price)), (25, 50))


def nothing_held_is_not_found(v: Venue) -> None:
    """No position is 404 alone and absent in the list."""
    refused("alone", 404, 40410000, lambda: v.trading.get_open_position(A))
    check("list", v.trading.get_all_positions(), [])


def a_position_is_found_by_its_asset(v: Venue) -> None:
    """A position can be asked for by asset id as by symbol."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    asset = v.trading.get_asset(A)
    check("by id", v.trading.get_open_position(asset.id).symbol, A)


def open_sales_hold_their_shares(v: Venue) -> None:
    """qty_available is what no open sale holds."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    v.trading.submit_order(limit(A, 4, 60.00, SELL))
    check("free", money(v.trading.get_open_position(A).qty_available), 6)


def close_a_position(v: Venue) -> None:
    """Closing answers with the market order that sells everything."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.close_position(A)
    check("order", (order.side.value, order.type.value, money(order.qty)), ("sell", "market", 10))
    v.tick(A, "50.00")
    check("flat", v.position(A), 0)


def close_some_shares(v: Venue) -> None:
    """qty closes so many shares."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    v.trading.close_position(A, ClosePositionRequest(qty="4"))
    v.tick(A, "50.00")
    check("rest", v.position(A), 6)


def close_a_percentage(v: Venue) -> None:
    """percentage closes that part of the position."""
    v.open((A, "50.00"))
    v.buy(A, 40, "50.00")
    v.trading.close_position(A, ClosePositionRequest(percentage="25"))
    v.tick(A, "50.00")
    check("rest", v.position(A), 30)


def close_too_much(v: Venue) -> None:
    """More than the position, more than all of it, and less than nothing are refused."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    refused("percentage", 422, None, lambda: v.trading.close_position(A, ClosePositionRequest(percentage="101")))
    refused("negative", 422, None, lambda: v.trading.close_position(A, ClosePositionRequest(percentage="-1")))
    refused("shares", 403, 40310000, lambda: v.trading.close_position(A, ClosePositionRequest(qty="11")))
    check("untouched", v.position(A), 10)


def close_nothing(v: Venue) -> None:
    """Closing what is not held is 404."""
    refused("flat", 404, 40410000, lambda: v.trading.close_position(A))


def a_protected_position_is_not_free_to_close(v: Venue) -> None:
    """While a stop holds the shares, closing is refused: the stop has to go first."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    order = v.trading.submit_order(stop(A, 10, 45.00))
    refused("held", 403, 40310000, lambda: v.trading.close_position(A))
    v.trading.cancel_order_by_id(order.id)
    v.trading.close_position(A)
    v.tick(A, "50.00")
    check("flat", v.position(A), 0)


def close_everything(v: Venue) -> None:
    """Closing all with cancel_orders answers 207, cancels what was open and sells every position."""
    v.open((A, "50.00"), (B, "40.00"))
    v.buy(A, 10, "50.00")
    v.buy(B, 20, "40.00")
    protection = v.trading.submit_order(stop(A, 10, 45.00))
    answers = v.trading.close_all_positions(cancel_orders=True)
    check("status", v.answer().status_code, 207)
    check("each", sorted((answer.symbol, answer.status) for answer in answers), [(A, 200), (B, 200)])
    check("order", sorted((answer.body.symbol, money(answer.body.qty)) for answer in answers), [(A, 10), (B, 20)])
    check("stop", v.order(protection).status.value, "canceled")
    v.tick(A, "50.00")
    v.tick(B, "40.00")
    check("flat", v.trading.get_all_positions(), [])


def close_everything_says_what_it_could_not(v: Venue) -> None:
    """Closing all without cancel_orders sells what is free and says 403 for what a stop holds."""
    v.open((A, "50.00"), (B, "40.00"))
    v.buy(A, 10, "50.00")
    v.buy(B, 20, "40.00")
    v.trading.submit_order(stop(A, 10, 45.00))
    answers = v.trading.close_all_positions()
    check("each", sorted((answer.symbol, answer.status) for answer in answers), [(A, 403), (B, 200)])
    failed = [answer.body for answer in answers if answer.symbol == A][0]
    check("why", failed.code, 40310000)
