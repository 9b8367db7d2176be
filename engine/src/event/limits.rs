//! How large an event may be.

/// How large an event may be.
///
/// ```
/// use llmspell_engine::EventLimits;
///
/// let limits = EventLimits { bytes: 64 * 1024, ..EventLimits::default() };
/// assert_eq!(limits.depth, 128);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLimits {
    /// Bytes of JSON text.
    pub bytes: usize,
    /// Objects and arrays inside each other, the outermost counted.
    pub depth: usize,
    /// Digits of one number, those of the exponent counted.
    pub number_digits: usize,
    /// The largest exponent of a number, either sign.
    pub number_exponent: u32,
    /// Values in all, for an event that comes as a value and not as text.
    pub values: usize,
}

impl Default for EventLimits {
    fn default() -> Self {
        Self {
            bytes: 8 * 1024 * 1024,
            depth: 128,
            number_digits: 64,
            number_exponent: 308,
            values: 1_000_000,
        }
    }
}
