//! The handshake of nbft-tls with the servers of OpenSSL, GnuTLS (tlshd's library) and s2n: both hashes, all groups, wrong keys.
//! The scenario `tls-agent` has the kernel and tlshd.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64ct::{Base64, Encoding};
use nbft_common::kdf::Hash;
use nbft_tls::handshake::fault::Fault;
use nbft_tls::handshake::group::Group;
use nbft_tls::handshake::record::{Cipher, Content};
use nbft_tls::handshake::{Client, Keys, Psk};

use crate::support::Folder;
use crate::support::skip::installed;

const IDENTITY: &str = "NVMe1R01 nqn.h nqn.s iSbjiStwJ/1TrTvDlt2fjFmzvsytOJelidNnA+X5lEU=";

/// A server, which ends with its owner.
struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a program that listens on the port in its arguments.
    fn start(program: &str, arguments: impl FnOnce(u16) -> Vec<String>) -> Result<Self, String> {
        installed(&[program])?;
        // Both programs print the port that they have chosen in a form of their own, or not at all.
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("address").port();
        drop(listener);
        let mut command = Command::new(program);
        command.args(arguments(port)).stdin(Stdio::piped());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("it starts");
        Ok(Self { child, port })
    }

    /// OpenSSL, which sends each line back in reverse.
    fn openssl(folder: &Folder, key: &[u8], more: &[&str]) -> Result<Self, String> {
        let session = folder.file("session", session(key));
        Self::start("openssl", |port| {
            let accept = format!("127.0.0.1:{port}");
            let mut arguments = vec!["s_server", "-tls1_3", "-nocert", "-rev", "-accept", &accept];
            let session = session.to_str().expect("UTF-8");
            arguments.extend(["-psk_session", session, "-psk_identity", IDENTITY]);
            arguments.extend(more);
            arguments.into_iter().map(str::to_owned).collect()
        })
    }

    /// GnuTLS with the priorities of tlshd, which sends everything back. GnuTLS of Debian 12 takes keys for SHA-256 only.
    fn gnutls(folder: &Folder, key: &[u8], more: &str) -> Result<Self, String> {
        let password = folder.file("keys", format!("{IDENTITY}:{}\n", hex::encode(key)));
        Self::start("gnutls-serv", |port| {
            let priority = "SECURE256:+SECURE128:-COMP-ALL:-VERS-ALL:+VERS-TLS1.3:%NO_TICKETS:-CIPHER-ALL:+AES-128-GCM";
            vec![
                "--echo".to_owned(),
                format!("--port={port}"),
                format!("--pskpasswd={}", password.display()),
                format!("--priority={priority}:+DHE-PSK:+ECDHE-PSK{more}"),
            ]
        })
    }

    /// s2n, which sends everything back: the program of tests/s2n, which `NBFT_S2N` names.
    fn s2n(key: &[u8]) -> Result<Self, String> {
        let program = std::env::var("NBFT_S2N").map_err(|_| "NBFT_S2N names no server of tests/s2n")?;
        Self::start(&program, |port| {
            vec![port.to_string(), IDENTITY.to_owned(), hex::encode(key)]
        })
    }

    /// A handshake with the server.
    fn shake(&self, key: &[u8], identity: &str) -> Result<(TcpStream, Keys), Fault> {
        let mut stream = self.connect();
        let psk = Psk {
            identity: identity.as_bytes().to_vec(),
            key: key.to_vec().into(),
            hash: if key.len() == 32 { Hash::Sha256 } else { Hash::Sha384 },
        };
        let mut client = Client::new(psk, |bytes| getrandom::fill(bytes).is_ok())?;
        while client.keys().is_none() {
            stream.write_all(&client.take_output()).expect("output");
            let mut buffer = vec![0; client.wanted()];
            stream.read_exact(&mut buffer).expect("an answer");
            client.receive(&buffer)?;
        }
        stream.write_all(&client.take_output()).expect("output");
        let keys = client.keys().expect("keys").clone();
        Ok((stream, keys))
    }

    /// A connection, once the server listens.
    fn connect(&self) -> TcpStream {
        let begun = Instant::now();
        loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
                    return stream;
                }
                Err(error) => assert!(begun.elapsed().as_secs() < 20, "the server does not listen: {error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A key as a session in the form of OpenSSL, whose option `-psk` takes each key for one of SHA-256.
fn session(key: &[u8]) -> String {
    let length = u8::try_from(key.len()).expect("short");
    let cipher = if length == 32 { 1 } else { 2 };
    // SEQUENCE { version 1, TLS 1.3, cipher suite, no identifier, key }
    let head = [2, 1, 1, 2, 2, 3, 4, 4, 2, 0x13, cipher, 4, 0, 4, length];
    let content = [&head[..], key].concat();
    let size = u8::try_from(content.len()).expect("short");
    let text = Base64::encode_string(&[&[0x30, size], &content[..]].concat());
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("text"))
        .collect();
    let name = "SSL SESSION PARAMETERS-----";
    format!("-----BEGIN {name}\n{}\n-----END {name}\n", lines.join("\n"))
}

/// Sends a line with the keys for data, and returns what comes back.
fn talk(stream: &mut TcpStream, keys: &Keys, line: &str) -> String {
    let mut sender = Cipher::new(keys.send.clone()).expect("a key");
    let mut receiver = Cipher::new(keys.receive.clone()).expect("a key");
    let record = sender.seal(Content::Data, line.as_bytes()).expect("a record");
    stream.write_all(&record).expect("data");
    loop {
        let mut header = [0; 5];
        stream.read_exact(&mut header).expect("a header");
        let mut bytes = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
        stream.read_exact(&mut bytes).expect("a record");
        match receiver.open(header, bytes).expect("decrypts") {
            (Content::Data, bytes) => return String::from_utf8(bytes).expect("text"),
            // Tickets of OpenSSL.
            (Content::Handshake, _) => {}
            (content, bytes) => panic!("{content:?} {bytes:?}"),
        }
    }
}

fn key(hash: Hash) -> Vec<u8> {
    (1..=200).take(hash.length()).collect()
}

#[test]
fn openssl_in_all_variants() {
    let folder = Folder::new();
    for hash in [Hash::Sha256, Hash::Sha384] {
        for (groups, group) in [
            ("X25519", Group::X25519),
            ("P-256", Group::Secp256r1),
            ("P-384", Group::Secp384r1),
        ] {
            let server = or_skip!(Server::openssl(&folder, &key(hash), &["-groups", groups]));
            let (mut stream, keys) = server.shake(&key(hash), IDENTITY).expect("a handshake");
            assert_eq!((keys.hash, keys.group), (hash, group));
            assert_eq!(talk(&mut stream, &keys, "abc\n"), "cba\n");
        }
    }
}

#[test]
fn gnutls_in_all_variants() {
    let folder = Folder::new();
    for (groups, group) in [
        ("", None),
        (":-GROUP-ALL:+GROUP-X25519", Some(Group::X25519)),
        (":-GROUP-ALL:+GROUP-SECP256R1", Some(Group::Secp256r1)),
        (":-GROUP-ALL:+GROUP-SECP384R1", Some(Group::Secp384r1)),
    ] {
        let server = or_skip!(Server::gnutls(&folder, &key(Hash::Sha256), groups));
        let (mut stream, keys) = server.shake(&key(Hash::Sha256), IDENTITY).expect("a handshake");
        assert_eq!(keys.group, group.unwrap_or(keys.group));
        assert_eq!(talk(&mut stream, &keys, "abc\n"), "abc\n");
    }
}

/// Right keys only: s2n answers a wrong one after up to half a minute.
#[test]
fn s2n() {
    for hash in [Hash::Sha256, Hash::Sha384] {
        let server = or_skip!(Server::s2n(&key(hash)));
        let (mut stream, keys) = server.shake(&key(hash), IDENTITY).expect("a handshake");
        assert_eq!(keys.hash, hash);
        assert_eq!(talk(&mut stream, &keys, "abc\n"), "abc\n");
    }
}

/// A wrong key has the same words with both, whatever their alerts.
#[test]
fn wrong_keys() {
    let folder = Folder::new();
    let right = key(Hash::Sha256);
    let openssl = or_skip!(Server::openssl(&folder, &right, &[]));
    let gnutls = or_skip!(Server::gnutls(&folder, &right, ""));
    for server in [openssl, gnutls] {
        for (key, identity) in [(&[9; 32][..], IDENTITY), (&right, "NVMe1R01 nqn.other nqn.s x")] {
            let fault = server.shake(key, identity).map(drop).expect_err("no handshake");
            let words = fault.to_string();
            assert!(words.contains("key"), "{words}");
        }
    }
}

/// A server that accepts neither the cipher nor the group says so.
#[test]
fn nothing_in_common() {
    let folder = Folder::new();
    let server = or_skip!(Server::openssl(&folder, &key(Hash::Sha256), &["-groups", "P-521"]));
    let fault = server
        .shake(&key(Hash::Sha256), IDENTITY)
        .map(drop)
        .expect_err("no handshake");
    assert!(matches!(fault, Fault::Received(40)), "{fault}");
}
