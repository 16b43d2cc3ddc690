//! Commands on I/O queues: Read, Write, Flush, Write Zeroes.

use std::sync::Arc;

use super::command::{Command, Reply};
use super::disk::{BLOCK, Disk};
use super::session::{Queue, Session};
use super::status::{self, Status};

mod opcode {
    pub const FLUSH: u8 = 0x00;
    pub const WRITE: u8 = 0x01;
    pub const READ: u8 = 0x02;
    pub const WRITE_ZEROES: u8 = 0x08;
}

/// Flush for all namespaces.
const ALL: u32 = 0xffff_ffff;

/// Carries out an I/O command.
pub fn carry_out(session: &Session, queue: &Queue, command: &Command) -> Reply {
    let disk = {
        let mut inner = session.state.lock();
        inner.counts.io += 1;
        match command.opcode() {
            opcode::READ => inner.counts.reads += 1,
            opcode::WRITE | opcode::WRITE_ZEROES => inner.counts.writes += 1,
            _ => {}
        }
        let subsystem = inner.subsystems.get(&queue.nqn);
        let namespace = subsystem.and_then(|subsystem| subsystem.namespaces.get(&command.nsid()));
        namespace.map(|namespace| Arc::clone(&namespace.disk))
    };
    let Some(disk) = disk else {
        return match (command.opcode(), command.nsid()) {
            (opcode::FLUSH, ALL) => Reply::Done(0),
            _ => Reply::Failed(status::INVALID_NAMESPACE),
        };
    };
    match moved(&disk, command) {
        Ok(reply) => reply,
        Err(status) => Reply::Failed(status),
    }
}

fn moved(disk: &Disk, command: &Command) -> Result<Reply, Status> {
    // The first block, and how many (0's based).
    let (first, blocks) = (command.qword(40), u64::from(command.cdw(12) & 0xffff) + 1);
    let (offset, length) = (first.saturating_mul(BLOCK), (blocks * BLOCK) as usize);
    let within = || match first.checked_add(blocks) {
        Some(end) if end <= disk.blocks => Ok(()),
        _ => Err(status::OUT_OF_RANGE),
    };
    let done = |result: std::io::Result<()>| result.map(|()| Reply::Done(0)).map_err(|_| status::INTERNAL);
    match command.opcode() {
        opcode::READ => {
            within()?;
            if command.length() != length {
                return Err(status::INVALID_FIELD);
            }
            disk.read(offset, length).map(Reply::Data).map_err(|_| status::INTERNAL)
        }
        opcode::WRITE => {
            within()?;
            if command.data.len() != length {
                return Err(status::INVALID_FIELD);
            }
            done(disk.write(offset, &command.data))
        }
        opcode::WRITE_ZEROES => {
            within()?;
            done(disk.write(offset, &vec![0; length]))
        }
        opcode::FLUSH => done(disk.flush()),
        _ => Err(status::INVALID_OPCODE),
    }
}
