//! Alpaca's streams, told truthfully: `trade_updates` and market data over websockets, holes filled by REST.
