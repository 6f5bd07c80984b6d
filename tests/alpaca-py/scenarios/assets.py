"""What can be traded."""

from uuid import uuid4

from alpaca.trading.enums import AssetClass, AssetStatus
from alpaca.trading.requests import GetAssetsRequest
from orders import limit
from venue import A, Venue, check, holds, refused


def an_asset_by_symbol_and_by_id(v: Venue) -> None:
    """An asset is found by its symbol and by its id, and is the same."""
    asset = v.trading.get_asset(A)
    check("what", (asset.symbol, asset.asset_class, asset.status), (A, AssetClass.US_EQUITY, AssetStatus.ACTIVE))
    check("by id", v.trading.get_asset(asset.id), asset)
    holds("named", bool(asset.name))


def every_asset_is_listed_once(v: Venue) -> None:
    """The list holds every asset once, and each is what it is alone."""
    assets = v.trading.get_all_assets()
    symbols = [asset.symbol for asset in assets]
    check("once", len(symbols), len(set(symbols)))
    check("ids", len({asset.id for asset in assets}), len(symbols))
    check("alone", v.trading.get_asset(symbols[0]), assets[0])


def assets_are_filtered(v: Venue) -> None:
    """status and asset_class keep what they name."""
    for status in AssetStatus:
        listed = v.trading.get_all_assets(GetAssetsRequest(status=status))
        check(status.value, {asset.status for asset in listed} - {status}, set())
    check("no crypto", v.trading.get_all_assets(GetAssetsRequest(asset_class=AssetClass.CRYPTO)), [])
    shares = v.trading.get_all_assets(GetAssetsRequest(asset_class=AssetClass.US_EQUITY))
    check("shares", len(shares), len(v.trading.get_all_assets()))


def an_unknown_asset(v: Venue) -> None:
    """An unknown symbol or id is 404."""
    refused("symbol", 404, 40410000, lambda: v.trading.get_asset("NOSUCH"))
    refused("id", 404, 40410000, lambda: v.trading.get_asset(uuid4()))


def an_order_names_its_asset(v: Venue) -> None:
    """asset_id of an order is the id of its asset."""
    order = v.trading.submit_order(limit(A, 1, 1.00))
    check("asset", (order.asset_id, order.asset_class), (v.trading.get_asset(A).id, AssetClass.US_EQUITY))
