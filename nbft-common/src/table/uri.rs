//! The URI of a discovery controller: `nvme+tcp://ADDRESS[:PORT][/…]`, in either case.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// TCP port of a discovery controller whose URI names no port.
const DISCOVERY_PORT: &str = "8009";

/// Address and service id. Host names are not resolved: no resolver is configured this early in the boot.
pub fn parse(uri: &str) -> Result<(IpAddr, String), String> {
    let wrong = |why: &str| format!("URI '{uri}': {why}");
    let (scheme, rest) = uri.split_once("://").ok_or_else(|| wrong("has no scheme"))?;
    if !scheme.eq_ignore_ascii_case("nvme+tcp") {
        return Err(wrong("the scheme is not nvme+tcp"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (address, port) = match host.strip_prefix('[') {
        Some(v6) => {
            let (v6, rest) = v6.split_once(']').ok_or_else(|| wrong("[ without ]"))?;
            let address = v6
                .parse::<Ipv6Addr>()
                .map_err(|_| wrong("the address in brackets is not IPv6"))?;
            if !rest.is_empty() && !rest.starts_with(':') {
                return Err(wrong("only a port may follow the address"));
            }
            // As in the table's other addresses, an IPv4-mapped one is IPv4.
            (
                IpAddr::V6(address).to_canonical(),
                rest.strip_prefix(':').unwrap_or_default(),
            )
        }
        None => {
            let (v4, port) = host.split_once(':').unwrap_or((host, ""));
            let address = v4
                .parse::<Ipv4Addr>()
                .map_err(|_| wrong("the host is not an IP address (write IPv6 in brackets)"))?;
            (IpAddr::V4(address), port)
        }
    };
    Ok((
        address,
        if port.is_empty() {
            DISCOVERY_PORT.to_owned()
        } else {
            port.to_owned()
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn forms() {
        for (uri, address, port) in [
            ("nvme+tcp://192.168.10.5:8009/", "192.168.10.5", "8009"),
            ("NVME+TCP://192.168.10.5", "192.168.10.5", "8009"),
            ("Nvme+Tcp://192.168.10.5:/", "192.168.10.5", "8009"),
            ("nvme+tcp://[2001:db8::1]:4420/nqn.x?y#z", "2001:db8::1", "4420"),
            ("nvme+tcp://[fe80::1]", "fe80::1", "8009"),
            ("nvme+tcp://[::ffff:192.168.1.30]:8009/", "192.168.1.30", "8009"),
            ("nvme+tcp://user@10.0.0.1:1", "10.0.0.1", "1"),
        ] {
            let expected = address.parse().map(|address| (address, port.to_owned()));
            assert_eq!(parse(uri).ok(), expected.ok(), "{uri}");
        }
        for uri in [
            "",
            "10.0.0.1",
            "nvme://10.0.0.1",
            "nvme+rdma://10.0.0.1",
            "nvme+tcp://host/",
            "nvme+tcp://::1/",
            "nvme+tcp://[::1",
            "nvme+tcp://[::1]8009",
            "nvme+tcp://",
        ] {
            assert!(parse(uri).is_err(), "{uri}");
        }
    }
}
