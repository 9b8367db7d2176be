//! What preprocessing does: the table `[policy.preprocess]`.

/// What policies are told besides what the agent sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PreprocessSettings {
    /// Whether a script that a command executes is read.
    pub(crate) script_inspection: bool,
    /// Bytes of all scripts of one command.
    pub(crate) max_script_bytes: usize,
    /// Whether links are followed; without it, paths are made absolute without a look at any file.
    pub(crate) symlinks: bool,
    /// Whether commands stand there in their normal form too.
    pub(crate) whitespace: bool,
}

impl Default for PreprocessSettings {
    fn default() -> Self {
        Self {
            script_inspection: true,
            max_script_bytes: 256 * 1024,
            symlinks: true,
            whitespace: true,
        }
    }
}
