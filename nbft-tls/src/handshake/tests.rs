//! The values of RFC 8448, and messages of a server that nobody should send.

use super::*;
use crate::handshake::hello::CLIENT_HELLO;
use crate::handshake::server::Server;

/// Bytes of hexadecimal digits.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("hexadecimal");
    digits.chunks(2).map(byte).collect()
}

fn same(found: &[u8], expected: &str) {
    assert_eq!(found, hex(expected));
}

/// RFC 8448, section 4: the ClientHello up to its binders.
const RESUMED_HELLO: [&str; 2] = [
    "010001fc03031bc3ceb6bbe39cff938355b5a50adb6db21b7a6af649d7b4bc419d7876487d95000006130113031302010001cd0000000b00
     09000006736572766572ff01000100000a00140012001d00170018001901000101010201030104003300260024001d0020e4ffb68ac05f8d
     96c99da26698346c6be16482badddafe051a66b4f18d668f0b002a0000002b0003020304000d0020001e0403050306030203080408050806
     04010501060102010402050206020202002d00020101001c0002400100150057",
    // Between these, 87 zeros.
    "002900dd00b800b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c498883c9367c09a2be785abc
     55cd226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3664d4e6da4d29ee03725a6a4dafcd0
     fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e970727c621a79141ef5f7d
     e6505e5bfbc388e93343694093934ae4d357fad6aacb",
];
const RESUMED_SERVER_HELLO: &str = "
    0200005c03033ccfd2dec890222763472ae8136777c9d7358777bb66e91ea5122495f559ea2d00130100003400290002000000330024001d0020
    121761ee42c333e1b9e77b60dd57c2053cd94512ab47f115e86eff50942cea31002b00020304";
const RESUMED_EXTENSIONS: &str = "
    080000280026000a00140012001d00170018001901000101010201030104001c0002400100000000002a0000";

/// The key schedule from a key to the keys for data, with the values of RFC 8448, section 4. The key there comes from an
/// earlier handshake, so its binder has another label; nothing else differs.
#[test]
fn schedule_of_a_handshake_with_a_key() {
    let hash = Hash::Sha256;
    let psk = hex("4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3");
    let early = schedule::early(hash, &psk);
    same(
        &early,
        "9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c",
    );
    let hello = RESUMED_HELLO.map(hex).join(&[0; 87][..]);
    assert_eq!(hello.len(), 477);
    let digest = hash.digest(&hello);
    same(
        &digest,
        "63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14",
    );
    let binder = schedule::binder(hash, &early, "res binder", &digest).expect("a binder");
    same(
        &binder,
        "3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d",
    );

    let private = hex("bff91188283846dd6a2134ef7180ca2b0b14fb10dce707b5098c0dddc813b2df");
    let share = KeyShare::from_bytes(Group::X25519, &private).expect("a key");
    same(
        &share.public(),
        "e4ffb68ac05f8d96c99da26698346c6be16482badddafe051a66b4f18d668f0b",
    );
    let answer = hello::answer(&hex(RESUMED_SERVER_HELLO)[4..], hash, Group::X25519);
    let Ok(Answer::Hello(public)) = answer else {
        panic!("{answer:?}");
    };
    let shared = share.agree(&public).expect("a key of the group");
    same(
        &shared,
        "f44194756ff9ec9d25180635d66ea6824c6ab3bf179977be37f723570e7ccb2e",
    );

    let mut transcript = [&hello[..], &[0, 33, 32], &binder].concat();
    transcript.extend(hex(RESUMED_SERVER_HELLO));
    let digest = hash.digest(&transcript);
    let handshake = schedule::next(hash, &early, Some(&shared)).expect("a secret");
    same(
        &handshake,
        "005cb112fd8eb4ccc623bb88a07c64b3ede1605363fc7d0df8c7ce4ff0fb4ae6",
    );
    let client = schedule::derive(hash, &handshake, "c hs traffic", &digest).expect("a secret");
    same(
        &client,
        "2faac08f851d35fea3604fcb4de82dc62c9b164a70974d0462e27f1ab278700f",
    );
    let server = schedule::derive(hash, &handshake, "s hs traffic", &digest).expect("a secret");
    same(
        &server,
        "fe927ae271312e8bf0275b581c54eef020450dc4ecffaa05a1a35d27518e7803",
    );
    let key = TrafficKey::of(hash, &server).expect("a key");
    same(&key.key, "27c6bdc0a3dcea39a47326d79bc9e4ee");
    same(&*key.iv, "9569ecdd4d0536705e9ef725");

    transcript.extend(hex(RESUMED_EXTENSIONS));
    let finished = schedule::finished(hash, &server, &hash.digest(&transcript)).expect("a code");
    same(
        &finished,
        "48d3e0e1b3d907c6acff145e16090388c77b05c050b634ab1a88bbd0dd1a34b2",
    );
    transcript.extend(hello::message(hello::FINISHED, &finished));
    let digest = hash.digest(&transcript);
    let master = schedule::next(hash, &handshake, None).expect("a secret");
    same(
        &master,
        "e2d32d4ed66dd37897a0e80c84107503ce58bf8aad4cb55a5002d77ecb890ece",
    );
    for (label, secret, key, iv) in [
        (
            "c ap traffic",
            "2abbf2b8e381d23dbebe1dd2a7d16a8bf484cb4950d23fb7fb7fa8547062d9a1",
            "3cf122f301c6358ca7989553250efd72",
            "ab1aec26aa78b8fc1176b9ac",
        ),
        (
            "s ap traffic",
            "cc21f1bf8feb7dd5fa505bd9c4b468a9984d554a993dc49e6d285598fb672691",
            "e857c690a34c5a9129d833619684f95e",
            "0685d6b561aab9ef1013faf9",
        ),
    ] {
        let traffic = schedule::derive(hash, &master, label, &digest).expect("a secret");
        same(&traffic, secret);
        let found = TrafficKey::of(hash, &traffic).expect("a key");
        same(&found.key, key);
        same(&*found.iv, iv);
    }
    // The client of the RFC sent early data before.
    transcript.extend([5, 0, 0, 0]);
    let finished = schedule::finished(hash, &client, &hash.digest(&transcript)).expect("a code");
    same(
        &finished,
        "7230a9c952c25cd6138fc5e6628308c41c5335dd81b9f96bcea50fd32bda416d",
    );
}

/// RFC 8448, section 5: a HelloRetryRequest, after which a digest stands for the first ClientHello, and P-256.
#[test]
fn a_second_hello() {
    let first = "
        010000b00303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f000006130113031302010000810000000b00
        09000006736572766572ff01000100000a00080006001d00170018003300260024001d0020e8e8e3f3b93a25ed97a14a7dcacb8a272c6288
        e585c6484d05262fcad062ad1f002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202
        002d00020101001c00024001";
    let request = "
        020000ac0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c001301000084003300020017002c00740072
        71dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc654b1b5b40318d10
        d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f9
        34b0002b00020304";
    let answer = hello::answer(&hex(request)[4..], Hash::Sha256, Group::X25519);
    let Ok(Answer::Retry(Some(Group::Secp256r1), Some(cookie))) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!((cookie.len(), &cookie[..4]), (0x72, &[0x71, 0xdc, 0xd0, 0x4b][..]));

    let public = "
        04583e054b7a66672ae020ad9d2686fcc85b5ad41a134a0f03ee72b893052bd85b4c8de6776f5b04ac07d83540eab3e3d9c547bc6528c4317d294686
        093a6cad7d";
    let server_hello = "
        020000770303bb341d847fd789c47c387172dc0c9bf147fccacb5043d86ca4c598d3ff571b9800130100004f003300450017004104583e05
        4b7a66672ae020ad9d2686fcc85b5ad41a134a0f03ee72b893052bd85b4c8de6776f5b04ac07d83540eab3e3d9c547bc6528c4317d294686
        093a6cad7d002b00020304";
    // The RFC's server takes no key.
    let body = &hex(server_hello)[4..];
    assert_eq!(
        hello::answer(body, Hash::Sha256, Group::Secp256r1),
        Err(Fault::KeyNotTaken)
    );
    // Its point is one of the curve; the same bytes changed are none.
    let share = KeyShare::from_bytes(Group::Secp256r1, &[7; 32]).expect("a key");
    assert!(share.agree(&hex(public)).is_some());
    let mut wrong = hex(public);
    wrong[64] ^= 1;
    assert!(share.agree(&wrong).is_none());

    let second = "
        010001fc0303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f000006130113031302010001cd0000000b00
        09000006736572766572ff01000100000a00080006001d001700180033004700450017004104a6da7392ec591e17abfd535964b99894d13b
        efb221b3def2ebe3830eac8f0151812677c4d6d2237e85cf01d6910cfb83954e76ba7352830534159897e8065780002b0003020304000d00
        20001e040305030603020308040805080604010501060102010402050206020202002c0074007271dcd04bb88bc3189119398a00000000ee
        fafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e
        50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f934b0002d00020101001c00024001001500
        af";
    let mut second = hex(second);
    second.resize(512, 0);
    let hash = Hash::Sha256;
    let first = hello::message(hello::MESSAGE_HASH, &hash.digest(&hex(first)));
    let digest = hash.digest(&[first, hex(request), second, hex(server_hello)].concat());
    same(
        &digest,
        "8aa8e828ec2f8a884fec95a3139de01c15a3daa7ff5bfc3f4bfcc21b438d7bf8",
    );
    let handshake = schedule::next(
        hash,
        &schedule::early(hash, &[0; 32]),
        Some(&hex("c142ce13ca11b5c2233652e63ad3d97844f1621fbfb9de69d547dc8fedeabeb4")),
    )
    .expect("a secret");
    same(
        &handshake,
        "ce022e5e6e81e50736d773f2d3adfce8220d049bf510f0dbfac927ef4243b148",
    );
    let client = schedule::derive(hash, &handshake, "c hs traffic", &digest).expect("a secret");
    same(
        &client,
        "158aa7ab8855073582b41d674b4055cabcc534728f659314861b4e08e2011566",
    );
}

/// Bytes that are the same in each run.
#[allow(clippy::unnecessary_wraps, reason = "the form of a source of random bytes")]
fn fixed(bytes: &mut [u8]) -> bool {
    for (number, byte) in (1..).zip(bytes) {
        *byte = number;
    }
    true
}

fn psk(hash: Hash) -> Psk {
    Psk {
        identity: b"NVMe1R01 nqn.h nqn.s iSbj=".to_vec(),
        key: Zeroizing::new(vec![5; hash.length()]),
        hash,
    }
}

fn client() -> (Client, Vec<u8>) {
    let mut client = Client::new(psk(Hash::Sha256), fixed).expect("a client");
    let hello = client.take_output();
    (client, hello)
}

/// Gives a client all bytes, in pieces of no more than the client wants.
fn give(client: &mut Client, mut bytes: &[u8]) -> Result<(), Fault> {
    while !bytes.is_empty() && client.wanted() > 0 {
        let (piece, rest) = bytes.split_at(bytes.len().min(client.wanted()));
        client.receive(piece)?;
        bytes = rest;
    }
    Ok(())
}

/// The record of a ServerHello with these extensions.
fn answered(random: &[u8], extensions: &str) -> Vec<u8> {
    let extensions = hex(extensions);
    let length = u16::try_from(extensions.len()).expect("short").to_be_bytes();
    let body = [&[3, 3], random, &[0, 0x13, 1, 0], &length, &extensions].concat();
    record::plain(Content::Handshake, false, &hello::message(hello::SERVER_HELLO, &body))
}

const VERSION: &str = "002b00020304";
const KEY: &str = "002900020000";
const SHARE: &str = "00330024001d0020 121761ee42c333e1b9e77b60dd57c2053cd94512ab47f115e86eff50942cea31";

fn retry(extensions: &str) -> Vec<u8> {
    answered(
        &hex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"),
        extensions,
    )
}

#[test]
fn the_hello_has_one_key_at_its_end() {
    let (_, hello) = client();
    assert_eq!((hello[0], &hello[1..3], hello[5]), (22, &[3, 1][..], CLIENT_HELLO));
    let message = &hello[5..];
    let digest = Hash::Sha256.digest(&message[..message.len() - 35]);
    let early = schedule::early(Hash::Sha256, &[5; 32]);
    let binder = schedule::binder(Hash::Sha256, &early, "ext binder", &digest).expect("a binder");
    assert!(message.ends_with(&[&[0, 33, 32], &binder[..]].concat()));
    assert!(message[..message.len() - 35].ends_with(b"NVMe1R01 nqn.h nqn.s iSbj=\0\0\0\0"));
}

#[test]
fn wrong_answers() {
    let random = [9; 32];
    for (bytes, expected) in [
        (hex("03 00 18 18 00 00"), Fault::NotTls),
        (hex("16 02 00 00 01"), Fault::NotTls),
        (hex("15 0303 0002 02 73"), Fault::Received(115)),
        (answered(&random, &format!("{VERSION} {SHARE}")), Fault::KeyNotTaken),
        (
            answered(&random, &format!("{SHARE} {KEY}")),
            violation(Alert::ProtocolVersion),
        ),
        (
            answered(&random, &format!("{VERSION} {KEY}")),
            violation(Alert::MissingExtension),
        ),
        (
            answered(&random, &format!("{VERSION} {SHARE} 002900020001")),
            violation(Alert::IllegalParameter),
        ),
        (
            answered(&random, &format!("{VERSION} {KEY} {KEY}")),
            violation(Alert::IllegalParameter),
        ),
        (
            answered(&random, &format!("{VERSION} {KEY} {SHARE} 00100000")),
            violation(Alert::UnsupportedExtension),
        ),
        (
            answered(
                &random,
                &format!("{VERSION} {KEY} {SHARE}").replace("001d0020", "00170020"),
            ),
            violation(Alert::IllegalParameter),
        ),
        (
            // A public key that makes the secret known.
            answered(
                &random,
                &format!("{VERSION} {KEY} 00330024001d0020 {}", "00".repeat(32)),
            ),
            violation(Alert::IllegalParameter),
        ),
        (retry(VERSION), violation(Alert::IllegalParameter)),
        (
            retry(&format!("{VERSION} 00330002001d")),
            violation(Alert::IllegalParameter),
        ),
        (
            retry(&format!("{VERSION} 003300020019")),
            violation(Alert::IllegalParameter),
        ),
        (retry(&format!("{VERSION} 002c00020000")), violation(Alert::DecodeError)),
        (hex("16 0303 0000"), violation(Alert::UnexpectedMessage)),
        (hex("16 0303 4001"), violation(Alert::RecordOverflow)),
        (hex("17 0303 4101"), violation(Alert::RecordOverflow)),
        (hex("17 0303 0001 00"), violation(Alert::UnexpectedMessage)),
        (hex("14 0303 0001 02"), violation(Alert::UnexpectedMessage)),
        (hex("16 0303 0004 08000000"), violation(Alert::UnexpectedMessage)),
        (hex("16 0303 0006 020000020303"), violation(Alert::DecodeError)),
    ] {
        let (mut client, _) = client();
        let fault = give(&mut client, &bytes).expect_err(&format!("{bytes:x?}"));
        match (&fault, &expected) {
            (Fault::Violation(found, _), Fault::Violation(alert, _)) => assert_eq!(found, alert, "{bytes:x?}"),
            _ => assert_eq!(fault, expected, "{bytes:x?}"),
        }
        let alert = expected.alert().map(|alert| vec![21, 3, 3, 0, 2, 2, alert as u8]);
        assert_eq!(client.take_output(), alert.unwrap_or_default(), "{bytes:x?}");
        assert_eq!((client.wanted(), client.keys().is_none()), (0, true));
    }
}

fn violation(alert: Alert) -> Fault {
    Fault::Violation(alert, "")
}

/// A second ClientHello has what the server wants, and a third one does not come.
#[test]
fn two_hellos_at_most() {
    let (mut client, first) = client();
    let request = retry(&format!("{VERSION} 003300020018 002c0005000361626 3"));
    give(&mut client, &request).expect("a second hello");
    let second = client.take_output();
    assert_eq!(second[1..3], [3, 3]);
    let has = |bytes: &[u8]| second.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(&hex("002c 0005 0003 616263")) && has(&hex("0033 0067 0065 0018 0061 04")));
    assert_eq!(first[11..43], second[11..43], "the same random value");
    let fault = give(&mut client, &request).expect_err("a third hello");
    assert_eq!(fault.alert(), Some(Alert::UnexpectedMessage));
}

/// Neither endless records nor a message of all memory.
#[test]
fn input_has_bounds() {
    let (mut client, _) = client();
    let useless = hex("14 0303 0001 01").repeat(65);
    assert_eq!(
        give(&mut client, &useless).expect_err("the end").alert(),
        Some(Alert::UnexpectedMessage)
    );

    let (mut client, _) = self::client();
    let mut huge = hex("16 0303 4000 02 ffffff");
    huge.resize(5 + 0x4000, 0);
    assert_eq!(
        give(&mut client, &huge).expect_err("the end").alert(),
        Some(Alert::IllegalParameter)
    );
}

#[test]
fn records_read_back() {
    for length in [16, 32] {
        let key = TrafficKey {
            key: Zeroizing::new(vec![3; length]),
            iv: Zeroizing::new([4; 12]),
        };
        let (mut sender, mut receiver) = (
            Cipher::new(key.clone()).expect("a key"),
            Cipher::new(key).expect("a key"),
        );
        for text in [&b"first"[..], b"second"] {
            let record = sender.seal(Content::Data, text).expect("a record");
            let (header, bytes) = record.split_first_chunk::<5>().expect("a header");
            let opened = receiver.open(*header, bytes.to_vec());
            assert_eq!(opened, Ok((Content::Data, text.to_vec())));
        }
        let mut changed = sender.seal(Content::Data, b"third").expect("a record");
        changed[7] ^= 1;
        let (header, bytes) = changed.split_first_chunk::<5>().expect("a header");
        let fault = receiver.open(*header, bytes.to_vec()).expect_err("a change");
        assert_eq!(fault.alert(), Some(Alert::BadRecordMac));
    }
}

/// A server with the key, after its ServerHello, which the client has.
fn served(client: &mut Client, key: &Psk) -> Server {
    let mut secret = [0; 32];
    fixed(&mut secret);
    let public = KeyShare::from_bytes(Group::X25519, &secret).expect("a key").public();
    let share = KeyShare::from_bytes(Group::X25519, &[8; 32]).expect("a key");
    let (server, answer) = Server::answer(key, &client.take_output(), &share, &public).expect("an answer");
    give(client, &answer).expect("a ServerHello");
    server
}

/// The messages of a server come in one record, in several, or in pieces; both sides have the same keys at the end.
#[test]
fn messages_in_any_pieces() {
    for hash in [Hash::Sha256, Hash::Sha384] {
        for size in [1, 5, 1000] {
            let mut client = Client::new(psk(hash), fixed).expect("a client");
            let mut server = served(&mut client, &psk(hash));
            let mut messages = server.extensions();
            messages.extend(server.finished().expect("a message"));
            for piece in messages.chunks(size) {
                let record = server.seal(Content::Handshake, piece);
                give(&mut client, &record).expect("a record");
            }
            let keys = client.keys().expect("keys");
            assert_eq!(keys.receive.key, server.data_key().expect("a key").key);
            assert!(!client.take_output().is_empty() && client.wanted() == 0);
        }
    }
}

/// Only a server with the key gets through, and only in the right order.
#[test]
fn impostors() {
    let other = Psk {
        key: Zeroizing::new(vec![6; 32]),
        ..psk(Hash::Sha256)
    };
    let mut client = Client::new(psk(Hash::Sha256), fixed).expect("a client");
    let mut server = served(&mut client, &other);
    let message = server.extensions();
    let fault = give(&mut client, &server.seal(Content::Handshake, &message)).expect_err("another key");
    assert_eq!(fault.alert(), Some(Alert::BadRecordMac));

    let finished = |server: &mut Server| server.finished().expect("a message");
    type Messages = fn(&mut Server) -> Vec<u8>;
    for (messages, alert) in [
        // Finished without EncryptedExtensions.
        (
            (|server| server.finished().expect("a message")) as Messages,
            Alert::UnexpectedMessage,
        ),
        // A wrong Finished.
        (
            |server| [server.extensions(), hello::message(hello::FINISHED, &[1; 32])].concat(),
            Alert::DecryptError,
        ),
        // A short one.
        (
            |server| [server.extensions(), hello::message(hello::FINISHED, &[])].concat(),
            Alert::DecryptError,
        ),
        // More after Finished.
        (
            |server| [server.extensions(), server.finished().expect("a message"), vec![4]].concat(),
            Alert::UnexpectedMessage,
        ),
        // Certificates.
        (
            |server| [server.extensions(), vec![11, 0, 0, 0]].concat(),
            Alert::UnexpectedMessage,
        ),
        (
            |server| [server.extensions(), vec![13, 0, 0, 0]].concat(),
            Alert::UnexpectedMessage,
        ),
        // An extension that nobody asked for.
        (|_| vec![8, 0, 0, 6, 0, 4, 0, 16, 0, 0], Alert::UnsupportedExtension),
        (|_| vec![8, 0, 0, 1, 0], Alert::DecodeError),
    ] {
        let mut client = Client::new(psk(Hash::Sha256), fixed).expect("a client");
        let mut server = served(&mut client, &psk(Hash::Sha256));
        let record = messages(&mut server);
        let record = server.seal(Content::Handshake, &record);
        let fault = give(&mut client, &record).expect_err("an impostor");
        assert_eq!(fault.alert(), Some(alert), "{fault}");
        // The alert is encrypted.
        assert_eq!(
            (client.take_output().first(), client.keys().is_none()),
            (Some(&23), true)
        );
    }

    // After ServerHello nothing comes in the clear.
    let mut client = Client::new(psk(Hash::Sha256), fixed).expect("a client");
    let mut server = served(&mut client, &psk(Hash::Sha256));
    let messages = [server.extensions(), finished(&mut server)].concat();
    let clear = record::plain(Content::Handshake, false, &messages);
    assert_eq!(
        give(&mut client, &clear).expect_err("in the clear").alert(),
        Some(Alert::UnexpectedMessage)
    );
}
