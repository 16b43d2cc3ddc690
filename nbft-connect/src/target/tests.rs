//! Probes against scripted targets on real sockets: good targets, and hostile ones.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nbft_common::command::failure::Exit;
use nbft_common::command::poll;
use nbft_common::table::addr::Uuid;
use nix::errno::Errno;
use nix::sys::socket::sockopt::Linger;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, bind, getsockname, listen, setsockopt};

use super::error::{IcRespFault, ProbeError, Step, Violation};
use super::status::Refusal;
use super::{Depth, Destination, Probe, Progress, Question};
use crate::crc::{CRC32C, crc};

/// Time limit of a probe of a silent target, and of every other target.
const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(10);

/// An act of a scripted target.
#[derive(Clone)]
enum Act {
    /// Reads this many bytes.
    Take(usize),
    /// Writes these bytes.
    Say(Vec<u8>),
    /// Writes these bytes one at a time.
    Dribble(Vec<u8>),
    /// Pauses for this many milliseconds.
    Pause(u64),
    /// Writes this byte until the host has gone.
    Flood(u8),
    /// Writes back what comes until the host has gone.
    Echo,
    /// Closes the connection with a reset.
    Reset,
    /// Closes the connection.
    Close,
}
use Act::{Close, Dribble, Echo, Flood, Pause, Reset, Say, Take};

/// Starts a target that accepts one connection and follows the script; after the script the target waits for the host's
/// end. Returns the target's address, and the bytes that the target read.
fn target(address: IpAddr, script: Vec<Act>) -> (SocketAddr, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind((address, 0)).unwrap();
    let place = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_nodelay(true).unwrap();
        let mut taken = Vec::new();
        for act in script {
            match act {
                Take(length) => drop((&stream).take(length as u64).read_to_end(&mut taken)),
                Say(bytes) => drop(stream.write_all(&bytes)),
                Dribble(bytes) => bytes.iter().for_each(|&byte| {
                    let _ = stream.write_all(&[byte]);
                    thread::sleep(Duration::from_micros(200));
                }),
                Pause(time) => thread::sleep(Duration::from_millis(time)),
                Flood(byte) => while stream.write_all(&[byte; 4096]).is_ok() {},
                Echo => drop(std::io::copy(&mut stream.try_clone().unwrap(), &mut stream)),
                Reset => {
                    let linger = nix::libc::linger {
                        l_onoff: 1,
                        l_linger: 0,
                    };
                    setsockopt(&stream, Linger, &linger).unwrap();
                    return taken;
                }
                Close => return taken,
            }
        }
        let _ = stream.read_to_end(&mut taken);
        taken
    });
    (place, thread)
}

pub fn question(depth: Depth, digests: u8) -> Question {
    Question {
        depth,
        header_digest: digests & 1 != 0,
        data_digest: digests & 2 != 0,
        subsysnqn: "nqn.sub".to_owned(),
        hostnqn: "nqn.host".to_owned(),
        hostid: Uuid([7; 16]),
        kato: 5000,
        secret: false,
    }
}

pub fn destination(place: SocketAddr) -> Destination {
    Destination {
        traddr: place.ip(),
        trsvcid: place.port(),
        host_traddr: None,
        scope: 0,
        device: None,
    }
}

/// Runs a probe as a caller does.
fn ask(place: SocketAddr, question: Question, limit: Duration) -> Progress {
    let limit = Instant::now() + limit;
    let mut probe = match Probe::start(&destination(place), question) {
        Ok(probe) => probe,
        Err(error) => return Progress::Failed(error),
    };
    loop {
        let left = probe.deadline(limit).saturating_duration_since(Instant::now());
        let progress = if poll::wait(&mut [probe.poll_fd()], left) {
            probe.advance()
        } else {
            probe.timed_out()
        };
        match progress {
            Progress::Pending if Instant::now() < limit => {}
            Progress::Pending => return probe.timed_out(),
            end => return end,
        }
    }
}

/// An ICResp with these digests.
fn icresp(digests: u8) -> Vec<u8> {
    let mut pdu = vec![0; 128];
    pdu[..8].copy_from_slice(&[1, 0, 128, 0, 128, 0, 0, 0]);
    pdu[11] = digests;
    pdu[12..16].copy_from_slice(&0x10_0000_u32.to_le_bytes());
    pdu
}

/// A CapsuleResp to the Connect command.
fn response(status: u16, result: u32, digests: u8) -> Vec<u8> {
    let mut pdu = vec![0; 24];
    pdu[..8].copy_from_slice(&[5, digests & 1, 24, 0, 24 + 4 * (digests & 1), 0, 0, 0]);
    pdu[8..12].copy_from_slice(&result.to_le_bytes());
    pdu[20] = 1;
    pdu[22..].copy_from_slice(&(status << 1).to_le_bytes());
    if digests & 1 == 1 {
        pdu.extend(crc(CRC32C, &pdu).to_le_bytes());
    }
    pdu
}

/// A C2HTermReq.
fn termination(fes: u16) -> Vec<u8> {
    let mut pdu = vec![0; 24];
    pdu[..8].copy_from_slice(&[3, 0, 24, 0, 24, 0, 0, 0]);
    pdu[8..10].copy_from_slice(&fes.to_le_bytes());
    pdu
}

/// A PDU with bytes changed.
fn with(mut pdu: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    pdu[at..at + bytes.len()].copy_from_slice(bytes);
    pdu
}

/// A script whose target, with these digests, answers Connect with `end`.
fn connect(digests: u8, end: &[Act]) -> Vec<Act> {
    let length = 1096 + 4 * (digests & 1) as usize + 4 * (digests >> 1) as usize;
    [&[Take(128), Say(icresp(digests)), Take(length)], end].concat()
}

#[test]
fn good_targets() {
    for digests in 0..4 {
        let data = 72 + 4 * usize::from(digests & 1);
        let length = data + 1024 + 4 * usize::from(digests >> 1);
        let answers = [
            vec![Say(icresp(digests)), Take(length), Say(response(0, 1, digests))],
            vec![Dribble(icresp(digests)), Take(length), Dribble(response(0, 1, digests))],
        ];
        for (address, answers) in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()]
            .into_iter()
            .zip(answers)
        {
            let (place, thread) = target(address, [vec![Take(128)], answers].concat());
            assert_eq!(ask(place, question(Depth::Connect, digests), LONG), Progress::Answered);
            let taken = thread.join().unwrap();
            assert_eq!(taken.len(), 128 + length + data, "digests {digests}");
            let (icreq, commands) = taken.split_at(128);
            let (capsule, shutdown) = commands.split_at(length);
            assert_eq!(shutdown[..8], [4, digests & 1, 72, 0, data as u8, 0, 0, 0]);
            assert_eq!(shutdown[8..13], [0x7f, 0x40, 2, 0, 0]);
            // CC, with a normal shutdown.
            assert_eq!(shutdown[47..60], [0x5a, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0x40, 0x46, 0]);
            assert_eq!(icreq[..16], [0, 0, 128, 0, 128, 0, 0, 0, 0, 0, 0, digests, 0, 0, 0, 0]);
            assert!(icreq[16..].iter().all(|&byte| byte == 0));
            assert_eq!(capsule[..4], [4, digests, 72, data as u8]);
            assert_eq!(capsule[4..8], (length as u32).to_le_bytes());
            assert_eq!(capsule[8..13], [0x7f, 0x40, 1, 0, 1]);
            assert_eq!(capsule[32..48], [0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 1]);
            assert_eq!(capsule[48..60], [0, 0, 0, 0, 31, 0, 0, 0, 0x88, 0x13, 0, 0]);
            assert_eq!(capsule[data..data + 19], [&[7; 16][..], &[255, 255, 0]].concat());
            assert_eq!(capsule[data + 256..data + 264], *b"nqn.sub\0");
            assert_eq!(capsule[data + 512..data + 521], *b"nqn.host\0");
            if digests & 1 != 0 {
                for command in [capsule, shutdown] {
                    assert_eq!(command[72..76], crc(CRC32C, &command[..72]).to_le_bytes());
                }
            }
            if digests & 2 != 0 {
                let (data, digest) = capsule[data..].split_at(1024);
                assert_eq!(digest, crc(CRC32C, data).to_le_bytes());
            }
        }
        let (place, _) = target(
            Ipv4Addr::LOCALHOST.into(),
            vec![Take(128), Say(icresp(digests)), Take(1)],
        );
        assert_eq!(ask(place, question(Depth::IcResp, digests), LONG), Progress::Answered);
    }
    let (place, _) = target(Ipv6Addr::LOCALHOST.into(), vec![]);
    assert_eq!(ask(place, question(Depth::Tcp, 0), LONG), Progress::Answered);
}

/// The kernel must find the target without this association.
#[test]
fn the_association_ends_before_the_answer() {
    let good = || Say(response(0, 1, 0));
    let closing = 200;
    for (end, least, most) in [
        // The answer to the shutdown, then the host's end, then the target's.
        (vec![good(), Take(72), good(), Take(1), Pause(80), Close], 80, closing),
        (vec![good(), Take(72), good(), Take(1), Pause(80), Reset], 80, closing),
        (vec![good(), good(), Close], 0, closing),
        (vec![good(), Take(72), Close], 0, closing),
        (vec![good(), Take(72), Pause(1000)], closing, 900),
        (vec![good(), Take(72), good(), Take(1), Pause(1000)], closing, 900),
        (vec![good(), Flood(0)], closing, 900),
    ] {
        let prompt = || {
            let (place, _) = target(Ipv4Addr::LOCALHOST.into(), connect(0, &end));
            let begun = Instant::now();
            assert_eq!(ask(place, question(Depth::Connect, 0), LONG), Progress::Answered);
            let time = begun.elapsed().as_millis();
            assert!(time >= least, "{time} ms, at least {least}");
            time < most
        };
        // A busy machine may be late once.
        assert!((0..5).any(|_| prompt()), "within {most} ms");
    }
    // The caller's limit comes first.
    let (place, _) = target(Ipv4Addr::LOCALHOST.into(), connect(0, &[good(), Pause(1000)]));
    assert_eq!(ask(place, question(Depth::Connect, 0), SHORT), Progress::Answered);
}

/// A probe that keeps the target's controller leaves it alone until the probe is dropped, and shuts it down then.
#[test]
fn a_controller_may_be_kept() {
    let (place, taken) = target(Ipv4Addr::LOCALHOST.into(), connect(0, &[Say(response(0, 1, 0))]));
    let mut probe = Probe::start(&destination(place), question(Depth::Connect, 0)).unwrap();
    probe.keep();
    while probe.advance() == Progress::Pending {
        assert!(poll::wait(&mut [probe.poll_fd()], LONG));
    }
    assert_eq!(
        (probe.advance(), probe.timed_out()),
        (Progress::Answered, Progress::Answered)
    );
    assert!(!taken.is_finished());
    drop(probe);
    let taken = taken.join().unwrap();
    assert!(taken.ends_with(&question(Depth::Connect, 0).shutdown()));
}

#[test]
fn hostile_targets() {
    use ProbeError::{Closed, NotNvme, Silent, Terminated};
    let refused = |status, result| {
        let (subsysnqn, hostnqn) = ("nqn.sub".to_owned(), "nqn.host".to_owned());
        ProbeError::Refused(Refusal {
            status,
            result,
            subsysnqn,
            hostnqn,
        })
    };
    let fault = ProbeError::IcResp;
    let length = |hlen, plen| fault(IcRespFault::Length { hlen, plen });
    let hdgst = |asked| fault(IcRespFault::HeaderDigest { asked });
    let ddgst = |asked| fault(IcRespFault::DataDigest { asked });
    let maxh2cdata = |bytes| fault(IcRespFault::MaxH2cData(bytes));
    let violation = ProbeError::Violation;
    let kind = |kind| violation(Violation::PduType(kind));
    let wrong_length = |hlen, plen| violation(Violation::Length { hlen, plen });
    let ic = |pdu: Vec<u8>| vec![Take(128), Say(pdu)];
    let first = |length: usize, pdu: Vec<u8>| pdu[..length].to_vec();
    let answer = |pdu: Vec<u8>| connect(0, &[Say(pdu)]);
    let good = || response(0, 1, 0);
    let http = || b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec();
    #[rustfmt::skip]
    let cases: Vec<(&str, u8, Vec<Act>, ProbeError)> = vec![
        // Silence at each step.
        ("silent", 0, vec![], Silent(Step::IcReq)),
        ("half an ICResp", 0, ic(first(64, icresp(0))), Silent(Step::IcResp)),
        ("no answer to Connect", 0, connect(0, &[]), Silent(Step::Connect)),
        ("half an answer", 0, answer(first(23, good())), Silent(Step::Connect)),
        ("half a digest", 1, connect(1, &[Say(first(26, response(0, 1, 1)))]), Silent(Step::Connect)),
        // The end at each step.
        ("closes at once", 0, vec![Close], Closed(Step::IcReq)),
        ("closes after ICReq", 0, vec![Take(128), Close], Closed(Step::IcReq)),
        ("resets after ICReq", 0, vec![Take(128), Reset], Closed(Step::IcReq)),
        ("closes in ICResp", 0, [ic(first(7, icresp(0))), vec![Close]].concat(), Closed(Step::IcResp)),
        ("closes before Connect", 0, [ic(icresp(0)), vec![Close]].concat(), Closed(Step::Connect)),
        ("resets before Connect", 0, [ic(icresp(0)), vec![Pause(20), Reset]].concat(), Closed(Step::Connect)),
        ("closes at Connect", 0, connect(0, &[Close]), Closed(Step::Connect)),
        ("resets at Connect", 0, connect(0, &[Reset]), Closed(Step::Connect)),
        ("closes in the answer", 0, connect(0, &[Say(first(12, good())), Close]), Closed(Step::Connect)),
        // Other protocols.
        ("HTTP", 0, ic(http()), NotNvme),
        ("SSH", 0, vec![Say(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())], NotNvme),
        ("TLS alert", 0, ic(vec![0x15, 3, 1, 0, 2, 2, 50]), NotNvme),
        ("RDP", 0, ic(vec![3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 0, 0, 0, 0]), NotNvme),
        ("echo", 0, vec![Echo], NotNvme),
        ("zeros", 0, vec![Flood(0)], NotNvme),
        ("0xff", 0, vec![Flood(0xff)], NotNvme),
        ("0x01", 0, vec![Flood(1)], length(1, 0x0101_0101)),
        ("0x03", 0, vec![Flood(3)], NotNvme),
        ("CapsuleResp for ICReq", 0, ic(good()), NotNvme),
        ("ICReq for ICReq", 0, ic(with(icresp(0), 0, &[0])), NotNvme),
        // Every field of an ICResp.
        ("HLEN", 0, ic(with(icresp(0), 2, &[24])), length(24, 128)),
        ("PLEN", 0, ic(with(icresp(0), 4, &[127])), length(128, 127)),
        ("huge PLEN", 0, ic(with(icresp(0), 4, &[0xff; 4])), length(128, u32::MAX)),
        ("PFV", 0, ic(with(icresp(0), 8, &[0, 1])), fault(IcRespFault::Version(256))),
        ("CPDA", 0, ic(with(icresp(0), 10, &[31])), fault(IcRespFault::Alignment(31))),
        ("HDGST unasked", 0, ic(icresp(1)), hdgst(false)),
        ("DDGST unasked", 0, ic(icresp(2)), ddgst(false)),
        ("no HDGST", 3, ic(icresp(2)), hdgst(true)),
        ("no DDGST", 3, ic(icresp(1)), ddgst(true)),
        ("MAXH2CDATA 0", 0, ic(with(icresp(0), 12, &[0; 4])), maxh2cdata(0)),
        ("MAXH2CDATA 4092", 0, ic(with(icresp(0), 12, &4092_u32.to_le_bytes())), maxh2cdata(4092)),
        ("MAXH2CDATA 4098", 0, ic(with(icresp(0), 12, &4098_u32.to_le_bytes())), maxh2cdata(4098)),
        // Termination requests.
        ("terminates ICReq", 0, ic(termination(6)), Terminated(6)),
        ("terminates unasked", 0, vec![Say(termination(2)), Close], Terminated(2)),
        ("terminates in pieces", 0, vec![Take(128), Dribble(termination(1)), Close], Terminated(1)),
        ("terminates in two", 0, [ic(first(9, termination(0x105))), vec![Pause(20), Say(vec![1])]].concat(), Terminated(0x105)),
        ("terminates in half", 0, [ic(first(9, termination(1))), vec![Close]].concat(), Closed(Step::IcResp)),
        ("terminates with data", 0, ic([with(termination(1), 4, &[152]), vec![0; 128]].concat()), Terminated(1)),
        ("termination too long", 0, ic(with(termination(1), 4, &[153])), NotNvme),
        ("termination too short", 0, ic(with(termination(1), 4, &[23])), NotNvme),
        ("terminates before Connect", 0, ic([icresp(0), termination(3)].concat()), Terminated(3)),
        ("terminates Connect", 0, answer(termination(4)), Terminated(4)),
        ("terminates Connect in pieces", 0, connect(0, &[Dribble(termination(5)), Reset]), Terminated(5)),
        ("terminates and resets", 0, connect(0, &[Say(termination(7)), Pause(20), Reset]), Terminated(7)),
        ("terminates with digests", 3, connect(3, &[Say(termination(3))]), Terminated(3)),
        ("bad termination of Connect", 0, answer(with(termination(4), 2, &[25])), kind(3)),
        // Answers to Connect.
        ("two ICResp", 0, ic([icresp(0), icresp(0)].concat()), violation(Violation::Early)),
        ("answer before Connect", 0, ic([icresp(0), good()].concat()), violation(Violation::Early)),
        ("half an answer before Connect", 0, ic([icresp(0), first(5, good())].concat()), Silent(Step::IcResp)),
        ("ICResp again", 0, answer(icresp(0)), kind(1)),
        ("R2T", 0, answer(vec![9; 24]), kind(9)),
        ("C2HData", 0, answer(vec![7; 24]), kind(7)),
        ("zeros for an answer", 0, connect(0, &[Flood(0)]), kind(0)),
        ("endless answer", 0, connect(0, &[Flood(5)]), wrong_length(5, 0x0505_0505)),
        ("HTTP for an answer", 0, answer(http()), kind(b'H')),
        ("short answer", 0, answer(with(good(), 4, &[23])), wrong_length(24, 23)),
        ("huge answer", 0, answer(with(good(), 4, &[0xff; 4])), wrong_length(24, u32::MAX)),
        ("long header", 0, answer(with(good(), 2, &[28])), wrong_length(28, 24)),
        ("digest unasked", 0, answer(response(0, 1, 1)), wrong_length(24, 28)),
        ("answer without digest", 1, connect(1, &[Say(good())]), wrong_length(24, 24)),
        ("wrong digest", 1, connect(1, &[Say(with(response(0, 1, 1), 24, &[0; 4]))]), violation(Violation::HeaderDigest)),
        ("digest without flag", 1, connect(1, &[Say(with(response(0, 1, 1), 1, &[0]))]), violation(Violation::HeaderDigest)),
        ("command id", 0, answer(with(good(), 20, &[2, 1])), violation(Violation::CommandId(0x102))),
        ("no such subsystem", 0, answer(response(0x4182, 0x1_0100, 0)), refused(0x4182, 0x1_0100)),
        ("no such host", 3, connect(3, &[Dribble(response(0x4184, 0, 3))]), refused(0x4184, 0)),
        ("refuses twice", 0, answer([response(0x181, 0, 0), good()].concat()), refused(0x181, 0)),
        ("authentication", 0, answer(response(0, 0x2_0001, 0)), ProbeError::SecretMissing),
        ("secure channel", 0, answer(response(0, 0x4_0001, 0)), ProbeError::SecretMissing),
    ];
    let count = cases.len();
    // Each target in a thread of its own: the silent ones cost their time limit together.
    let probes: Vec<_> = cases
        .into_iter()
        .map(|(name, digests, script, expected)| {
            thread::spawn(move || {
                let limit = if matches!(expected, Silent(_)) { SHORT } else { LONG };
                let (place, _) = target(Ipv4Addr::LOCALHOST.into(), script);
                let begun = Instant::now();
                let end = ask(place, question(Depth::Connect, digests), limit);
                assert_eq!(end, Progress::Failed(expected), "{name}");
                assert!(begun.elapsed() < limit + LONG / 4, "{name}");
            })
        })
        .collect();
    let failed = probes.into_iter().filter_map(|probe| probe.join().err()).count();
    assert_eq!(failed, 0, "of {count}");
}

#[test]
fn secrets_answer_a_demand_for_authentication() {
    let (place, _) = target(
        Ipv4Addr::LOCALHOST.into(),
        connect(0, &[Say(response(0, 0x2_0001, 0)), Close]),
    );
    let question = Question {
        secret: true,
        ..question(Depth::Connect, 0)
    };
    assert_eq!(ask(place, question, LONG), Progress::Answered);
}

#[test]
fn errors_of_the_system() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = Progress::Failed(ProbeError::System(Errno::ECONNREFUSED));
    assert_eq!(ask(closed, question(Depth::Tcp, 0), LONG), refused);
    let start = |change: fn(&mut Destination)| {
        let mut destination = destination(closed);
        change(&mut destination);
        let error = Probe::start(&destination, question(Depth::Connect, 0)).unwrap_err();
        let failure = error.failure(&destination);
        (error.source_is_gone(), failure.exit, failure.message)
    };
    assert_eq!(
        start(|it| it.host_traddr = Some(Ipv4Addr::new(192, 0, 2, 1).into())),
        (
            true,
            Exit::TryAgain,
            "192.0.2.1 is not an address of this machine (yet)".to_owned()
        )
    );
    assert_eq!(
        start(|it| it.host_traddr = Some(Ipv6Addr::LOCALHOST.into())),
        (
            false,
            Exit::Config,
            "::1 and the target are not both IPv4 or both IPv6".to_owned()
        )
    );
    assert_eq!(
        start(|it| it.device = Some("absent0".to_owned())),
        (false, Exit::TryAgain, "absent0 is gone".to_owned())
    );
}

/// A listener with a full queue drops further SYNs.
#[test]
fn no_answer_to_tcp() {
    let socket = nix::sys::socket::socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(
        std::os::fd::AsRawFd::as_raw_fd(&socket),
        &SockaddrIn::new(127, 0, 0, 1, 0),
    )
    .unwrap();
    listen(&socket, Backlog::new(0).unwrap()).unwrap();
    let place: SockaddrIn = getsockname(std::os::fd::AsRawFd::as_raw_fd(&socket)).unwrap();
    let place = SocketAddr::new(place.ip().into(), place.port());
    let _full = TcpStream::connect(place).unwrap();
    for _ in 0..2 {
        let silent = Progress::Failed(ProbeError::Silent(Step::Tcp));
        assert_eq!(ask(place, question(Depth::Tcp, 0), SHORT), silent);
    }
}

#[test]
fn advancing_without_an_event_does_no_harm() {
    let (place, thread) = target(
        Ipv4Addr::LOCALHOST.into(),
        connect(0, &[Pause(20), Say(response(0, 1, 0)), Close]),
    );
    let mut probe = Probe::start(&destination(place), question(Depth::Connect, 0)).unwrap();
    let end = loop {
        match probe.advance() {
            Progress::Pending => thread::yield_now(),
            end => break end,
        }
    };
    assert_eq!(end, Progress::Answered);
    thread.join().unwrap();
}
