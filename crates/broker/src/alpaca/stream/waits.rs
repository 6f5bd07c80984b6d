//! How long a stream waits for what. Everything that waits has a bound here; everything that is kept has one too.

use std::time::Duration;

/// The waits of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// For TCP, TLS and the websocket together.
    pub connect: Duration,
    /// From an open websocket to a live stream. The broker hangs up on who has not authenticated within 10 s.
    pub handshake: Duration,
    /// For one frame to leave.
    pub send: Duration,
    /// A ping so often. It proves the connection, never that anything is told on it.
    pub ping_every: Duration,
    /// Its answer so soon, or the connection is dead.
    pub pong_within: Duration,
    /// Everything that waits is looked at so often.
    pub tick: Duration,
    /// The first pause before connecting again.
    pub pause_first: Duration,
    /// The longest.
    pub pause_most: Duration,
    /// The first pause when the account has too many connections (ours may be among them until the broker notices), or
    /// when the upgrade to a websocket was refused.
    pub slow_first: Duration,
    /// The longest of those.
    pub slow_most: Duration,
    /// A connection that lasted so long has proved itself: the pauses begin anew.
    pub proved_after: Duration,
    /// `trade_updates` is compared with REST so often within a session.
    pub compare_in_session: Duration,
    /// And outside of one, where orders for extended hours may fill.
    pub compare_outside: Duration,
    /// What REST knows and the stream has not told after so long, it never will.
    pub grace: Duration,
    /// After a refill that failed, or one whose sums do not agree, the next one; each after that waits twice as long.
    pub refill_again: Duration,
    /// The longest of those.
    pub refill_again_most: Duration,
    /// Data: the longest silence within a session with quotes subscribed to. A liquid symbol's quote changes every
    /// second; a list of quiet ones may rest for some.
    pub quotes_silent: Duration,
    /// With trades subscribed to, and no quotes.
    pub trades_silent: Duration,
    /// With bars only: one comes each minute in which anything trades, some seconds after its end.
    pub bars_silent: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(10),
            handshake: seconds(10),
            send: seconds(5),
            ping_every: seconds(15),
            pong_within: seconds(10),
            tick: seconds(1),
            pause_first: Duration::from_millis(500),
            pause_most: seconds(30),
            slow_first: seconds(15),
            slow_most: seconds(120),
            proved_after: seconds(60),
            compare_in_session: seconds(60),
            compare_outside: seconds(300),
            grace: seconds(10),
            refill_again: seconds(2),
            refill_again_most: seconds(60),
            quotes_silent: seconds(60),
            trades_silent: seconds(120),
            bars_silent: seconds(180),
        }
    }
}
