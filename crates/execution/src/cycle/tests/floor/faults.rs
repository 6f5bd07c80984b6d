//! What a test does to the line between the loop and its venue, and to the venue behind the loop's back.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use broker_sim::{Moment, RequestSeen, Verdict, engine::Request};
use contract::env;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::{Floor, short};

impl Floor {
    /// Cuts the line, before or after the venue acted, for some requests.
    pub fn cut(&self, moment: Moment, which: impl Fn(&RequestSeen) -> bool + Send + 'static) {
        self.venue.intercept(Box::new(move |request, now| {
            if now == moment && is_of_the_loop(request) && which(request) { Verdict::Drop } else { Verdict::Pass }
        }));
    }

    /// Says nothing to some requests.
    pub fn hang(&self, which: impl Fn(&RequestSeen) -> bool + Send + 'static) {
        self.venue.intercept(Box::new(move |request, _| {
            if is_of_the_loop(request) && which(request) { Verdict::Hang } else { Verdict::Pass }
        }));
    }

    /// Says nothing to the first of some requests, and tells when it came.
    pub fn hang_first(&self, which: impl Fn(&RequestSeen) -> bool + Send + 'static) -> UnboundedReceiver<()> {
        let (reach, reached) = unbounded_channel();
        let mut reach = Some(reach);
        self.venue.intercept(Box::new(move |request, _| {
            let Some(reach) = reach.take_if(|_| is_of_the_loop(request) && which(request)) else {
                return Verdict::Pass;
            };
            reach.send(()).unwrap();
            Verdict::Hang
        }));
        reached
    }

    /// Tells the venue, over the wire, what has no endpoint at the real one.
    pub fn sim(&self, path: &str, body: &str) {
        let url = self.env.text(&env::APCA_API_BASE_URL).unwrap().unwrap();
        let address = url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
        let fields = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{fields}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Does something at every such request.
    pub fn at(
        &self,
        moment: Moment,
        which: impl Fn(&RequestSeen) -> bool + Send + 'static,
        mut act: impl FnMut() + Send + 'static,
    ) {
        self.venue.intercept(Box::new(move |request, now| {
            if now == moment && is_of_the_loop(request) && which(request) {
                act();
            }
            Verdict::Pass
        }));
    }

    /// No more interference.
    pub fn calm(&self) {
        self.venue.intercept(Box::new(|_, _| Verdict::Pass));
    }

    /// Somebody cancels an order at the venue by hand.
    pub fn cancel_by_hand(&self, name: &str) {
        let order = self.venue.truth().orders.into_iter().find(|order| short(&order.client_order_id) == name).unwrap();
        let response = self.venue.handle(&Request {
            method: "DELETE".to_owned(),
            path: format!("/v2/orders/{}", order.id),
            key_id: Some("key".to_owned()),
            secret_key: Some("secret".to_owned()),
            ..Request::default()
        });
        assert_eq!(response.status, 204);
    }
}

pub(super) fn is_of_the_loop(request: &RequestSeen) -> bool {
    !request.agent.ends_with("(stream)")
}

pub fn is_send(request: &RequestSeen) -> bool {
    request.method == "POST"
}

pub fn is_cancel(request: &RequestSeen) -> bool {
    request.method == "DELETE"
}

pub fn is_question(request: &RequestSeen) -> bool {
    request.path == "/v2/orders:by_client_order_id"
}

pub fn is_for_executions(request: &RequestSeen) -> bool {
    request.path == "/v2/account/activities/FILL"
}
