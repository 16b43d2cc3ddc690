//! The socket of a probe.

use std::net::{IpAddr, SocketAddr, SocketAddrV6, TcpStream};
use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::sockopt::{BindToDevice, KeepAlive, TcpKeepCount, TcpKeepIdle, TcpKeepInterval};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, setsockopt, socket};

use super::Destination;
use super::error::ProbeError;

impl Destination {
    /// Begins a TCP connection, and does not wait for its end.
    pub(super) fn connect(&self) -> Result<TcpStream, ProbeError> {
        let family = if self.traddr.is_ipv4() {
            AddressFamily::Inet
        } else {
            AddressFamily::Inet6
        };
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket = socket(family, SockType::Stream, flags, None)?;
        // The kernel, too, binds to the address before the interface.
        if let Some(source) = self.host_traddr {
            bind(socket.as_raw_fd(), &self.socket_address(source, 0))?;
        }
        if let Some(device) = &self.device {
            setsockopt(&socket, BindToDevice, &device.into())?;
        }
        // A target that is gone is noticed within seconds, however long its answer may take.
        setsockopt(&socket, KeepAlive, &true)?;
        setsockopt(&socket, TcpKeepIdle, &2)?;
        setsockopt(&socket, TcpKeepInterval, &2)?;
        setsockopt(&socket, TcpKeepCount, &3)?;
        let target = self.socket_address(self.traddr, self.trsvcid);
        match connect(socket.as_raw_fd(), &target) {
            Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(socket.into())
    }

    /// A socket address at this destination; only a link-local address has a scope.
    fn socket_address(&self, address: IpAddr, port: u16) -> SockaddrStorage {
        match address {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => SocketAddrV6::new(v6, port, 0, self.scope).into(),
            _ => SocketAddr::new(address, port).into(),
        }
    }
}
