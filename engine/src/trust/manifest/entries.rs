//! The files of a signed list, read strictly: none twice, none outside the project.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{Error, MapAccess, Visitor};

use crate::digest;

pub(super) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    deserializer.deserialize_map(Entries)
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with the digest of each file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = BTreeMap::new();
        while let Some((path, digest)) = map.next_entry::<String, String>()? {
            if !is_inside(&path) {
                return Err(A::Error::custom(format!(
                    "`{path}` is no path of a project"
                )));
            }
            if !digest.starts_with(digest::START) {
                return Err(A::Error::custom(format!(
                    "`{path}` has no digest that is known"
                )));
            }
            if entries.contains_key(&path) {
                return Err(A::Error::custom(format!("`{path}` stands twice")));
            }
            entries.insert(path, digest);
        }
        Ok(entries)
    }
}

/// Whether a path is one as signing writes it: relative, and from part to part downwards.
fn is_inside(path: &str) -> bool {
    path.split('/')
        .all(|part| !part.is_empty() && part != "." && part != "..")
}
