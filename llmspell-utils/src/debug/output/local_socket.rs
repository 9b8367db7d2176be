//! Sockets that have a path, where the system knows them.

use std::io;
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
