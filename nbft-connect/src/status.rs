//! The status that systemd shows of the unit that runs this. `systemctl status` leaves out what a unit said before its
//! last restart, so of a path that is tried again and again it would have no word.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nbft_common::command::printable;

/// Tells a new status each time it changes, and nothing where nobody listens. Empty is none.
#[derive(Default)]
pub struct Status(String);

impl Status {
    /// The status is this from now on.
    pub fn set(&mut self, status: String) {
        if status == self.0 {
            return;
        }
        if let Some(socket) = env::var_os("NOTIFY_SOCKET") {
            // It is a courtesy; the connection counts.
            let _ = send(&socket, &status);
        }
        self.0 = status;
    }
}

/// sd_notify(3): a datagram to the socket that the environment names; one with `@` is not in the file system.
fn send(socket: &OsStr, status: &str) -> io::Result<()> {
    let address = match socket.as_bytes().split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let message = format!("STATUS={}", printable(status));
    UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_to_the_socket() -> io::Result<()> {
        let name = format!("nbft-connect-status-{}", std::process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        send(OsStr::new(&format!("@{name}")), "HFI 2: a\nb")?;
        let mut message = [0; 64];
        let length = manager.recv(&mut message)?;
        assert_eq!(&message[..length], br"STATUS=HFI 2: a\nb");
        Ok(())
    }
}
