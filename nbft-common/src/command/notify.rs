//! Notices to systemd, which runs the command as a unit: that the command has begun its work, and the status that
//! `systemctl status` shows. The latter leaves out what a unit printed before its last restart, so a path under retry would
//! otherwise appear without a reason.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use super::printable::printable;

/// Tells systemd that the unit has started, if a socket was given.
pub fn ready() {
    tell("READY=1");
}

/// Tells systemd the status, if a socket was given.
#[derive(Default)]
pub struct Status(String);

impl Status {
    /// Tells every change of the status. An empty text means no status.
    pub fn set(&mut self, status: String) {
        if status != self.0 {
            tell(&format!("STATUS={}", printable(&status)));
            self.0 = status;
        }
    }
}

fn tell(message: &str) {
    if let Some(socket) = env::var_os("NOTIFY_SOCKET") {
        // A notice is a courtesy: no command fails because a notice cannot be delivered.
        let _ = send(&socket, message);
    }
}

/// sd_notify(3): a datagram to the socket that the environment names; an `@` in front marks an abstract socket.
fn send(socket: &OsStr, message: &str) -> io::Result<()> {
    let address = match socket.as_bytes().split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_to_the_socket() -> io::Result<()> {
        let name = format!("nbft-status-{}", std::process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        send(OsStr::new(&format!("@{name}")), "STATUS=HFI 2: a")?;
        let mut message = [0; 64];
        let length = manager.recv(&mut message)?;
        assert_eq!(&message[..length], b"STATUS=HFI 2: a");
        Ok(())
    }
}
