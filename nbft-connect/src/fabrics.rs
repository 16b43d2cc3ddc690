//! /dev/nvme-fabrics: one write of an option line, one read of the reply, on the same file.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};

use nbft_common::command::failure::io_words;
use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::root;

const DEVICE: &str = "/dev/nvme-fabrics";

/// Longest option line, in bytes: the kernel takes one page.
const MAX_LINE: usize = 4095;

/// Options that the running kernel knows.
#[derive(Debug, Default)]
pub struct Supported(Option<BTreeSet<String>>);

impl Supported {
    /// Asks the kernel, which lists its options when the device is read before any write (Linux 5.17). An older kernel
    /// refuses the read: then no option is known, and every option is tried.
    pub fn ask() -> Result<Self, Failure> {
        let mut text = [0; 4096];
        let Ok(length) = open()?.read(&mut text) else {
            return Ok(Self(None));
        };
        let text = String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned();
        let keys = text
            .trim_end()
            .split(',')
            .map(|option| option.split('=').next().unwrap_or(option).to_owned());
        Ok(Self(Some(keys.collect())))
    }

    /// Whether the kernel itself lists an option.
    pub fn lists(&self, key: &str) -> bool {
        self.0.as_ref().is_some_and(|keys| keys.contains(key))
    }

    /// Whether the kernel knows an option, or may know it.
    pub fn has(&self, key: &str) -> bool {
        self.0.as_ref().is_none_or(|keys| keys.contains(key))
    }
}

fn open() -> Result<File, Failure> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(root::path(DEVICE))
        .map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => {
                Failure::new(Exit::Refused, format!("{DEVICE}: {}; be root", io_words(&error)))
            }
            _ => Failure::new(
                Exit::Unsupported,
                format!("{DEVICE}: {}; try modprobe nvme-fabrics", io_words(&error)),
            ),
        })
}

/// Connects; returns the controller's name.
///
/// # Errors
/// The inner error is the kernel's answer to the line; the outer error means that the kernel was not asked.
pub fn write(line: &str) -> Result<io::Result<String>, Failure> {
    if line.len() > MAX_LINE {
        let message = format!(
            "option line of {} bytes is longer than the kernel's limit of {MAX_LINE}",
            line.len()
        );
        return Err(Failure::new(Exit::Config, message));
    }
    let mut device = open()?;
    if let Err(error) = device.write_all(line.as_bytes()) {
        return Ok(Err(error));
    }
    let mut reply = [0; 256];
    match device.read(&mut reply) {
        Ok(length) => {
            let reply = String::from_utf8_lossy(reply.get(..length).unwrap_or_default()).into_owned();
            match instance(&reply) {
                Some(number) => Ok(Ok(format!("nvme{number}"))),
                None => {
                    let message = format!("{DEVICE}: cannot read the reply '{}'", reply.trim_end());
                    Err(Failure::new(Exit::Unsupported, message))
                }
            }
        }
        Err(error) => Ok(Err(error)),
    }
}

/// The number in `instance=0,cntlid=1`.
fn instance(reply: &str) -> Option<u32> {
    reply
        .trim_end()
        .split(',')
        .find_map(|field| field.strip_prefix("instance=")?.parse().ok())
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
