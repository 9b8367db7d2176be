//! The three ways to a system log.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::super::stream::{Listener, Stream, nobody_there};
use super::super::system::{self, Datagram};

/// How messages get there.
#[derive(Debug)]
pub(super) enum Transport {
    Local {
        paths: Vec<PathBuf>,
        socket: Mutex<Option<Datagram>>,
    },
    Udp {
        address: String,
        socket: Mutex<Option<UdpSocket>>,
    },
    Tcp(Stream),
}

impl Transport {
    /// To the first of these paths at which somebody listens, right now and after the daemon was started anew.
    pub(super) fn local(paths: Vec<PathBuf>) -> io::Result<Self> {
        let socket = Mutex::new(Some(connect_local(&paths)?));
        Ok(Self::Local { paths, socket })
    }

    pub(super) fn udp(address: &str) -> Self {
        Self::Udp {
            address: address.to_owned(),
            socket: Mutex::new(None),
        }
    }

    pub(super) fn tcp(address: &str) -> Self {
        Self::Tcp(Stream::new(Listener::Tcp(address.to_owned())))
    }

    pub(super) fn send(&self, message: &str) -> io::Result<()> {
        let bytes = message.as_bytes();
        match self {
            Self::Local { paths, socket } => {
                let attempt = || {
                    let connect = || connect_local(paths);
                    through(socket, connect, |socket| socket.send(bytes).map(drop))
                };
                // Only a failure tells that the daemon was started anew; nothing was sent then, and a new socket may do.
                attempt().or_else(|_| attempt())
            }
            Self::Udp { address, socket } => {
                let connect = || connect_udp(address);
                through(socket, connect, |socket| socket.send(bytes).map(drop))
            }
            // RFC 6587, 3.4.1: the length in front says where a message ends.
            Self::Tcp(stream) => stream.send(format!("{} {message}", bytes.len()).as_bytes()),
        }
    }
}

/// Sends through the socket that there is or a new one; after a failure it is closed.
fn through<S>(
    place: &Mutex<Option<S>>,
    connect: impl Fn() -> io::Result<S>,
    send: impl Fn(&S) -> io::Result<()>,
) -> io::Result<()> {
    let mut place = place.lock();
    let socket = match place.take() {
        Some(socket) => socket,
        None => connect().map_err(|error| nobody_there(&error))?,
    };
    send(&socket)?;
    *place = Some(socket);
    Ok(())
}

fn connect_local(paths: &[PathBuf]) -> io::Result<Datagram> {
    let mut first_error = None;
    for path in paths {
        match system::connect_datagram(path) {
            Ok(socket) => return Ok(socket),
            Err(error) => first_error = first_error.or(Some(named(path, &error))),
        }
    }
    Err(first_error.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn connect_udp(address: &str) -> io::Result<UdpSocket> {
    let mut outcome = Err(io::Error::other("the host has no address"));
    for address in address.to_socket_addrs()? {
        outcome = connect_udp_to(address);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn connect_udp_to(address: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(address)?;
    Ok(socket)
}
