//! The discovery log page and its entries (NVMe base specification 2.1, section 5.1.12.3.1).

use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::admin::Controller;
use crate::security::Channel;
use crate::signals::Signals;

/// Bytes of the log's header, and of each entry.
const SIZE: usize = 1024;

/// Bytes of one read, within the transfer limit of any controller.
const PIECE: usize = 4096;

/// Most entries that are read; real logs have a few dozen.
const MAX_ENTRIES: u64 = 4096;

/// Most attempts to read a log that changes meanwhile.
const TRIES: u32 = 10;

/// Time limits for a whole log, and for one command.
const WHOLE: Duration = Duration::from_secs(20);
const COMMAND: Duration = Duration::from_secs(10);

/// One entry; names and values are the specification's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The discovery controller that listed the entry, `ADDRESS:PORT`.
    pub controller: String,
    /// 3: TCP.
    pub trtype: u8,
    /// 1: IPv4, 2: IPv6.
    pub adrfam: u8,
    /// 1: referral to another discovery controller, 2: NVM subsystem, 3: the discovery controller itself.
    pub subtype: u8,
    /// Bits 1:0: 1 secure channel required, 2 not required. Bit 2: SQ flow control may be disabled.
    pub treq: u8,
    pub portid: u16,
    pub cntlid: u16,
    pub asqsz: u16,
    pub eflags: u16,
    pub trsvcid: String,
    pub subnqn: String,
    pub traddr: String,
    /// TCP: 0 none, 1 TLS 1.2, 2 TLS 1.3.
    pub sectype: u8,
}

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Referral,
    Subsystem,
    /// The discovery controller itself, or something unknown.
    Other,
}

impl Entry {
    fn read(controller: &str, bytes: &[u8]) -> Option<Self> {
        let byte = |at: usize| bytes.get(at).copied();
        let word = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let text = |at: usize, length: usize| {
            let field = bytes.get(at..at + length)?;
            let text = field.split(|&byte| byte == 0).next().unwrap_or_default();
            Some(String::from_utf8_lossy(text).trim_end().to_owned())
        };
        Some(Self {
            controller: controller.to_owned(),
            trtype: byte(0)?,
            adrfam: byte(1)?,
            subtype: byte(2)?,
            treq: byte(3)?,
            portid: word(4)?,
            cntlid: word(6)?,
            asqsz: word(8)?,
            eflags: word(10)?,
            trsvcid: text(32, 32)?,
            subnqn: text(256, 256)?,
            traddr: text(512, 256)?,
            sectype: byte(768)?,
        })
    }

    /// The entry without the controller that listed it: two controllers may list the same entry.
    pub fn without_controller(&self) -> Self {
        Self {
            controller: String::new(),
            ..self.clone()
        }
    }

    /// The kind of the entry; `Other` for an entry that is not reached over TCP.
    pub fn kind(&self) -> Kind {
        match (self.trtype, self.subtype) {
            (3, 1) => Kind::Referral,
            (3, 2) => Kind::Subsystem,
            _ => Kind::Other,
        }
    }

    /// The transport address; `None` when the text is no address of the entry's family.
    pub fn address(&self) -> Option<IpAddr> {
        let address: IpAddr = self.traddr.parse().ok()?;
        (self.adrfam == if address.is_ipv4() { 1 } else { 2 }).then_some(address)
    }

    /// What the entry says of a secure channel: its TCP security type, and its transport requirements.
    pub fn channel(&self) -> Channel {
        match (self.sectype, self.treq & 3) {
            (0, _) => Channel::Unknown,
            (_, 1) => Channel::Demanded,
            _ => Channel::Offered,
        }
    }
}

/// Reads the whole log of a controller; `name` goes into its entries. A log that changes meanwhile is read again. A signal
/// ends the reading between two commands.
pub fn read(controller: &Controller, name: &str, signals: &Signals) -> io::Result<Vec<Entry>> {
    let until = Instant::now() + WHOLE;
    let piece = |offset, bytes: &mut [u8], last| {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::other(format!(
                "was not read within {} seconds",
                WHOLE.as_secs()
            )));
        }
        if signals.arrived().is_some() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        controller.discovery_log(offset, bytes, last, left.min(COMMAND))
    };
    let header = |last| {
        let mut bytes = [0; 16];
        piece(0, &mut bytes, last)?;
        let [generation, records] = [0, 8].map(|at| {
            let field = bytes.get(at..at + 8).and_then(|field| field.try_into().ok());
            field.map(u64::from_le_bytes).unwrap_or_default()
        });
        Ok::<_, io::Error>((generation, records))
    };
    for _ in 0..TRIES {
        let before = header(false)?;
        let (_, records) = before;
        if records > MAX_ENTRIES {
            return Err(io::Error::other(format!(
                "has {records} entries, more than {MAX_ENTRIES}"
            )));
        }
        let mut bytes = vec![0; usize::try_from(records).unwrap_or(0) * SIZE];
        let mut offset = SIZE as u64;
        for chunk in bytes.chunks_mut(PIECE) {
            piece(offset, chunk, false)?;
            offset += chunk.len() as u64;
        }
        if header(true)? == before {
            return Ok(bytes
                .chunks(SIZE)
                .filter_map(|entry| Entry::read(name, entry))
                .collect());
        }
    }
    Err(io::Error::other(format!("keeps changing (read {TRIES} times)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let mut bytes = [b' '; SIZE];
        bytes.iter_mut().take(32).for_each(|byte| *byte = 0);
        let mut put = |at: usize, text: &[u8]| bytes[at..at + text.len()].copy_from_slice(text);
        put(0, &[3, 1, 2, 1, 1, 0, 255, 255, 32, 0, 1, 0]);
        put(32, b"4420");
        put(256, b"nqn.x\0garbage");
        put(512, b"192.168.1.1");
        put(768, &[2]);
        let entry = Entry::read("c", &bytes).expect("whole");
        assert_eq!(
            (entry.kind(), entry.address()),
            (Kind::Subsystem, "192.168.1.1".parse().ok())
        );
        assert_eq!(
            (entry.trsvcid.as_str(), entry.subnqn.as_str(), entry.cntlid),
            ("4420", "nqn.x", 0xffff)
        );
        assert_eq!(entry.channel(), Channel::Demanded);
        assert_eq!(Entry::read("c", &bytes[..700]), None);
        let other_family = Entry {
            adrfam: 2,
            ..entry.clone()
        };
        assert_eq!(other_family.address(), None);
        assert_eq!(Entry { trtype: 1, ..entry }.kind(), Kind::Other, "not TCP");
    }
}
