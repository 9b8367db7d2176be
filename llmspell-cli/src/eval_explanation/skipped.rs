//! The policies that were not asked, together with those that were kept from it by the same.

use llmspell_engine::SkippedPolicy;

use super::wrapped;

/// Policies of one reason that are named with their files; of more the names alone are shown.
const MAX_WITH_FILE: usize = 3;

/// Why policies were not asked, each reason once.
pub(super) fn lines(skipped: &[SkippedPolicy]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&SkippedPolicy>)> = Vec::new();
    for policy in skipped {
        let known = groups
            .iter_mut()
            .find(|(message, _)| *message == policy.message);
        match known {
            Some((_, group)) => group.push(policy),
            None => groups.push((&policy.message, vec![policy])),
        }
    }
    if groups.is_empty() {
        return Vec::new();
    }
    // What concerns few is more likely to be a mistake than what concerns many.
    groups.sort_by_key(|(_, group)| group.len());
    let mut lines = vec![format!("not asked ({})", skipped.len())];
    for (message, group) in groups {
        lines.extend(of_group(message, &group));
    }
    lines
}

fn of_group(message: &str, group: &[&SkippedPolicy]) -> Vec<String> {
    if group.len() <= MAX_WITH_FILE {
        let line =
            |policy: &&SkippedPolicy| format!("  {} ({}): {message}", policy.policy, policy.file);
        return group.iter().map(line).collect();
    }
    let names: Vec<&str> = group.iter().map(|policy| &*policy.policy).collect();
    let mut lines = vec![format!("  {} policies, of each: {message}", group.len())];
    lines.extend(wrapped("    ", "    ", &names));
    lines
}
