//! The discovery log.

use super::client::Client;
use super::{HOST, NQN, target};

const DISCOVERY: &str = "nqn.2014-08.org.nvmexpress.discovery";

/// Generation counter, number of records, and the records' subtypes and NQNs.
fn log(client: &mut Client) -> (u64, u64, Vec<(u8, String)>) {
    let header = client.log(0, 1024).data;
    let field = |at: usize| {
        header[at..at + 8]
            .iter()
            .rev()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let (generation, count) = (field(0), field(8));
    let records = (1..=count.min(10_000)).map(|number| {
        let record = client.log(number * 1024, 1024).data;
        let nqn = record[256..512].split(|byte| *byte == 0).next().unwrap_or_default();
        (record[2], nqn.iter().copied().map(char::from).collect())
    });
    (generation, count, records.collect())
}

#[test]
fn what_a_host_may_use_is_listed() {
    let target = target("subsystem nqn.other allow nqn.someone\nexport 1 nqn.other\nreferral 192.0.2.1 8009");
    let address = target.address(1).expect("an address");
    let mut client = Client::admin(address, DISCOVERY, HOST);
    let identity = client.identify(1, 0).data;
    assert_eq!(identity[111], 2, "CNTRLTYPE");
    assert_eq!(&identity[768..768 + DISCOVERY.len()], DISCOVERY.as_bytes());
    let (generation, _, records) = log(&mut client);
    let expected = [(2, NQN), (3, DISCOVERY), (1, DISCOVERY)].map(|(kind, nqn)| (kind, nqn.to_owned()));
    assert_eq!(records, expected);
    let record = client.log(1024, 1024).data;
    let text = |at: usize, length: usize| String::from_utf8_lossy(&record[at..at + length]).into_owned();
    assert_eq!(text(32, 32).trim_end(), address.port().to_string());
    assert_eq!(text(512, 256).trim_end(), "127.0.0.1");
    target.tell(&format!("allow nqn.other {HOST}")).expect("a word");
    let (later, _, records) = log(&mut client);
    assert!(later > generation);
    assert_eq!(records.len(), 4);
    assert!(target.counts().discovery_logs > 8);
}

#[test]
fn odd_records() {
    let target = target(
        "record trtype=1 traddr=host.example subnqn=nqn,with%0aodd%ffbytes\n\
         record traddr=fe80::1%eth0 subnqn=nqn.many-{n} copies=1200",
    );
    let mut client = Client::admin(target.address(1).expect("an address"), DISCOVERY, HOST);
    let (_, count, records) = log(&mut client);
    assert_eq!((count, records.len()), (1203, 1203));
    assert_eq!(records[2].1, "nqn,with\nodd\u{ff}bytes");
    assert_eq!(records[3].1, "nqn.many-1");
    assert_eq!(records[1202].1, "nqn.many-1200");
    let link_local = client.log(4 * 1024, 1024).data;
    assert_eq!(&link_local[512..525], b"fe80::1%eth0 ");
    assert_eq!((link_local[0], link_local[1]), (3, 2));
    let all = client.log(1000, 1204 * 1024).data;
    assert_eq!(all[24..28], [3, 1, 2, 0]);
    assert_eq!(all.len(), 1204 * 1024);
    target.tell("unlist").expect("a word");
    target.tell("pretend 5").expect("a word");
    assert_eq!(log(&mut client).2[4], (0, String::new()));
}

#[test]
fn the_log_changes_while_it_is_read() {
    let target = target("fault log change times=3");
    let mut client = Client::admin(target.address(1).expect("an address"), DISCOVERY, HOST);
    let mut generation = || client.log(0, 1024).data[0];
    let first = generation();
    let seen = [generation(), generation(), generation(), generation()].map(|later| later - first);
    assert_eq!(seen, [1, 2, 3, 3]);
}

#[test]
fn a_discovery_controller_with_an_own_name() {
    let target = target("directory nqn.directory");
    let address = target.address(1).expect("an address");
    for nqn in [DISCOVERY, "nqn.directory"] {
        let mut client = Client::admin(address, nqn, HOST);
        assert_eq!(&client.identify(1, 0).data[768..784], b"nqn.directory\0\0\0");
        assert_eq!(log(&mut client).2[1].1, "nqn.directory");
    }
}
