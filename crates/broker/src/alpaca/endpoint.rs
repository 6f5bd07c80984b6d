//! A read: where it goes, what it is for, and how its failures are told.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::Method;
use serde::de::DeserializeOwned;
use trading::order::Side;

use super::{
    Alpaca,
    answer::{Answer, Silence, refusal_text},
    censor::{Censor, printable},
    governor::Class,
};
use crate::ReadError;

/// More pages than any list of ours has; the end of a broker that pages in circles.
pub(super) const PAGES_MAX: usize = 1_000;
/// A list with all its pages may take so many times as long as a read.
const LIST_PATIENCES: u32 = 3;

/// One of the two interfaces, each with a rate limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Trading,
    Data,
}

/// A GET.
#[derive(Clone, Debug)]
pub(super) struct Get<'a> {
    pub(super) host: Host,
    pub(super) class: Class,
    pub(super) path: &'a [&'a str],
    pub(super) query: Vec<(&'static str, String)>,
    /// When the list it is a page of has to be whole.
    until: Option<Instant>,
}

/// The pages of one list: so many, and within a time.
pub(super) struct Pages {
    left: usize,
    max: usize,
    patience: Duration,
    until: Instant,
}

/// Method and path, for errors, and the request id once there is one.
pub(super) struct Endpoint {
    name: String,
    request_id: Option<String>,
    censor: Option<Arc<Censor>>,
}

impl<'a> Get<'a> {
    pub(super) fn trading(class: Class, path: &'a [&'a str]) -> Self {
        Self { host: Host::Trading, class, path, query: Vec::new(), until: None }
    }

    pub(super) fn data(class: Class, path: &'a [&'a str]) -> Self {
        Self { host: Host::Data, class, path, query: Vec::new(), until: None }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn with_some<T: ToString>(self, name: &'static str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(name, value.to_string()),
            None => self,
        }
    }

    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint::new(Method::GET, self.path)
    }
}

impl Pages {
    /// The next page of the list.
    ///
    /// # Errors
    /// When there were too many, or they took too long.
    pub(super) fn next<'a>(&mut self, get: &Get<'a>) -> Result<Get<'a>, ReadError> {
        if Instant::now() >= self.until {
            let why = format!("the list was not whole within {} s", self.patience.as_secs());
            return Err(get.endpoint().error(why, false));
        }
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let why = format!("the list does not end within {} pages", self.max);
            get.endpoint().error(why, false)
        })?;
        Ok(Get { until: Some(self.until), ..get.clone() })
    }
}

impl Alpaca {
    /// A list of so many pages at most; its time begins now.
    pub(super) fn pages(&self, max: usize) -> Pages {
        let patience = self.transport.patience() * LIST_PATIENCES;
        Pages { left: max, max, patience, until: Instant::now() + patience }
    }

    /// The body of a successful answer.
    pub(super) async fn get<T: DeserializeOwned>(&self, get: Get<'_>) -> Result<(T, Endpoint), ReadError> {
        let (answer, endpoint) = self.answer(get).await?;
        let parsed = answer.parse().map_err(|why| endpoint.undecodable(why))?;
        Ok((parsed, endpoint))
    }

    /// The body of a successful answer; `None` when the broker says that there is no such thing. Only its own "not found"
    /// says so: a gateway's 404 means nothing.
    pub(super) async fn find<T: DeserializeOwned>(&self, get: Get<'_>) -> Result<Option<(T, Endpoint)>, ReadError> {
        let (answer, endpoint) = self.any_answer(get).await?;
        if answer.is_not_found() {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(endpoint.refused(&answer));
        }
        let parsed = answer.parse().map_err(|why| endpoint.undecodable(why))?;
        Ok(Some((parsed, endpoint)))
    }

    /// An answer whose status is a success; everything else is an error.
    pub(super) async fn answer(&self, get: Get<'_>) -> Result<(Answer, Endpoint), ReadError> {
        let (answer, endpoint) = self.any_answer(get).await?;
        if answer.is_success() { Ok((answer, endpoint)) } else { Err(endpoint.refused(&answer)) }
    }

    async fn any_answer(&self, get: Get<'_>) -> Result<(Answer, Endpoint), ReadError> {
        let endpoint = get.endpoint();
        let url = self.base(get.host).join(get.path);
        let answer = self.transport.read(get.host, get.class, url, &get.query, get.until).await;
        let is_over = get.until.is_some_and(|until| Instant::now() >= until);
        let answer = answer.map_err(|silence| endpoint.silence(&silence, is_over))?;
        let censor = Some(Arc::clone(&answer.censor));
        let endpoint = Endpoint { request_id: answer.request_id.clone(), censor, ..endpoint };
        Ok((answer, endpoint))
    }
}

impl Endpoint {
    pub(super) fn new(method: Method, path: &[&str]) -> Self {
        Self { name: format!("{method} /{}", path.join("/")), request_id: None, censor: None }
    }

    /// An answer that is not what it should be; `why` may quote it.
    pub(super) fn undecodable(&self, why: String) -> ReadError {
        let told = self.censor.as_ref().map_or_else(|| printable(&why), |censor| censor.pass(&why));
        self.error(told, false)
    }

    pub(super) fn stuck(&self) -> ReadError {
        self.error("the list does not end".to_owned(), false)
    }

    fn silence(&self, silence: &Silence, list_is_over: bool) -> ReadError {
        let end = if list_is_over { "; the list was not whole in time" } else { "" };
        self.error(format!("{silence}{end}"), false)
    }

    fn refused(&self, answer: &Answer) -> ReadError {
        self.error(refusal_text(answer), matches!(answer.status, 401 | 403))
    }

    fn error(&self, why: String, forbidden: bool) -> ReadError {
        ReadError { endpoint: self.name.clone(), why, request_id: self.request_id.clone(), forbidden }
    }
}

/// The interface's word for a side.
pub(super) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}
