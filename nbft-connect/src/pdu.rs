//! The few NVMe/TCP messages that ask whether a peer is an NVMe/TCP target, and whether the target accepts a host.
//!
//! Numbers are those of the NVMe/TCP transport specification (PDUs) and of the NVMe base specification, section 6.3
//! (Connect command). All fields are little endian.

/// Bytes of an ICReq and of an ICResp.
pub const IC: usize = 128;
/// Bytes of a CapsuleResp.
pub const RESPONSE: usize = 24;

/// Bytes of the header of every PDU: type, flags, header length, data offset, length.
const HEADER: usize = 8;
/// Bytes of a command.
const COMMAND: usize = 64;
/// Bytes of the data of a Connect command.
const CONNECT_DATA: usize = 1024;

/// The request that opens every NVMe/TCP connection, without digests.
pub fn ic_request() -> [u8; IC] {
    let mut pdu = [0; IC];
    put(&mut pdu, 0, &[0x00, 0, 128, 0]);
    put(&mut pdu, 4, &128_u32.to_le_bytes());
    pdu
}

/// An answer to [`ic_request`].
#[derive(Debug, PartialEq, Eq)]
pub enum IcResponse {
    /// The peer speaks NVMe/TCP; data of later PDUs begins at a multiple of `alignment` bytes.
    Good { alignment: usize },
    /// The peer speaks NVMe/TCP and refuses the connection (C2HTermReq, with its fatal error status).
    Refused(u16),
    /// The peer does not speak NVMe/TCP.
    Other,
}

/// Reads the answer, which must have at least the eight bytes of its header; a good answer has all of [`IC`].
pub fn ic_response(pdu: &[u8]) -> IcResponse {
    match pdu {
        [0x01, _, 128, _, 128, 0, 0, 0, 0, 0, alignment, ..] if pdu.len() >= IC && *alignment < 32 => {
            IcResponse::Good {
                alignment: (usize::from(*alignment) + 1) * 4,
            }
        }
        [0x03, _, _, _, _, _, _, _, low, high, ..] => IcResponse::Refused(u16::from_le_bytes([*low, *high])),
        _ => IcResponse::Other,
    }
}

/// The Fabrics Connect command for an admin queue, as one PDU with its data in the capsule.
pub fn connect(hostid: [u8; 16], subsystem: &str, host: &str, alignment: usize) -> Vec<u8> {
    let offset = (HEADER + COMMAND).next_multiple_of(alignment.max(1));
    let mut pdu = vec![0; offset + CONNECT_DATA];
    let length = u32::try_from(pdu.len()).unwrap_or_default();
    put(&mut pdu, 0, &[0x04, 0, 72, u8::try_from(offset).unwrap_or_default()]);
    put(&mut pdu, 4, &length.to_le_bytes());
    // Opcode (Fabrics), SGL in use, command id 0, type (Connect).
    put(&mut pdu, HEADER, &[0x7f, 0x40, 0, 0, 0x01]);
    // SGL: an in-capsule data block at offset 0.
    put(&mut pdu, HEADER + 32, &1024_u32.to_le_bytes());
    put(&mut pdu, HEADER + 39, &[0x01]);
    // Record format 0, queue 0 (admin), queue size 32 (0's based).
    put(&mut pdu, HEADER + 44, &31_u16.to_le_bytes());
    put(&mut pdu, offset, &hostid);
    // Any controller.
    put(&mut pdu, offset + 16, &[0xff, 0xff]);
    put(&mut pdu, offset + 256, subsystem.as_bytes());
    put(&mut pdu, offset + 512, host.as_bytes());
    pdu
}

/// Answer to a Connect command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status without the phase bit: code in bits 7:0, code type in 10:8, "do not retry" in 14.
    pub status: u16,
    /// Success: controller id in bits 15:0, authentication demands in 18:16. Invalid parameter: its offset in bits
    /// 15:0, in the data if bit 16 is set, else in the command.
    pub result: u32,
}

/// Reads a CapsuleResp.
pub fn answer(pdu: &[u8; RESPONSE]) -> Option<Answer> {
    let [0x05, _, 24, _, 24, 0, 0, 0, r0, r1, r2, r3, .., s0, s1] = *pdu else {
        return None;
    };
    Some(Answer {
        status: u16::from_le_bytes([s0, s1]) >> 1,
        result: u32::from_le_bytes([r0, r1, r2, r3]),
    })
}

/// Copies as much of `bytes` as fits.
fn put(pdu: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(room) = pdu.get_mut(at..) {
        room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_has_its_fields_where_the_target_looks() {
        let pdu = connect([7; 16], "nqn.sub", "nqn.host", 4);
        assert_eq!(pdu.len(), 1096);
        assert_eq!(pdu.get(..8), Some(&[4, 0, 72, 72, 0x48, 4, 0, 0][..]));
        assert_eq!(pdu.get(8..13), Some(&[0x7f, 0x40, 0, 0, 1][..]));
        assert_eq!(
            pdu.get(72..90),
            Some(&[7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 255, 255][..])
        );
        assert_eq!(pdu.get(72 + 256..72 + 264), Some(&b"nqn.sub\0"[..]));
        assert_eq!(pdu.get(72 + 512..72 + 521), Some(&b"nqn.host\0"[..]));
        assert_eq!(
            connect([0; 16], "s", "h", 128).get(3),
            Some(&128),
            "data at the alignment the target asks for"
        );
    }

    #[test]
    fn answers() {
        let mut pdu = ic_request();
        assert_eq!(ic_response(&pdu), IcResponse::Other, "an echo of the request");
        pdu[0] = 1;
        assert_eq!(ic_response(&pdu), IcResponse::Good { alignment: 4 });
        assert_eq!(ic_response(&pdu[..100]), IcResponse::Other);
        assert_eq!(ic_response(&[3, 0, 24, 0, 24, 0, 0, 0, 2, 0]), IcResponse::Refused(2));
        assert_eq!(ic_response(b"HTTP/1.1 400 Bad Request\r\n"), IcResponse::Other);
        let mut response = [0; RESPONSE];
        assert_eq!(answer(&response), None);
        put(&mut response, 0, &[5, 0, 24, 0, 24]);
        put(&mut response, 8, &[0, 1, 1, 0]);
        put(&mut response, 22, &(0x4182_u16 << 1).to_le_bytes());
        assert_eq!(
            answer(&response),
            Some(Answer {
                status: 0x4182,
                result: 0x10100
            })
        );
    }
}
