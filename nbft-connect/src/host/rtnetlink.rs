//! rtnetlink(7): which interface a route leads to, and which interfaces a change concerns.

use std::net::IpAddr;
use std::os::fd::AsRawFd;

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

/// Bytes of `struct nlmsghdr` and of `struct rtmsg`.
const HEADER: usize = 16;
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
    let attributes = [(RTA_DST, &target), (RTA_SRC, &source)];
    let length = HEADER + ROUTE + attributes.iter().map(|(_, bytes)| 4 + bytes.len()).sum::<usize>();
    let mut message = Vec::with_capacity(length);
    message.extend(u32::try_from(length).unwrap_or_default().to_ne_bytes());
    message.extend(RTM_GETROUTE.to_ne_bytes());
    // NLM_F_REQUEST, no sequence number, no port.
    message.extend(1_u16.to_ne_bytes());
    message.extend([0; 8]);
    let bits = u8::try_from(target.len() * 8).unwrap_or_default();
    let family = if target.len() == 4 {
        AddressFamily::Inet
    } else {
        AddressFamily::Inet6
    };
    message.extend([u8::try_from(family as i32).unwrap_or_default(), bits, bits]);
    message.extend([0; ROUTE - 3]);
    for (kind, bytes) in attributes {
        message.extend(u16::try_from(4 + bytes.len()).unwrap_or_default().to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend(bytes);
    }
    message
}

/// The outgoing interface in the kernel's answer; an error message has none.
fn outgoing(answer: &[u8]) -> Option<u32> {
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    route_interface(answer.get(HEADER + ROUTE..).filter(|_| kind == RTM_NEWROUTE)?)
}

/// Indexes of the interfaces that a row of messages concerns.
pub fn touched(mut messages: &[u8]) -> Vec<u32> {
    let mut found = Vec::new();
    while let Some((length, kind)) = number(messages, 0).zip(messages.get(4..6)) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some(message) = messages.get(HEADER..length) else {
            break;
        };
        match u16::from_ne_bytes(kind.try_into().unwrap_or_default()) {
            RTM_NEWLINK | RTM_DELLINK | RTM_NEWADDR | RTM_DELADDR => found.extend(number(message, 4)),
            RTM_NEWROUTE | RTM_DELROUTE => found.extend(route_interface(message.get(ROUTE..).unwrap_or_default())),
            _ => {}
        }
        messages = messages.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// The value of the attribute RTA_OIF.
fn route_interface(mut attributes: &[u8]) -> Option<u32> {
    loop {
        let length = usize::from(u16::from_ne_bytes(attributes.get(..2)?.try_into().ok()?));
        if u16::from_ne_bytes(attributes.get(2..4)?.try_into().ok()?) == RTA_OIF {
            return number(attributes, 4);
        }
        attributes = attributes.get(length.max(4).next_multiple_of(4)..)?;
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
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
        link[4] = 7;
        let mut route = vec![0; 12];
        route.extend([8, 0, 15, 0, 1, 0, 0, 0, 8, 0, 4, 0, 9, 0, 0, 0]);
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
