//! What Unix has: sockets that have a path, and files that can be told apart.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;

use super::stream::{Connection, PATIENCE};

/// A socket that sends each message by itself.
pub(super) type Datagram = UnixDatagram;

impl Connection for UnixStream {
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        Self::set_nonblocking(self, nonblocking)
    }
}

/// Whether both are of the same file, whatever its name.
pub(super) fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Connects to whoever listens at a path.
pub(super) fn connect_stream(path: &Path) -> io::Result<Box<dyn Connection>> {
    let connection = UnixStream::connect(path)?;
    connection.set_write_timeout(Some(PATIENCE))?;
    Ok(Box::new(connection))
}

/// Connects to whoever takes messages at a path.
pub(super) fn connect_datagram(path: &Path) -> io::Result<Datagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}
