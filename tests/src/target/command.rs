//! Commands of the host, and completions of the controller, as bytes.

use super::status::Status;

/// Opcode of all Fabrics commands.
pub const FABRICS: u8 = 0x7f;

/// A command (submission queue entry) and its data.
#[derive(Debug)]
pub struct Command {
    entry: [u8; 64],
    /// The data that came with it.
    pub data: Vec<u8>,
}

impl Command {
    /// The command in a capsule's header.
    pub fn new(header: &[u8], data: Vec<u8>) -> Self {
        let mut entry = [0; 64];
        entry.copy_from_slice(&header[8..72]);
        Self { entry, data }
    }

    /// The byte at this place.
    pub fn byte(&self, at: usize) -> u8 {
        self.entry[at]
    }

    /// The two bytes from this place.
    pub fn word(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.entry[at], self.entry[at + 1]])
    }

    /// The four bytes from this place.
    pub fn dword(&self, at: usize) -> u32 {
        u32::from(self.word(at)) | u32::from(self.word(at + 2)) << 16
    }

    /// The eight bytes from this place.
    pub fn qword(&self, at: usize) -> u64 {
        u64::from(self.dword(at)) | u64::from(self.dword(at + 4)) << 32
    }

    /// Command dword 10 to 15.
    pub fn cdw(&self, number: usize) -> u32 {
        self.dword(number * 4)
    }

    /// Opcode.
    pub fn opcode(&self) -> u8 {
        self.byte(0)
    }

    /// Command identifier.
    pub fn cid(&self) -> u16 {
        self.word(2)
    }

    /// Namespace identifier.
    pub fn nsid(&self) -> u32 {
        self.dword(4)
    }

    /// Type of a Fabrics command.
    pub fn fctype(&self) -> u8 {
        self.byte(4)
    }

    /// Bytes of data that the command moves.
    pub fn length(&self) -> usize {
        self.dword(32) as usize
    }

    /// Whether the host sends data that is not in the capsule.
    pub fn wants_transfer(&self) -> bool {
        const IN_CAPSULE: u8 = 0x01;
        let kind = if self.opcode() == FABRICS {
            self.fctype()
        } else {
            self.opcode()
        };
        kind & 0b11 == 0b01 && self.length() > 0 && self.byte(39) != IN_CAPSULE
    }
}

/// How the controller answers a command.
#[derive(Debug)]
pub enum Reply {
    /// Success, with dwords 0 and 1 of the completion.
    Done(u64),
    /// Success, with data.
    Data(Vec<u8>),
    /// Failure.
    Failed(Status),
    /// Nothing for now.
    Held,
}

/// A completion (completion queue entry).
pub fn completion(result: u64, head: u16, cid: u16, status: u16) -> [u8; 16] {
    let mut entry = [0; 16];
    entry[..8].copy_from_slice(&result.to_le_bytes());
    entry[8..10].copy_from_slice(&head.to_le_bytes());
    entry[12..14].copy_from_slice(&cid.to_le_bytes());
    // Bit 0 is the phase, which fabrics do not have.
    entry[14..16].copy_from_slice(&(status << 1).to_le_bytes());
    entry
}

/// The text in a field that NULs pad.
pub fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
