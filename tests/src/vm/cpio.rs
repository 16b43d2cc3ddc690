//! Writes the archive the kernel unpacks as its initramfs: cpio in the "newc" format.

use std::collections::BTreeMap;

const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// An archive in memory. Entries are sorted, so a folder comes before what is in it.
#[derive(Default)]
pub struct Archive {
    entries: BTreeMap<String, (u32, Vec<u8>)>,
}

impl Archive {
    /// Adds a folder, and the folders above it.
    pub fn directory(&mut self, path: &str) {
        self.insert(path, DIRECTORY | 0o755, Vec::new());
    }

    /// Adds a file with these permissions, replacing what was there.
    pub fn file(&mut self, path: &str, mode: u32, content: impl Into<Vec<u8>>) {
        self.insert(path, FILE | mode, content.into());
    }

    /// Adds a symbolic link.
    pub fn link(&mut self, path: &str, to: &str) {
        self.insert(path, LINK | 0o777, to.into());
    }

    fn insert(&mut self, path: &str, mode: u32, content: Vec<u8>) {
        let path = path.trim_matches('/');
        for (end, _) in path.match_indices('/') {
            self.entries
                .entry(path[..end].to_owned())
                .or_insert((DIRECTORY | 0o755, Vec::new()));
        }
        self.entries.insert(path.to_owned(), (mode, content));
    }

    /// The archive as the kernel reads it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (number, (path, (mode, content))) in self.entries.iter().enumerate() {
            append(&mut out, number + 1, path, *mode, content);
        }
        append(&mut out, 0, "TRAILER!!!", 0, &[]);
        out
    }
}

fn append(out: &mut Vec<u8>, inode: usize, path: &str, mode: u32, content: &[u8]) {
    // Magic, then thirteen numbers: inode, mode, uid, gid, links, mtime, size, device (2),
    // device the node stands for (2), length of the name with its NUL, checksum (unused).
    let size = content.len();
    let name = path.len() + 1;
    let header = format!(
        "070701{inode:08x}{mode:08x}{0:08x}{0:08x}{1:08x}{0:08x}{size:08x}\
         {0:08x}{0:08x}{0:08x}{0:08x}{name:08x}{0:08x}",
        0, 1
    );
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(path.as_bytes());
    out.push(0);
    pad(out);
    out.extend_from_slice(content);
    pad(out);
}

fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_first_and_everything_is_aligned() {
        let mut archive = Archive::default();
        archive.file("/usr/bin/tool", 0o755, "abc");
        archive.directory("/usr");
        let bytes = archive.to_bytes();
        let text = String::from_utf8_lossy(&bytes);
        let usr = text.find("usr\0");
        assert!(usr.is_some() && usr < text.find("usr/bin\0"));
        assert!(text.find("usr/bin\0") < text.find("usr/bin/tool\0"));
        assert!(text.contains("TRAILER!!!\0"));
        assert_eq!(bytes.len() % 4, 0);
    }
}
