//! Admin commands to a controller's character device.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nbft_common::command::root;

use crate::raw::{AdminCommand, admin_command};

/// Opcode of Get Log Page, and the id of the discovery log page.
const GET_LOG_PAGE: u8 = 0x02;
const DISCOVERY_LOG: u32 = 0x70;

/// A controller's character device.
pub struct Controller(File);

impl Controller {
    /// Opens `/dev/NAME`. The kernel makes the node before answering the connect.
    pub fn open(name: &str) -> io::Result<Self> {
        let path = root::path(&format!("/dev/{name}"));
        OpenOptions::new().read(true).write(true).open(path).map(Self)
    }

    /// Reads a piece of the discovery log page within `time`. With `last`, the controller clears its notice of a changed
    /// log.
    pub fn discovery_log(&self, offset: u64, piece: &mut [u8], last: bool, time: Duration) -> io::Result<()> {
        let length = u32::try_from(piece.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let dwords = (length / 4).checked_sub(1).ok_or(io::ErrorKind::InvalidInput)?;
        let (low, high) = (offset & u64::from(u32::MAX), offset >> 32);
        let command = AdminCommand {
            opcode: GET_LOG_PAGE,
            cdw10: [
                DISCOVERY_LOG | u32::from(!last) << 15 | (dwords & 0xffff) << 16,
                dwords >> 16,
                u32::try_from(low).unwrap_or_default(),
                u32::try_from(high).unwrap_or_default(),
            ],
            // 0 would mean no limit.
            timeout_ms: u32::try_from(time.as_millis()).unwrap_or(u32::MAX).max(1),
        };
        match admin_command(self.0.as_fd(), &command, piece)? {
            0 => Ok(()),
            status => Err(io::Error::other(format!("NVMe status {status:#05x}"))),
        }
    }
}
