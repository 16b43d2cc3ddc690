//! The PDUs of NVMe/TCP: their numbers, and the bytes of those that a controller sends.
//!
//! Numbers are those of the NVMe/TCP transport specification. All fields are little endian.

use crc::{CRC_32_ISCSI, Crc, Table};

/// PDU types.
pub mod kind {
    /// Initialize Connection Request.
    pub const IC_REQ: u8 = 0x00;
    /// Initialize Connection Response.
    pub const IC_RESP: u8 = 0x01;
    /// Host to Controller Terminate Connection Request.
    pub const H2C_TERM: u8 = 0x02;
    /// Controller to Host Terminate Connection Request.
    pub const C2H_TERM: u8 = 0x03;
    /// Command Capsule.
    pub const COMMAND: u8 = 0x04;
    /// Response Capsule.
    pub const RESPONSE: u8 = 0x05;
    /// Host to Controller Data.
    pub const H2C_DATA: u8 = 0x06;
    /// Controller to Host Data.
    pub const C2H_DATA: u8 = 0x07;
    /// Ready to Transfer.
    pub const R2T: u8 = 0x09;
}

/// Fatal error statuses of a Terminate Connection Request.
pub mod fes {
    /// Invalid PDU Header Field.
    pub const HEADER_FIELD: u16 = 1;
    /// PDU Sequence Error.
    pub const SEQUENCE: u16 = 2;
    /// Header Digest Error.
    pub const HEADER_DIGEST: u16 = 3;
    /// Data Transfer Out of Range.
    pub const OUT_OF_RANGE: u16 = 4;
}

/// Bytes of the header that all PDUs begin with.
pub const HEADER: usize = 8;
/// Flag: a header digest follows the header.
pub const HEADER_DIGEST: u8 = 1;
/// Flag: a data digest follows the data.
pub const DATA_DIGEST: u8 = 2;
/// Flag of C2HData: the command's last data.
const LAST: u8 = 4;
/// Most bytes of data in one H2CData.
pub const MAX_H2C_DATA: u32 = 1 << 20;

static CRC: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// The digest of a header or of data: CRC-32C.
pub fn digest(bytes: &[u8]) -> [u8; 4] {
    CRC.checksum(bytes).to_le_bytes()
}

/// The digests in use and the alignment that the host asks for, as the ICReq settled them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Format {
    /// Headers have a digest.
    pub header_digest: bool,
    /// Data has a digest.
    pub data_digest: bool,
    /// Data begins at a multiple of this many dwords, 0's based.
    pub hpda: u8,
}

/// The length of a header of this type; nothing if hosts send no such PDU.
pub fn header_length(kind: u8) -> Option<usize> {
    match kind {
        kind::IC_REQ => Some(128),
        kind::COMMAND => Some(72),
        kind::H2C_TERM | kind::H2C_DATA => Some(24),
        _ => None,
    }
}

/// The PDU with this header (whose first eight bytes are still empty) and data.
pub fn pdu(kind: u8, flags: u8, mut header: Vec<u8>, data: &[u8], format: Format) -> Vec<u8> {
    let hlen = header.len();
    let digests = !matches!(kind, kind::IC_RESP | kind::C2H_TERM);
    let (head, tail) = (
        digests && format.header_digest,
        digests && format.data_digest && !data.is_empty(),
    );
    let mut offset = hlen + if head { 4 } else { 0 };
    if !data.is_empty() && digests {
        offset = offset.next_multiple_of((usize::from(format.hpda) + 1) * 4);
    }
    let total = offset + data.len() + if tail { 4 } else { 0 };
    header[0] = kind;
    header[1] = flags | if head { HEADER_DIGEST } else { 0 } | if tail { DATA_DIGEST } else { 0 };
    header[2] = hlen as u8;
    header[3] = if data.is_empty() || !digests { 0 } else { offset as u8 };
    header[4..8].copy_from_slice(&(total as u32).to_le_bytes());
    let mut out = header;
    if head {
        out.extend(digest(&out));
    }
    out.resize(offset, 0);
    out.extend_from_slice(data);
    if tail {
        out.extend(digest(data));
    }
    out
}

/// ICResp: version 0, no padding asked for, the digests that the host asks for.
pub fn ic_response(format: Format) -> Vec<u8> {
    let mut header = vec![0; 128];
    header[11] = u8::from(format.header_digest) | u8::from(format.data_digest) << 1;
    header[12..16].copy_from_slice(&MAX_H2C_DATA.to_le_bytes());
    pdu(kind::IC_RESP, 0, header, &[], Format::default())
}

/// C2HTermReq about the PDU with this header.
pub fn terminate(status: u16, about: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 24];
    header[8..10].copy_from_slice(&status.to_le_bytes());
    pdu(
        kind::C2H_TERM,
        0,
        header,
        &about[..about.len().min(128)],
        Format::default(),
    )
}

/// CapsuleResp with this completion.
pub fn response(completion: &[u8; 16], format: Format) -> Vec<u8> {
    let mut header = vec![0; HEADER];
    header.extend(completion);
    pdu(kind::RESPONSE, 0, header, &[], format)
}

/// C2HData: all of a command's data at once.
pub fn data(cid: u16, bytes: &[u8], format: Format) -> Vec<u8> {
    let mut header = vec![0; 24];
    header[8..10].copy_from_slice(&cid.to_le_bytes());
    header[16..20].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    pdu(kind::C2H_DATA, LAST, header, bytes, format)
}

/// R2T: asks for all of a command's data at once.
pub fn ready_to_transfer(cid: u16, tag: u16, length: u32, format: Format) -> Vec<u8> {
    let mut header = vec![0; 24];
    header[8..10].copy_from_slice(&cid.to_le_bytes());
    header[10..12].copy_from_slice(&tag.to_le_bytes());
    header[16..20].copy_from_slice(&length.to_le_bytes());
    pdu(kind::R2T, 0, header, &[], format)
}
