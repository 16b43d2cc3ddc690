//! A target without faults.

use std::time::Duration;

use super::client::Client;
use super::{HOST, NQN, target};
use crate::target::counts::Counts;

#[test]
fn a_controller_describes_itself() {
    let target = target("");
    let mut admin = Client::admin(target.address(1).expect("an address"), NQN, HOST);
    let controller = admin.identify(1, 0).data;
    assert_eq!(controller.len(), 4096);
    assert_eq!(controller[111], 1, "CNTRLTYPE");
    assert_eq!(controller[78..80], [1, 0], "CNTLID");
    assert_eq!(&controller[768..768 + NQN.len()], NQN.as_bytes());
    assert_eq!(admin.identify(2, 0).data[..8], [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(admin.identify(0, 1).data[..2], [0, 8], "2048 blocks");
    assert_eq!(admin.identify(3, 1).data[..6], [3, 16, 0, 0, 0x0f, 0xa5], "a UUID");
    assert_eq!(admin.identify(0, 2).status, 0x400b);
    assert_eq!(admin.command(0x18, &[], &[]).status, 0, "Keep Alive");
    let queues = admin.command(0x09, &[(40, &[7]), (44, &[3, 0, 3, 0])], &[]);
    assert_eq!(queues.result, 0x0003_0003);
    assert_eq!(admin.command(0x99, &[], &[]).status, 0x4001);
    assert_eq!(target.counts().keep_alives, 1);
}

#[test]
fn data_is_written_and_read_with_and_without_digests() {
    let target = target("port 2 127.0.0.1 0 nqn.2026-01.example:disk");
    let address = target.address(1).expect("an address");
    let mut admin = Client::admin(address, NQN, HOST);
    let small: Vec<u8> = (0..4096).map(|n| (n % 251) as u8).collect();
    for digests in [false, true] {
        let mut io = Client::greet(address, digests);
        assert_eq!(io.connect(1, 1, NQN, HOST).status, 0);
        let block: [(usize, &[u8]); 3] = [(4, &[1]), (40, &[8]), (48, &[7])];
        assert_eq!(io.command(0x01, &block, &small).status, 0, "Write in the capsule");
        assert_eq!(io.command(0x00, &[(4, &[1])], &[]).status, 0, "Flush");
        assert_eq!(io.read(0x02, 4096, &block).data, small);
        // 64 KiB do not fit into the capsule: R2T, then H2CData.
        let big: Vec<u8> = (0..1 << 16).map(|n| (n % 253) as u8).collect();
        assert_eq!(io.write_by_r2t(&big).status, 0);
        assert_eq!(io.read(0x02, 1 << 16, &[(4, &[1]), (48, &[127])]).data, big);
        assert_eq!(io.command(0x08, &block, &[]).status, 0, "Write Zeroes");
        assert_eq!(io.read(0x02, 4096, &block).data, [0; 4096]);
        let last: [(usize, &[u8]); 3] = [(4, &[1]), (40, &[0xf9, 7]), (48, &[7])];
        assert_eq!(io.read(0x02, 4096, &last).status, 0x4080, "beyond the end");
        assert_eq!(io.read(0x02, 4096, &[(4, &[9])]).status, 0x400b, "no such namespace");
        assert_eq!(io.command(0x01, &block, &small).status, 0);
    }
    // Another port is another path to the same disk.
    let other = target.address(2).expect("an address");
    let mut second = Client::admin(other, NQN, HOST);
    assert_eq!(second.identify(1, 0).data[78..80], [2, 0], "a controller of its own");
    assert_eq!(second.identify(3, 1).data, admin.identify(3, 1).data);
    let mut io = Client::greet(other, false);
    assert_eq!(io.connect(1, 2, NQN, HOST).status, 0);
    assert_eq!(io.read(0x02, 4096, &[(4, &[1]), (40, &[8]), (48, &[7])]).data, small);
    assert_eq!(target.counts().controllers.most, 2);
}

#[test]
fn connects_that_are_not_allowed() {
    let target = target("subsystem nqn.hidden any");
    let address = target.address(1).expect("an address");
    let connect = |qid, cntlid, nqn: &str, host: &str| {
        let answer = Client::greet(address, false).connect(qid, cntlid, nqn, host);
        (answer.status, answer.result)
    };
    assert_eq!(connect(0, 0xffff, "nqn.unknown", HOST), (0x4182, 0x0001_0100));
    assert_eq!(
        connect(0, 0xffff, "nqn.hidden", HOST),
        (0x4182, 0x0001_0100),
        "at no port"
    );
    assert_eq!(connect(0, 0xffff, NQN, "nqn.stranger"), (0x4184, 0x0001_0200));
    assert_eq!(connect(1, 9, NQN, HOST), (0x4182, 0x0001_0010), "no such controller");
    let _admin = Client::admin(address, NQN, HOST);
    assert_eq!(
        connect(1, 1, NQN, "nqn.stranger").0,
        0x4182,
        "another host's controller"
    );
    assert_eq!(connect(65, 1, NQN, HOST).0, 0x4182, "too many queues");
    let counts = target.counts();
    assert_eq!((counts.connects, counts.connects_io), (4, 3));
    assert_eq!(counts.connect_list[2].host, "nqn.stranger");
    assert_eq!(counts.connect_list[2].status, Some(0x4184));
}

#[test]
fn ends_are_told_apart() {
    let target = target("");
    let address = target.address(1).expect("an address");
    let mut orderly = Client::admin(address, NQN, HOST);
    assert_eq!(orderly.property_set(0x14, 0x0046_4001).status, 0);
    assert_eq!(orderly.property_get(0x1c).result & 0b1100, 0b1000, "CSTS.SHST");
    drop(orderly);
    let gone = |counts: &Counts| counts.connections.now == 0;
    target.wait_for(Duration::from_secs(5), gone).expect("an end");
    let reset = Client::admin(address, NQN, HOST);
    let socket = socket2::SockRef::from(&reset.stream);
    socket.set_linger(Some(Duration::ZERO)).expect("an option");
    drop(reset);
    let counts = target.wait_for(Duration::from_secs(5), gone).expect("ends");
    assert_eq!((counts.ends.closed, counts.ends.reset), (1, 1));
    assert_eq!((counts.controller_ends.shutdown, counts.controller_ends.lost), (1, 1));
    assert_eq!((counts.controllers.now, counts.controllers.most), (0, 1));
}

#[test]
fn broken_hosts_are_terminated() {
    let target = target("");
    let address = target.address(1).expect("an address");
    for bytes in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[4, 0, 72, 72, 72, 0, 0, 0],
        &[0, 0, 128, 0, 255, 255, 255, 255],
    ] {
        let mut client = Client::open(address);
        let mut padded = bytes.to_vec();
        padded.resize(128, 0);
        client.send(&padded);
        let (kind, ..) = client.pdu().expect("a C2HTermReq");
        assert_eq!(kind, 3);
        assert_eq!(client.end(), Ok(()));
    }
    let counts = target.wait_for(Duration::from_secs(5), |counts| counts.ends.broken == 3);
    counts.expect("three broken connections");
}
