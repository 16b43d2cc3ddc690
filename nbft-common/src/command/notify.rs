//! The status that systemd shows of the unit that runs this command. `systemctl status` leaves out what a unit printed
//! before its last restart, so a path under retry would otherwise appear without a reason.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use super::printable::printable;

/// Tells systemd every change of the status, if a socket was given. An empty text means no status.
#[derive(Default)]
pub struct Status(String);

impl Status {
    /// Sets the status.
    pub fn set(&mut self, status: String) {
        if status == self.0 {
            return;
        }
        if let Some(socket) = env::var_os("NOTIFY_SOCKET") {
            // A status is a courtesy: no command fails because the status cannot be delivered.
            let _ = send(&socket, &status);
        }
        self.0 = status;
    }
}

/// sd_notify(3): a datagram to the socket that the environment names; an `@` in front marks an abstract socket.
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
        let name = format!("nbft-status-{}", std::process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        send(OsStr::new(&format!("@{name}")), "HFI 2: a\nb")?;
        let mut message = [0; 64];
        let length = manager.recv(&mut message)?;
        assert_eq!(&message[..length], br"STATUS=HFI 2: a\nb");
        Ok(())
    }
}
