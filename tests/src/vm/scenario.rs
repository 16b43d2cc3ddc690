//! A scenario: a folder that describes two machines and what the host has to print.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::architecture::Architecture;
use super::{Result, at};
use crate::builder::{Description, kind};

/// The release of Debian that hosts boot if nothing else is said.
pub const DEBIAN: &str = "bookworm";

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
    /// The host's processor. The target is always of this machine's architecture.
    pub architecture: Architecture,
    /// The system that the host boots.
    pub root: Root,
    /// With an initrd: whether the Debian is a disk of the host's own. The initrd has to have systemd then.
    pub local_disk: bool,
    /// With an initrd: whether `make-initrd` makes a unified kernel image (UKI), for UEFI to start.
    pub uki: bool,
    /// The Debian that the host boots: `root-DEBIAN` in the cache, instead of the one of the run.
    pub debian: Option<String>,
    /// Whether the host boots this Debian into its default target. The target's description can add the kernel's modules and
    /// the initrd.
    pub whole: bool,
    /// Empty disks of the target, from /dev/vdb on: the megabytes of each.
    pub disks: Vec<u64>,
    /// Where in the cache the root file system lies that `make-initrd` runs in; see [`Settings::builder`].
    pub builder: String,
    /// Releases of Debian, in each of which the scenario runs: that of the host's root file system, and of the builder.
    pub releases: Vec<String>,
    /// Kernels the scenario is for.
    pub kernels: Vec<String>,
    /// Seconds each machine may take.
    pub timeout: u64,
    /// Whether a target machine boots.
    pub target: bool,
    /// The exit code the host script has to end with.
    pub exit: i32,
    /// Whether the host may reboot.
    pub reboots: bool,
    /// Whether the host has to power itself off, after its script has printed all.
    pub powers_off: bool,
    /// If not empty, the host must not reach its script, and the machine has to end by itself. Compared are the lines of
    /// its console that contain one of these words, each from that word on.
    pub console: Vec<String>,
    /// Whether all that goes over the host's first cable is captured.
    pub capture: bool,
    /// Whether both machines can do TLS: the programs of `tests/fetch-tlshd`, kernel modules, and a capture.
    pub tls: bool,
    /// More kernel modules, on both machines.
    pub modules: Vec<String>,
    /// Modules the host does not have.
    pub hide: Vec<String>,
    /// More words for the host's kernel command line.
    pub cmdline: String,
    /// The table to inject, by name; see [`named`].
    pub table: Option<String>,
    /// Whether the kernel finds the tables in the initramfs, instead of the firmware's list.
    pub tables_in_initramfs: bool,
    /// Tables to find in /etc/tables on the host, nothing injected, by name.
    pub tables: Vec<String>,
    /// More files for the host: path there, and path seen from the scenario's folder.
    pub files: BTreeMap<String, PathBuf>,
}

/// The system that the host boots.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
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

    /// The host's kernel command line.
    pub fn command_line(&self) -> String {
        let own = match self.root {
            Root::Busybox => "",
            _ if self.whole => "systemd.show_status=0 ",
            _ => "systemd.unit=scenario.service systemd.show_status=0 ",
        };
        self.architecture.command_line(&format!("{own}{}", self.cmdline))
    }

    /// The folder of the builder: with several releases, one for each, whose names end in all but the usual release.
    pub fn builder(&self, release: &str) -> String {
        match self.releases.is_empty() || release == DEBIAN {
            true => self.builder.clone(),
            false => format!("{}-{release}", self.builder),
        }
    }

    /// The releases and kernels to run it on. Further kernels are for the first release alone.
    pub fn machines(&self, debian: &str) -> Vec<(String, String)> {
        let releases = match self.releases.as_slice() {
            [] => vec![debian.to_owned()],
            releases => releases.to_vec(),
        };
        let (first, kernels) = (&releases[0], &self.kernels);
        let of = |release: &String| {
            let count = if release == first { kernels.len() } else { 1 };
            kernels[..count]
                .iter()
                .map(|kernel| (release.clone(), kernel.clone()))
                .collect::<Vec<_>>()
        };
        releases.iter().flat_map(of).collect()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nics: 1,
            macs: Vec::new(),
            far: false,
            architecture: Architecture::X86_64,
            root: Root::Busybox,
            local_disk: false,
            uki: false,
            debian: None,
            whole: false,
            disks: Vec::new(),
            builder: format!("root-{DEBIAN}"),
            releases: Vec::new(),
            kernels: vec!["6.12".to_owned()],
            timeout: 90,
            target: true,
            exit: 0,
            reboots: false,
            powers_off: false,
            console: Vec::new(),
            capture: false,
            tls: false,
            modules: Vec::new(),
            hide: Vec::new(),
            cmdline: String::new(),
            table: None,
            tables_in_initramfs: false,
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
    /// The content of `scenario.toml`.
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
    /// Reads the folder. `DIR@RELEASE` is the scenario in one of its releases.
    pub fn load(dir: &Path) -> Result<Self> {
        let text = dir.to_string_lossy();
        match text.trim_end_matches('/').rsplit_once('@') {
            Some((folder, release)) if !dir.exists() => {
                let mut scenario = Self::load(Path::new(folder))?;
                let releases = &mut scenario.settings.releases;
                releases.retain(|known| known == release);
                match releases.is_empty() {
                    true => Err(format!("{folder}: scenario.toml does not name the release {release}")),
                    false => Ok(scenario),
                }
            }
            _ => Self::read(dir),
        }
    }

    fn read(dir: &Path) -> Result<Self> {
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
        // The Debians and the programs for TLS are of this machine's architecture, and QEMU adds tables to the lists of its own
        // firmware only.
        let usual = settings.architecture == Architecture::X86_64;
        if !usual && (settings.root != Root::Busybox || settings.tls || !settings.tables_in_initramfs) {
            let rule =
                "a host of another architecture needs `tables_in_initramfs`, and can have neither `root` nor `tls`";
            return Err(format!("{}: {rule}", dir.join("scenario.toml").display()));
        }
        let host = at(&dir.join("host"), fs::read_to_string(dir.join("host")))?;
        let target = match settings.target {
            true => at(&dir.join("target"), fs::read_to_string(dir.join("target")))?,
            false => String::new(),
        };
        Ok(Self {
            tables: tables(&dir, settings.table.as_deref())?,
            loose_tables: settings
                .tables
                .iter()
                .map(|name| Ok((name.clone(), named(&dir, name)?)))
                .collect::<Result<_>>()?,
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

    /// The known difference between the expected output and that on another Debian, if they differ.
    pub fn known_difference(&self, debian: &str) -> Result<Option<String>> {
        let text = read_optional(&self.difference_path(debian))?;
        Ok(text.map(|text| text[reasons(&text).len()..].to_owned()))
    }

    /// Writes the difference on another Debian under the reasons that are in the file, or removes the file.
    pub fn accept_difference(&self, debian: &str, difference: Option<&str>) -> Result<()> {
        let path = self.difference_path(debian);
        let text = read_optional(&path)?.unwrap_or_default();
        match difference {
            Some(difference) => at(&path, fs::write(&path, format!("{}{difference}", reasons(&text)))),
            None => at(&path, fs::remove_file(&path)),
        }
    }

    fn difference_path(&self, debian: &str) -> PathBuf {
        self.dir.join(format!("expected-{debian}.diff"))
    }
}

/// The comment lines that a known difference begins with.
fn reasons(text: &str) -> &str {
    let length = text.split_inclusive('\n').take_while(|line| line.starts_with('#'));
    &text[..length.map(str::len).sum()]
}

/// The text of a file, if the file exists.
pub fn read_optional(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        other => at(path, other).map(Some),
    }
}

/// The tables to inject: the one that the settings name, or else files of the folder. `table.toml` is NBFT;
/// `table1.toml`, `table2.toml` … are NBFT1, NBFT2 …; a binary file of the table's name does as well.
fn tables(dir: &Path, name: Option<&str>) -> Result<Vec<(String, Vec<u8>)>> {
    let mut tables = match table(dir, "")? {
        Some(table) => vec![("NBFT".to_owned(), table)],
        None => Vec::new(),
    };
    while let Some(content) = table(dir, &(tables.len() + 1).to_string())? {
        tables.push((format!("NBFT{}", tables.len() + 1), content));
    }
    if let Some(name) = name {
        if !tables.is_empty() {
            let dir = dir.display();
            return Err(format!(
                "{dir}: scenario.toml names the table `{name}`, and the folder has another"
            ));
        }
        tables.push(("NBFT".to_owned(), named(dir, name)?));
    }
    // The kernel numbers tables only when there are several.
    if let [only] = tables.as_mut_slice() {
        only.0 = "NBFT".to_owned();
    }
    Ok(tables)
}

/// A table by its name: `tables/NAME.toml` of the scenario, one of `tests/vm/tables`, which scenarios share, or a kind of
/// the table builder.
fn named(dir: &Path, name: &str) -> Result<Vec<u8>> {
    for folder in [dir.join("tables"), shared_tables()] {
        if let Some(table) = described(&folder.join(format!("{name}.toml")))? {
            return Ok(table);
        }
    }
    let unknown = "not in tables/ of the scenario, not in tests/vm/tables, and no kind of nbft-build";
    kind(name)
        .map(|kind| kind.build())
        .ok_or_else(|| format!("{}: table `{name}`: {unknown}", dir.display()))
}

fn shared_tables() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vm/tables")
}

/// The table that a file describes, if the file exists.
fn described(path: &Path) -> Result<Option<Vec<u8>>> {
    let Some(text) = read_optional(path)? else {
        return Ok(None);
    };
    let description = Description::from_toml(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(Some(description.build()))
}

fn table(dir: &Path, number: &str) -> Result<Option<Vec<u8>>> {
    if let Some(table) = described(&dir.join(format!("table{number}.toml")))? {
        return Ok(Some(table));
    }
    let path = dir.join(format!("NBFT{number}"));
    match path.exists() {
        true => at(&path, fs::read(&path)).map(Some),
        false => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        folder
    }

    #[test]
    fn tables_by_name() {
        let table = |name: &str| {
            let folder = folder(&[
                ("host", ""),
                ("target", ""),
                ("scenario.toml", &format!("table = \"{name}\"")),
            ]);
            Scenario::load(folder.path()).map(|scenario| scenario.tables)
        };
        let tables = table("boot-ipv4").expect("a table of tests/vm/tables");
        assert!(matches!(tables.as_slice(), [(name, _)] if name == "NBFT"), "{tables:?}");
        assert_ne!(table("static-ipv4").expect("a kind"), tables);
        let error = table("none-such").expect_err("no such table");
        assert!(error.contains("table `none-such`: not in tables/"), "{error}");
    }

    #[test]
    fn releases_and_kernels() {
        let folder = folder(&[
            ("host", ""),
            ("target", ""),
            (
                "scenario.toml",
                "releases = [\"bookworm\", \"sid\"]\nkernels = [\"6.12\", \"6.1\"]\nbuilder = \"b\"",
            ),
        ]);
        let machines = |suffix: &str| {
            let dir = format!("{}{suffix}", folder.path().display());
            let scenario = Scenario::load(Path::new(&dir))?;
            let machines = scenario.settings.machines(DEBIAN).into_iter();
            let machines: Vec<_> = machines
                .map(|(release, kernel)| format!("{release} {kernel} {}", scenario.settings.builder(&release)))
                .collect();
            Result::Ok(machines.join(", "))
        };
        assert_eq!(
            machines("").expect("all"),
            "bookworm 6.12 b, bookworm 6.1 b, sid 6.12 b-sid"
        );
        assert_eq!(machines("@sid/").expect("sid"), "sid 6.12 b-sid, sid 6.1 b-sid");
        let error = machines("@trixie").expect_err("no such release");
        assert!(error.ends_with("does not name the release trixie"), "{error}");
    }

    #[test]
    fn a_table_is_named_or_a_file() {
        let folder = folder(&[
            ("host", ""),
            ("target", ""),
            ("table.toml", ""),
            ("scenario.toml", "table = \"vlan\""),
        ]);
        let error = Scenario::load(folder.path()).err().expect("two tables");
        assert!(
            error.contains("names the table `vlan`, and the folder has another"),
            "{error}"
        );
    }

    #[test]
    fn another_architecture() {
        let read = |settings: &str| {
            let settings = format!("architecture = \"aarch64\"\n{settings}");
            let folder = folder(&[("host", ""), ("target", ""), ("scenario.toml", &settings)]);
            Scenario::load(folder.path()).map(|scenario| scenario.settings.architecture)
        };
        assert_eq!(read("tables_in_initramfs = true"), Ok(Architecture::Aarch64));
        for settings in [
            "",
            "tables_in_initramfs = true\ntls = true",
            "tables_in_initramfs = true\nroot = \"systemd\"",
        ] {
            let error = read(settings).expect_err("not possible");
            assert!(error.contains("a host of another architecture needs"), "{error}");
        }
    }

    #[test]
    fn every_scenario_can_be_read() {
        for kind in ["scenarios", "boots", "bench.d", "architectures.d"] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(kind);
            let entries = fs::read_dir(&folder).expect("a folder of scenarios").flatten();
            let scenarios: Vec<_> = entries.filter(|entry| entry.path().join("expected").exists()).collect();
            assert!(!scenarios.is_empty(), "{}", folder.display());
            for scenario in scenarios {
                let loaded = Scenario::load(&scenario.path()).map(|loaded| loaded.settings.root);
                let root = loaded.unwrap_or_else(|error| panic!("{error}"));
                let make = scenario.path().join("make-initrd");
                assert_eq!(make.exists(), root == Root::Initrd, "{}", make.display());
            }
        }
    }

    /// Otherwise a name would not say which one is meant.
    #[test]
    fn no_shared_table_has_the_name_of_a_kind() {
        for entry in fs::read_dir(shared_tables()).expect("tests/vm/tables").flatten() {
            let path = entry.path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
            assert!(kind(name).is_none(), "{name}");
        }
    }
}
