//! A subsystem namespace, over each of its HFIs.

use std::ffi::OsString;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::warn;
use nbft_common::command::notify::Status;
use nbft_common::command::output;
use nbft_common::command::reference::Reference;
use nbft_common::command::tables::{self, Loaded};
use nbft_common::table::nqn::DISCOVERY_NQN;
use nbft_common::table::{Ssns, TableFile};

use crate::host::identity::Identity;
use crate::kernel;
use crate::options::{ConnectOption, Options};
use crate::path::Path;
use crate::run;
use crate::run::policy::Policy;
use crate::run::task::{Kind, Task};
use crate::security::Secrets;

/// The command line.
#[derive(Debug)]
pub struct Settings {
    /// Connect over this HFI only.
    pub hfi: Option<u8>,
    /// Table files; empty: the firmware's tables.
    pub tables: Vec<OsString>,
    /// The administrator's options for the kernel.
    pub options: Options,
    /// Files of the secrets.
    pub secrets: Secrets,
    /// How to try.
    pub policy: Policy,
    /// What to do with the paths.
    pub mode: Mode,
}

/// What is done with the paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Connect them.
    Connect,
    /// Ask their targets, connect nothing.
    Check,
    /// Print the option lines.
    DryRun,
}

impl Mode {
    /// What becomes of paths that are to be connected as `kind`; `None` after a dry run.
    ///
    /// # Errors
    /// The kernel cannot connect, or a path of a dry run has a security profile that cannot be met.
    pub fn kind(self, kind: Kind, paths: &[Path]) -> Result<Option<Kind>, Failure> {
        match self {
            Self::DryRun => dry_run(paths).map(|()| None),
            Self::Check => Ok(Some(Kind::Target)),
            Self::Connect => kernel::available().map(|_| Some(kind)),
        }
    }
}

/// Connects an SSNS; prints the name of each controller.
pub fn connect(reference: &Reference, settings: &Settings, status: Status) -> Result<(), Failure> {
    let loaded = tables::load(&settings.tables);
    let (table, ssns) = reference.ssns(&loaded)?;
    note_other_failures(&loaded, settings);
    let connected = tasks(table, ssns, &loaded, settings).and_then(|tasks| match tasks {
        None => Ok(()),
        Some(tasks) => connect_all(tasks, ssns, &settings.policy, status),
    });
    match connected {
        Err(failure) if is_excused(&failure, ssns, settings) => {
            warn(&failure);
            let message = "not connected; the firmware could not reach it either, so this is no failure";
            warn(format_args!("SSNS {}: {message}", ssns.index));
            Ok(())
        }
        other => other,
    }
}

/// Whether the firmware could not connect the SSNS either. This excuses no wrong command line, no bad table, no missing file
/// and no output that is lost.
fn is_excused(failure: &Failure, ssns: &Ssns, settings: &Settings) -> bool {
    let unconnected = match failure.exit {
        Exit::TryAgain | Exit::Refused | Exit::Config | Exit::Unsupported => true,
        // Firmware (Dell's, QEMU's) writes such an SSNS for a discovery controller that it could not use.
        Exit::Data => ssns.subsys_nqn == DISCOVERY_NQN,
        Exit::Usage | Exit::NoInput | Exit::Output => false,
    };
    ssns.unavailable && unconnected && settings.mode != Mode::DryRun && !settings.policy.stay
}

/// The paths of an SSNS; `None` after a dry run.
fn tasks(table: &TableFile, ssns: &Ssns, loaded: &Loaded, settings: &Settings) -> Result<Option<Vec<Task>>, Failure> {
    let named = |failure: Failure| failure.at(format_args!("SSNS {}", ssns.index));
    is_subsystem(table, ssns).map_err(named)?;
    let paths = paths(table, ssns, &loaded.tables, settings).map_err(named)?;
    let Some(kind) = settings.mode.kind(Kind::Subsystem, &paths)? else {
        return Ok(None);
    };
    let task = |path| Task::new(path, kind, &settings.policy);
    Ok(Some(paths.into_iter().map(task).collect()))
}

fn connect_all(tasks: Vec<Task>, ssns: &Ssns, policy: &Policy, status: Status) -> Result<(), Failure> {
    let policy = Policy {
        // The firmware could not reach the namespace either: one attempt is worthwhile, more would delay the boot.
        once: ssns.unavailable,
        ..policy.clone()
    };
    let tasks = run::run(tasks, &policy, status, &mut |_, _| Ok(Vec::new()));
    let need = if policy.all && !ssns.unavailable {
        Need::All
    } else {
        Need::One
    };
    report(
        tasks.iter().map(|task| task.result().map(str::to_owned)).collect(),
        need,
    )
}

/// The paths that have to come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Each one.
    All,
    /// One of them, whichever.
    One,
}

/// Prints controllers, or what the targets answered, and failures; fails with the failure that matters most if not all
/// came up that had to.
pub fn report(results: Vec<Result<String, Failure>>, need: Need) -> Result<(), Failure> {
    let mut controllers = String::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(controller) => controllers.push_str(&format!("{controller}\n")),
            Err(failure) => failures.push(failure),
        }
    }
    let met = failures.is_empty() || need == Need::One && !controllers.is_empty();
    let written = output::write(controllers.as_bytes());
    // A temporary failure comes first: its exit code tells a unit that a retry is worthwhile.
    let most = failures
        .iter()
        .position(|failure| failure.exit == Exit::TryAgain)
        .unwrap_or(0);
    let fatal = (!met).then(|| failures.remove(most));
    failures.iter().for_each(warn);
    fatal.map_or(written, Err)
}

/// A table that cannot be used does not concern this SSNS, but readers of verbose output should know.
pub fn note_other_failures(loaded: &Loaded, settings: &Settings) {
    let others = loaded.unusable.iter();
    others.for_each(|other| settings.policy.note(&other.failure));
}

/// Refuses an SSNS that is a discovery controller: it has no disks, and its discovery descriptor connects what it lists.
fn is_subsystem(table: &TableFile, ssns: &Ssns) -> Result<(), Failure> {
    if ssns.subsys_nqn != DISCOVERY_NQN {
        return Ok(());
    }
    let advice = match table.discovery_of(ssns) {
        Some(discovery) => format!("use --discovery {}:{}", table.name(), discovery.index),
        None => "and no discovery descriptor describes it".to_owned(),
    };
    let message = format!("is a discovery controller, not a subsystem with disks; {advice}");
    Err(Failure::new(Exit::Data, message))
}

fn paths(table: &TableFile, ssns: &Ssns, tables: &[TableFile], settings: &Settings) -> Result<Vec<Path>, Failure> {
    let identity = Identity::choose(table, tables, &settings.options);
    let profile = match ssns.security_index {
        None => None,
        Some(index) => Some(table.security(index).ok_or_else(|| {
            let message = format!("demands security profile {index}, which does not exist");
            Failure::new(Exit::Config, message)
        })?),
    };
    let path = |hfi| {
        let all = tables.iter().flat_map(|table| &table.hfi);
        let mut path = Path::new(hfi, all, (ssns.traddr, &ssns.trsvcid), &ssns.subsys_nqn, &identity)?;
        let digests = [
            (ssns.pdu_header_digest_required, "hdr_digest"),
            (ssns.data_digest_required, "data_digest"),
        ];
        let demanded = digests.into_iter().filter(|(demanded, _)| *demanded);
        path.demands.extend(demanded.map(|(_, key)| ConnectOption::flag(key)));
        // The kernel's default would drop a path for good after ten minutes.
        path.demands.push(ConnectOption::plain("ctrl_loss_tmo", -1));
        path.security.profile = profile.cloned();
        path.security.secrets = settings.secrets.clone();
        path.set_options(&settings.options);
        Ok(path)
    };
    let wanted = |index: &&u8| settings.hfi.is_none_or(|hfi| hfi == **index);
    // The parser has removed every index of a missing HFI from `hfis`.
    let hfis = ssns.hfis.iter().filter(wanted).filter_map(|&index| table.hfi(index));
    let paths: Vec<Path> = hfis.map(path).collect::<Result<_, _>>()?;
    match settings.hfi {
        Some(hfi) if paths.is_empty() => {
            let message = format!("is not reached over HFI {hfi}; its HFIs are {:?}", ssns.hfis);
            Err(Failure::new(Exit::NoInput, message))
        }
        _ => Ok(paths),
    }
}

/// Prints the lines that would be written to the kernel.
fn dry_run(paths: &[Path]) -> Result<(), Failure> {
    let mut lines = String::new();
    for path in paths {
        let mut path = path.clone();
        let interface = path.interface();
        if let Err(failure) = &interface {
            warn(path.failed(failure.clone()));
        }
        let endpoint = path.planned(interface.ok()).map_err(|failure| path.failed(failure))?;
        lines.push_str(&format!("{endpoint}\n"));
    }
    output::write(lines.as_bytes())
}
