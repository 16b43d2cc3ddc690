//! Words that change a target while it runs.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::client::Client;
use super::{HOST, NQN, target};
use crate::target::{Counts, Target, ask, raise_limit};

const LIMIT: Duration = Duration::from_secs(10);

#[test]
fn ports_come_and_go() {
    let target = target("");
    let address = target.address(1).expect("an address");
    let mut admin = Client::admin(address, NQN, HOST);
    target.tell("unlisten 1").expect("a word");
    assert!(TcpStream::connect(address).is_err(), "refused");
    assert_eq!(admin.command(0x18, &[], &[]).status, 0, "the connection lives on");
    target.tell("listen 1 late=500").expect("a word");
    assert!(TcpStream::connect(address).is_err(), "refused still");
    let end = std::time::Instant::now() + LIMIT;
    while TcpStream::connect(address).is_err() {
        assert!(std::time::Instant::now() < end, "listens again");
        thread::sleep(Duration::from_millis(10));
    }
    target.tell("unport 1").expect("a word");
    assert_eq!(admin.end(), Ok(()), "its connections are gone with it");
    assert_eq!(target.tell("listen 1"), Err("no port 1".into()));
}

#[test]
fn a_port_that_refuses_keeps_its_address() {
    let target = target("unlisten 1");
    let address = target.address(1).expect("an address");
    let other = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let taken = other.bind(&address.into()).expect_err("kept");
    assert_eq!(taken.kind(), ErrorKind::AddrInUse);
    target.tell("listen 1").expect("a word");
    assert!(TcpStream::connect(address).is_ok(), "listens again");
}

#[test]
fn connections_are_dropped() {
    let target = target("port 2 127.0.0.1 0");
    let [first, second] = [1, 2].map(|port| target.address(port).expect("an address"));
    let mut clients = [first, first, second].map(|address| Client::greet(address, false));
    assert_eq!(target.tell("drop 2"), Ok("1".into()));
    assert_eq!(clients[2].end(), Ok(()));
    assert_eq!(target.tell("drop reset"), Ok("2".into()));
    assert_eq!(clients[0].end(), Err(ErrorKind::ConnectionReset));
    let counts = target
        .wait_for(LIMIT, |counts| counts.connections.now == 0)
        .expect("ends");
    assert_eq!(counts.ends.target, 3);
    assert_eq!(counts.tcp_connections, [(1, 2), (2, 1)].into());
}

#[test]
fn hosts_are_allowed_later() {
    let target = target(&format!("forbid {NQN} {HOST}"));
    let address = target.address(1).expect("an address");
    let connect = || Client::greet(address, false).connect(0, 0xffff, NQN, HOST).status;
    assert_eq!(connect(), 0x4184);
    target.tell(&format!("allow {NQN} {HOST} late=50")).expect("a word");
    while connect() != 0 {
        thread::sleep(Duration::from_millis(10));
    }
    target.tell(&format!("unexport 1 {NQN}")).expect("a word");
    assert_eq!(connect(), 0x4182);
    target.tell(&format!("export 1 {NQN}")).expect("a word");
    assert_eq!(connect(), 0);
}

#[test]
fn one_controller_for_each_host() {
    let target = target(&format!("single {NQN} linger=1000"));
    let address = target.address(1).expect("an address");
    let connect = || Client::greet(address, false).connect(0, 0xffff, NQN, HOST).status;
    let mut first = Client::admin(address, NQN, HOST);
    assert_eq!(connect(), 0x181);
    assert_eq!(first.property_set(0x14, 0x4001).status, 0, "shut down");
    drop(first);
    target
        .wait_for(LIMIT, |counts| counts.controllers.now == 0)
        .expect("an end");
    let lost = Client::admin(address, NQN, HOST);
    drop(lost);
    target
        .wait_for(LIMIT, |counts| counts.controllers.now == 0)
        .expect("an end");
    assert_eq!(connect(), 0x181, "lost, not yet forgotten");
    while connect() != 0 {
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_silent_host_is_forgotten() {
    let target = target("");
    let mut client = Client::greet(target.address(1).expect("an address"), false);
    let kato = 100_u32.to_le_bytes();
    let mut data = vec![0; 1024];
    data[16..18].fill(0xff);
    data[256..256 + NQN.len()].copy_from_slice(NQN.as_bytes());
    data[512..512 + HOST.len()].copy_from_slice(HOST.as_bytes());
    let answer = client.command(0x7f, &[(4, &[1]), (44, &[31]), (48, &kato)], &data);
    assert_eq!(answer.status, 0);
    let counts = target
        .wait_for(LIMIT, |counts| counts.ends.expired == 1)
        .expect("an end");
    assert_eq!((counts.controller_ends.lost, counts.connect_list[0].kato_ms), (1, 100));
}

#[test]
fn words_that_fail() {
    for (words, error) in [
        ("portal 1", "line 1: `portal` with 1 words"),
        ("\nport x 127.0.0.1 0", "line 2: x: not such a value"),
        ("port 1 127.0.0.1 0 nqn.none", "no subsystem nqn.none"),
        ("subsystem nqn.a any\nnamespace nqn.a 1 12", "12: not 16 bytes"),
        ("subsystem nqn.a any\nallow nqn.a nqn.b", "every host may use nqn.a"),
        ("record colour=red", "colour=: no such field"),
    ] {
        let said = Target::start(words).expect_err(words);
        assert!(said.contains(error), "{words}: {said}");
    }
}

#[test]
fn two_thousand_connections() {
    raise_limit();
    let target = target("");
    let address = target.address(1).expect("an address");
    let clients: Vec<_> = (0..2000).map(|_| Client::greet(address, false)).collect();
    let counts = target.counts();
    assert_eq!((counts.icreqs, counts.connections.now), (2000, 2000));
    drop(clients);
    let counts = target
        .wait_for(LIMIT, |counts| counts.connections.now == 0)
        .expect("ends");
    assert_eq!(counts.connections.most, 2000);
}

#[test]
fn lines_over_the_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("control");
    let target = target("");
    target.control(&socket).expect("a socket");
    assert_eq!(ask(&socket, "fault connect hang"), Ok(String::new()));
    assert_eq!(
        ask(&socket, "fault"),
        Err("a fault is STEP ACTION [VALUE] [LIMIT=VALUE]...".into())
    );
    let counts: Counts = serde_json::from_str(&ask(&socket, "count").expect("counts")).expect("JSON");
    assert_eq!(counts.faults, [("connect hang".to_owned(), 0)]);
    assert_eq!(
        ask(&socket, "address 1"),
        Ok(target.address(1).expect("an address").to_string())
    );
    assert_eq!(ask(&socket, "quit"), Ok(String::new()));
    target.wait_for_quit();
}
