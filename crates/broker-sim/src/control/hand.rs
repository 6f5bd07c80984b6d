//! What the market does by hand: prints, halts, splits.

use axum::extract::{Request as HttpRequest, State};

use super::{Answer, Refused};
use crate::http::Shell;

pub(super) async fn tick(State(_): State<Shell>, _: HttpRequest) -> Answer {
    Err(Refused(501, "not yet".to_owned()))
}

pub(super) async fn halt(State(_): State<Shell>, _: HttpRequest) -> Answer {
    Err(Refused(501, "not yet".to_owned()))
}

pub(super) async fn split(State(_): State<Shell>, _: HttpRequest) -> Answer {
    Err(Refused(501, "not yet".to_owned()))
}
