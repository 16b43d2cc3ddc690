//! The PDUs of a probe. Figures 19 to 25 are those of the NVMe/TCP Transport Specification 1.0 (section 3.6.2), figures
//! 546 to 549 those of the NVM Express Base Specification 2.2 (section 6.3). All fields are little endian.

use crate::crc::{CRC32C, crc};

use super::Question;
use super::error::{IcRespFault, ProbeError, Violation};

/// Most bytes that are ever held of one PDU: an ICResp, and one byte by which a further PDU is noticed.
pub const LIMIT: usize = IC + 1;

/// PDU types (figure 10).
const ICRESP: u8 = 0x01;
const C2H_TERM_REQ: u8 = 0x03;
const CAPSULE_CMD: u8 = 0x04;
const CAPSULE_RESP: u8 = 0x05;

/// Bytes of an ICReq and of an ICResp.
const IC: usize = 128;
/// Bytes of the header of a CapsuleCmd: common header, submission queue entry.
const COMMAND: usize = 72;
/// Bytes of the header of a CapsuleResp: common header, completion queue entry.
const RESPONSE: usize = 24;
/// Bytes of the data of a Connect command.
const CONNECT_DATA: usize = 1024;
/// Least MAXH2CDATA, in bytes.
const MIN_MAXH2CDATA: u32 = 4096;
/// Bytes of a digest.
const DIGEST: usize = 4;

/// Flags of a PDU, which are also the bits of DGST in ICReq and ICResp: header digest, data digest.
const HDGST: u8 = 1;
const DDGST: u8 = 2;

/// The command identifier of the Connect command. Not 0, so that a response full of zeros is no response to it.
const CID: u16 = 1;

impl Question {
    fn digests(&self) -> u8 {
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

    /// Reads an ICResp (figure 21) from the bytes that have come; returns the bytes after it, or `None`: more are to come.
    ///
    /// # Errors
    /// A field that the kernel (`nvme_tcp_init_connection`) does not accept, a C2HTermReq, or another protocol.
    pub(super) fn icresp<'a>(&self, pdu: &'a [u8]) -> Result<Option<&'a [u8]>, ProbeError> {
        match pdu.first() {
            None => return Ok(None),
            Some(&ICRESP) => {}
            Some(_) => return termination(pdu, ProbeError::NotNvme).map_or(Ok(None), Err),
        }
        let Some(Header { hlen, plen, .. }) = header(pdu) else {
            return Ok(None);
        };
        if (hlen, plen) != (128, 128) {
            return Err(ProbeError::IcResp(IcRespFault::Length { hlen, plen }));
        }
        let Some(([_, _, _, _, _, _, _, _, v0, v1, cpda, dgst, m0, m1, m2, m3, ..], rest)) = pdu.split_at_checked(IC)
        else {
            return Ok(None);
        };
        let pfv = u16::from_le_bytes([*v0, *v1]);
        let maxh2cdata = u32::from_le_bytes([*m0, *m1, *m2, *m3]);
        let differs = (dgst ^ self.digests()) & (HDGST | DDGST);
        let fault = if pfv != 0 {
            IcRespFault::Version(pfv)
        } else if differs & DDGST != 0 {
            IcRespFault::DataDigest {
                asked: self.data_digest,
            }
        } else if differs & HDGST != 0 {
            IcRespFault::HeaderDigest {
                asked: self.header_digest,
            }
        } else if *cpda != 0 {
            IcRespFault::Alignment(*cpda)
        } else if maxh2cdata % 4 != 0 || maxh2cdata < MIN_MAXH2CDATA {
            IcRespFault::MaxH2cData(maxh2cdata)
        } else {
            return Ok(Some(rest));
        };
        Err(ProbeError::IcResp(fault))
    }

    /// Reads the CapsuleResp (figures 25 and 548) to [`Self::connect`] from the bytes that have come; `None`: more are
    /// to come.
    ///
    /// # Errors
    /// A C2HTermReq, or an answer that does not follow the protocol.
    pub(super) fn capsule_resp(&self, pdu: &[u8]) -> Result<Option<Completion>, ProbeError> {
        match pdu.first() {
            None => return Ok(None),
            Some(&CAPSULE_RESP) => {}
            Some(&kind) => return termination(pdu, Violation::PduType(kind).into()).map_or(Ok(None), Err),
        }
        let Some(Header { flags, hlen, plen }) = header(pdu) else {
            return Ok(None);
        };
        let whole = RESPONSE + if self.header_digest { DIGEST } else { 0 };
        if (usize::from(hlen), usize::try_from(plen)) != (RESPONSE, Ok(whole)) {
            return Err(Violation::Length { hlen, plen }.into());
        }
        let Some((head, tail)) = pdu.get(..whole).and_then(|pdu| pdu.split_at_checked(RESPONSE)) else {
            return Ok(None);
        };
        if self.header_digest && (flags & HDGST == 0 || tail != digest(head)) {
            return Err(Violation::HeaderDigest.into());
        }
        let Some([r0, r1, r2, r3, .., c0, c1, s0, s1]) = head.get(8..) else {
            return Ok(None);
        };
        match u16::from_le_bytes([*c0, *c1]) {
            CID => Ok(Some(Completion {
                status: u16::from_le_bytes([*s0, *s1]) >> 1,
                result: u32::from_le_bytes([*r0, *r1, *r2, *r3]),
            })),
            other => Err(Violation::CommandId(other).into()),
        }
    }
}

/// The end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The status field without the reserved bit: code in bits 7:0, code type in 10:8, DNR in 14.
    pub status: u16,
    /// Dword 0 (figure 549). Success: controller identifier in bits 15:0, AUTHREQ in 31:16. Connect Invalid Parameters:
    /// offset of the parameter in bits 15:0, in the data if bit 16 is set, else in the command.
    pub result: u32,
}

/// The fields of the common header (figure 19) that are of use.
struct Header {
    flags: u8,
    hlen: u8,
    plen: u32,
}

fn header(pdu: &[u8]) -> Option<Header> {
    match *pdu {
        [_, flags, hlen, _, p0, p1, p2, p3, ..] => Some(Header {
            flags,
            hlen,
            plen: u32::from_le_bytes([p0, p1, p2, p3]),
        }),
        _ => None,
    }
}

/// The error that a C2HTermReq (figure 23, never with a digest) tells, or `other` for a PDU of any other type; `None`:
/// more bytes are to come.
fn termination(pdu: &[u8], other: ProbeError) -> Option<ProbeError> {
    if pdu.first() != Some(&C2H_TERM_REQ) {
        return Some(other);
    }
    let Header { hlen, plen, .. } = header(pdu)?;
    if hlen != 24 || !(24..=152).contains(&plen) {
        return Some(other);
    }
    let fes = u16::from_le_bytes(pdu.get(8..10)?.try_into().ok()?);
    Some(ProbeError::Terminated(fes))
}

fn digest(bytes: &[u8]) -> [u8; DIGEST] {
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
