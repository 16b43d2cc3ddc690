//! A tiny host: sends commands, one at a time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::target::pdu::{Format, digest, kind, pdu};

/// A connection to a target.
pub struct Client {
    pub stream: TcpStream,
    format: Format,
    cid: u16,
}

/// A command's completion and its data.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub result: u64,
    pub data: Vec<u8>,
}

impl Client {
    /// A TCP connection, nothing said yet.
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a timeout");
        Self {
            stream,
            format: Format::default(),
            cid: 0,
        }
    }

    /// ICReq and ICResp.
    pub fn greet(address: SocketAddr, digests: bool) -> Self {
        let mut client = Self::open(address);
        let mut header = vec![0; 128];
        header[11] = if digests { 3 } else { 0 };
        client.send(&pdu(kind::IC_REQ, 0, header, &[], Format::default()));
        let (kind, header, _) = client.pdu().expect("an ICResp");
        assert_eq!((kind, header[11]), (kind::IC_RESP, if digests { 3 } else { 0 }));
        client.format = Format {
            header_digest: digests,
            data_digest: digests,
            hpda: 0,
        };
        client
    }

    /// An admin queue, whose controller is enabled.
    pub fn admin(address: SocketAddr, nqn: &str, host: &str) -> Self {
        let mut client = Self::greet(address, false);
        let answer = client.connect(0, 0xffff, nqn, host);
        assert_eq!(answer.status, 0, "Connect");
        assert_eq!(client.property_set(0x14, 0x0046_0001).status, 0);
        assert_eq!(client.property_get(0x1c).result, 1, "CSTS.RDY");
        client
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("bytes are sent");
    }

    /// The next PDU: type, header, data. Nothing at the connection's end.
    pub fn pdu(&mut self) -> Option<(u8, Vec<u8>, Vec<u8>)> {
        let mut header = vec![0; 8];
        self.stream.read_exact(&mut header).ok()?;
        let plen = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let (hlen, offset) = (usize::from(header[2]), usize::from(header[3]));
        header.resize(plen, 0);
        self.stream.read_exact(&mut header[8..]).ok()?;
        let rest = header.split_off(hlen);
        let (kind, flags) = (header[0], header[1]);
        if flags & 1 != 0 {
            assert_eq!(rest[..4], digest(&header), "header digest");
        }
        let mut data = if offset == 0 {
            Vec::new()
        } else {
            rest[offset - hlen..].to_vec()
        };
        if flags & 2 != 0 {
            let tail = data.split_off(data.len() - 4);
            assert_eq!(tail, digest(&data), "data digest");
        }
        Some((kind, header, data))
    }

    /// Sends a command whose fields are the given bytes at the given places; data goes in the capsule.
    pub fn start(&mut self, opcode: u8, fields: &[(usize, &[u8])], data: &[u8]) -> u16 {
        self.cid += 1;
        let mut header = vec![0; 72];
        header[8..10].copy_from_slice(&[opcode, 0x40]);
        header[10..12].copy_from_slice(&self.cid.to_le_bytes());
        if !data.is_empty() {
            header[8 + 32..8 + 36].copy_from_slice(&(data.len() as u32).to_le_bytes());
            header[8 + 39] = 0x01;
        }
        for (at, bytes) in fields {
            header[8 + at..8 + at + bytes.len()].copy_from_slice(bytes);
        }
        let bytes = pdu(kind::COMMAND, 0, header, data, self.format);
        self.send(&bytes);
        self.cid
    }

    /// The completion of the command that was sent last; nothing if the connection ends before.
    pub fn try_finish(&mut self) -> Option<Answer> {
        let mut read = Vec::new();
        loop {
            let (kind, header, mut data) = self.pdu()?;
            match kind {
                kind::C2H_DATA => read.append(&mut data),
                kind::RESPONSE => {
                    let field = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
                    assert_eq!(field(20), self.cid, "command identifier");
                    let result = header[8..16]
                        .iter()
                        .rev()
                        .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
                    let status = field(22) >> 1;
                    return Some(Answer {
                        status,
                        result,
                        data: read,
                    });
                }
                other => panic!("a PDU of type {other}"),
            }
        }
    }

    /// A command from start to end.
    pub fn command(&mut self, opcode: u8, fields: &[(usize, &[u8])], data: &[u8]) -> Answer {
        self.start(opcode, fields, data);
        self.try_finish().expect("a completion")
    }

    /// A command that reads so many bytes.
    pub fn read(&mut self, opcode: u8, length: u32, fields: &[(usize, &[u8])]) -> Answer {
        let length = length.to_le_bytes();
        let mut all: Vec<(usize, &[u8])> = vec![(32, &length), (39, &[0x5a])];
        all.extend(fields);
        self.command(opcode, &all, &[])
    }

    pub fn start_connect(&mut self, qid: u16, cntlid: u16, nqn: &str, host: &str) {
        let mut data = vec![7; 16];
        data.extend(cntlid.to_le_bytes());
        data.resize(1024, 0);
        data[256..256 + nqn.len()].copy_from_slice(nqn.as_bytes());
        data[512..512 + host.len()].copy_from_slice(host.as_bytes());
        self.start(0x7f, &[(4, &[1]), (42, &qid.to_le_bytes()), (44, &[31])], &data);
    }

    pub fn connect(&mut self, qid: u16, cntlid: u16, nqn: &str, host: &str) -> Answer {
        self.start_connect(qid, cntlid, nqn, host);
        self.try_finish().expect("an answer to Connect")
    }

    pub fn property_set(&mut self, offset: u32, value: u32) -> Answer {
        let (offset, value) = (offset.to_le_bytes(), value.to_le_bytes());
        self.command(0x7f, &[(4, &[0]), (44, &offset), (48, &value)], &[])
    }

    pub fn property_get(&mut self, offset: u32) -> Answer {
        self.command(0x7f, &[(4, &[4]), (44, &offset.to_le_bytes())], &[])
    }

    pub fn identify(&mut self, cns: u8, nsid: u32) -> Answer {
        self.read(0x06, 4096, &[(4, &nsid.to_le_bytes()), (40, &[cns])])
    }

    /// Writes to the first blocks of namespace 1, the data not in the capsule but in two H2CData.
    pub fn write_by_r2t(&mut self, data: &[u8]) -> Answer {
        let length = (data.len() as u32).to_le_bytes();
        let blocks = ((data.len() / 512 - 1) as u16).to_le_bytes();
        let fields: [(usize, &[u8]); 4] = [(4, &[1]), (32, &length), (39, &[0x5a]), (48, &blocks)];
        self.start(0x01, &fields, &[]);
        let (kind, asked, _) = self.pdu().expect("an R2T");
        assert_eq!((kind, &asked[16..20]), (kind::R2T, &length[..]));
        let half = data.len() / 2;
        for (offset, part) in [(0, &data[..half]), (half, &data[half..])] {
            let mut header = vec![0; 24];
            header[8..12].copy_from_slice(&asked[8..12]);
            header[12..16].copy_from_slice(&(offset as u32).to_le_bytes());
            header[16..20].copy_from_slice(&(part.len() as u32).to_le_bytes());
            let bytes = pdu(kind::H2C_DATA, 0, header, part, self.format);
            self.send(&bytes);
        }
        self.try_finish().expect("a completion")
    }

    /// Get Log Page of the discovery log.
    pub fn log(&mut self, offset: u64, length: u32) -> Answer {
        let dwords = length / 4 - 1;
        let numdl = (dwords as u16).to_le_bytes();
        let numdu = ((dwords >> 16) as u16).to_le_bytes();
        let fields: [(usize, &[u8]); 4] = [(40, &[0x70]), (42, &numdl), (44, &numdu), (48, &offset.to_le_bytes())];
        self.read(0x02, length, &fields)
    }

    /// How the connection ends: in order, or with a reset.
    pub fn end(&mut self) -> Result<(), std::io::ErrorKind> {
        let mut buffer = [0; 4096];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(error.kind()),
            }
        }
    }
}
