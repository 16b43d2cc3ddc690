//! /dev/nvme-fabrics: one write of an option line, one read of the reply, on the same file.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use nbft_common::command::failure::io_words;
use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::root;
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::errors::Refusal;

const DEVICE: &str = "/dev/nvme-fabrics";

/// Longest option line, in bytes: the kernel takes one page.
const MAX_LINE: usize = 4095;

/// The device, in the turn of this process.
pub struct Device {
    _turn: Option<Flock<File>>,
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(root::path(DEVICE))
}

/// Whether the kernel can be asked to connect. Opening the device takes no lock of the kernel; reading and writing do, for
/// as long as a connect lasts.
///
/// # Errors
/// [`Exit::Unsupported`] without the device, [`Exit::Refused`] without permission.
pub fn available() -> Result<File, Failure> {
    open().map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied => Failure::new(Exit::Refused, format!("{DEVICE}: {}; be root", io_words(&error))),
        _ => Failure::new(
            Exit::Unsupported,
            format!("{DEVICE}: {}; try modprobe nvme-fabrics", io_words(&error)),
        ),
    })
}

impl Device {
    /// Waits until no other process of nbft-connect connects, and keeps the others waiting until the device is dropped;
    /// returns the time that the wait took as well. Unlike the kernel's own lock this one does not hold back signals, and
    /// after the wait the caller can ask its target once more before the kernel does.
    ///
    /// # Errors
    /// As for [`available`].
    pub fn in_turn() -> Result<(Self, Duration), Failure> {
        let file = available()?;
        let begun = Instant::now();
        // A lock that cannot be had is no reason not to connect: the kernel has its own.
        let turn = Flock::lock(file, FlockArg::LockExclusive).ok();
        Ok((Self { _turn: turn }, begun.elapsed()))
    }

    /// Connects; returns the controller's name.
    ///
    /// # Errors
    /// The kernel's answer to the line.
    pub fn connect(&self, line: &str) -> Result<String, Refusal> {
        if line.len() > MAX_LINE {
            return Err(Refusal::TooLong(line.len()));
        }
        // Each line needs a newly opened file.
        let mut device = open()?;
        device.write_all(line.as_bytes())?;
        let mut reply = [0; 256];
        let length = device.read(&mut reply)?;
        let reply = String::from_utf8_lossy(reply.get(..length).unwrap_or_default());
        let number = instance(&reply).ok_or_else(|| Refusal::Reply(reply.trim_end().to_owned()))?;
        Ok(format!("nvme{number}"))
    }
}

/// Whether an option is known to the running kernel.
pub struct Known(Option<BTreeSet<String>>);

impl Known {
    /// Asks the kernel, which lists its options when the device is read before any write (Linux 5.17). An older kernel
    /// refuses the read: then no option is known, and every option may be.
    pub fn ask() -> Self {
        let list = || -> io::Result<BTreeSet<String>> {
            let mut text = [0; 4096];
            let length = File::open(root::path(DEVICE))?.read(&mut text)?;
            let text = String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned();
            let options = text.trim_end().split(',');
            Ok(options
                .map(|option| option.split('=').next().unwrap_or(option).to_owned())
                .collect())
        };
        Self(list().ok())
    }

    /// Whether the kernel knows an option, or may know it.
    pub fn has(&self, key: &str) -> bool {
        self.0.as_ref().is_none_or(|keys| keys.contains(key))
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Errno(Errno::from_raw(error.raw_os_error().unwrap_or_default()))
    }
}

/// The number in `instance=0,cntlid=1`.
fn instance(reply: &str) -> Option<u32> {
    let mut fields = reply.trim_end().split(',');
    fields.find_map(|field| field.strip_prefix("instance=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::instance;

    #[test]
    fn replies() {
        assert_eq!(instance("instance=0,cntlid=1\n"), Some(0));
        assert_eq!(instance("cntlid=1,instance=17"), Some(17));
        assert_eq!(instance("instance=-1,cntlid=-1,transport=%s"), None);
        assert_eq!(instance(""), None);
    }
}
