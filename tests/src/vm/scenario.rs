//! A scenario: a folder that describes two machines and what the host has to print.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Result, at};
use crate::builder::{Description, kind};

/// `scenario.toml`; every key may be left out.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Network interfaces of each machine, connected pairwise.
    pub nics: u8,
    /// MAC addresses of the host's interfaces, instead of the usual ones; overrides `nics`.
    pub macs: Vec<String>,
    /// Whether each interface of the host is connected to another one of the host, in the network
    /// namespace `far`, instead of to the target's.
    pub far: bool,
    /// What the host boots.
    pub root: Root,
    /// With an initrd: whether the Debian is a disk of the host's own. The initrd has to have systemd then.
    pub local_disk: bool,
    /// Where in the cache the root file system lies that `make-initrd` runs in.
    pub builder: String,
    /// Kernels the scenario is for.
    pub kernels: Vec<String>,
    /// Seconds each machine may take.
    pub timeout: u64,
    /// Whether there is a target machine.
    pub target: bool,
    /// The exit code the host script has to end with.
    pub exit: i32,
    /// Whether the host may reboot.
    pub reboots: bool,
    /// Where there is any: the host must not get as far as its script. The machine has to end by itself; what is
    /// compared are the lines of its console that contain one of these, from there on.
    pub console: Vec<String>,
    /// More kernel modules, on both machines.
    pub modules: Vec<String>,
    /// Modules the host does not have.
    pub hide: Vec<String>,
    /// More words for the host's kernel command line.
    pub cmdline: String,
    /// Tables to find in /etc/tables on the host, nothing injected: `tables/NAME.toml` in the
    /// scenario's folder, or a kind of the table builder.
    pub tables: Vec<String>,
    /// More files for the host: path there, and path seen from the scenario's folder.
    pub files: BTreeMap<String, PathBuf>,
}

/// What the host boots.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Root {
    /// The initramfs with busybox, and nothing else.
    Busybox,
    /// The Debian of `tests/fetch-root`, with systemd.
    Systemd,
    /// An initrd that the scenario's script `make-initrd` makes; the Debian is a disk of the target's.
    Initrd,
}

impl Settings {
    /// How many interfaces the host has.
    pub fn nics(&self) -> usize {
        match self.macs.len() {
            0 => usize::from(self.nics),
            count => count,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nics: 1,
            macs: Vec::new(),
            far: false,
            root: Root::Busybox,
            local_disk: false,
            builder: "root-bookworm".to_owned(),
            kernels: vec!["6.12".to_owned()],
            timeout: 90,
            target: true,
            exit: 0,
            reboots: false,
            console: Vec::new(),
            modules: Vec::new(),
            hide: Vec::new(),
            cmdline: String::new(),
            tables: Vec::new(),
            files: BTreeMap::new(),
        }
    }
}

/// A scenario as read from its folder.
pub struct Scenario {
    /// Where it lies.
    pub dir: PathBuf,
    /// The folder's name.
    pub name: String,
    /// What `scenario.toml` says.
    pub settings: Settings,
    /// The tables to inject, by the name the kernel will give them.
    pub tables: Vec<(String, Vec<u8>)>,
    /// The tables for /etc/tables.
    pub loose_tables: Vec<(String, Vec<u8>)>,
    /// The script of the host.
    pub host: String,
    /// The description of the target.
    pub target: String,
}

impl Scenario {
    /// Reads the folder.
    pub fn load(dir: &Path) -> Result<Self> {
        // The real path, so that `nbft-vm .` has a name to show.
        let dir = at(dir, dir.canonicalize())?;
        let name = dir
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .ok_or_else(|| format!("{}: not a scenario folder", dir.display()))?;
        let settings: Settings = match read_optional(&dir.join("scenario.toml"))? {
            Some(text) => toml::from_str(&text).map_err(|e| format!("{}: {e}", dir.join("scenario.toml").display()))?,
            None => Settings::default(),
        };
        let host = at(&dir.join("host"), fs::read_to_string(dir.join("host")))?;
        let target = match settings.target {
            true => at(&dir.join("target"), fs::read_to_string(dir.join("target")))?,
            false => String::new(),
        };
        Ok(Self {
            tables: tables(&dir)?,
            loose_tables: loose_tables(&dir, &settings.tables)?,
            name,
            settings,
            host,
            target,
            dir,
        })
    }

    /// The file with the expected output: one for this kernel alone, or the one for all.
    pub fn expected_path(&self, kernel: &str) -> PathBuf {
        let own = self.dir.join(format!("expected-{kernel}"));
        if own.exists() { own } else { self.dir.join("expected") }
    }
}

/// The text of a file, or nothing if there is none.
pub fn read_optional(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        other => at(path, other).map(Some),
    }
}

/// `table.toml` is NBFT; `table1.toml`, `table2.toml` … are NBFT1, NBFT2 …; a binary file of the
/// table's name does as well.
fn tables(dir: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    if let Some(table) = table(dir, "")? {
        return Ok(vec![("NBFT".to_owned(), table)]);
    }
    let mut tables = Vec::new();
    while let Some(content) = table(dir, &(tables.len() + 1).to_string())? {
        tables.push((format!("NBFT{}", tables.len() + 1), content));
    }
    // The kernel numbers tables only when there are several.
    if let [only] = tables.as_mut_slice() {
        only.0 = "NBFT".to_owned();
    }
    Ok(tables)
}

/// A table of the scenario's own comes before a kind of the builder that has its name.
fn loose_tables(dir: &Path, names: &[String]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut tables = Vec::new();
    for name in names {
        let path = dir.join("tables").join(format!("{name}.toml"));
        let description = match read_optional(&path)? {
            Some(text) => Description::from_toml(&text).map_err(|e| format!("{}: {e}", path.display()))?,
            None => kind(name).ok_or_else(|| format!("table `{name}`: neither {} nor a kind", path.display()))?,
        };
        tables.push((name.clone(), description.build()));
    }
    Ok(tables)
}

fn table(dir: &Path, number: &str) -> Result<Option<Vec<u8>>> {
    let path = dir.join(format!("table{number}.toml"));
    if let Some(text) = read_optional(&path)? {
        return Description::from_toml(&text)
            .map(|description| Some(description.build()))
            .map_err(|e| format!("{}: {e}", path.display()));
    }
    let path = dir.join(format!("NBFT{number}"));
    match path.exists() {
        true => at(&path, fs::read(&path)).map(Some),
        false => Ok(None),
    }
}
