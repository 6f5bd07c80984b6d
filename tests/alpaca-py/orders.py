"""Order requests in one line each: what a scenario wants to say, without the client's long names."""

from __future__ import annotations

from typing import Any

from alpaca.trading.enums import OrderClass, OrderSide, TimeInForce
from alpaca.trading.requests import (
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)

BUY, SELL = OrderSide.BUY, OrderSide.SELL
DAY, GTC = TimeInForce.DAY, TimeInForce.GTC
OPG, CLS, IOC, FOK = TimeInForce.OPG, TimeInForce.CLS, TimeInForce.IOC, TimeInForce.FOK


def market(symbol: str, qty: float | None, side: OrderSide = BUY, tif: TimeInForce = DAY, **more: Any) -> MarketOrderRequest:
    return MarketOrderRequest(symbol=symbol, qty=qty, side=side, time_in_force=tif, **more)


def limit(symbol: str, qty: float, price: float, side: OrderSide = BUY, tif: TimeInForce = DAY, **more: Any) -> LimitOrderRequest:
    return LimitOrderRequest(symbol=symbol, qty=qty, limit_price=price, side=side, time_in_force=tif, **more)


def stop(symbol: str, qty: float, price: float, side: OrderSide = SELL, tif: TimeInForce = DAY, **more: Any) -> StopOrderRequest:
    return StopOrderRequest(symbol=symbol, qty=qty, stop_price=price, side=side, time_in_force=tif, **more)


def stop_limit(
    symbol: str, qty: float, price: float, worst: float, side: OrderSide = SELL, tif: TimeInForce = DAY, **more: Any
) -> StopLimitOrderRequest:
    return StopLimitOrderRequest(
        symbol=symbol, qty=qty, stop_price=price, limit_price=worst, side=side, time_in_force=tif, **more
    )


def trailing(symbol: str, qty: float, side: OrderSide = SELL, tif: TimeInForce = DAY, **trail: Any) -> TrailingStopOrderRequest:
    return TrailingStopOrderRequest(symbol=symbol, qty=qty, side=side, time_in_force=tif, **trail)


def exits(take_profit: float | None = None, stop_loss: float | None = None, worst: float | None = None) -> dict[str, Any]:
    """The two exits of a group, as members of an order request."""
    members: dict[str, Any] = {}
    if take_profit is not None:
        members["take_profit"] = TakeProfitRequest(limit_price=take_profit)
    if stop_loss is not None:
        members["stop_loss"] = StopLossRequest(stop_price=stop_loss, limit_price=worst)
    return members


def bracket(symbol: str, qty: float, price: float, take_profit: float, stop_loss: float, **more: Any) -> LimitOrderRequest:
    """Buy at a limit, with both exits."""
    return limit(symbol, qty, price, order_class=OrderClass.BRACKET, **exits(take_profit, stop_loss), **more)


def oco(symbol: str, qty: float, take_profit: float, stop_loss: float, **more: Any) -> LimitOrderRequest:
    """Sell what is held at one of two prices."""
    group = exits(take_profit, stop_loss)
    return LimitOrderRequest(
        symbol=symbol, qty=qty, side=SELL, time_in_force=more.pop("tif", DAY), order_class=OrderClass.OCO, **group, **more
    )


def replacement(**changes: Any) -> ReplaceOrderRequest:
    return ReplaceOrderRequest(**changes)
