//! The one job: look, and look again whenever something happened, until the device is there or time is up.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nbft_common::failure::{Exit, Failure};
use nbft_common::find::{self, Reference};
use nbft_common::{output, root};

use crate::device::{self, Device, Identity};
use crate::uevent::Uevents;

/// What the command line asks for.
#[derive(Debug)]
pub enum Wanted {
    Ssns(Reference),
    Nid(Identity),
    Path(PathBuf),
}

/// The command line.
#[derive(Debug, Default)]
pub struct Options {
    pub wanted: Vec<Wanted>,
    /// Tables; none: the firmware's.
    pub tables: Vec<OsString>,
    pub timeout: Duration,
}

/// What is looked for.
enum Goal {
    Namespace(Identity),
    Path(PathBuf),
}

/// Waits; prints the path of the first device that is there.
pub fn wait(options: &Options) -> Result<(), Failure> {
    let goals = goals(options)?;
    // Subscribe before the first look: what comes between the two must not be missed.
    let uevents = Uevents::subscribe()?;
    let deadline = Instant::now() + options.timeout;
    loop {
        if let Some(path) = goals.iter().find_map(look) {
            return output::write(format!("{path}\n").as_bytes());
        }
        if !uevents.next(deadline) {
            return Err(Failure::new(Exit::TryAgain, in_vain(options)));
        }
    }
}

fn goals(options: &Options) -> Result<Vec<Goal>, Failure> {
    let named = |wanted: &Wanted| matches!(wanted, Wanted::Ssns(_));
    let loaded = if options.wanted.iter().any(named) {
        find::load(&options.tables)
    } else {
        find::Loaded::default()
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

fn look(goal: &Goal) -> Option<String> {
    match goal {
        Goal::Path(path) => rooted(path).exists().then(|| path.to_string_lossy().into_owned()),
        Goal::Namespace(identity) => {
            let found = Device::all()
                .into_iter()
                .find(|device| device.is(identity) && device.is_there())?;
            Some(found.path())
        }
    }
}

fn rooted(path: &Path) -> PathBuf {
    match path.to_str() {
        Some(text) if text.starts_with("/dev/") => root::path(text),
        _ => path.to_owned(),
    }
}

/// What was waited for, and what there is instead.
fn in_vain(options: &Options) -> String {
    let wanted: Vec<String> = options.wanted.iter().map(Wanted::describe).collect();
    let devices: Vec<String> = Device::all().iter().map(Device::describe).collect();
    let controllers = device::controllers();
    let list = |items: Vec<String>| {
        if items.is_empty() {
            "none".to_owned()
        } else {
            items.join(", ")
        }
    };
    format!(
        "no {} after {} s; NVMe controllers: {}; NVMe disks: {}",
        wanted.join(", no "),
        options.timeout.as_secs(),
        list(controllers),
        list(devices)
    )
}

impl Wanted {
    fn describe(&self) -> String {
        match self {
            Self::Ssns(reference) => format!("disk of SSNS {reference}"),
            Self::Nid(identity) => format!("disk with identifier {}", identity.nid),
            Self::Path(path) => path.display().to_string(),
        }
    }
}
