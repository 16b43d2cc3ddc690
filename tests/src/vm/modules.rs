//! Which kernel modules a machine loads, in which order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Result;

/// The busybox of this machine, and of the machines that boot.
pub const BUSYBOX: &str = "/bin/busybox";

/// A kernel as `tests/fetch-kernel` leaves it.
pub struct Kernel {
    /// The folder with all of it.
    pub dir: PathBuf,
    /// The uncompressed kernel.
    pub image: PathBuf,
    /// A busybox of its architecture.
    pub busybox: PathBuf,
    /// Module files by name, with `_` for `-`.
    files: BTreeMap<String, PathBuf>,
    builtin: BTreeSet<String>,
}

/// A module ready for insmod.
pub struct Module {
    /// Its name, with `_` for `-`.
    pub name: String,
    /// The uncompressed `.ko`.
    pub content: Vec<u8>,
}

impl Kernel {
    /// Opens the folder made by `tests/fetch-kernel`.
    pub fn open(dir: &Path) -> Result<Self> {
        let image = dir.join("vmlinux");
        if !dir.join("version").exists() {
            return Err(format!("no kernel in {}: run tests/fetch-kernel first", dir.display()));
        }
        // tests/fetch-kernel leaves one beside a kernel of another architecture.
        let busybox = Some(dir.join("busybox")).filter(|path| path.exists());
        let busybox = busybox.unwrap_or_else(|| PathBuf::from(BUSYBOX));
        let modules = dir.join("modules");
        let mut files = BTreeMap::new();
        collect(&modules, &mut files)?;
        let list = modules.join("modules.builtin");
        let builtin = fs::read_to_string(&list)
            .map_err(|e| format!("{}: {e}", list.display()))?
            .lines()
            .filter_map(|line| module_name(Path::new(line)))
            .collect();
        Ok(Self {
            dir: dir.to_owned(),
            image,
            busybox,
            files,
            builtin,
        })
    }

    /// Whether a module is part of this kernel, as a file or built in.
    pub fn has(&self, name: &str) -> bool {
        let name = normal(name);
        self.builtin.contains(&name) || self.files.contains_key(&name)
    }

    /// The named modules and all they depend on, each after its dependencies. Built-in ones and the
    /// `hidden` ones are left out.
    pub fn load_order(&self, names: &[String], hidden: &[String]) -> Result<Vec<Module>> {
        let mut seen = hidden.iter().map(|name| normal(name)).collect();
        let mut order = Vec::new();
        for name in names {
            self.visit(&normal(name), &mut seen, &mut order)?;
        }
        Ok(order)
    }

    fn visit(&self, name: &str, seen: &mut BTreeSet<String>, order: &mut Vec<Module>) -> Result<()> {
        if self.builtin.contains(name) || !seen.insert(name.to_owned()) {
            return Ok(());
        }
        let path = self
            .files
            .get(name)
            .ok_or_else(|| format!("kernel module {name}: not part of this kernel"))?;
        let content = read_module(path)?;
        for dependency in dependencies(&content, path)? {
            self.visit(&dependency, seen, order)?;
        }
        order.push(Module {
            name: name.to_owned(),
            content,
        });
        Ok(())
    }
}

fn normal(name: &str) -> String {
    name.replace('-', "_")
}

fn module_name(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let (name, rest) = file.split_once('.')?;
    (rest == "ko" || rest == "ko.xz").then(|| normal(name))
}

fn collect(dir: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    let failed = |e| format!("{}: {e}", dir.display());
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if let Some(name) = module_name(&path) {
            files.insert(name, path);
        }
    }
    Ok(())
}

fn read_module(path: &Path) -> Result<Vec<u8>> {
    let failed = |why: String| format!("{}: {why}", path.display());
    if path.extension().is_none_or(|ext| ext != "xz") {
        return fs::read(path).map_err(|e| failed(e.to_string()));
    }
    let output = Command::new("xz")
        .arg("-dc")
        .arg(path)
        .output()
        .map_err(|e| failed(format!("the xz command did not start: {e}")))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

/// The `depends=a,b` entry of a module's .modinfo section, which is a list of NUL-ended strings.
/// Searching the whole file for it spares an ELF reader; nothing else in a module looks like it.
fn dependencies(content: &[u8], path: &Path) -> Result<Vec<String>> {
    const KEY: &[u8] = b"\0depends=";
    let start = content
        .windows(KEY.len())
        .position(|window| window == KEY)
        .ok_or_else(|| format!("{}: no depends= entry in this module", path.display()))?
        + KEY.len();
    let value = content[start..].split(|&byte| byte == 0).next();
    Ok(String::from_utf8_lossy(value.unwrap_or_default())
        .split(',')
        .filter(|name| !name.is_empty())
        .map(normal)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_is_read_from_modinfo() {
        let found = dependencies(b"ELF..\0license=GPL\0depends=nvmet,nvme-core\0x", Path::new("m"));
        assert_eq!(found, Ok(vec!["nvmet".to_owned(), "nvme_core".to_owned()]));
        assert_eq!(dependencies(b"\0depends=\0", Path::new("m")), Ok(vec![]));
        assert!(dependencies(b"nothing", Path::new("m")).is_err());
    }
}
