//! Admin commands to a controller's character device: the one place that needs `unsafe`.
#![allow(unsafe_code, reason = "ioctl has no safe form")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;

use nbft_common::command::root;

/// Time limit for a command.
const TIMEOUT_MS: u32 = 10_000;

/// Opcode of Get Log Page, and the id of the discovery log page.
const GET_LOG_PAGE: u8 = 0x02;
const DISCOVERY_LOG: u32 = 0x70;

/// `struct nvme_passthru_cmd` of linux/nvme_ioctl.h.
#[repr(C)]
#[derive(Default)]
struct Command {
    opcode: u8,
    flags: u8,
    reserved: u16,
    nsid: u32,
    cdw2: u32,
    cdw3: u32,
    metadata: u64,
    addr: u64,
    metadata_len: u32,
    data_len: u32,
    cdw10: u32,
    cdw11: u32,
    cdw12: u32,
    cdw13: u32,
    cdw14: u32,
    cdw15: u32,
    timeout_ms: u32,
    result: u32,
}

const _: () = assert!(size_of::<Command>() == 72);

mod raw {
    nix::ioctl_readwrite!(admin, b'N', 0x41, super::Command);
}

/// A controller's character device.
pub struct Controller(File);

impl Controller {
    /// Opens `/dev/NAME`. The kernel makes the node before answering the connect.
    pub fn open(name: &str) -> io::Result<Self> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(root::path(&format!("/dev/{name}")))
            .map(Self)
    }

    /// Reads a piece of the discovery log page. With `last`, the controller clears its notice of a changed log.
    pub fn discovery_log(&self, offset: u64, piece: &mut [u8], last: bool) -> io::Result<()> {
        let length = u32::try_from(piece.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let dwords = (length / 4).checked_sub(1).ok_or(io::ErrorKind::InvalidInput)?;
        let [o0, o1, o2, o3, o4, o5, o6, o7] = offset.to_le_bytes();
        let mut command = Command {
            opcode: GET_LOG_PAGE,
            addr: piece.as_mut_ptr() as u64,
            data_len: length,
            cdw10: DISCOVERY_LOG | u32::from(!last) << 15 | (dwords & 0xffff) << 16,
            cdw11: dwords >> 16,
            cdw12: u32::from_le_bytes([o0, o1, o2, o3]),
            cdw13: u32::from_le_bytes([o4, o5, o6, o7]),
            timeout_ms: TIMEOUT_MS,
            ..Command::default()
        };
        // SAFETY: `command` is the structure this ioctl takes; `addr` and `data_len` describe `piece`, which is
        // borrowed mutably for the whole call.
        match unsafe { raw::admin(self.0.as_raw_fd(), &raw mut command) } {
            Ok(0) => Ok(()),
            Ok(status) => Err(io::Error::other(format!("NVMe status {status:#05x}"))),
            Err(errno) => Err(errno.into()),
        }
    }
}
