//! A connection to a listener that is made when it is needed, and made anew after it broke.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use parking_lot::Mutex;

use super::system;

/// How long connecting may take, and how long the other side may take nothing.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The most that the other side may say before it is heard to have ended: nobody is expected to speak.
const HEARD: usize = 16;

/// Whom to connect to.
#[derive(Debug)]
pub(super) enum Listener {
    /// `HOST:PORT`.
    Tcp(String),
    /// The path of a socket.
    Unix(PathBuf),
}

/// A connection that is made when it is needed.
#[derive(Debug)]
pub(super) struct Stream {
    listener: Listener,
    connection: Mutex<Option<Box<dyn Connection>>>,
}

/// What TCP and local sockets have in common.
pub(super) trait Connection: Read + Write + Send + fmt::Debug {
    /// Whether reading and writing wait.
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()>;
}

impl Connection for TcpStream {
    fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
        Self::set_nonblocking(self, nonblocking)
    }
}

impl Stream {
    pub(super) const fn new(listener: Listener) -> Self {
        Self {
            listener,
            connection: Mutex::new(None),
        }
    }

    /// Hands all of these bytes to the system, over the connection that there is or a new one.
    ///
    /// After a failure the connection is closed: what was sent in part begins anew on the next one.
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut place = self.connection.lock();
        let mut connection = match place.take().and_then(still_open) {
            Some(connection) => connection,
            None => self.connect()?,
        };
        connection.write_all(bytes)?;
        *place = Some(connection);
        Ok(())
    }

    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        match &self.listener {
            Listener::Tcp(address) => connect_tcp(address),
            Listener::Unix(path) => system::connect_stream(path),
        }
        .map_err(|error| nobody_there(&error))
    }
}

/// The error of somebody who cannot be reached, which may change: whoever sends may try again.
pub(super) fn nobody_there(error: &io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, error.to_string())
}

fn connect_tcp(address: &str) -> io::Result<Box<dyn Connection>> {
    let mut outcome = Err(io::Error::other("the host has no address"));
    for address in address.to_socket_addrs()? {
        outcome = TcpStream::connect_timeout(&address, PATIENCE);
        if outcome.is_ok() {
            break;
        }
    }
    let connection = outcome?;
    connection.set_write_timeout(Some(PATIENCE))?;
    connection.set_nodelay(true)?;
    Ok(Box::new(connection))
}

/// The connection, if the other side has not ended it: what is written to an ended one is lost.
fn still_open(mut connection: Box<dyn Connection>) -> Option<Box<dyn Connection>> {
    let is_open = connection.set_nonblocking(true).is_ok()
        && hears_no_end(connection.as_mut())
        && connection.set_nonblocking(false).is_ok();
    is_open.then_some(connection)
}

fn hears_no_end(connection: &mut dyn Connection) -> bool {
    let mut heard = [0; 512];
    for _ in 0..HEARD {
        match connection.read(&mut heard) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => {
                return matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                );
            }
        }
    }
    true
}
