//! The ClientHello, and the server's answers to it (RFC 8446, sections 4.1 to 4.3).

use nbft_common::kdf::Hash;

use super::fault::{Alert, Fault};
use super::group::{self, Group, KeyShare};
use super::reader::Reader;

/// Types of messages.
pub const CLIENT_HELLO: u8 = 1;
pub const SERVER_HELLO: u8 = 2;
pub const ENCRYPTED_EXTENSIONS: u8 = 8;
pub const CERTIFICATE: u8 = 11;
pub const CERTIFICATE_REQUEST: u8 = 13;
pub const FINISHED: u8 = 20;
/// No message: stands for the first ClientHello after a HelloRetryRequest.
pub const MESSAGE_HASH: u8 = 254;

/// Types of extensions.
const SUPPORTED_GROUPS: u16 = 10;
const PRE_SHARED_KEY: u16 = 41;
const SUPPORTED_VERSIONS: u16 = 43;
const COOKIE: u16 = 44;
const PSK_KEY_EXCHANGE_MODES: u16 = 45;
const KEY_SHARE: u16 = 51;

/// TLS 1.2, which messages of TLS 1.3 claim for old machines on the path; and TLS 1.3.
const TLS_1_2: [u8; 2] = [3, 3];
const TLS_1_3: [u8; 2] = [3, 4];

/// The random value of a HelloRetryRequest: the SHA-256 of this name.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The number of the one cipher suite that goes with a key's hash.
const fn suite(hash: Hash) -> u16 {
    match hash {
        Hash::Sha256 => 0x1301,
        Hash::Sha384 => 0x1302,
    }
}

/// Name of the cipher suite that goes with a key's hash.
#[must_use]
pub const fn suite_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha256 => "TLS_AES_128_GCM_SHA256",
        Hash::Sha384 => "TLS_AES_256_GCM_SHA384",
    }
}

/// The bytes after their length, which has two bytes. `None` if they are too many.
fn vector(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u16::try_from(bytes.len()).ok()?;
    Some([&length.to_be_bytes()[..], bytes].concat())
}

fn extension(kind: u16, bytes: &[u8]) -> Option<Vec<u8>> {
    Some([&kind.to_be_bytes()[..], &vector(bytes)?].concat())
}

/// A message with its header.
#[must_use]
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let mut message = length.to_vec();
    if let Some(first) = message.first_mut() {
        *first = kind;
    }
    message.extend(body);
    message
}

/// What a ClientHello offers.
pub struct Offer<'a> {
    pub hash: Hash,
    pub random: &'a [u8; 32],
    pub identity: &'a [u8],
    pub share: &'a KeyShare,
    /// What a HelloRetryRequest wants back.
    pub cookie: Option<&'a [u8]>,
}

impl Offer<'_> {
    /// The ClientHello with `binder` of what comes before the binders. `None` if the identity is too long.
    pub fn message(&self, binder: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        let binders = self.hash.length() + 3;
        let mut hello = self.with_binders(&vec![0; binders])?;
        hello.truncate(hello.len() - binders);
        let code = binder(&hello)?;
        let length = u8::try_from(code.len()).ok()?;
        hello.extend(vector(&[&[length][..], &code].concat())?);
        Some(hello)
    }

    fn with_binders(&self, binders: &[u8]) -> Option<Vec<u8>> {
        let groups: Vec<u8> = group::ALL.iter().flat_map(|group| group.code().to_be_bytes()).collect();
        let share = [
            &self.share.group().code().to_be_bytes()[..],
            &vector(&self.share.public())?,
        ]
        .concat();
        let cookie = match self.cookie {
            Some(cookie) => extension(COOKIE, &vector(cookie)?)?,
            None => Vec::new(),
        };
        // The age of a key that no handshake made is 0.
        let identities = vector(&[&vector(self.identity)?[..], &[0; 4]].concat())?;
        let extensions = [
            extension(SUPPORTED_VERSIONS, &[&[2][..], &TLS_1_3].concat())?,
            extension(SUPPORTED_GROUPS, &vector(&groups)?)?,
            extension(KEY_SHARE, &vector(&share)?)?,
            cookie,
            // Only with a key exchange (psk_dhe_ke).
            extension(PSK_KEY_EXCHANGE_MODES, &[1, 1])?,
            // The last one, as it has to be.
            extension(PRE_SHARED_KEY, &[&identities[..], binders].concat())?,
        ];
        let body = [
            &TLS_1_2[..],
            self.random,
            // No session.
            &[0],
            &vector(&suite(self.hash).to_be_bytes())?,
            // No compression.
            &[1, 0],
            &vector(&extensions.concat())?,
        ];
        Some(message(CLIENT_HELLO, &body.concat()))
    }
}

/// The server's answer to a ClientHello.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// HelloRetryRequest: another ClientHello, with a key of this group, and with this cookie.
    Retry(Option<Group>, Option<Vec<u8>>),
    /// ServerHello: the public key.
    Hello(Vec<u8>),
}

const UNREADABLE: Fault = Fault::Violation(Alert::DecodeError, "its ServerHello cannot be read");

/// Reads a ServerHello, which may be a HelloRetryRequest.
///
/// # Errors
/// An answer that does not fit the offer.
pub fn answer(body: &[u8], hash: Hash, offered: Group) -> Result<Answer, Fault> {
    let mut reader = Reader::new(body);
    let illegal = |words| Err(Fault::Violation(Alert::IllegalParameter, words));
    let mut read = || {
        let (version, random) = (reader.take(2)?, reader.take(32)?);
        let (session, suite, compression) = (reader.vector(1)?, reader.u16()?, reader.u8()?);
        Some((version, random, session, suite, compression))
    };
    let (version, random, session, chosen, compression) = read().ok_or(UNREADABLE)?;
    let retry = random == RETRY;
    let extensions = match reader.is_empty() {
        // A server of TLS 1.2 may send none.
        true => Extensions::default(),
        false => Extensions::read(reader.last_vector(2).ok_or(UNREADABLE)?, retry)?,
    };
    if version != TLS_1_2 || extensions.version != Some(TLS_1_3) {
        return Err(Fault::Violation(
            Alert::ProtocolVersion,
            "it speaks another version of TLS",
        ));
    }
    if !session.is_empty() {
        return illegal("it answers to a session that nobody asked for");
    }
    if chosen != suite(hash) {
        return illegal("it chose a cipher suite that was not offered");
    }
    if compression != 0 {
        return illegal("it chose a compression");
    }
    if retry {
        return Ok(Answer::Retry(
            extensions.retry_group()?,
            extensions.cookie.map(<[u8]>::to_vec),
        ));
    }
    match extensions.key {
        None => return Err(Fault::KeyNotTaken),
        Some(0) => {}
        Some(_) => return illegal("it chose a key that was not offered"),
    }
    let Some(share) = extensions.share else {
        return Err(Fault::Violation(
            Alert::MissingExtension,
            "it wants no key exchange, which was not offered",
        ));
    };
    let mut share = Reader::new(share);
    if share.u16() != Some(offered.code()) {
        return illegal("it chose a group for which it has no key");
    }
    let public = share.last_vector(2).ok_or(UNREADABLE)?;
    Ok(Answer::Hello(public.to_vec()))
}

/// The extensions of a ServerHello or a HelloRetryRequest.
#[derive(Default)]
struct Extensions<'a> {
    version: Option<[u8; 2]>,
    share: Option<&'a [u8]>,
    key: Option<u16>,
    cookie: Option<&'a [u8]>,
}

impl<'a> Extensions<'a> {
    fn read(bytes: &'a [u8], retry: bool) -> Result<Self, Fault> {
        let mut found = Self::default();
        for extension in all(bytes, UNREADABLE)? {
            let (kind, content) = extension;
            let mut reader = Reader::new(content);
            match kind {
                SUPPORTED_VERSIONS => found.version = Some(content.try_into().map_err(|_| UNREADABLE)?),
                KEY_SHARE => found.share = Some(content),
                PRE_SHARED_KEY if !retry => {
                    found.key = Some(reader.u16().filter(|_| reader.is_empty()).ok_or(UNREADABLE)?);
                }
                COOKIE if retry => {
                    let cookie = reader.last_vector(2).filter(|cookie| !cookie.is_empty());
                    found.cookie = Some(cookie.ok_or(UNREADABLE)?);
                }
                _ => return Err(UNASKED),
            }
        }
        Ok(found)
    }

    /// The group that a HelloRetryRequest demands.
    fn retry_group(&self) -> Result<Option<Group>, Fault> {
        let Some(share) = self.share else {
            return Ok(None);
        };
        let code = <[u8; 2]>::try_from(share).map_err(|_| UNREADABLE)?;
        match Group::from_code(u16::from_be_bytes(code)) {
            Some(group) => Ok(Some(group)),
            None => Err(Fault::Violation(
                Alert::IllegalParameter,
                "it demands a group that was not offered",
            )),
        }
    }
}

const UNASKED: Fault = Fault::Violation(
    Alert::UnsupportedExtension,
    "it sends an extension that nobody asked for",
);

/// The extensions in a list: type and content of each, each type once.
fn all(bytes: &[u8], unreadable: Fault) -> Result<Vec<(u16, &[u8])>, Fault> {
    let mut reader = Reader::new(bytes);
    let mut found: Vec<(u16, &[u8])> = Vec::new();
    while !reader.is_empty() {
        let extension = reader.u16().zip(reader.vector(2));
        let Some((kind, content)) = extension else {
            return Err(unreadable);
        };
        if found.iter().any(|(other, _)| *other == kind) {
            return Err(Fault::Violation(Alert::IllegalParameter, "it sends an extension twice"));
        }
        // Few types are known, and an unknown one ends the handshake: the list stays short.
        if ![SUPPORTED_GROUPS, PRE_SHARED_KEY, SUPPORTED_VERSIONS, COOKIE, KEY_SHARE].contains(&kind) {
            return Err(UNASKED);
        }
        found.push((kind, content));
    }
    Ok(found)
}

/// Reads an EncryptedExtensions message, which contains nothing of interest here.
///
/// # Errors
/// A message that cannot be read, or an extension that nobody asked for.
pub fn encrypted_extensions(body: &[u8]) -> Result<(), Fault> {
    const UNREADABLE: Fault = Fault::Violation(Alert::DecodeError, "its EncryptedExtensions cannot be read");
    let extensions = Reader::new(body).last_vector(2).ok_or(UNREADABLE)?;
    let extensions = all(extensions, UNREADABLE)?;
    match extensions.iter().all(|(kind, _)| *kind == SUPPORTED_GROUPS) {
        true => Ok(()),
        false => Err(UNASKED),
    }
}
