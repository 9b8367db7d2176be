//! What Unix has: sockets that have a path, and files that can be told apart.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
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

/// Whether the name is that of a pipe, which to open waits for a reader.
pub(super) fn is_named_pipe(path: &Path) -> bool {
    // What is no file of its own, such as the pipe behind `/dev/stderr`, has no real path.
    path.canonicalize()
        .and_then(fs::symlink_metadata)
        .is_ok_and(|metadata| metadata.file_type().is_fifo())
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
