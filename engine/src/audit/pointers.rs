//! Which parts of a record are not as they were: JSON pointers, bounded in number and length.

/// Pointers of one list.
const MOST: usize = 64;
/// Bytes of all of them.
const MOST_BYTES: usize = 8 * 1024;

/// A list of JSON pointers. Where it would get too long, the rest is told by the member of the record that it lies in.
#[derive(Debug, Default)]
pub(super) struct Pointers {
    list: Vec<String>,
    bytes: usize,
}

impl Pointers {
    pub(super) fn add(&mut self, pointer: &str) {
        let is_full = self.list.len() >= MOST || self.bytes + pointer.len() > MOST_BYTES;
        let added = if is_full { root(pointer) } else { pointer };
        if !self.list.iter().any(|known| known == added) {
            self.bytes += added.len();
            self.list.push(added.to_owned());
        }
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.list
    }
}

fn root(pointer: &str) -> &str {
    let inner = pointer.get(1..).unwrap_or_default();
    let end = inner.find('/').map_or(pointer.len(), |end| end + 1);
    pointer.get(..end).unwrap_or(pointer)
}

/// Appends a key to a pointer as RFC 6901 writes it.
pub(super) fn push_key(pointer: &mut String, key: &str) {
    pointer.push('/');
    for character in key.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            character => pointer.push(character),
        }
    }
}
