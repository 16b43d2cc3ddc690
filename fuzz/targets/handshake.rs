//! Whatever a server sends, the handshake ends with an error or goes on; it succeeds only if the server has proven its key.

#![no_main]

use libfuzzer_sys::fuzz_target;
use nbft_common::kdf::Hash;
use nbft_tls::handshake::fault::Fault;
use nbft_tls::handshake::group::{Group, KeyShare};
use nbft_tls::handshake::record::Content;
use nbft_tls::handshake::server::Server;
use nbft_tls::handshake::{Client, Psk};

/// Bytes that are the same in each run.
fn fixed(bytes: &mut [u8]) -> bool {
    bytes.fill(7);
    true
}

// The first byte says what a right server sends first: nothing, or a ServerHello, after which the pieces are encrypted.
fuzz_target!(|bytes: &[u8]| {
    let Some((mode, bytes)) = bytes.split_first() else {
        return;
    };
    let hash = if mode & 1 == 0 { Hash::Sha256 } else { Hash::Sha384 };
    let psk = Psk {
        identity: b"NVMe1R01 nqn.h nqn.s iSbj=".to_vec(),
        key: vec![5; hash.length()].into(),
        hash,
    };
    let mut client = Client::new(psk.clone(), fixed).expect("a client");
    if mode & 2 == 0 {
        let result = give(&mut client, bytes);
        assert!(client.keys().is_none(), "{result:?}");
        return;
    }
    let public = KeyShare::from_bytes(Group::X25519, &[7; 32]).expect("a key").public();
    let share = KeyShare::from_bytes(Group::X25519, &[8; 32]).expect("a key");
    let answer = Server::answer(&psk, &client.take_output(), &share, &public);
    let (mut server, hello) = answer.expect("an answer");
    give(&mut client, &hello).expect("a ServerHello");
    let proven = pieces(&mut client, &mut server, bytes);
    assert!(client.keys().is_none() || proven, "success without a proof");
});

/// Sends pieces `KIND LENGTH BYTES`, encrypted: of a kind of record; or, in the place of the bytes, a right message. Returns
/// whether the right Finished message was among them.
fn pieces(client: &mut Client, server: &mut Server, mut bytes: &[u8]) -> bool {
    let mut proven = false;
    while let [kind, length, rest @ ..] = bytes {
        let (piece, rest) = rest.split_at(rest.len().min((*length).into()));
        bytes = rest;
        let record = match kind % 8 {
            0 => server.extensions(),
            1 => {
                proven = true;
                server.finished().expect("a message")
            }
            2 => {
                // In the clear.
                if give(client, piece).is_err() {
                    break;
                }
                continue;
            }
            _ => piece.to_vec(),
        };
        let content = match kind % 8 {
            3 => Content::Alert,
            4 => Content::Data,
            5 => Content::ChangeCipherSpec,
            _ => Content::Handshake,
        };
        if give(client, &server.seal(content, &record)).is_err() {
            break;
        }
    }
    proven
}

/// Gives the client all bytes, in pieces of no more than the client wants.
fn give(client: &mut Client, mut bytes: &[u8]) -> Result<(), Fault> {
    while !bytes.is_empty() && client.wanted() > 0 {
        let wanted = client.wanted();
        assert!(wanted <= 5 + (1 << 14) + 256, "{wanted} bytes at a time");
        let (piece, rest) = bytes.split_at(bytes.len().min(wanted));
        client.receive(piece).inspect_err(|fault| {
            assert!(!fault.to_string().is_empty() && *fault != Fault::Internal);
        })?;
        bytes = rest;
    }
    Ok(())
}
