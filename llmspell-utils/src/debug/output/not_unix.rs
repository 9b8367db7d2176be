//! What stands in for sockets that have a path, and for telling files apart, on other systems than Unix.

use std::convert::Infallible;
use std::fs::Metadata;
use std::io;
use std::path::Path;

use super::stream::Connection;

/// A socket that sends each message by itself; nobody can have one.
#[derive(Debug)]
pub(super) struct Datagram(Infallible);

impl Datagram {
    pub(super) fn send(&self, _message: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

/// Believes that a name stays with its file.
pub(super) const fn is_same_file(_one: &Metadata, _other: &Metadata) -> bool {
    true
}

/// Knows no pipes among files.
pub(super) const fn is_named_pipe(_path: &Path) -> bool {
    false
}

/// Says that there are none.
pub(super) fn connect_stream(_path: &Path) -> io::Result<Box<dyn Connection>> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Says that there are none.
pub(super) fn connect_datagram(_path: &Path) -> io::Result<Datagram> {
    Err(io::ErrorKind::Unsupported.into())
}
