//! The bytes of a namespace, in memory or in a file.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Bytes of a logical block.
pub const BLOCK: u64 = 512;

/// A disk. Paths share it.
#[derive(Debug)]
pub struct Disk {
    content: Content,
    /// Its size in blocks.
    pub blocks: u64,
}

#[derive(Debug)]
enum Content {
    Memory(Mutex<Vec<u8>>),
    File(File),
}

impl Disk {
    /// A disk in memory, full of zeros.
    pub fn in_memory(bytes: u64) -> Self {
        let blocks = bytes / BLOCK;
        let content = Content::Memory(Mutex::new(vec![0; (blocks * BLOCK) as usize]));
        Self { content, blocks }
    }

    /// A disk in a file or on a block device.
    pub fn in_file(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        // A block device has no size in its metadata.
        let blocks = file.seek(SeekFrom::End(0))? / BLOCK;
        let content = Content::File(file);
        Ok(Self { content, blocks })
    }

    /// Reads bytes.
    pub fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        match &self.content {
            Content::Memory(bytes) => {
                let bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
                let range = offset as usize..(offset as usize).saturating_add(length);
                bytes
                    .get(range)
                    .map(<[u8]>::to_vec)
                    .ok_or_else(|| ErrorKind::UnexpectedEof.into())
            }
            Content::File(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, offset)?;
                Ok(bytes)
            }
        }
    }

    /// Writes bytes.
    pub fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match &self.content {
            Content::Memory(bytes) => {
                let mut bytes = bytes.lock().unwrap_or_else(PoisonError::into_inner);
                let range = offset as usize..(offset as usize).saturating_add(data.len());
                let place = bytes.get_mut(range).ok_or(ErrorKind::UnexpectedEof)?;
                place.copy_from_slice(data);
                Ok(())
            }
            Content::File(file) => file.write_all_at(data, offset),
        }
    }

    /// Makes what was written last.
    pub fn flush(&self) -> io::Result<()> {
        match &self.content {
            Content::Memory(_) => Ok(()),
            Content::File(file) => file.sync_data(),
        }
    }
}
