//! Who is let in, and how often: the keys, and the rate limit by the venue's clock.

use super::{Engine, Rate, Request, refusal::Refusal};

const SECONDS_A_MINUTE: i64 = 60;

/// Requests of the minute under way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    minute: i64,
    used: u32,
}

impl Engine {
    /// Whether a key and its secret are let in: for connections that authenticate themselves in their own way.
    ///
    /// # Errors
    /// Status and body of the refusal.
    pub fn admits(&self, key: &str, secret: &str) -> Result<(), (u16, String)> {
        self.check_keys(Some(key), Some(secret)).map_err(|refusal| (refusal.status, refusal.body().to_string()))
    }

    pub(super) fn admit(&mut self, request: &Request) -> Result<(), Refusal> {
        self.check_keys(request.key_id.as_deref(), request.secret_key.as_deref())?;
        self.count()
    }

    fn check_keys(&self, key: Option<&str>, secret: Option<&str>) -> Result<(), Refusal> {
        match (key, secret) {
            (Some(key), Some(secret)) if key == self.config.key_id && secret == self.config.secret_key => Ok(()),
            (Some(_), Some(_)) => Err(Refusal::forbidden()),
            _ => Err(Refusal::unauthorized()),
        }
    }

    /// A request that is one too many is not counted: the minute that follows is whole again.
    fn count(&mut self) -> Result<(), Refusal> {
        let Some(limit) = self.config.rate_limit else { return Ok(()) };
        let minute = self.minute();
        if self.usage.minute != minute {
            self.usage = Usage { minute, used: 0 };
        }
        if self.usage.used >= limit {
            return Err(Refusal::rate_limit());
        }
        self.usage.used += 1;
        Ok(())
    }

    /// What every answer says of the limit.
    pub(super) fn rate(&self) -> Option<Rate> {
        let limit = self.config.rate_limit?;
        let minute = self.minute();
        let used = if self.usage.minute == minute { self.usage.used } else { 0 };
        Some(Rate { limit, remaining: limit.saturating_sub(used), reset: (minute + 1) * SECONDS_A_MINUTE })
    }

    fn minute(&self) -> i64 {
        self.now.unix_seconds().div_euclid(SECONDS_A_MINUTE)
    }
}
