//! Fabrics commands: Connect, Property Set and Property Get.

use std::time::Duration;

use super::command::{Command, Reply, text};
use super::counts::ConnectSeen;
use super::fault::Step;
use super::session::{Queue, Session};
use super::state::{Controller, DISCOVERY};
use super::status::{self, Status};

/// Fabrics command type of Connect.
pub const CONNECT: u8 = 0x01;
const PROPERTY_SET: u8 = 0x00;
const PROPERTY_GET: u8 = 0x04;

/// Offsets of the properties.
mod property {
    pub const CAP: u32 = 0x00;
    pub const VS: u32 = 0x08;
    pub const CC: u32 = 0x14;
    pub const CSTS: u32 = 0x1c;
}

/// NVMe 1.4.
pub const VERSION: u32 = 0x0001_0400;
/// Entries of a queue at most.
pub const QUEUE_SIZE: u16 = 128;
/// I/O queues of a controller at most.
pub const QUEUES: u16 = 64;

/// The fields of a Connect.
#[derive(Debug)]
pub struct Connect {
    /// The queue: 0 is the admin queue.
    pub qid: u16,
    /// The subsystem's NQN.
    pub nqn: String,
    /// The host's NQN.
    pub host: String,
    size: u16,
    kato: u32,
    hostid: [u8; 16],
    cntlid: u16,
}

impl Connect {
    /// Reads the command and its data.
    pub fn read(command: &Command) -> Result<Self, Status> {
        let data = &command.data;
        if command.word(40) != 0 || data.len() < 1024 {
            return Err(status::CONNECT_FORMAT);
        }
        let mut hostid = [0; 16];
        hostid.copy_from_slice(&data[..16]);
        Ok(Self {
            qid: command.word(42),
            size: command.word(44).saturating_add(1),
            kato: command.dword(48),
            hostid,
            cntlid: u16::from_le_bytes([data[16], data[17]]),
            nqn: text(&data[256..512]),
            host: text(&data[512..768]),
        })
    }

    /// The Connect as it is remembered, still without an answer.
    pub fn seen(&self, at_ms: u64, port: u16) -> ConnectSeen {
        ConnectSeen {
            at_ms,
            port,
            qid: self.qid,
            nqn: self.nqn.clone(),
            host: self.host.clone(),
            hostid: hex::encode(self.hostid),
            kato_ms: self.kato,
            status: None,
            cntlid: None,
        }
    }
}

/// Carries out a Connect: the connection becomes a queue.
pub fn connect(session: &mut Session, connect: &Connect) -> Reply {
    let queue = match connect.qid {
        0 => admin_queue(session, connect),
        _ => io_queue(session, connect),
    };
    match queue {
        Ok(queue) => {
            let cntlid = queue.cntlid;
            session.queue = Some(queue);
            Reply::Done(cntlid.into())
        }
        Err(status) => Reply::Failed(status),
    }
}

fn admin_queue(session: &Session, connect: &Connect) -> Result<Queue, Status> {
    let mut inner = session.state.lock();
    let discovery = connect.nqn == DISCOVERY || inner.directory.as_ref() == Some(&connect.nqn);
    if !discovery {
        let exported = inner
            .ports
            .get(&session.port)
            .is_some_and(|port| port.exported.contains(&connect.nqn));
        let subsystem = inner.subsystems.get(&connect.nqn).filter(|_| exported);
        let subsystem = subsystem.ok_or(status::CONNECT_SUBSYSTEM)?;
        if !subsystem.allows(&connect.host) {
            return Err(status::CONNECT_HOST);
        }
        if inner.is_taken(&connect.nqn, &connect.host) {
            return Err(status::CONNECT_BUSY);
        }
    }
    if connect.cntlid != 0xffff {
        return Err(status::CONNECT_CNTLID);
    }
    if connect.kato != 0 {
        // Twice, since emulated machines stall at times.
        let time = Duration::from_millis(u64::from(connect.kato) * 2);
        session.link.expire_after(Some(time));
    }
    let cntlid = inner.add_controller(Controller {
        nqn: connect.nqn.clone(),
        host: connect.host.clone(),
        hostid: connect.hostid,
        discovery,
        cc: 0,
        csts: 0,
        lingers: None,
        connections: Vec::new(),
    });
    Ok(queue(connect, cntlid, discovery))
}

fn io_queue(session: &Session, connect: &Connect) -> Result<Queue, Status> {
    let mut inner = session.state.lock();
    let controller = inner.controllers.get_mut(&connect.cntlid).filter(|controller| {
        let theirs = (&controller.nqn, &controller.host, controller.hostid);
        theirs == (&connect.nqn, &connect.host, connect.hostid) && controller.lingers.is_none()
    });
    let controller = controller.ok_or(status::CONNECT_CNTLID)?;
    if controller.discovery || connect.qid > QUEUES || connect.size > QUEUE_SIZE {
        return Err(status::CONNECT_QUEUE);
    }
    if controller.cc & 1 == 0 {
        return Err(status::SEQUENCE);
    }
    controller.connections.push(session.number);
    Ok(queue(connect, connect.cntlid, false))
}

fn queue(connect: &Connect, cntlid: u16, discovery: bool) -> Queue {
    Queue {
        qid: connect.qid,
        size: connect.size,
        cntlid,
        nqn: connect.nqn.clone(),
        host: connect.host.clone(),
        discovery,
    }
}

/// The step that a property command is.
pub fn step(command: &Command) -> Option<Step> {
    let cc = command.dword(48);
    match (command.fctype(), command.dword(44)) {
        (PROPERTY_SET, property::CC) if cc & SHUTDOWN != 0 => Some(Step::Shutdown),
        (PROPERTY_SET, property::CC) if cc & ENABLE != 0 => Some(Step::Enable),
        _ => None,
    }
}

/// CC.EN and CSTS.RDY.
const ENABLE: u32 = 1;
/// CC.SHN.
const SHUTDOWN: u32 = 0b11 << 14;
/// CSTS.SHST: shutdown is complete.
const SHUT_DOWN: u32 = 0b10 << 2;

/// Carries out Property Get and Property Set.
pub fn property(session: &Session, queue: &Queue, command: &Command, never_ready: bool) -> Reply {
    let mut inner = session.state.lock();
    let controller = inner.controllers.get_mut(&queue.cntlid).filter(|_| queue.qid == 0);
    let Some(controller) = controller else {
        return Reply::Failed(status::SEQUENCE);
    };
    match (command.fctype(), command.dword(44)) {
        // Queues of so many entries (0's based), contiguous; 7.5 seconds to become ready; NVM command set.
        (PROPERTY_GET, property::CAP) => Reply::Done(u64::from(QUEUE_SIZE - 1) | 1 << 16 | 15 << 24 | 1 << 37),
        (PROPERTY_GET, property::VS) => Reply::Done(VERSION.into()),
        (PROPERTY_GET, property::CC) => Reply::Done(controller.cc.into()),
        (PROPERTY_GET, property::CSTS) => Reply::Done(controller.csts.into()),
        (PROPERTY_SET, property::CC) => {
            controller.cc = command.dword(48);
            controller.csts = if controller.cc & ENABLE != 0 && !never_ready {
                ENABLE
            } else {
                0
            };
            if controller.cc & SHUTDOWN != 0 {
                controller.csts |= SHUT_DOWN;
            }
            Reply::Done(0)
        }
        (PROPERTY_GET | PROPERTY_SET, _) => Reply::Failed(status::INVALID_FIELD),
        _ => Reply::Failed(status::INVALID_OPCODE),
    }
}
