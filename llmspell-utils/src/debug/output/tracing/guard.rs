//! Keeps what came over the bridge from going back: otherwise both directions together would never come to an end.

use std::cell::Cell;

thread_local! {
    static CROSSING: Cell<bool> = const { Cell::new(false) };
}

/// Somebody on this thread is on the bridge, until this is dropped.
#[derive(Debug)]
pub(super) struct Crossing;

impl Crossing {
    /// Enters the bridge, unless the thread is on it already.
    pub(super) fn begin() -> Option<Self> {
        // A thread that is ending has no flag any more: then nothing crosses.
        let was_crossing = CROSSING.try_with(|crossing| crossing.replace(true));
        // Made only if it is wanted: dropping it opens the bridge.
        matches!(was_crossing, Ok(false)).then(|| Self)
    }
}

impl Drop for Crossing {
    fn drop(&mut self) {
        // As above.
        let _ = CROSSING.try_with(|crossing| crossing.set(false));
    }
}
