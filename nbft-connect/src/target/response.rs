//! The target's PDUs: ICResp, CapsuleResp, C2HTermReq. Numbers of figures as in `request.rs`.

use super::Question;
use super::error::{IcRespFault, ProbeError, Violation};
use super::request::{CID, DDGST, DIGEST, HDGST, IC, digest};

/// Most bytes that are ever held of one PDU: an ICResp, and one byte by which a further PDU is noticed.
pub const LIMIT: usize = IC + 1;

/// PDU types (figure 10).
const ICRESP: u8 = 0x01;
const C2H_TERM_REQ: u8 = 0x03;
const CAPSULE_RESP: u8 = 0x05;

/// Bytes of the header of a CapsuleResp: common header, completion queue entry.
const RESPONSE: usize = 24;
/// Least MAXH2CDATA, in bytes.
const MIN_MAXH2CDATA: u32 = 4096;

impl Question {
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
