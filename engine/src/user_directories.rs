//! Where the user's own files lie on this system.

use std::path::PathBuf;

use etcetera::BaseStrategy as _;

/// The folder of configuration: `~/.config` on Linux; none without a home.
pub(crate) fn configuration() -> Option<PathBuf> {
    etcetera::base_strategy::choose_native_strategy()
        .ok()
        .map(|directories| directories.config_dir())
}

/// The folder that programs share settings of the machine in, as Cupcake has it: that of the configuration, on macOS
/// that of application data.
pub(crate) fn shared_configuration() -> Option<PathBuf> {
    if cfg!(target_os = "macos") {
        etcetera::base_strategy::choose_native_strategy()
            .ok()
            .map(|directories| directories.data_dir())
    } else {
        configuration()
    }
}

/// The folder of caches: `~/.cache` on Linux; none without a home.
pub(crate) fn cache() -> Option<PathBuf> {
    etcetera::base_strategy::choose_native_strategy()
        .ok()
        .map(|directories| directories.cache_dir())
}
