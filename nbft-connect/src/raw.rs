//! The calls of the system that have no safe form: the one place that needs `unsafe`.
#![allow(unsafe_code, reason = "fork, close_range, ioctl and add_key have no safe form")]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;
use nix::unistd::{ForkResult, Pid, fork};

/// An admin command that reads.
pub struct AdminCommand {
    /// Opcode.
    pub opcode: u8,
    /// Command dwords 10 to 13.
    pub cdw10: [u32; 4],
    /// Time limit, milliseconds.
    pub timeout_ms: u32,
}

/// `struct nvme_passthru_cmd` of linux/nvme_ioctl.h.
#[repr(C)]
#[derive(Default)]
pub struct PassThrough {
    opcode: u8,
    flags: u8,
    reserved: u16,
    nsid: u32,
    cdw2: [u32; 2],
    metadata: u64,
    addr: u64,
    metadata_len: u32,
    data_len: u32,
    cdw10: [u32; 6],
    timeout_ms: u32,
    result: u32,
}

const _: () = assert!(size_of::<PassThrough>() == 72);

mod ioctl {
    nix::ioctl_readwrite!(admin, b'N', 0x41, super::PassThrough);
}

/// Sends an admin command that reads into `data`; returns the NVMe status, 0 for success.
///
/// # Errors
/// The errno of ioctl(2).
pub fn admin_command(device: BorrowedFd<'_>, command: &AdminCommand, data: &mut [u8]) -> io::Result<i32> {
    let [cdw10, cdw11, cdw12, cdw13] = command.cdw10;
    let mut command = PassThrough {
        opcode: command.opcode,
        addr: data.as_mut_ptr() as u64,
        data_len: u32::try_from(data.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
        cdw10: [cdw10, cdw11, cdw12, cdw13, 0, 0],
        timeout_ms: command.timeout_ms,
        ..PassThrough::default()
    };
    // SAFETY: `command` is the structure this ioctl takes; `addr` and `data_len` describe `data`, which is borrowed
    // mutably for the whole call.
    Ok(unsafe { ioctl::admin(device.as_raw_fd(), &raw mut command) }?)
}

/// Starts a child process, a copy of this one, which ends after `work`.
///
/// # Errors
/// The errno of fork(2).
pub fn start_child(work: impl FnOnce()) -> io::Result<Pid> {
    // SAFETY: no command of this crate starts a thread, so the child may do whatever its parent may.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            work();
            std::process::exit(0)
        }
    }
}

/// Closes every descriptor above standard error but one, in a child: a probe's connection that lives on in a child that
/// waits for the kernel would look open to its target. Before Linux 5.9 the descriptors stay open.
pub fn close_all_but(kept: BorrowedFd<'_>) {
    let kept = libc::c_uint::try_from(kept.as_raw_fd()).unwrap_or_default();
    let close = |first: libc::c_uint, last: libc::c_uint| {
        if first <= last {
            // SAFETY: the child ends without using a descriptor that it inherited, but for `kept`.
            unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        }
    };
    close(3, kept.saturating_sub(1));
    close(kept + 1, libc::c_uint::MAX);
}

/// Adds a key to a keyring; returns its serial number.
///
/// # Errors
/// The errno of add_key(2).
pub fn add_key(kind: &str, description: &str, payload: &[u8], keyring: i32) -> io::Result<i32> {
    let kind = CString::new(kind)?;
    let description = CString::new(description)?;
    // SAFETY: both texts end in a null byte, and the payload is as long as stated; the kernel copies all three.
    let serial = unsafe {
        libc::syscall(
            libc::SYS_add_key,
            kind.as_ptr(),
            description.as_ptr(),
            payload.as_ptr(),
            payload.len(),
            keyring,
        )
    };
    i32::try_from(Errno::result(serial)?).map_err(io::Error::other)
}
