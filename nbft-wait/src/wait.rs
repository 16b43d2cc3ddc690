//! The one job: look for the device, and look again after every event, until the device exists or time has run out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::{Level, log};
use nbft_common::command::reference::Reference;
use nbft_common::command::{output, root, tables};

use crate::device::{self, Device, Identity};
use crate::status::Status;
use crate::uevent::Uevents;

/// A device that the command line asks for.
#[derive(Debug)]
pub enum Wanted {
    Ssns(Reference),
    Nid(Identity),
    Path(PathBuf),
}

/// Options of the command line.
#[derive(Debug, Default)]
pub struct Options {
    pub wanted: Vec<Wanted>,
    /// Wait for all devices, not for any one.
    pub all: bool,
    /// Wait for a partition of the namespace, not for the whole.
    pub partition: Option<u32>,
    /// Table files; empty: the firmware's tables.
    pub tables: Vec<OsString>,
    pub timeout: Duration,
    pub verbose: bool,
}

/// A device to look for.
enum Goal {
    Namespace(Identity),
    Path(PathBuf),
}

/// Waits; prints the path of the first device that exists, or of all devices.
pub fn wait(options: &Options) -> Result<(), Failure> {
    let goals = goals(options)?;
    // Subscribe before the first look: a device that comes between the two must not be missed.
    let uevents = Uevents::subscribe()?;
    let begun = Instant::now();
    let deadline = begun + options.timeout;
    let mut status = Status::new();
    loop {
        let found: Vec<Option<String>> = goals.iter().map(|goal| look(goal, options.partition)).collect();
        let there: Vec<&str> = found.iter().flatten().map(String::as_str).collect();
        if if options.all {
            there.len() == goals.len()
        } else {
            !there.is_empty()
        } {
            status.clear();
            let shown = if options.all { there.len() } else { 1 };
            let lines: String = there.into_iter().take(shown).map(|path| format!("{path}\n")).collect();
            return output::write(lines.as_bytes());
        }
        let missing = || {
            found
                .iter()
                .zip(&options.wanted)
                .filter(|(found, _)| found.is_none())
                .map(|(_, it)| it)
        };
        let state = seen(missing(), options);
        if options.verbose {
            log(Level::Debug, &state);
        }
        status.show(&state, begun.elapsed().as_secs());
        // Beside the status, only an event or the deadline is worth waking up for.
        let next = status
            .again()
            .map_or(deadline, |time| deadline.min(Instant::now() + time));
        if !uevents.next(next) && Instant::now() >= deadline {
            status.clear();
            let message = format!("timed out after {} s: {state}", options.timeout.as_secs_f64());
            return Err(Failure::new(Exit::TryAgain, message));
        }
    }
}

fn goals(options: &Options) -> Result<Vec<Goal>, Failure> {
    let named = |wanted: &Wanted| matches!(wanted, Wanted::Ssns(_));
    let loaded = if options.wanted.iter().any(named) {
        tables::load(&options.tables)
    } else {
        tables::Loaded::default()
    };
    let goal = |wanted: &Wanted| {
        Ok(match wanted {
            Wanted::Ssns(reference) => Goal::Namespace(reference.ssns(&loaded)?.1.into()),
            Wanted::Nid(identity) => Goal::Namespace(identity.clone()),
            Wanted::Path(path) => Goal::Path(path.clone()),
        })
    };
    options.wanted.iter().map(goal).collect()
}

fn look(goal: &Goal, partition: Option<u32>) -> Option<String> {
    match goal {
        Goal::Path(path) => rooted(path).exists().then(|| path.to_string_lossy().into_owned()),
        Goal::Namespace(identity) => Device::all()
            .iter()
            .filter(|device| device.is(identity))
            .find_map(|device| device.node(partition)),
    }
}

fn rooted(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) if text.starts_with("/dev/") => root::path(text),
        _ => path.to_owned(),
    }
}

/// The missing devices, and the existing devices.
fn seen<'a>(missing: impl Iterator<Item = &'a Wanted>, options: &Options) -> String {
    let missing: Vec<String> = missing.map(|wanted| wanted.describe(options.partition)).collect();
    let devices: Vec<String> = Device::all().iter().map(Device::describe).collect();
    let list = |items: Vec<String>| {
        if items.is_empty() {
            "none".to_owned()
        } else {
            items.join(", ")
        }
    };
    format!(
        "no {}; NVMe controllers: {}; NVMe disks: {}",
        missing.join(", no "),
        list(device::controllers()),
        list(devices)
    )
}

impl Wanted {
    fn describe(&self, partition: Option<u32>) -> String {
        let what = partition.map_or_else(|| "disk".to_owned(), |number| format!("partition {number} on the disk"));
        match self {
            Self::Ssns(reference) => format!("{what} of SSNS {reference}"),
            Self::Nid(identity) => format!("{what} with identifier {}", identity.nid),
            Self::Path(path) => path.display().to_string(),
        }
    }
}
