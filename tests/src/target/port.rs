//! Listening for TCP connections, which each get a thread.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};

use super::session;
use super::state::State;

/// Stack of a connection's thread: thousands of them fit into a small machine.
const STACK: usize = 256 << 10;
/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;

/// A socket that listens. Dropped, it refuses connections at once; those that exist live on.
#[derive(Debug)]
pub struct Listening {
    listener: Arc<TcpListener>,
}

impl std::ops::Drop for Listening {
    fn drop(&mut self) {
        // Also ends the accept that is waiting.
        let _ = SockRef::from(&*self.listener).shutdown(Shutdown::Both);
    }
}

/// A socket with this address, which it keeps from other processes. It refuses connections.
pub fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

impl Listening {
    /// Listens on a socket for a port of the target.
    pub fn start(state: &Arc<State>, port: u16, socket: Socket) -> io::Result<(Self, SocketAddr)> {
        socket.listen(BACKLOG)?;
        let listener = Arc::new(TcpListener::from(socket));
        let bound = listener.local_addr()?;
        let (state, accepting) = (Arc::clone(state), Arc::clone(&listener));
        thread::Builder::new()
            .stack_size(STACK)
            .spawn(move || accept(&state, port, &accepting))?;
        Ok((Self { listener }, bound))
    }
}

fn accept(state: &Arc<State>, port: u16, listener: &TcpListener) {
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                let state = Arc::clone(state);
                let session = move || session::serve(&state, port, stream);
                // Without a thread the stream is closed.
                let _ = thread::Builder::new().stack_size(STACK).spawn(session);
            }
            // Shut down.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return,
            // No descriptors at this moment, or a connection that went away before it was accepted.
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}
