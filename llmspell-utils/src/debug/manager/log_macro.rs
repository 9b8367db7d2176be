//! The macro that builds a message only for somebody who wants it.

/// Logs a formatted message; the arguments are evaluated and formatted only if the message is wanted.
///
/// The manager comes first, then the level, then the module if there is one, then what `format!` takes.
///
/// ```
/// use llmspell_utils::debug::{DebugLevel, DebugManager, debug_log};
///
/// let manager = DebugManager::new();
/// debug_log!(manager, DebugLevel::Info, module: "policy.shell", "{} rules spoke", 2);
/// debug_log!(manager, DebugLevel::Trace, "never evaluated: {}", std::process::abort());
/// assert_eq!(manager.captured(None)[0].message, "2 rules spoke");
/// ```
#[macro_export]
macro_rules! debug_log {
    ($manager:expr, $level:expr, module: $module:expr, $($message:tt)+) => {{
        let (manager, level) = (&$manager, $level);
        if manager.listens(level) {
            let module = &$module;
            let module: &str = ::core::convert::AsRef::as_ref(module);
            if manager.wants(level, ::core::option::Option::Some(module)) {
                let message = ::std::fmt::format(::core::format_args!($($message)+));
                manager.emit(manager.entry(level, message).with_module(module));
            }
        }
    }};
    ($manager:expr, $level:expr, $($message:tt)+) => {{
        let (manager, level) = (&$manager, $level);
        if manager.wants(level, ::core::option::Option::None) {
            let message = ::std::fmt::format(::core::format_args!($($message)+));
            manager.emit(manager.entry(level, message));
        }
    }};
}
