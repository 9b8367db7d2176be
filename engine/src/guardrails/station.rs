//! Where a guardrail stands.

use std::path::Path;

use super::Post;
use super::action::text;
use crate::shell::Surroundings;
use crate::value::Value;

/// Where a guardrail stands, kept for as long as it does.
#[derive(Debug, Clone)]
pub(super) struct Station {
    pub(super) root: String,
    pub(super) home: String,
}

impl Station {
    pub(super) fn of(post: Post<'_>) -> Self {
        let root = std::path::absolute(post.root).unwrap_or_else(|_| post.root.to_owned());
        let home = std::env::home_dir().unwrap_or_default();
        Self {
            root: root.to_string_lossy().into_owned(),
            home: home.to_string_lossy().into_owned(),
        }
    }

    pub(super) fn surroundings(&self, directory: &str) -> Surroundings {
        Surroundings {
            directory: directory.to_owned(),
            home: self.home.clone(),
            project: self.root.clone(),
        }
    }

    /// The directory of the event; that of the project, if it says none.
    pub(super) fn directory(&self, event: &Value, input: &Value) -> String {
        let root = Path::new(&self.root);
        let of_event = text(event, "cwd")
            .filter(|cwd| !cwd.is_empty())
            .map_or_else(|| root.to_owned(), |cwd| root.join(cwd));
        let of_tool = ["workdir", "cwd", "working_directory"]
            .iter()
            .find_map(|key| text(input, key));
        let directory = of_tool
            .filter(|cwd| !cwd.is_empty())
            .map_or_else(|| of_event.clone(), |cwd| of_event.join(cwd));
        directory.to_string_lossy().into_owned()
    }
}
