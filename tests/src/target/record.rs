//! Records of the discovery log: those that describe the target's own ports, and odd ones.

use std::net::IpAddr;

use super::state::{DISCOVERY, Inner};
use super::words::{number, option};

/// Bytes of a record, and of the log's header.
pub const RECORD: usize = 1024;

/// A record, as its bytes are: any value can be given to any field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Transport type: 3 is TCP.
    pub trtype: u8,
    /// Address family: 1 IPv4, 2 IPv6.
    pub adrfam: u8,
    /// Subsystem type: 1 a referral, 2 an NVM subsystem, 3 this discovery subsystem.
    pub subtype: u8,
    /// Transport requirements.
    pub treq: u8,
    /// Port ID.
    pub portid: u16,
    /// Controller ID.
    pub cntlid: u16,
    /// Admin queue's largest size.
    pub asqsz: u16,
    /// Entry flags.
    pub eflags: u16,
    /// Transport service identifier.
    pub trsvcid: String,
    /// The subsystem's NQN.
    pub subnqn: String,
    /// Transport address.
    pub traddr: String,
    /// Security type of TCP.
    pub sectype: u8,
    /// How often the record is listed; `{n}` in a text is the number of the copy.
    pub copies: u64,
}

impl Record {
    fn new(subtype: u8, portid: u16, subnqn: &str, traddr: &str, trsvcid: &str) -> Self {
        Self {
            trtype: 3,
            adrfam: if traddr.contains(':') { 2 } else { 1 },
            subtype,
            treq: 0,
            portid,
            cntlid: 0xffff,
            asqsz: 32,
            eflags: 0,
            trsvcid: trsvcid.to_owned(),
            subnqn: subnqn.to_owned(),
            traddr: traddr.to_owned(),
            sectype: 0,
            copies: 1,
        }
    }

    /// A referral to another discovery controller.
    pub fn referral(traddr: &str, trsvcid: &str) -> Self {
        Self::new(1, 0, DISCOVERY, traddr, trsvcid)
    }

    /// Reads `NAME=VALUE...`; in texts, `%XX` stands for a byte.
    pub fn parse(words: &[&str]) -> Result<Self, String> {
        let mut record = Self::new(2, 0, "", "", "4420");
        let mut family = None;
        for word in words {
            let (name, value) = option(word)?;
            match name {
                "trtype" => record.trtype = number(value)?,
                "adrfam" => family = Some(number(value)?),
                "subtype" => record.subtype = number(value)?,
                "treq" => record.treq = number(value)?,
                "portid" => record.portid = number(value)?,
                "cntlid" => record.cntlid = number(value)?,
                "asqsz" => record.asqsz = number(value)?,
                "eflags" => record.eflags = number(value)?,
                "sectype" => record.sectype = number(value)?,
                "copies" => record.copies = number(value)?,
                "trsvcid" => record.trsvcid = unescape(value),
                "subnqn" => record.subnqn = unescape(value),
                "traddr" => record.traddr = unescape(value),
                _ => return Err(format!("{name}=: no such field of a record")),
            }
        }
        record.adrfam = family.unwrap_or(if record.traddr.contains(':') { 2 } else { 1 });
        Ok(record)
    }

    fn bytes(&self, copy: u64) -> [u8; RECORD] {
        let mut bytes = [0; RECORD];
        bytes[..4].copy_from_slice(&[self.trtype, self.adrfam, self.subtype, self.treq]);
        for (at, value) in [(4, self.portid), (6, self.cntlid), (8, self.asqsz), (10, self.eflags)] {
            bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
        let mut text = |at: usize, length: usize, text: &str, fill: u8| {
            let text = text.replace("{n}", &copy.to_string());
            let place = &mut bytes[at..at + length];
            place.fill(fill);
            place
                .iter_mut()
                .zip(text.chars())
                .for_each(|(to, from)| *to = from as u8);
        };
        // Addresses are padded with spaces, NQNs with NULs.
        text(32, 32, &self.trsvcid, b' ');
        text(256, 256, &self.subnqn, 0);
        text(512, 256, &self.traddr, b' ');
        bytes[768] = self.sectype;
        bytes
    }
}

fn unescape(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let mut byte = [0];
        // A percent sign of a link-local address stays as it is.
        if first == b'%' && after.len() >= 2 && hex::decode_to_slice(&after[..2], &mut byte).is_ok() {
            out.push(byte[0]);
            rest = &after[2..];
        } else {
            out.push(first);
            rest = after;
        }
    }
    // Each byte is one character, so that a text can hold bytes that are no UTF-8.
    out.into_iter().map(char::from).collect()
}

/// Where a read of the log begins and how many bytes it wants.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// Offset in bytes.
    pub from: u64,
    /// Length in bytes.
    pub length: usize,
}

/// A part of the discovery log as a host sees it: each port that listens, with the subsystems that the host may use;
/// referrals and odd records after these.
pub fn log(inner: &Inner, host: &str, local: Option<IpAddr>, range: Range) -> Vec<u8> {
    let records = records(inner, host, local);
    let count: u64 = records.iter().map(|record| record.copies).sum();
    let mut header = [0; RECORD];
    header[..8].copy_from_slice(&inner.generation.to_le_bytes());
    header[8..16].copy_from_slice(&inner.pretended.unwrap_or(count).to_le_bytes());
    // Only the records that the range touches are made: hosts read long logs in small pieces.
    let size = RECORD as u64;
    let end = range.from.saturating_add(range.length as u64);
    let mut part = Vec::new();
    let mut number = 0;
    let mut add = |make: &dyn Fn() -> [u8; RECORD]| {
        let at = number * size;
        if at < end && at + size > range.from {
            part.extend(make());
        }
        number += 1;
    };
    add(&|| header);
    for record in &records {
        for copy in 1..=record.copies {
            add(&|| record.bytes(copy));
        }
    }
    part.drain(..part.len().min((range.from % size) as usize));
    part.truncate(range.length);
    part
}

fn records(inner: &Inner, host: &str, local: Option<IpAddr>) -> Vec<Record> {
    let mut records = Vec::new();
    for (id, port) in inner.ports.iter().filter(|(_, port)| port.listening.is_some()) {
        let address = match local {
            Some(local) if port.address.is_unspecified() => local,
            _ => port.address,
        };
        let (traddr, trsvcid) = (address.to_string(), port.trsvcid.to_string());
        let may_use = |nqn: &&String| inner.subsystems.get(*nqn).is_some_and(|of| of.allows(host));
        for nqn in port.exported.iter().filter(may_use) {
            records.push(Record::new(2, *id, nqn, &traddr, &trsvcid));
        }
        let own = inner.directory.as_deref().unwrap_or(DISCOVERY);
        records.push(Record::new(3, *id, own, &traddr, &trsvcid));
    }
    records.extend(inner.records.iter().cloned());
    records
}
