//! Statuses of commands: the status code and its type as in the NVMe base specification, without the phase bit.

/// A command's status and the command specific result (dword 0) that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Status code in bits 7:0, status code type in 10:8, "do not retry" in 14.
    pub code: u16,
    /// Dword 0 of the completion.
    pub result: u32,
}

/// All bits that a status can have.
pub const MASK: u16 = 0x7fff;
/// Do not retry.
pub const DNR: u16 = 0x4000;

/// A failure that the same command would meet again.
const fn permanent(code: u16) -> Status {
    with_result(code | DNR, 0)
}

const fn with_result(code: u16, result: u32) -> Status {
    Status { code, result }
}

/// Invalid Command Opcode.
pub const INVALID_OPCODE: Status = permanent(0x001);
/// Invalid Field in Command.
pub const INVALID_FIELD: Status = permanent(0x002);
/// Internal Error.
pub const INTERNAL: Status = with_result(0x006, 0);
/// Invalid Namespace or Format.
pub const INVALID_NAMESPACE: Status = permanent(0x00b);
/// Command Sequence Error.
pub const SEQUENCE: Status = permanent(0x00c);
/// Transient Transport Error: a data digest is wrong.
pub const DIGEST: Status = with_result(0x022, 0);
/// LBA Out of Range.
pub const OUT_OF_RANGE: Status = permanent(0x080);
/// Asynchronous Event Request Limit Exceeded.
pub const TOO_MANY_EVENTS: Status = permanent(0x105);
/// Invalid Log Page.
pub const INVALID_LOG: Status = permanent(0x109);
/// Connect Incompatible Format.
pub const CONNECT_FORMAT: Status = permanent(0x180);
/// Connect Controller Busy.
pub const CONNECT_BUSY: Status = with_result(0x181, 0);
/// Connect Invalid Host; the result is the offset of the host's NQN in the data.
pub const CONNECT_HOST: Status = with_result(0x184 | DNR, 0x0001_0200);
/// Connect Invalid Parameters: the subsystem's NQN, by its offset in the data.
pub const CONNECT_SUBSYSTEM: Status = with_result(0x182 | DNR, 0x0001_0100);
/// Connect Invalid Parameters: the controller ID, by its offset in the data.
pub const CONNECT_CNTLID: Status = with_result(0x182 | DNR, 0x0001_0010);
/// Connect Invalid Parameters: the queue, by its offset in the command.
pub const CONNECT_QUEUE: Status = with_result(0x182 | DNR, 42);
