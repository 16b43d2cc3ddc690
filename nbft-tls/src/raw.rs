//! The calls of the system that have no safe form: the one place that needs `unsafe`.
#![allow(
    unsafe_code,
    reason = "keyctl, the membership of netlink groups and a descriptor from the kernel have no safe form"
)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;

/// Operations of keyctl(2).
const DESCRIBE: libc::c_ulong = 6;
const LINK: libc::c_ulong = 8;
const READ: libc::c_ulong = 11;

/// The keyring of this process, which the kernel makes on demand.
const PROCESS_KEYRING: i32 = -2;

/// Joins a multicast group of netlink.
///
/// # Errors
/// The errno of setsockopt(2).
pub fn join(socket: BorrowedFd<'_>, group: u32) -> nix::Result<()> {
    let length = libc::socklen_t::try_from(size_of_val(&group)).map_err(|_| Errno::EINVAL)?;
    // SAFETY: the value is a number of the length stated, which the kernel copies.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_NETLINK,
            libc::NETLINK_ADD_MEMBERSHIP,
            (&raw const group).cast(),
            length,
        )
    };
    Errno::result(result).map(drop)
}

/// Takes over a descriptor that the kernel has just put into this process.
pub fn adopt(descriptor: i32) -> Option<OwnedFd> {
    // SAFETY: the kernel has opened the descriptor for this process within its answer; nobody else knows the number.
    (descriptor >= 0).then(|| unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// Links a keyring into that of this process, which gives the process the rights of a possessor.
///
/// # Errors
/// The errno of keyctl(2).
pub fn link(keyring: i32) -> io::Result<()> {
    // SAFETY: this operation takes two numbers.
    let result = unsafe { libc::syscall(libc::SYS_keyctl, LINK, keyring, PROCESS_KEYRING) };
    Ok(Errno::result(result).map(drop)?)
}

/// Fills the buffer with the description of a key; returns its length, which may be more than the buffer's.
///
/// # Errors
/// The errno of keyctl(2).
pub fn describe(key: i32, buffer: &mut [u8]) -> io::Result<usize> {
    fill(DESCRIBE, key, buffer)
}

/// Fills the buffer with the payload of a key; returns its length, which may be more than the buffer's.
///
/// # Errors
/// The errno of keyctl(2).
pub fn read(key: i32, buffer: &mut [u8]) -> io::Result<usize> {
    fill(READ, key, buffer)
}

fn fill(operation: libc::c_ulong, key: i32, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: both operations write into the buffer, no more than the bytes stated.
    let length = unsafe { libc::syscall(libc::SYS_keyctl, operation, key, buffer.as_mut_ptr(), buffer.len()) };
    usize::try_from(Errno::result(length)?).map_err(io::Error::other)
}
