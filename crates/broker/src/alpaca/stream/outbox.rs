//! What the consumer has not taken yet, bounded: the socket is read on whatever the consumer does.

use std::collections::VecDeque;

use super::tally::Source;

/// Events in order. With too many from the stream it gives all of them back to who put them in, who tells them again
/// from REST. What REST has told in one answer has no bound of its own: it is in memory already, and was asked for.
#[derive(Debug)]
pub(super) struct Outbox<E> {
    most: usize,
    events: VecDeque<(E, Source)>,
    streamed: usize,
}

impl<E> Outbox<E> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, events: VecDeque::new(), streamed: 0 }
    }

    /// Adds an event, or gives back everything, the event included, when there is no room.
    pub(super) fn push(&mut self, event: E, source: Source) -> Result<(), Vec<E>> {
        self.events.push_back((event, source));
        self.streamed += usize::from(source == Source::Stream);
        if self.streamed <= self.most {
            return Ok(());
        }
        self.streamed = 0;
        Err(self.events.drain(..).map(|(event, _)| event).collect())
    }

    pub(super) fn pop(&mut self) -> Option<E> {
        let (event, source) = self.events.pop_front()?;
        self.streamed -= usize::from(source == Source::Stream);
        Some(event)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_it_gives_everything_back() {
        let mut outbox = Outbox::new(2);
        let (stream, rest) = (Source::Stream, Source::Rest);
        assert_eq!((outbox.push(1, stream), outbox.push(2, stream)), (Ok(()), Ok(())));
        assert_eq!(outbox.pop(), Some(1));
        assert_eq!((outbox.push(3, stream), outbox.push(4, rest)), (Ok(()), Ok(())));
        assert_eq!(outbox.push(5, stream), Err(vec![2, 3, 4, 5]));
        assert!(outbox.is_empty());
        (5..9).for_each(|event| outbox.push(event, rest).unwrap());
        assert_eq!(std::iter::from_fn(|| outbox.pop()).collect::<Vec<_>>(), [5, 6, 7, 8]);
    }
}
