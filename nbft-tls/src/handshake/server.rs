//! The server's side, for tests and the fuzz target: does what a right server does, and seals whatever else it is told to.

use nbft_common::kdf::Hash;

use super::group::KeyShare;
use super::record::{self, Cipher, Content, HEADER};
use super::schedule::{self, TrafficKey};
use super::{Psk, Secret, hello};

/// A server after its ServerHello.
pub struct Server {
    hash: Hash,
    handshake: Secret,
    traffic: Secret,
    transcript: Vec<u8>,
    cipher: Cipher,
}

impl Server {
    /// Answers the record of a ClientHello, whose public key is `public`; returns the record of the ServerHello too.
    #[must_use]
    pub fn answer(psk: &Psk, client_hello: &[u8], share: &KeyShare, public: &[u8]) -> Option<(Self, Vec<u8>)> {
        let hash = psk.hash;
        let message = server_hello(hash, share);
        let transcript = [client_hello.get(HEADER..)?, &message].concat();
        let early = schedule::early(hash, &psk.key);
        let handshake = schedule::next(hash, &early, Some(&share.agree(public)?))?;
        let traffic = schedule::derive(hash, &handshake, "s hs traffic", &hash.digest(&transcript))?;
        let cipher = Cipher::new(TrafficKey::of(hash, &traffic)?)?;
        let server = Self {
            hash,
            handshake,
            traffic,
            transcript,
            cipher,
        };
        Some((server, record::plain(Content::Handshake, false, &message)))
    }

    /// An EncryptedExtensions message that is empty; `finished` counts it.
    #[must_use]
    pub fn extensions(&mut self) -> Vec<u8> {
        let message = hello::message(hello::ENCRYPTED_EXTENSIONS, &[0, 0]);
        self.transcript.extend(&message);
        message
    }

    /// The Finished message.
    #[must_use]
    pub fn finished(&mut self) -> Option<Vec<u8>> {
        let code = schedule::finished(self.hash, &self.traffic, &self.hash.digest(&self.transcript))?;
        let message = hello::message(hello::FINISHED, &code);
        self.transcript.extend(&message);
        Some(message)
    }

    /// The key for the server's data, after Finished.
    #[must_use]
    pub fn data_key(&self) -> Option<TrafficKey> {
        let master = schedule::next(self.hash, &self.handshake, None)?;
        let digest = self.hash.digest(&self.transcript);
        TrafficKey::of(
            self.hash,
            &schedule::derive(self.hash, &master, "s ap traffic", &digest)?,
        )
    }

    /// An encrypted record.
    #[must_use]
    pub fn seal(&mut self, content: Content, bytes: &[u8]) -> Vec<u8> {
        self.cipher.seal(content, bytes).unwrap_or_default()
    }
}

fn server_hello(hash: Hash, share: &KeyShare) -> Vec<u8> {
    let public = share.public();
    let length = |bytes: usize| u16::try_from(bytes).unwrap_or_default().to_be_bytes();
    let extensions = [
        &[0, 43, 0, 2, 3, 4, 0, 41, 0, 2, 0, 0, 0, 51][..],
        &length(public.len() + 4),
        &share.group().code().to_be_bytes(),
        &length(public.len()),
        &public,
    ]
    .concat();
    let suite = match hash {
        Hash::Sha256 => [0x13, 1],
        Hash::Sha384 => [0x13, 2],
    };
    let body = [
        &[3, 3][..],
        &[9; 32],
        &[0],
        &suite,
        &[0],
        &length(extensions.len()),
        &extensions,
    ];
    hello::message(hello::SERVER_HELLO, &body.concat())
}
