//! The data structures of Identify.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::admin::EVENTS;
use super::command::{Command, Reply};
use super::fabrics::{QUEUE_SIZE, VERSION};
use super::session::{Queue, Session};
use super::state::{DISCOVERY, Inner, Namespace};
use super::status;

/// Bytes of each data structure.
const SIZE: usize = 4096;
/// Bytes of data in the capsule of a command on an I/O queue.
const IN_CAPSULE: u32 = 16 << 10;

/// Values of CNS.
mod cns {
    pub const NAMESPACE: u8 = 0x00;
    pub const CONTROLLER: u8 = 0x01;
    pub const ACTIVE_NAMESPACES: u8 = 0x02;
    pub const DESCRIPTORS: u8 = 0x03;
    pub const IO_COMMAND_SET_CONTROLLER: u8 = 0x06;
}

/// Carries out Identify.
pub fn identify(session: &Session, queue: &Queue, command: &Command) -> Reply {
    let inner = session.state.lock();
    let nsid = command.nsid();
    let cns = command.byte(40);
    let namespace = || {
        let subsystem = inner.subsystems.get(&queue.nqn);
        subsystem.and_then(|subsystem| subsystem.namespaces.get(&nsid))
    };
    match cns {
        cns::CONTROLLER => Reply::Data(controller(&inner, queue)),
        cns::IO_COMMAND_SET_CONTROLLER => Reply::Data(Vec::new()),
        cns::ACTIVE_NAMESPACES if !queue.discovery => Reply::Data(active(&inner, queue, nsid)),
        cns::NAMESPACE | cns::DESCRIPTORS if !queue.discovery => match namespace() {
            Some(namespace) if cns == cns::NAMESPACE => Reply::Data(description(namespace)),
            Some(namespace) => Reply::Data(descriptors(namespace)),
            None => Reply::Failed(status::INVALID_NAMESPACE),
        },
        _ => Reply::Failed(status::INVALID_FIELD),
    }
}

/// A structure whose fields are written at their offsets.
struct Fields(Vec<u8>);

impl Fields {
    fn new() -> Self {
        Self(vec![0; SIZE])
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// A text, padded with spaces to its length.
    fn text(&mut self, at: usize, length: usize, text: &str) -> &mut Self {
        self.0[at..at + length].fill(b' ');
        self.put(at, text.as_bytes())
    }
}

fn controller(inner: &Inner, queue: &Queue) -> Vec<u8> {
    // The serial number belongs to the subsystem: all its controllers have the same.
    let mut hasher = DefaultHasher::new();
    queue.nqn.hash(&mut hasher);
    let serial = format!("{:016x}", hasher.finish());
    let nqn = match &inner.directory {
        Some(own) if queue.discovery => own.as_str(),
        _ if queue.discovery => DISCOVERY,
        _ => queue.nqn.as_str(),
    };
    let last_namespace = inner
        .subsystems
        .get(&queue.nqn)
        .and_then(|of| of.namespaces.keys().last().copied());
    let mut fields = Fields::new();
    fields
        .text(4, 20, &serial)
        .text(24, 40, "nbft-target")
        .text(64, 8, env!("CARGO_PKG_VERSION"))
        // CMIC: several ports, several controllers.
        .put(76, &[0b11])
        // MDTS: 2^8 pages of 4 KiB.
        .put(77, &[8])
        .put(78, &queue.cntlid.to_le_bytes())
        .put(80, &VERSION.to_le_bytes())
        // CTRATT: host identifiers of 128 bits.
        .put(96, &1_u32.to_le_bytes())
        // CNTRLTYPE: I/O controller or discovery controller.
        .put(111, &[if queue.discovery { 2 } else { 1 }])
        // ACL and AERL, 0's based.
        .put(258, &[3, EVENTS as u8 - 1])
        // LPA: logs can be read from any offset.
        .put(261, &[0b100])
        // KAS: keep-alive times in units of 100 ms.
        .put(320, &10_u16.to_le_bytes())
        .put(512, &[0x66, 0x44])
        .put(514, &QUEUE_SIZE.to_le_bytes())
        .put(516, &last_namespace.unwrap_or_default().to_le_bytes())
        // ONCS: Write Zeroes. VWC: a volatile write cache, so Flush is of use.
        .put(520, &0b1000_u16.to_le_bytes())
        .put(525, &[1])
        // SGLS: supported, also with offsets into the capsule.
        .put(536, &(1_u32 | 1 << 20).to_le_bytes())
        .put(768, &nqn.as_bytes()[..nqn.len().min(255)])
        // IOCCSZ and IORCSZ in units of 16 bytes.
        .put(1792, &((64 + IN_CAPSULE) / 16).to_le_bytes())
        .put(1796, &1_u32.to_le_bytes())
        // MSDBD.
        .put(1803, &[1]);
    fields.0
}

/// NSIDs above the given one.
fn active(inner: &Inner, queue: &Queue, above: u32) -> Vec<u8> {
    let subsystem = inner.subsystems.get(&queue.nqn);
    let namespaces = subsystem.iter().flat_map(|subsystem| subsystem.namespaces.keys());
    let mut list: Vec<u8> = namespaces
        .filter(|nsid| **nsid > above)
        .take(SIZE / 4)
        .flat_map(|nsid| nsid.to_le_bytes())
        .collect();
    list.resize(SIZE, 0);
    list
}

fn description(namespace: &Namespace) -> Vec<u8> {
    let mut fields = Fields::new();
    let blocks = namespace.disk.blocks.to_le_bytes();
    // NSZE, NCAP, NUSE.
    fields.put(0, &blocks).put(8, &blocks).put(16, &blocks);
    // NMIC: several controllers may use it.
    fields.put(30, &[1]);
    if let Some(nguid) = namespace.nguid {
        fields.put(104, &nguid);
    }
    // LBA format 0: blocks of 2^9 bytes.
    fields.put(130, &[9]);
    fields.0
}

/// The namespace's identifiers: type, length, two reserved bytes, the identifier.
fn descriptors(namespace: &Namespace) -> Vec<u8> {
    const NGUID: u8 = 2;
    const UUID: u8 = 3;
    let mut list = Vec::new();
    for (kind, id) in [(NGUID, namespace.nguid), (UUID, namespace.uuid)] {
        if let Some(id) = id {
            list.extend([kind, 16, 0, 0]);
            list.extend(id);
        }
    }
    list.resize(SIZE, 0);
    list
}
