//! The table wing for C: the functions of `assets/nbft.h`, which nbft(3) describes.
//!
//! The header is written by hand: it is short, its comments are for C programmers, and a test compares all that a C program
//! reads through it with the JSON. `capi/install` builds the libraries. A new key of the table becomes a member at the end
//! of its structure in `layout`, `view` and the header, which keeps older programs working: they know the structures by
//! address only.
//!
//! The safe half is `view`, which turns a table into the C structures of `layout` once, when the table is parsed; getters
//! then hand out addresses in it. A parsed table never changes, so threads may share it. An address stays valid until
//! [`nbft_free`], because the table is boxed and its vectors do not grow any more.
//!
//! A panic (which would be a bug) ends in `guarded`, and never in a caller's frames. The profile `capi` unwinds for this
//! purpose; under `release`, which cargo-c uses, a panic ends the process as in the commands.
#![allow(
    unsafe_code,
    reason = "C hands over raw pointers, and calls functions by their bare names"
)]

mod layout;
mod view;

use std::ffi::{CStr, CString, c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{null, null_mut};

use serde::Serialize;

use crate::table::Table;
use crate::table::parse::{Fault, parse};
use layout::Error;
pub use view::Nbft;

/// Runs `job`; `None` when it panics.
fn guarded<T>(job: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(job)).ok()
}

/// Decodes `length` bytes, which are copied. NULL and a filled `error` when the table cannot be used.
///
/// # Safety
/// `bytes` is NULL or points to `length` bytes; `error` is NULL or points to a `struct nbft_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nbft_parse(bytes: *const c_void, length: usize, error: *mut Error) -> *mut Nbft {
    let bytes: &[u8] = match bytes.is_null() || isize::try_from(length).is_err() {
        true => &[],
        // SAFETY: the caller vouches for the bytes; they are not NULL, and no object is longer than isize::MAX.
        false => unsafe { std::slice::from_raw_parts(bytes.cast(), length) },
    };
    let decoded = guarded(|| parse(bytes).map(|table| Box::new(Nbft::from(table))));
    let internal = || Fault {
        offset: 0,
        message: "internal error".to_owned(),
    };
    match decoded.unwrap_or_else(|| Err(internal())) {
        Ok(table) => Box::into_raw(table),
        Err(fault) => {
            // SAFETY: the caller vouches for the place, if there is one; what it holds is overwritten unread.
            unsafe { report(error, &fault) };
            null_mut()
        }
    }
}

/// Writes a fault for the caller, cut to the space that the message has.
///
/// # Safety
/// `to` is NULL or points to a `struct nbft_error`.
unsafe fn report(to: *mut Error, fault: &Fault) {
    if to.is_null() {
        return;
    }
    let mut message = [0; 256];
    let fits = |&end: &usize| fault.message.is_char_boundary(end);
    let end = (0..message.len()).rev().find(fits).unwrap_or_default();
    for (place, byte) in message.iter_mut().zip(fault.message.bytes().take(end)) {
        *place = byte as c_char;
    }
    let offset = fault.offset;
    // SAFETY: not NULL; the caller vouches for the rest.
    unsafe { to.write(Error { offset, message }) };
}

/// Frees a table, and all that its getters gave. NULL is nothing to free.
///
/// # Safety
/// `table` is NULL or came from [`nbft_parse`], and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nbft_free(table: *mut Nbft) {
    if !table.is_null() {
        // SAFETY: nbft_parse made it from a box, and the caller gives it up.
        drop(unsafe { Box::from_raw(table) });
    }
}

/// Functions that give what exists once.
macro_rules! once {
    ($($name:ident: $type:ident = $field:ident;)*) => {$(
        #[doc = concat!("`struct ", stringify!($name), "`; NULL of a NULL table.")]
        ///
        /// # Safety
        /// `table` is NULL or came from [`nbft_parse`].
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(table: *const Nbft) -> *const layout::$type {
            // SAFETY: NULL or a table that nothing changes.
            unsafe { table.as_ref() }.map_or(null(), |table| &raw const table.$field)
        }
    )*};
}

/// Functions that count what the table lists, and give it by its position.
macro_rules! lists {
    ($($count:ident, $name:ident: $type:ident = $field:ident;)*) => {$(
        #[doc = concat!("The number of `struct ", stringify!($name), "`; 0 of a NULL table.")]
        ///
        /// # Safety
        /// `table` is NULL or came from [`nbft_parse`].
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $count(table: *const Nbft) -> usize {
            // SAFETY: NULL or a table that nothing changes.
            unsafe { table.as_ref() }.map_or(0, |table| table.$field.len())
        }

        #[doc = concat!("`struct ", stringify!($name), "` by its position; NULL beyond the last, and of a NULL table.")]
        ///
        /// # Safety
        /// `table` is NULL or came from [`nbft_parse`].
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(table: *const Nbft, position: usize) -> *const layout::$type {
            // SAFETY: NULL or a table that nothing changes.
            let found = unsafe { table.as_ref() }.and_then(|table| table.$field.get(position));
            found.map_or(null(), |one| &raw const *one)
        }
    )*};
}

once! {
    nbft_info: Info = info;
    nbft_host: Host = host;
}

lists! {
    nbft_ssns_count, nbft_ssns: Ssns = ssns;
    nbft_hfi_count, nbft_hfi: Hfi = hfi;
    nbft_discovery_count, nbft_discovery: Discovery = discovery;
    nbft_security_count, nbft_security: Security = security;
    nbft_warning_count, nbft_warning: Warning = warnings;
}

/// [`TableFile`](crate::table::TableFile) without a copy of the table.
#[derive(Serialize)]
struct Named<'a> {
    filename: &'a str,
    #[serde(flatten)]
    table: &'a Table,
}

/// The table as nbft-json(5) describes it, an object on one line; NULL of a NULL table.
///
/// # Safety
/// `table` is NULL or came from [`nbft_parse`]; `filename` is NULL or ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nbft_to_json(table: *const Nbft, filename: *const c_char) -> *mut c_char {
    // SAFETY: NULL or a table that nothing changes.
    let Some(Nbft { table, .. }) = (unsafe { table.as_ref() }) else {
        return null_mut();
    };
    let filename = match filename.is_null() {
        true => c"-",
        // SAFETY: not NULL; the caller vouches for the NUL.
        false => unsafe { CStr::from_ptr(filename) },
    };
    let json = guarded(|| {
        let filename = &filename.to_string_lossy();
        let json = serde_json::to_string(&Named { filename, table }).ok()?;
        CString::new(json).ok()
    });
    json.flatten().map_or(null_mut(), CString::into_raw)
}

/// Frees a text of [`nbft_to_json`]. NULL is nothing to free.
///
/// # Safety
/// `text` is NULL or came from [`nbft_to_json`] unchanged, and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nbft_string_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: nbft_to_json made it with into_raw, and the caller gives it up.
        drop(unsafe { CString::from_raw(text) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_stay_inside() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| -> u8 { panic!("a bug") }), None);
    }

    #[test]
    fn long_messages_end_at_a_character() {
        for (message, length) in [("short".to_owned(), 5), ("x".repeat(300), 255), ("é".repeat(200), 254)] {
            let offset = 7;
            let mut error = Error {
                offset: 0,
                message: [1; 256],
            };
            // SAFETY: a structure of our own.
            unsafe {
                report(
                    &raw mut error,
                    &Fault {
                        offset,
                        message: message.clone(),
                    },
                )
            };
            let written = error.message.iter().take_while(|&&byte| byte != 0);
            let written: Vec<u8> = written.map(|&byte| byte as u8).collect();
            assert_eq!((error.offset, written.as_slice()), (7, &message.as_bytes()[..length]));
        }
    }
}
