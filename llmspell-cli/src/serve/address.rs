//! Where the server listens, and whether whoever is at the other end of a connection is one of us.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

#[cfg(target_os = "linux")]
use crate::programs::{self, FRONT, HOST};

const NAME: &str = "hook.sock";

/// The socket unless another one is named: in the folder of the session, else in that of caches.
pub(crate) fn usual() -> Option<PathBuf> {
    let folder = |name: &str| {
        let folder = std::env::var_os(name).map(PathBuf::from);
        folder.filter(|folder| folder.is_absolute())
    };
    let home = || folder("HOME").map(|home| home.join(".cache"));
    let base = folder("XDG_RUNTIME_DIR")
        .or_else(|| folder("XDG_CACHE_HOME"))
        .or_else(home)?;
    Some(base.join("llmspell").join(NAME))
}

/// Connects to a server, if one listens there that no other user can have put there.
pub(crate) fn connect(socket: &Path) -> Option<UnixStream> {
    let folder = fs::symlink_metadata(socket.parent()?).ok()?;
    let is_private =
        folder.is_dir() && folder.uid() == geteuid().as_raw() && folder.mode() & 0o077 == 0;
    if !is_private {
        return None;
    }
    let stream = UnixStream::from(connected(socket).ok()?);
    stream.set_nonblocking(false).ok()?;
    is_one_of_us(&stream).then_some(stream)
}

/// A connection; an error where the server has more to do than it can take.
fn connected(socket: &Path) -> rustix::io::Result<rustix::fd::OwnedFd> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let made = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&made, &SocketAddrUnix::new(socket)?)?;
    Ok(made)
}

/// Makes the folder of the socket, which is nobody else's.
pub(crate) fn prepare(socket: &Path) -> io::Result<()> {
    let folder = socket.parent().ok_or(io::ErrorKind::InvalidInput)?;
    llmspell_utils::create_private_directory(folder)?;
    let found = fs::symlink_metadata(folder)?;
    if found.uid() != geteuid().as_raw() || found.mode() & 0o077 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "its folder can be written by others",
        ));
    }
    Ok(())
}

/// Whether the other end runs one of the two programs for this user.
///
/// It keeps out what listens there by mistake. Who runs for the same user and wants to be taken for a server can be: that
/// is why hooks ask one only where somebody has said so.
#[cfg(target_os = "linux")]
pub(crate) fn is_one_of_us(stream: &UnixStream) -> bool {
    let Ok(peer) = rustix::net::sockopt::socket_peercred(stream) else {
        return false;
    };
    let program = format!("/proc/{}/exe", peer.pid.as_raw_nonzero());
    let Ok(theirs) = fs::metadata(program) else {
        return false;
    };
    let is_theirs = |name: &str| {
        let ours = programs::beside(name).and_then(fs::metadata);
        ours.is_ok_and(|ours| (ours.dev(), ours.ino()) == (theirs.dev(), theirs.ino()))
    };
    peer.uid == geteuid() && [HOST, FRONT].into_iter().any(is_theirs)
}

/// Other systems do not say who is at the other end: the hook decides by itself there.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_one_of_us(_stream: &UnixStream) -> bool {
    false
}
