//! Admin commands: Identify, log pages, features, keep alive, events, abort.

use super::command::{Command, Reply};
use super::fabrics::QUEUES;
use super::fault::Step;
use super::session::{Queue, Session};
use super::{identify, record, status};

mod opcode {
    pub const GET_LOG_PAGE: u8 = 0x02;
    pub const IDENTIFY: u8 = 0x06;
    pub const ABORT: u8 = 0x08;
    pub const SET_FEATURES: u8 = 0x09;
    pub const GET_FEATURES: u8 = 0x0a;
    pub const ASYNC_EVENT: u8 = 0x0c;
    pub const KEEP_ALIVE: u8 = 0x18;
}

mod feature {
    pub const QUEUES: u8 = 0x07;
    pub const ASYNC_EVENTS: u8 = 0x0b;
    pub const TIMESTAMP: u8 = 0x0e;
    pub const KEEP_ALIVE: u8 = 0x0f;
    pub const HOST_BEHAVIOR: u8 = 0x16;
    pub const HOST_ID: u8 = 0x81;
}

/// Most Async Event Requests that are held.
pub const EVENTS: usize = 4;
/// The discovery log page; error, SMART, firmware, changed namespaces, effects and ANA are full of zeros here.
const DISCOVERY_LOG: u8 = 0x70;
const ZERO_LOGS: [u8; 6] = [0x01, 0x02, 0x03, 0x04, 0x05, 0x0c];

/// The step that an admin command is.
pub fn step(opcode: u8) -> Option<Step> {
    match opcode {
        opcode::IDENTIFY => Some(Step::Identify),
        opcode::GET_LOG_PAGE => Some(Step::Log),
        opcode::SET_FEATURES | opcode::GET_FEATURES => Some(Step::Features),
        opcode::KEEP_ALIVE => Some(Step::KeepAlive),
        _ => None,
    }
}

/// Carries out an admin command.
pub fn carry_out(session: &mut Session, queue: &Queue, command: &Command) -> Reply {
    match command.opcode() {
        opcode::IDENTIFY => {
            session.state.lock().counts.identifies += 1;
            identify::identify(session, queue, command)
        }
        opcode::GET_LOG_PAGE => log_page(session, queue, command),
        opcode::SET_FEATURES | opcode::GET_FEATURES => features(command),
        opcode::KEEP_ALIVE => {
            session.state.lock().counts.keep_alives += 1;
            Reply::Done(0)
        }
        opcode::ASYNC_EVENT if session.events < EVENTS => {
            session.events += 1;
            Reply::Held
        }
        opcode::ASYNC_EVENT => Reply::Failed(status::TOO_MANY_EVENTS),
        // Bit 0: the command was not aborted.
        opcode::ABORT => Reply::Done(1),
        _ => Reply::Failed(status::INVALID_OPCODE),
    }
}

fn log_page(session: &Session, queue: &Queue, command: &Command) -> Reply {
    let mut inner = session.state.lock();
    inner.counts.logs += 1;
    let page = command.byte(40);
    if page != DISCOVERY_LOG || !queue.discovery {
        return match ZERO_LOGS.contains(&page) {
            true => Reply::Data(Vec::new()),
            false => Reply::Failed(status::INVALID_LOG),
        };
    }
    inner.counts.discovery_logs += 1;
    // Dwords to read, 0's based, and the offset in bytes.
    let dwords = (u64::from(command.cdw(10) >> 16) | u64::from(command.cdw(11) & 0xffff) << 16) + 1;
    let range = record::Range {
        from: command.qword(48),
        length: command.length().min(usize::try_from(dwords * 4).unwrap_or(usize::MAX)),
    };
    Reply::Data(record::log(&inner, &queue.host, session.local, range))
}

fn features(command: &Command) -> Reply {
    let setting = command.opcode() == opcode::SET_FEATURES;
    match command.byte(40) {
        feature::QUEUES => {
            let most = u32::from(QUEUES - 1);
            let wanted = if setting { command.cdw(11) } else { most | most << 16 };
            let (submission, completion) = (wanted & 0xffff, wanted >> 16);
            Reply::Done((submission.min(most) | completion.min(most) << 16).into())
        }
        feature::ASYNC_EVENTS
        | feature::KEEP_ALIVE
        | feature::HOST_ID
        | feature::TIMESTAMP
        | feature::HOST_BEHAVIOR
            if setting =>
        {
            Reply::Done(0)
        }
        feature::ASYNC_EVENTS | feature::KEEP_ALIVE => Reply::Done(0),
        feature::HOST_ID | feature::TIMESTAMP | feature::HOST_BEHAVIOR => Reply::Data(Vec::new()),
        _ => Reply::Failed(status::INVALID_FIELD),
    }
}
