//! Which policies an event concerns.

use std::collections::HashMap;

use crate::policy::Policy;

/// The tool name that stands for every tool.
const ANY: &str = "*";

/// Whether a policy for these tools is evaluated for a tool; for none, only if it is for every tool.
pub(crate) fn names_tool(tools: &[String], tool: Option<&str>) -> bool {
    tools.is_empty()
        || tools
            .iter()
            .any(|name| name == ANY || Some(name.as_str()) == tool)
}

/// The policies by event and tool, so that a decision costs what its own policies cost and no more.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    events: HashMap<String, EventRoutes>,
}

/// The policies of one event, by their places in the engine's list.
#[derive(Debug, Default)]
struct EventRoutes {
    /// Those that are for every tool, and for events without one.
    every: Vec<usize>,
    tools: HashMap<String, Vec<usize>>,
}

impl Routes {
    /// The routes of these policies; what is broken has none.
    pub(crate) fn of(policies: &[Policy]) -> Self {
        let mut routes = Self::default();
        for (index, policy) in policies
            .iter()
            .enumerate()
            .filter(|(_, policy)| policy.prepared.is_some())
        {
            let tools = &policy.summary.tools;
            for event in &policy.summary.events {
                let event = routes.events.entry(event.clone()).or_default();
                if tools.is_empty() || tools.iter().any(|tool| tool == ANY) {
                    event.every.push(index);
                } else {
                    tools
                        .iter()
                        .for_each(|tool| event.tools.entry(tool.clone()).or_default().push(index));
                }
            }
        }
        routes
    }

    /// The places of the policies for an event, in the order of the list.
    pub(crate) fn find(&self, event: &str, tool: Option<&str>) -> Vec<usize> {
        let Some(event) = self.events.get(event) else {
            return Vec::new();
        };
        let by_tool = tool.and_then(|tool| event.tools.get(tool));
        let mut found = Vec::with_capacity(event.every.len() + by_tool.map_or(0, Vec::len));
        found.extend_from_slice(&event.every);
        if let Some(by_tool) = by_tool {
            found.extend_from_slice(by_tool);
            found.sort_unstable();
        }
        found
    }
}
