//! Work on many things of the same kind, by several threads where there are any.

/// More threads than this would wait for memory, not for each other.
#[cfg(not(target_family = "wasm"))]
const MOST_THREADS: usize = 8;

/// Calls `work` once for each item. Several threads take one item after the other, each with a state
/// of its own, made by `state`.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn for_each<T: Send, S>(
    items: &mut [T],
    state: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, &mut T) + Sync,
) {
    use std::sync::{Mutex, PoisonError};

    let items = Mutex::new(items.iter_mut());
    let take = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = || {
        let mut state = state();
        while let Some(item) = take() {
            work(&mut state, item);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 1..threads.min(MOST_THREADS) {
            scope.spawn(work);
        }
        work();
    });
}

/// Calls `work` once for each item.
#[cfg(target_family = "wasm")]
pub(crate) fn for_each<T, S>(
    items: &mut [T],
    state: impl Fn() -> S,
    mut work: impl FnMut(&mut S, &mut T),
) {
    let mut state = state();
    items.iter_mut().for_each(|item| work(&mut state, item));
}
