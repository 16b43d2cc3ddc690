//! A connection from its first byte to its end: one thread each.

use std::collections::HashMap;
use std::net::{IpAddr, TcpStream};
use std::sync::Arc;

use super::command::{Command, FABRICS, Reply, completion};
use super::fault::Step;
use super::link::{End, Link, Received};
use super::pdu::{self, fes, kind};
use super::state::State;
use super::status::{self, Status};
use super::strike::Met;
use super::{admin, fabrics, io};

/// Largest transfer that is asked for: twice what Identify Controller allows.
const LARGEST: usize = 2 << 20;

/// A queue, once Connect has made one of the connection.
#[derive(Clone, Debug)]
pub struct Queue {
    /// 0 for the admin queue.
    pub qid: u16,
    /// Its size.
    pub size: u16,
    /// The controller.
    pub cntlid: u16,
    /// The subsystem's NQN.
    pub nqn: String,
    /// The host's NQN.
    pub host: String,
    /// Whether the controller is a discovery controller.
    pub discovery: bool,
}

/// A connection and all that its thread knows.
#[derive(Debug)]
pub struct Session {
    /// The target.
    pub state: Arc<State>,
    /// The port that accepted the connection.
    pub port: u16,
    /// The connection's number.
    pub number: u64,
    /// The target's own address.
    pub local: Option<IpAddr>,
    /// The connection itself.
    pub link: Link,
    /// The queue.
    pub queue: Option<Queue>,
    /// Async Event Requests that are held.
    pub events: usize,
    head: u16,
    transfers: HashMap<u16, Transfer>,
}

/// A command whose data is on its way.
#[derive(Debug)]
struct Transfer {
    command: Command,
    missing: usize,
}

/// Serves a connection until it ends.
pub fn serve(state: &Arc<State>, port: u16, stream: TcpStream) {
    let local = stream.local_addr().ok().map(|address| address.ip());
    let (link, handle) = Link::new(stream);
    let number = state.lock().add_connection(port, handle);
    let mut session = Session {
        state: Arc::clone(state),
        port,
        number,
        local,
        link,
        queue: None,
        events: 0,
        head: 0,
        transfers: HashMap::new(),
    };
    let end = match session.run() {
        Ok(never) => match never {},
        Err(end) => end,
    };
    if let End::Broken(status, about) = &end {
        let _ = session.terminate(*status, about);
    }
    let mut inner = state.lock();
    let ends = &mut inner.counts.ends;
    *(match end {
        End::Closed => &mut ends.closed,
        End::Reset => &mut ends.reset,
        End::Target => &mut ends.target,
        End::Expired => &mut ends.expired,
        End::Broken(..) => &mut ends.broken,
    }) += 1;
    if let Some(Queue { qid: 0, cntlid, .. }) = session.queue {
        inner.end_controller(cntlid);
    }
    inner.remove_connection(number);
}

impl Session {
    fn run(&mut self) -> Result<std::convert::Infallible, End> {
        if self.state.is_stopped() {
            return Err(End::Target);
        }
        self.meet(Step::Accept)?;
        // A connection that is slow at its beginning stays slow.
        self.link.pace = self.link.next_pace.take();
        let request = self.link.receive()?;
        if request.kind != kind::IC_REQ || request.header[8..10] != [0, 0] {
            return Err(End::Broken(fes::SEQUENCE, request.header));
        }
        self.state.lock().counts.icreqs += 1;
        let format = pdu::Format {
            header_digest: request.header[11] & 1 != 0,
            data_digest: request.header[11] & 2 != 0,
            hpda: request.header[10],
        };
        self.meet(Step::Icresp)?;
        self.link.send(&pdu::ic_response(format))?;
        self.link.format = format;
        loop {
            let received = self.link.receive()?;
            match received.kind {
                kind::COMMAND => self.capsule(received)?,
                kind::H2C_DATA => self.transfer(&received)?,
                kind::H2C_TERM => return Err(End::Closed),
                _ => return Err(End::Broken(fes::SEQUENCE, received.header)),
            }
        }
    }

    fn capsule(&mut self, received: Received) -> Result<(), End> {
        let command = Command::new(&received.header, received.data);
        if !received.intact {
            return self.answer(&command, Reply::Failed(status::DIGEST));
        }
        if command.wants_transfer() {
            let (cid, missing) = (command.cid(), command.length());
            if missing > LARGEST {
                return self.answer(&command, Reply::Failed(status::INVALID_FIELD));
            }
            let ready = pdu::ready_to_transfer(cid, cid, missing as u32, self.link.format);
            let mut command = command;
            command.data = vec![0; missing];
            self.transfers.insert(cid, Transfer { command, missing });
            return self.link.send(&ready);
        }
        self.carry_out(&command)
    }

    /// Takes data of a command; the command is carried out once all of it is there.
    fn transfer(&mut self, received: &Received) -> Result<(), End> {
        let field = |at: usize| {
            let bytes = &received.header[at..at + 4];
            u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize
        };
        let tag = (field(8) >> 16) as u16;
        let out_of_range = || End::Broken(fes::OUT_OF_RANGE, received.header.clone());
        let transfer = self.transfers.get_mut(&tag).ok_or_else(out_of_range)?;
        let (offset, length) = (field(12), field(16));
        let place = transfer.command.data.get_mut(offset..offset.saturating_add(length));
        match place {
            Some(place) if length == received.data.len() && length <= transfer.missing => {
                place.copy_from_slice(&received.data);
            }
            _ => return Err(out_of_range()),
        }
        transfer.missing -= length;
        if transfer.missing > 0 && received.intact {
            return Ok(());
        }
        match self.transfers.remove(&tag) {
            Some(transfer) if received.intact => self.carry_out(&transfer.command),
            Some(transfer) => self.answer(&transfer.command, Reply::Failed(status::DIGEST)),
            None => Ok(()),
        }
    }

    /// Carries out a command, unless a fault strikes, and answers it.
    fn carry_out(&mut self, command: &Command) -> Result<(), End> {
        let is_connect = command.opcode() == FABRICS && command.fctype() == fabrics::CONNECT;
        if is_connect == self.queue.is_some() {
            return self.answer(command, Reply::Failed(status::SEQUENCE));
        }
        if is_connect {
            let connect = match fabrics::Connect::read(command) {
                Ok(connect) => connect,
                Err(status) => return self.answer(command, Reply::Failed(status)),
            };
            let seen = self.count_connect(&connect);
            let step = if connect.qid == 0 {
                Step::Connect
            } else {
                Step::ConnectIo
            };
            let met = self.meet_at(step, Some((connect.qid, &connect.nqn, &connect.host)))?;
            let reply = match met {
                Met::Refuse(status) => Reply::Failed(status),
                Met::Lose => return Ok(()),
                _ => fabrics::connect(self, &connect),
            };
            let code = if let Reply::Failed(status) = &reply {
                status.code
            } else {
                0
            };
            let cntlid = self.queue.as_ref().map(|queue| queue.cntlid);
            self.state.lock().counts.answered(seen, code, cntlid);
            return self.answer(command, reply);
        }
        let Some(queue) = self.queue.clone() else {
            return Ok(());
        };
        let met = match step(command, &queue) {
            Some(step) => self.meet_at(step, Some((queue.qid, &queue.nqn, &queue.host)))?,
            None => Met::GoOn,
        };
        let reply = match met {
            Met::Refuse(status) => Reply::Failed(status),
            Met::Lose => return Ok(()),
            met if command.opcode() == FABRICS => {
                let never_ready = matches!(met, Met::Stall);
                fabrics::property(self, &queue, command, never_ready)
            }
            met if queue.qid == 0 => {
                let reply = admin::carry_out(self, &queue, command);
                if matches!(met, Met::Change) {
                    self.state.lock().generation += 1;
                }
                reply
            }
            _ => io::carry_out(self, &queue, command),
        };
        self.answer(command, reply)
    }

    fn answer(&mut self, command: &Command, reply: Reply) -> Result<(), End> {
        let (mut bytes, result, code) = match reply {
            Reply::Held => return Ok(()),
            Reply::Done(result) => (Vec::new(), result, 0),
            Reply::Failed(Status { code, result }) => (Vec::new(), u64::from(result), code),
            Reply::Data(mut data) => {
                data.resize(command.length().min(LARGEST), 0);
                (pdu::data(command.cid(), &data, self.link.format), 0, 0)
            }
        };
        if let Some(queue) = &self.queue {
            self.head = (self.head + 1) % queue.size.max(1);
        }
        let completion = completion(result, self.head, command.cid(), code);
        bytes.extend(pdu::response(&completion, self.link.format));
        self.link.send(&bytes)
    }

    fn count_connect(&self, connect: &fabrics::Connect) -> usize {
        let at_ms = self.state.at_ms();
        self.state.lock().counts.connect(connect.seen(at_ms, self.port))
    }
}

/// The step that a command is, if faults can strike there.
fn step(command: &Command, queue: &Queue) -> Option<Step> {
    match command.opcode() {
        FABRICS => fabrics::step(command),
        _ if queue.qid != 0 => Some(Step::Io),
        opcode => admin::step(opcode),
    }
}
