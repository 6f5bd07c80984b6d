"""The account: its number, its money, its history."""

from datetime import timedelta

from alpaca.trading.enums import AccountStatus
from alpaca.trading.requests import GetPortfolioHistoryRequest
from orders import SELL, limit, market
from venue import A, Venue, check, holds, money, refused


def the_account_is_a_paper_account(v: Venue) -> None:
    """The number of a paper account begins with PA, and the account is active and not blocked."""
    account = v.trading.get_account()
    check("number", account.account_number, "PA30000000")
    check("active", (account.status, account.currency), (AccountStatus.ACTIVE, "USD"))
    check("blocked", (account.trading_blocked, account.account_blocked, account.transfers_blocked), (False,) * 3)


def a_flat_account_is_its_cash(v: Venue) -> None:
    """Without positions equity, portfolio value and cash are the same."""
    account = v.trading.get_account()
    check("money", {money(account.cash), money(account.equity), money(account.portfolio_value)}, {100_000})
    check("long value", money(account.long_market_value), 0)


def cash_alone_buys_once(v: Venue) -> None:
    """With multiplier 1 the buying power is the cash."""
    v.reset(multiplier=1)
    account = v.trading.get_account()
    check("multiplier", (account.multiplier, money(account.buying_power)), ("1", 100_000))


def margin_buys_twice(v: Venue) -> None:
    """With multiplier 2 the buying power is twice the cash."""
    v.reset(multiplier=2)
    account = v.trading.get_account()
    check("multiplier", (account.multiplier, money(account.buying_power)), ("2", 200_000))


def a_purchase_moves_cash_into_a_position(v: Venue) -> None:
    """Ten shares at 50 leave 500 dollars less in cash, and equity as it was."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    account = v.trading.get_account()
    check("cash", money(account.cash), 99_500)
    check("value", money(account.long_market_value), 500)
    check("equity", money(account.equity), 100_000)


def profit_is_in_the_equity(v: Venue) -> None:
    """Equity follows the price of what is held, cash the sale."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    v.tick(A, "60.00")
    check("equity", money(v.trading.get_account().equity), 100_100)
    v.trading.submit_order(market(A, 10, SELL))
    v.tick(A, "60.00", bid="60.00")
    check("cash", money(v.trading.get_account().cash), 100_100)


def an_open_order_takes_buying_power(v: Venue) -> None:
    """An open order to buy 100 shares at 40 takes 4,000 dollars of buying power, and no cash."""
    v.reset(multiplier=1)
    v.open((A, "50.00"))
    v.trading.submit_order(limit(A, 100, 40.00))
    account = v.trading.get_account()
    check("money", (money(account.buying_power), money(account.cash)), (96_000, 100_000))


def last_equity_is_yesterdays(v: Venue) -> None:
    """last_equity is the equity of the previous close and stays while today's moves."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    v.tick(A, "60.00")
    account = v.trading.get_account()
    check("last and now", (money(account.last_equity), money(account.equity)), (100_000, 100_100))


def the_history_has_a_point_a_day(v: Venue) -> None:
    """The portfolio's history is lists of one length, oldest first, with the profit against the base value."""
    v.open((A, "50.00"))
    v.buy(A, 10, "50.00")
    for _ in range(3):
        v.advance(to=v.trading.get_clock().next_close + timedelta(minutes=30))
    history = v.trading.get_portfolio_history(GetPortfolioHistoryRequest(period="1M", timeframe="1D"))
    lengths = {len(history.timestamp), len(history.equity), len(history.profit_loss), len(history.profit_loss_pct)}
    holds("one length", len(lengths) == 1 and lengths.pop() >= 3, lengths)
    check("oldest first", history.timestamp, sorted(history.timestamp))
    check("timeframe", history.timeframe, "1D")
    holds("profit", abs(history.equity[-1] - history.base_value - history.profit_loss[-1]) < 0.01, history.profit_loss)


def settings_can_be_read_and_changed(v: Venue) -> None:
    """The account's settings are changed one by one, and what is not named stays."""
    before = v.trading.get_account_configurations()
    check("suspended", before.suspend_trade, False)
    changed = v.trading.set_account_configurations(before.model_copy(update={"trade_confirm_email": "none"}))
    check("changed", (changed.trade_confirm_email.value, changed.suspend_trade), ("none", False))
    check("kept", v.trading.get_account_configurations(), changed)


def trading_can_be_suspended(v: Venue) -> None:
    """While trading is suspended no opening is taken, and the account says so."""
    settings = v.trading.get_account_configurations()
    v.trading.set_account_configurations(settings.model_copy(update={"suspend_trade": True}))
    check("says so", v.trading.get_account().trade_suspended_by_user, True)
    refused("suspended", 403, None, lambda: v.trading.submit_order(limit(A, 1, 40.00)))
    v.trading.set_account_configurations(settings)
    v.trading.submit_order(limit(A, 1, 40.00))


def a_setting_that_makes_no_sense(v: Venue) -> None:
    """A value that is none is refused, and nothing changes."""
    before = v.trading.get_account_configurations()
    for change in ({"max_margin_multiplier": "3"}, {"trade_confirm_email": "sometimes"}):
        refused(str(change), 422, 42210000, lambda: v.trading.patch("/account/configurations", change))
    check("unchanged", v.trading.get_account_configurations(), before)
