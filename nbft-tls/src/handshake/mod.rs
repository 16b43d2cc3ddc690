//! The client's side of a TLS 1.3 handshake with a key that both sides have (RFC 8446, psk_dhe_ke): bytes in, bytes out. No
//! socket, no clock, no certificates. The server's messages are hostile input.

pub mod fault;
pub mod group;
mod hello;
mod reader;
pub mod record;
mod schedule;
#[cfg(any(test, feature = "server"))]
pub mod server;
#[cfg(test)]
mod tests;

use nbft_common::kdf::{Hash, Secret};
use zeroize::Zeroizing;

use fault::{Alert, Fault};
use group::{Group, KeyShare};
use hello::{Answer, Offer};
use reader::Reader;
use record::{Cipher, Content, HEADER};

pub use hello::suite_name;
pub use schedule::TrafficKey;

/// Longest handshake message of the server, and most records, that a handshake needs by far.
const MAX_MESSAGE: usize = 1 << 14;
const MAX_RECORDS: u32 = 64;

/// The key that both sides have.
#[derive(Clone)]
pub struct Psk {
    /// The name of the key, which goes over the network in the clear.
    pub identity: Vec<u8>,
    /// The key itself.
    pub key: Secret,
    /// The hash that the key is for.
    pub hash: Hash,
}

/// The result of a handshake: the keys for the data that follows, from the first record on.
#[derive(Clone)]
pub struct Keys {
    /// The hash, on which the cipher depends.
    pub hash: Hash,
    /// The group of the key exchange.
    pub group: Group,
    /// For the client's data.
    pub send: TrafficKey,
    /// For the server's data.
    pub receive: TrafficKey,
}

/// The client in a handshake.
pub struct Client {
    psk: Psk,
    early: Secret,
    hello_random: [u8; 32],
    random: fn(&mut [u8]) -> bool,
    state: State,
    /// All messages so far, each with its header.
    transcript: Vec<u8>,
    /// The beginning of a record.
    input: Vec<u8>,
    records: u32,
    /// The beginning of a message.
    messages: Vec<u8>,
    output: Vec<u8>,
    /// The encryption of handshake messages, once both sides have keys.
    send: Option<Cipher>,
    receive: Option<Cipher>,
}

enum State {
    /// Awaits the answer to a ClientHello, which may be the second one.
    Hello { share: KeyShare, retried: bool },
    /// Awaits EncryptedExtensions.
    Extensions(Traffic),
    /// Awaits the server's Finished.
    Finished(Traffic),
    /// The handshake is done.
    Done(Keys),
    /// The handshake failed.
    Failed,
}

/// The secrets between ServerHello and Finished.
struct Traffic {
    group: Group,
    handshake: Secret,
    client: Secret,
    server: Secret,
}

impl Client {
    /// Begins a handshake: the output is a ClientHello. `random` fills bytes with random ones, or says that there are none.
    ///
    /// # Errors
    /// No random bytes, or an identity that is too long for a message.
    pub fn new(psk: Psk, random: fn(&mut [u8]) -> bool) -> Result<Self, Fault> {
        let mut hello_random = [0; 32];
        let share = KeyShare::generate(Group::X25519, random).filter(|_| random(&mut hello_random));
        let share = share.ok_or(Fault::Internal)?;
        let mut client = Self {
            early: schedule::early(psk.hash, &psk.key),
            psk,
            hello_random,
            random,
            state: State::Failed,
            transcript: Vec::new(),
            input: Vec::new(),
            records: 0,
            messages: Vec::new(),
            output: Vec::new(),
            send: None,
            receive: None,
        };
        client.hello(share, None, false)?;
        Ok(client)
    }

    /// Sends a ClientHello.
    fn hello(&mut self, share: KeyShare, cookie: Option<&[u8]>, retried: bool) -> Result<(), Fault> {
        let hash = self.psk.hash;
        let offer = Offer {
            hash,
            random: &self.hello_random,
            identity: &self.psk.identity,
            share: &share,
            cookie,
        };
        let message = offer.message(|hello| {
            let digest = hash.digest(&[&self.transcript, hello].concat());
            let code = schedule::binder(hash, &self.early, schedule::EXTERNAL, &digest)?;
            Some(code.to_vec())
        });
        let message = message.ok_or(Fault::Internal)?;
        self.output
            .extend(record::plain(Content::Handshake, !retried, &message));
        self.transcript.extend(message);
        self.state = State::Hello { share, retried };
        Ok(())
    }

    /// How many bytes of the server to read next: never more than the handshake's own. 0 once it is over.
    #[must_use]
    pub fn wanted(&self) -> usize {
        if matches!(self.state, State::Done(_) | State::Failed) {
            return 0;
        }
        let length = match self.input.first_chunk() {
            // A wrong header has been refused.
            Some(header) => record::announced(*header).map_or(0, |(_, length)| length),
            None => 0,
        };
        (HEADER + length).saturating_sub(self.input.len())
    }

    /// Takes bytes of the server, at most as many as are wanted.
    ///
    /// # Errors
    /// The reason why the handshake failed. The output may have an alert for the server then.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let bytes = bytes.get(..self.wanted()).unwrap_or(bytes);
        self.input.extend(bytes);
        self.advance().inspect_err(|fault| self.fail(fault))
    }

    /// The bytes to send to the server.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// The keys, once the handshake is done. The output has to be sent first.
    #[must_use]
    pub fn keys(&self) -> Option<&Keys> {
        match &self.state {
            State::Done(keys) => Some(keys),
            _ => None,
        }
    }

    fn fail(&mut self, fault: &Fault) {
        self.state = State::Failed;
        let Some(alert) = fault.alert() else {
            return;
        };
        let message = [2, alert as u8];
        match &mut self.send {
            Some(cipher) => self
                .output
                .extend(cipher.seal(Content::Alert, &message).unwrap_or_default()),
            None => self.output.extend(record::plain(Content::Alert, false, &message)),
        }
    }

    /// Looks at the record that has begun.
    fn advance(&mut self) -> Result<(), Fault> {
        let Some(&header) = self.input.first_chunk() else {
            return Ok(());
        };
        let (content, length) = record::announced(header)?;
        if self.input.len() < HEADER + length {
            return Ok(());
        }
        self.records += 1;
        if self.records > MAX_RECORDS {
            return Err(Fault::Violation(Alert::UnexpectedMessage, "it sends too many records"));
        }
        let bytes = self.input.split_off(HEADER);
        self.input.clear();
        match (content, &mut self.receive) {
            (Content::ChangeCipherSpec, _) if bytes == [1] => Ok(()),
            (Content::Data, Some(cipher)) => {
                let (content, bytes) = cipher.open(header, bytes)?;
                self.content(content, &bytes)
            }
            (Content::Handshake, None) | (Content::Alert, _) => self.content(content, &bytes),
            (Content::Handshake, Some(_)) => Err(unexpected("it sends a message in the clear")),
            (Content::ChangeCipherSpec | Content::Data, _) => Err(unexpected("it sends a record of no use here")),
        }
    }

    /// Takes the content of a record.
    fn content(&mut self, content: Content, bytes: &[u8]) -> Result<(), Fault> {
        match (content, bytes) {
            (Content::Alert, [_, code]) => return Err(Fault::Received(*code)),
            (Content::Handshake, [_, ..]) => self.messages.extend(bytes),
            _ => return Err(unexpected("a record has a content of no use here")),
        }
        loop {
            let mut reader = Reader::new(&self.messages);
            let Some(kind) = reader.u8() else {
                return Ok(());
            };
            let Some(body) = reader.vector(3) else {
                return match self.messages.len() {
                    0..MAX_MESSAGE => Ok(()),
                    _ => Err(Fault::Violation(Alert::IllegalParameter, "a message is too long")),
                };
            };
            let rest = self.messages.split_off(4 + body.len());
            let message = std::mem::replace(&mut self.messages, rest);
            self.message(kind, &message)?;
        }
    }

    /// Takes a message. Before each change of keys no other message may have begun.
    fn message(&mut self, kind: u8, message: &[u8]) -> Result<(), Fault> {
        let body = message.get(4..).unwrap_or_default();
        let alone = self.messages.is_empty();
        match (std::mem::replace(&mut self.state, State::Failed), kind) {
            (State::Hello { share, retried }, hello::SERVER_HELLO) if alone => {
                match hello::answer(body, self.psk.hash, share.group())? {
                    Answer::Hello(public) => self.server_hello(message, &share, &public),
                    Answer::Retry(..) if retried => Err(unexpected("it asks for a third ClientHello")),
                    Answer::Retry(group, cookie) => self.retry(message, share, group, cookie.as_deref()),
                }
            }
            (State::Extensions(traffic), hello::ENCRYPTED_EXTENSIONS) => {
                hello::encrypted_extensions(body)?;
                self.transcript.extend(message);
                self.state = State::Finished(traffic);
                Ok(())
            }
            (State::Finished(traffic), hello::FINISHED) if alone => self.finished(message, &traffic),
            (State::Finished(_), hello::CERTIFICATE | hello::CERTIFICATE_REQUEST) => {
                Err(unexpected("it uses certificates beside the key"))
            }
            _ => Err(unexpected("a message comes out of order")),
        }
    }

    /// Sends a second ClientHello, which the server asked for. A digest stands for the first one from now on.
    fn retry(
        &mut self,
        message: &[u8],
        share: KeyShare,
        group: Option<Group>,
        cookie: Option<&[u8]>,
    ) -> Result<(), Fault> {
        let share = match group {
            Some(group) if group != share.group() => KeyShare::generate(group, self.random).ok_or(Fault::Internal)?,
            None if cookie.is_some() => share,
            _ => {
                let words = "it asks for the same ClientHello again";
                return Err(Fault::Violation(Alert::IllegalParameter, words));
            }
        };
        let digest = self.psk.hash.digest(&self.transcript);
        self.transcript = hello::message(hello::MESSAGE_HASH, &digest);
        self.transcript.extend(message);
        self.hello(share, cookie, true)
    }

    /// Both sides have keys for the handshake now.
    fn server_hello(&mut self, message: &[u8], share: &KeyShare, public: &[u8]) -> Result<(), Fault> {
        let shared = share.agree(public).ok_or(Fault::Violation(
            Alert::IllegalParameter,
            "its public key is none of the group",
        ))?;
        self.transcript.extend(message);
        let hash = self.psk.hash;
        let digest = hash.digest(&self.transcript);
        let derived = || {
            let handshake = schedule::next(hash, &self.early, Some(&shared))?;
            Some(Traffic {
                group: share.group(),
                client: schedule::derive(hash, &handshake, "c hs traffic", &digest)?,
                server: schedule::derive(hash, &handshake, "s hs traffic", &digest)?,
                handshake,
            })
        };
        let traffic = derived().ok_or(Fault::Internal)?;
        let cipher = |secret: &Secret| TrafficKey::of(hash, secret).and_then(Cipher::new);
        self.send = cipher(&traffic.client);
        self.receive = cipher(&traffic.server);
        self.state = State::Extensions(traffic);
        Ok(())
    }

    /// The server has proven that it has the key; the client proves the same.
    fn finished(&mut self, message: &[u8], traffic: &Traffic) -> Result<(), Fault> {
        let hash = self.psk.hash;
        let key = schedule::finished_key(hash, &traffic.server).ok_or(Fault::Internal)?;
        let code = message.get(4..).unwrap_or_default();
        if !hash.verify(&key, &hash.digest(&self.transcript), code) {
            return Err(Fault::Violation(Alert::DecryptError, "its Finished message is wrong"));
        }
        self.transcript.extend(message);
        let digest = hash.digest(&self.transcript);
        let derived = || {
            let master = schedule::next(hash, &traffic.handshake, None)?;
            let key = |label| TrafficKey::of(hash, &schedule::derive(hash, &master, label, &digest)?);
            let keys = Keys {
                hash,
                group: traffic.group,
                send: key("c ap traffic")?,
                receive: key("s ap traffic")?,
            };
            Some((keys, schedule::finished(hash, &traffic.client, &digest)?))
        };
        let (keys, code) = derived().ok_or(Fault::Internal)?;
        let cipher = self.send.as_mut().ok_or(Fault::Internal)?;
        let message = Zeroizing::new(hello::message(hello::FINISHED, &code));
        self.output.extend(cipher.seal(Content::Handshake, &message)?);
        self.state = State::Done(keys);
        Ok(())
    }
}

fn unexpected(words: &'static str) -> Fault {
    Fault::Violation(Alert::UnexpectedMessage, words)
}
