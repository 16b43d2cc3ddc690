//! Notices to systemd, which runs the command as a unit: that the command has begun its work, and the status that
//! `systemctl status` shows. The latter leaves out what a unit printed before its last restart, so a path under retry would
//! otherwise appear without a reason.
//!
//! No notice waits: systemd may itself wait for the very disk that the command has to connect, and take no notices
//! meanwhile. A notice that finds no room in systemd's queue is sent again later.

use std::env;
use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use super::printable::printable;

/// Pause after a notice that has found no room.
const AGAIN: Duration = Duration::from_secs(1);

/// The state of the unit, and how much of it systemd knows.
pub struct Status {
    /// The socket of systemd, if one was given.
    socket: Option<SocketAddr>,
    /// The unit has started, and systemd does not know.
    start_untold: bool,
    /// The status that systemd knows.
    told: String,
    /// The latest notice has found no room.
    owed: bool,
}

impl Status {
    /// The state of a unit about to start, or of a command that is no unit.
    #[must_use]
    pub fn find() -> Self {
        // A notice is a courtesy: no command fails because a notice cannot be delivered.
        Self::of(env::var_os("NOTIFY_SOCKET").and_then(|socket| address(&socket).ok()))
    }

    fn of(socket: Option<SocketAddr>) -> Self {
        Self {
            socket,
            start_untold: false,
            told: String::new(),
            owed: false,
        }
    }

    /// Tells systemd that the unit has started.
    pub fn ready(&mut self) {
        self.start_untold = true;
        self.set(self.told.clone());
    }

    /// Tells every change of the status, and whatever is owed. An empty text means no status.
    pub fn set(&mut self, status: String) {
        let mut notice = Vec::new();
        if self.start_untold {
            notice.push("READY=1".to_owned());
        }
        if status != self.told {
            notice.push(format!("STATUS={}", printable(&status)));
        }
        self.owed = !notice.is_empty() && !self.tell(&notice.join("\n"));
        if !self.owed {
            (self.start_untold, self.told) = (false, status);
        }
    }

    /// The time until [`Self::set`] should be called again, even if nothing has changed.
    #[must_use]
    pub fn again(&self) -> Option<Duration> {
        self.owed.then_some(AGAIN)
    }

    /// Sends a notice; returns false if another try is worthwhile, because systemd's queue has no room.
    fn tell(&self, notice: &str) -> bool {
        let sent = self.socket.as_ref().map_or(Ok(()), |socket| send(socket, notice));
        !sent.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// The address of sd_notify(3), as the environment names it; an `@` in front marks an abstract socket.
fn address(socket: &OsStr) -> io::Result<SocketAddr> {
    match socket.as_bytes().split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(socket),
    }
}

fn send(address: &SocketAddr, notice: &str) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(notice.as_bytes(), address)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The socket of a systemd, and a status for this systemd.
    fn manager(name: &str) -> io::Result<(UnixDatagram, Status)> {
        let name = format!("@nbft-{name}-{}", std::process::id());
        let address = address(OsStr::new(&name))?;
        let manager = UnixDatagram::bind_addr(&address)?;
        manager.set_nonblocking(true)?;
        Ok((manager, Status::of(Some(address))))
    }

    fn taken(manager: &UnixDatagram) -> io::Result<String> {
        let mut message = [0; 64];
        let length = manager.recv(&mut message)?;
        Ok(String::from_utf8_lossy(&message[..length]).into_owned())
    }

    #[test]
    fn every_change_is_told() -> io::Result<()> {
        let (manager, mut status) = manager("told")?;
        status.ready();
        assert_eq!(taken(&manager)?, "READY=1");
        for (text, notice) in [("HFI 2: a", "STATUS=HFI 2: a"), ("", "STATUS=")] {
            status.set(text.to_owned());
            status.set(text.to_owned());
            assert_eq!(taken(&manager)?, notice);
            assert!(taken(&manager).is_err() && status.again().is_none());
        }
        Ok(())
    }

    /// A systemd that takes no notices holds up nobody, and later knows the latest.
    #[test]
    fn a_full_queue_is_tried_again() -> io::Result<()> {
        let (manager, mut status) = manager("full")?;
        let address = manager.local_addr()?;
        // A socket of its own for each notice: one alone could fill its own buffer first.
        while send(&address, "x").is_ok() {}
        status.ready();
        status.set("HFI 1: b".to_owned());
        status.set("HFI 1: c".to_owned());
        assert!(status.again().is_some());
        while taken(&manager).is_ok() {}
        status.set("HFI 1: c".to_owned());
        assert_eq!(taken(&manager)?, "READY=1\nSTATUS=HFI 1: c");
        assert_eq!(status.again(), None);
        Ok(())
    }
}
