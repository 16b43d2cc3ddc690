//! rtnetlink(7): which interface a route leads to, and which interfaces a change concerns.

use std::net::IpAddr;
use std::os::fd::AsRawFd;

use nbft_common::command::netlink::{Request, attributes, messages, number};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, setsockopt, socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

/// Message types.
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;

/// Attributes of a route.
const RTA_DST: u16 = 1;
const RTA_SRC: u16 = 2;
const RTA_OIF: u16 = 4;

/// Bytes of `struct rtmsg`.
const ROUTE: usize = 12;

/// The index of the interface by which packets from `source` to `target` leave; `None` when no route exists, when the
/// source is not an address of this machine, or when the kernel cannot be asked.
pub fn interface_for(source: IpAddr, target: IpAddr) -> Option<u32> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute).ok()?;
    // The kernel answers within the call that asks; the limit is for a kernel that does not.
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(1)).ok()?;
    let kernel = NetlinkAddr::new(0, 0);
    sendto(socket.as_raw_fd(), &request(source, target), &kernel, MsgFlags::empty()).ok()?;
    let mut answer = [0; 4096];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty()).ok()?;
    outgoing(answer.get(..length)?)
}

fn request(source: IpAddr, target: IpAddr) -> Vec<u8> {
    let octets = |address| match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let (source, target) = (octets(source), octets(target));
    let bits = u8::try_from(target.len() * 8).unwrap_or_default();
    let family = if target.len() == 4 {
        AddressFamily::Inet
    } else {
        AddressFamily::Inet6
    };
    let mut body = vec![u8::try_from(family as i32).unwrap_or_default(), bits, bits];
    body.resize(ROUTE, 0);
    let request = Request::new(RTM_GETROUTE, false, &body);
    request.with(RTA_DST, &target).with(RTA_SRC, &source).bytes()
}

/// The outgoing interface in the kernel's answer; an error message has none.
fn outgoing(answer: &[u8]) -> Option<u32> {
    let (kind, message) = messages(answer).next()?;
    route_interface(message).filter(|_| kind == RTM_NEWROUTE)
}

/// Indexes of the interfaces that a row of messages concerns.
pub fn touched(row: &[u8]) -> Vec<u32> {
    let concerned = messages(row).filter_map(|(kind, message)| match kind {
        RTM_NEWLINK | RTM_DELLINK | RTM_NEWADDR | RTM_DELADDR => number(message, 4),
        RTM_NEWROUTE | RTM_DELROUTE => route_interface(message),
        _ => None,
    });
    concerned.collect()
}

/// The value of the attribute RTA_OIF of a route.
fn route_interface(message: &[u8]) -> Option<u32> {
    let mut attributes = attributes(message.get(ROUTE..)?);
    let (_, value) = attributes.find(|(kind, _)| *kind == RTA_OIF)?;
    number(value, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn the_loopback_interface_leads_home() {
        let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let lo = nix::net::if_::if_nametoindex("lo").expect("lo");
        assert_eq!(interface_for(home, home), Some(lo));
        // A source that this machine does not have.
        assert_eq!(interface_for("192.0.2.77".parse().expect("address"), home), None);
    }

    #[test]
    fn answers_are_hostile() {
        let answer = request(
            "192.0.2.1".parse().expect("address"),
            "192.0.2.2".parse().expect("address"),
        );
        for cut in 0..answer.len() {
            assert_eq!(outgoing(&answer[..cut]), None);
        }
    }

    #[test]
    fn messages_name_their_interface() {
        let message = |kind: u16, body: &[u8]| {
            let mut bytes = (16 + u32::try_from(body.len()).unwrap_or_default())
                .to_ne_bytes()
                .to_vec();
            bytes.extend(kind.to_ne_bytes());
            bytes.extend([0; 10]);
            bytes.extend(body);
            bytes
        };
        let mut link = [0; 16];
        link[4..8].copy_from_slice(&7_u32.to_ne_bytes());
        let mut route = vec![0; ROUTE];
        for (kind, value) in [(15_u16, 1_u32), (RTA_OIF, 9)] {
            route.extend(8_u16.to_ne_bytes());
            route.extend(kind.to_ne_bytes());
            route.extend(value.to_ne_bytes());
        }
        let mut row = message(16, &link);
        row.extend(message(24, &route));
        row.extend(message(3, &[]));
        assert_eq!(touched(&row), [7, 9]);
        for cut in 0..row.len() {
            touched(row.get(..cut).unwrap_or_default());
        }
        assert_eq!(touched(&[0; 64]), [] as [u32; 0], "a length of zero ends it");
    }
}
