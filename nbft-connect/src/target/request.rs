//! The host's PDUs: ICReq, and the commands Connect and Property Set, each in a CapsuleCmd. All fields are little endian.
//!
//! Figures 10 to 25, here and in `response.rs`, are those of the NVMe/TCP Transport Specification 1.0 (section 3.6.2 has
//! the PDUs), figures 546 to 549 those of the NVM Express Base Specification 2.2 (section 6.3, Connect).

use crate::crc::{CRC32C, crc};

use super::Question;

/// PDU type of a CapsuleCmd (figure 10).
const CAPSULE_CMD: u8 = 0x04;

/// Bytes of an ICReq and of an ICResp.
pub const IC: usize = 128;
/// Bytes of the header of a CapsuleCmd: common header, submission queue entry.
const COMMAND: usize = 72;
/// Bytes of the data of a Connect command.
const CONNECT_DATA: usize = 1024;
/// Bytes of a digest.
pub const DIGEST: usize = 4;

/// Flags of a PDU with a header digest, with a data digest; also the bits of DGST in ICReq and ICResp.
pub const HDGST: u8 = 1;
pub const DDGST: u8 = 2;

/// The command identifier of the Connect command: not 0, which zeros would answer.
pub const CID: u16 = 1;

/// CC (section 3.1.4 of the Base Specification) of a controller that is told to shut down: queue entries of 64 and 16 bytes,
/// as the kernel would set, and a normal shutdown (SHN).
const SHUT_DOWN: u32 = 0x0046_4000;

impl Question {
    /// DGST of the ICReq, and of the ICResp that answers it.
    pub(super) fn digests(&self) -> u8 {
        (if self.header_digest { HDGST } else { 0 }) | (if self.data_digest { DDGST } else { 0 })
    }

    /// ICReq (figure 20): format 0, no alignment (HPDA 0), one outstanding R2T (MAXR2T 0), like the kernel's.
    pub(super) fn icreq(&self) -> Vec<u8> {
        let mut pdu = vec![0; IC];
        put(&mut pdu, 2, &[128, 0, 128]);
        put(&mut pdu, 11, &[self.digests()]);
        pdu
    }

    /// The Connect command of an admin queue in a CapsuleCmd (figures 24, 546 and 547), with the data in the capsule.
    pub(super) fn connect(&self) -> Vec<u8> {
        let header_digest = if self.header_digest { DIGEST } else { 0 };
        let data_digest = if self.data_digest { DIGEST } else { 0 };
        let data = COMMAND + header_digest;
        let mut pdu = vec![0; data + CONNECT_DATA + data_digest];
        let length = u32::try_from(pdu.len()).unwrap_or_default();
        let offset = u8::try_from(data).unwrap_or_default();
        put(&mut pdu, 0, &[CAPSULE_CMD, self.digests(), 72, offset]);
        put(&mut pdu, 4, &length.to_le_bytes());
        // Opcode (Fabrics), SGL in use, command identifier, type (Connect).
        put(&mut pdu, 8, &[0x7f, 0x40]);
        put(&mut pdu, 10, &CID.to_le_bytes());
        put(&mut pdu, 12, &[0x01]);
        // SGL: an in-capsule data block at offset 0.
        put(&mut pdu, 40, &1024_u32.to_le_bytes());
        put(&mut pdu, 47, &[0x01]);
        // Record format 0, queue 0 (admin), queue size 32 (0's based), attributes 0.
        put(&mut pdu, 52, &31_u16.to_le_bytes());
        put(&mut pdu, 56, &self.kato.to_le_bytes());
        put(&mut pdu, data, &self.hostid.0);
        // Any controller.
        put(&mut pdu, data + 16, &[0xff, 0xff]);
        put_nqn(&mut pdu, data + 256, &self.subsysnqn);
        put_nqn(&mut pdu, data + 512, &self.hostnqn);
        if self.header_digest {
            let digest = digest(pdu.get(..COMMAND).unwrap_or_default());
            put(&mut pdu, COMMAND, &digest);
        }
        if self.data_digest {
            let digest = digest(pdu.get(data..data + CONNECT_DATA).unwrap_or_default());
            put(&mut pdu, data + CONNECT_DATA, &digest);
        }
        pdu
    }

    /// A Property Set command that shuts the controller down. A target may keep a controller that was lost without it, and
    /// the kernel would find no other one.
    pub(super) fn shutdown(&self) -> Vec<u8> {
        let mut pdu = vec![0; COMMAND + if self.header_digest { DIGEST } else { 0 }];
        let length = u32::try_from(pdu.len()).unwrap_or_default();
        put(&mut pdu, 0, &[CAPSULE_CMD, self.digests() & HDGST, 72]);
        put(&mut pdu, 4, &length.to_le_bytes());
        // Opcode (Fabrics), SGL in use, command identifier, type (Property Set).
        put(&mut pdu, 8, &[0x7f, 0x40]);
        put(&mut pdu, 10, &(CID + 1).to_le_bytes());
        // SGL: no data. Offset of CC, and the value.
        put(&mut pdu, 47, &[0x5a]);
        put(&mut pdu, 52, &0x14_u32.to_le_bytes());
        put(&mut pdu, 56, &SHUT_DOWN.to_le_bytes());
        if self.header_digest {
            let digest = digest(pdu.get(..COMMAND).unwrap_or_default());
            put(&mut pdu, COMMAND, &digest);
        }
        pdu
    }
}

/// The digest of a header or of data (section 3.3.1.1: CRC-32C).
pub fn digest(bytes: &[u8]) -> [u8; DIGEST] {
    crc(CRC32C, bytes).to_le_bytes()
}

/// Copies an NQN into its field of 256 bytes; the last byte stays zero.
fn put_nqn(pdu: &mut [u8], at: usize, nqn: &str) {
    put(pdu, at, nqn.as_bytes().get(..255).unwrap_or(nqn.as_bytes()));
}

/// Copies as much of `bytes` as fits.
fn put(pdu: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(room) = pdu.get_mut(at..) {
        room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    }
}
