//! What the account holds.

use market::Symbol;
use trading::report::PositionReport;

use super::{Alpaca, decode, endpoint::Get, governor::Class};
use crate::{Positions, ReadError};

impl Alpaca {
    /// Open positions.
    ///
    /// # Errors
    /// When there is no answer, or not one that is understood.
    pub async fn positions(&self) -> Result<Positions, ReadError> {
        let (rows, _) = self.get(Get::trading(Class::Protection, &["v2", "positions"])).await?;
        let decode::Rows { read, unreadable } = decode::rows("positions", rows, decode::position);
        Ok(Positions { held: read, unreadable })
    }

    /// The position in a symbol; `None` when there is none.
    ///
    /// # Errors
    /// As [`Alpaca::positions`].
    pub async fn position(&self, symbol: Symbol) -> Result<Option<PositionReport>, ReadError> {
        let path = ["v2", "positions", symbol.as_str()];
        let Some((position, endpoint)) = self.find(Get::trading(Class::Protection, &path)).await? else {
            return Ok(None);
        };
        decode::position(position).map(Some).map_err(|why| endpoint.undecodable(why))
    }
}
