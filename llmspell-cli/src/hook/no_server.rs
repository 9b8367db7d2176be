//! Where there are no Unix sockets, the hook decides by itself.

use std::path::Path;

use llmspell_engine::Reply;

use super::budget::Budget;
use super::deciding::Call;

/// None is named.
pub(super) const fn is_named() -> bool {
    false
}

/// No server decides this.
pub(super) const fn ask(
    _call: &Call<'_>,
    _global_config: Option<&Path>,
    _text: &[u8],
    _budget: Budget,
) -> Option<Result<Reply, String>> {
    None
}
