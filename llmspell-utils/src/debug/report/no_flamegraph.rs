//! Stands where flame graphs are drawn, in builds without the feature `flamegraph`.

use super::super::profile::Profile;
use super::format::ReportError;

/// No flame graph, which is said.
pub(super) const fn flamegraph(_profile: &Profile) -> Result<String, ReportError> {
    Err(ReportError::NotBuilt)
}
