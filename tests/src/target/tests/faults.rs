//! Each fault as a host sees it.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::client::Client;
use super::{HOST, NQN, target};
use crate::target::Target;

const MOMENT: Duration = Duration::from_millis(200);

/// The status of a Connect on the admin queue.
fn connect(target: &Target) -> u16 {
    let mut client = Client::greet(target.address(1).expect("an address"), false);
    client.connect(0, 0xffff, NQN, HOST).status
}

#[test]
fn connections_that_end() {
    for (fault, end) in [
        ("hang", Err(ErrorKind::WouldBlock)),
        ("lose", Err(ErrorKind::WouldBlock)),
        ("cut 10", Err(ErrorKind::WouldBlock)),
        ("garbage 0505", Err(ErrorKind::WouldBlock)),
        ("close", Ok(())),
        ("reset", Err(ErrorKind::ConnectionReset)),
    ] {
        let target = target(&format!("fault connect {fault}"));
        let mut client = Client::greet(target.address(1).expect("an address"), false);
        client.stream.set_read_timeout(Some(MOMENT)).expect("a timeout");
        client.start_connect(0, 0xffff, NQN, HOST);
        assert_eq!(client.end(), end, "{fault}");
        let counts = target.counts();
        assert_eq!((counts.connects, counts.faults[0].1), (1, 1));
    }
}

#[test]
fn refused_and_terminated() {
    let target = target("fault connect refuse 0x4184 result=0x10200 times=1\nfault connect terminate 2");
    let mut client = Client::greet(target.address(1).expect("an address"), false);
    let answer = client.connect(0, 0xffff, NQN, HOST);
    assert_eq!((answer.status, answer.result), (0x4184, 0x0001_0200));
    assert_eq!(target.counts().connect_list[0].status, Some(0x4184));
    let mut client = Client::greet(target.address(1).expect("an address"), false);
    client.start_connect(0, 0xffff, NQN, HOST);
    let (kind, header, _) = client.pdu().expect("a C2HTermReq");
    assert_eq!((kind, header[8]), (3, 2));
    assert_eq!(client.end(), Ok(()));
}

#[test]
fn slow_answers() {
    let target = target("fault connect delay 100\nfault connect dribble 5");
    let mut client = Client::greet(target.address(1).expect("an address"), false);
    let start = Instant::now();
    assert_eq!(client.connect(0, 0xffff, NQN, HOST).status, 0);
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(100 + 24 * 5), "{took:?}");
    let start = Instant::now();
    target.tell("clear").expect("a word");
    target.tell("fault accept dribble 1").expect("a word");
    Client::greet(target.address(1).expect("an address"), false);
    assert!(start.elapsed() >= Duration::from_millis(128));
}

#[test]
fn limits() {
    let target = target("fault connect refuse 0x182 after=1 times=2");
    let statuses: Vec<_> = (0..4).map(|_| connect(&target)).collect();
    assert_eq!(statuses, [0, 0x182, 0x182, 0]);
    target.tell("clear connect").expect("a word");
    for (limit, strikes) in [
        ("port=1", true),
        ("port=2", false),
        ("nqn=nqn.other", false),
        ("host=nqn.other", false),
        ("qid=1", false),
        ("for=0", false),
        ("for=60000", true),
    ] {
        target
            .tell(&format!("fault connect refuse 0x181 {limit}"))
            .expect("a fault");
        assert_eq!(connect(&target), if strikes { 0x181 } else { 0 }, "{limit}");
        target.tell("clear").expect("a word");
    }
}

#[test]
fn every_step_can_fail() {
    let target = target("");
    let address = target.address(1).expect("an address");
    let set = |fault: &str| {
        target.tell("clear").expect("a word");
        target.tell(&format!("fault {fault}")).expect("a fault");
    };
    set("accept close");
    assert_eq!(Client::open(address).end(), Ok(()));
    set("icresp hang");
    let mut client = Client::open(address);
    client.stream.set_read_timeout(Some(MOMENT)).expect("a timeout");
    client.send(&{
        let mut request = [0; 128];
        request[2] = 128;
        request[4] = 128;
        request
    });
    assert_eq!(client.end(), Err(ErrorKind::WouldBlock));
    set("enable stall");
    let mut client = Client::greet(address, false);
    assert_eq!(client.connect(0, 0xffff, NQN, HOST).status, 0);
    assert_eq!(client.property_set(0x14, 1).status, 0);
    assert_eq!(client.property_get(0x1c).result, 0, "never ready");
    target.tell("clear").expect("a word");
    let mut admin = Client::admin(address, NQN, HOST);
    set("identify refuse 0x6");
    assert_eq!(admin.identify(1, 0).status, 6);
    set("features refuse 0x6");
    assert_eq!(admin.command(0x09, &[(40, &[7])], &[]).status, 6);
    set("log refuse 0x6");
    assert_eq!(admin.log(0, 1024).status, 6);
    set("keep-alive refuse 0x6");
    assert_eq!(admin.command(0x18, &[], &[]).status, 6);
    set("shutdown refuse 0x6");
    assert_eq!(admin.property_set(0x14, 0x4001).status, 6);
    let cntlid = target
        .counts()
        .connect_list
        .last()
        .and_then(|seen| seen.cntlid)
        .expect("a controller");
    set("connect-io refuse 0x6");
    assert_eq!(Client::greet(address, false).connect(1, cntlid, NQN, HOST).status, 6);
    set("io refuse 0x6");
    let mut io = Client::greet(address, false);
    assert_eq!(io.connect(1, cntlid, NQN, HOST).status, 0);
    assert_eq!(io.read(0x02, 512, &[(4, &[1])]).status, 6);
}

#[test]
fn faults_that_make_no_sense() {
    let target = target("");
    for (words, error) in [
        ("", "a fault is STEP ACTION"),
        ("lunch hang", "lunch: no such step"),
        ("connect dance", "dance: no such action"),
        ("connect refuse", "refuse needs a value"),
        ("connect refuse 0", "no status of a failure"),
        ("accept refuse 1", "only a command"),
        ("icresp hang nqn=x", "before Connect"),
        ("io stall", "only enable"),
        ("io change", "only a log"),
        ("io hang often=1", "often=: no such limit"),
        ("io delay soon", "soon: not such a value"),
    ] {
        let said = target.tell(&format!("fault {words}")).expect_err(words);
        assert!(said.contains(error), "{words}: {said}");
    }
}
