//! Days side by side.

use std::{
    sync::{Mutex, PoisonError},
    thread,
};

/// Each keeps a core busy on its own.
const AT_ONCE: usize = 2;

/// Runs every one, a few at a time; what came of them is in their order.
///
/// # Panics
/// When one of them does.
pub fn a_few_at_once<T: Sync, R: Send>(all: &[T], run: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let (open, done) = (Mutex::new(all.iter().enumerate()), Mutex::new(Vec::with_capacity(all.len())));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = open.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((index, one)) = next else { return };
                    let result = run(one);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
