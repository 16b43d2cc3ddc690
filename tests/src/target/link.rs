//! One TCP connection: reads whole PDUs, sends bytes, and knows how the connection ended.

use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::pdu::{self, Format, fes, kind};

/// Longest PDU that a host may send.
const LONGEST: usize = 1 << 22;

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The host closed the connection (FIN).
    Closed,
    /// The host reset the connection (RST), or the network failed.
    Reset,
    /// The target ended the connection: a fault, a control word.
    Target,
    /// The host's keep-alive time passed.
    Expired,
    /// The host sent a PDU that breaks the protocol: the fatal error status, and the header.
    Broken(u16, Vec<u8>),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Closed,
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Expired,
            _ => Self::Reset,
        }
    }
}

/// How the control channel wants a connection to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order (FIN).
    Close,
    /// Reset (RST).
    Reset,
}

/// The part of a connection with which other threads end it.
#[derive(Debug)]
pub struct Handle {
    stream: TcpStream,
    ending: AtomicBool,
}

impl Handle {
    /// Ends the connection; its thread notices. False if the connection is ending already.
    pub fn end(&self, how: Ending) -> bool {
        if self.ending.swap(true, Ordering::Relaxed) {
            return false;
        }
        // Where the peer is gone already, nothing is left to do.
        let _ = match how {
            Ending::Close => self.stream.shutdown(Shutdown::Both),
            Ending::Reset => {
                let _ = self.reset_on_close();
                self.stream.shutdown(Shutdown::Read)
            }
        };
        true
    }

    fn reset_on_close(&self) -> io::Result<()> {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO))
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}

/// The reading half, with a buffer before it.
#[derive(Debug)]
struct Half(Arc<Handle>);

impl Read for Half {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0.stream).read(buffer)
    }
}

/// A PDU of the host, its digests removed.
#[derive(Debug)]
pub struct Received {
    /// Type.
    pub kind: u8,
    /// The header, the first eight bytes included.
    pub header: Vec<u8>,
    /// The data.
    pub data: Vec<u8>,
    /// Whether the data's digest is right.
    pub intact: bool,
}

/// A connection as its own thread sees it.
#[derive(Debug)]
pub struct Link {
    handle: Arc<Handle>,
    reader: BufReader<Half>,
    /// The digests in use.
    pub format: Format,
    /// The pause before each byte of all answers.
    pub pace: Option<Duration>,
    /// The pause before each byte of the next answer.
    pub next_pace: Option<Duration>,
    /// How much of the next answer comes.
    pub next_cut: Option<usize>,
}

impl Link {
    /// The connection over this socket, and the handle to end it.
    pub fn new(stream: TcpStream) -> (Self, Arc<Handle>) {
        // Answers are small, and complete.
        let _ = stream.set_nodelay(true);
        let handle = Arc::new(Handle {
            stream,
            ending: AtomicBool::new(false),
        });
        let link = Self {
            reader: BufReader::new(Half(Arc::clone(&handle))),
            handle: Arc::clone(&handle),
            format: Format::default(),
            pace: None,
            next_pace: None,
            next_cut: None,
        };
        (link, handle)
    }

    /// The end, which is the target's own if the control channel asked for it.
    fn ended(&self, end: impl Into<End>) -> End {
        if self.handle.is_ending() {
            End::Target
        } else {
            end.into()
        }
    }

    /// A silence of the host longer than this ends the connection.
    pub fn expire_after(&self, time: Option<Duration>) {
        let _ = self.handle.stream.set_read_timeout(time);
    }

    /// The next PDU.
    pub fn receive(&mut self) -> Result<Received, End> {
        let mut header = vec![0; pdu::HEADER];
        self.fill(&mut header)?;
        let (kind, flags, hlen, offset) = (header[0], header[1], header[2], usize::from(header[3]));
        let plen = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let known = pdu::header_length(kind).filter(|known| *known == usize::from(hlen));
        let Some(hlen) = known.filter(|hlen| (*hlen..=LONGEST).contains(&plen)) else {
            return Err(End::Broken(fes::HEADER_FIELD, header));
        };
        header.resize(hlen, 0);
        self.fill(&mut header[pdu::HEADER..])?;
        let mut rest = vec![0; plen - hlen];
        self.fill(&mut rest)?;
        // ICReq and H2CTermReq have no digests, and the data of H2CTermReq is of no use.
        if matches!(kind, kind::IC_REQ | kind::H2C_TERM) {
            let data = Vec::new();
            return Ok(Received {
                kind,
                header,
                data,
                intact: true,
            });
        }
        let mut start = hlen;
        if flags & pdu::HEADER_DIGEST != 0 {
            if rest.get(..4) != Some(&pdu::digest(&header)) {
                return Err(End::Broken(fes::HEADER_DIGEST, header));
            }
            start += 4;
        }
        let wrong = flags & pdu::HEADER_DIGEST == 0 && self.format.header_digest;
        if wrong || (plen > start && offset < start) || (plen > start && offset > plen) {
            return Err(End::Broken(fes::HEADER_FIELD, header));
        }
        let mut data = if plen > start {
            rest.split_off(offset - hlen)
        } else {
            Vec::new()
        };
        let mut intact = true;
        if flags & pdu::DATA_DIGEST != 0 && data.len() >= 4 {
            let tail = data.split_off(data.len() - 4);
            intact = tail == pdu::digest(&data);
        }
        Ok(Received {
            kind,
            header,
            data,
            intact,
        })
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), End> {
        self.reader.read_exact(buffer).map_err(|error| self.ended(error))
    }

    /// Sends an answer, as a fault may want it: slowly, or not all of it and nothing after it.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), End> {
        let cut = self.next_cut.take();
        let pace = self.next_pace.take().or(self.pace);
        let part = &bytes[..cut.unwrap_or(bytes.len()).min(bytes.len())];
        let mut writer = &self.handle.stream;
        match pace {
            None => writer.write_all(part).map_err(|error| self.ended(error))?,
            Some(pace) => {
                for byte in part {
                    self.pause(pace)?;
                    writer.write_all(&[*byte]).map_err(|error| self.ended(error))?;
                }
            }
        }
        if cut.is_some() { Err(self.silence()) } else { Ok(()) }
    }

    /// Waits, as long as the connection is not to end.
    pub fn pause(&self, time: Duration) -> Result<(), End> {
        const NAP: Duration = Duration::from_millis(20);
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if self.handle.is_ending() {
                return Err(End::Target);
            }
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(NAP));
        }
    }

    /// Says nothing until the connection ends.
    pub fn silence(&mut self) -> End {
        self.expire_after(None);
        let mut buffer = [0; 4096];
        loop {
            match self.reader.read(&mut buffer) {
                Ok(0) => return self.ended(End::Closed),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return self.ended(error),
            }
        }
    }

    /// Ends the connection from this side. Bytes that the host still sends are taken for a moment: a close with unread bytes
    /// would be a reset.
    pub fn end(&mut self, how: Ending) -> End {
        match how {
            Ending::Reset => {
                let _ = self.handle.reset_on_close();
            }
            Ending::Close => {
                let _ = self.handle.stream.shutdown(Shutdown::Write);
                self.expire_after(Some(Duration::from_millis(200)));
                let mut buffer = [0; 4096];
                while matches!(self.reader.read(&mut buffer), Ok(1..)) {}
            }
        }
        End::Target
    }
}
