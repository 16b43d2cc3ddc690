//! A subsystem namespace, over each of its HFIs.

use std::ffi::OsString;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::warn;
use nbft_common::command::output;
use nbft_common::command::reference::Reference;
use nbft_common::command::tables::{self, Loaded};
use nbft_common::table::nqn::DISCOVERY_NQN;
use nbft_common::table::{Ssns, TableFile};

use crate::attempt::{self, Policy};
use crate::fabrics::Supported;
use crate::identity::{Identity, Override};
use crate::kernel;
use crate::line::Field;
use crate::path::Path;
use crate::security::{self, Secrets};

/// Options of the command line.
#[derive(Debug)]
pub struct Options {
    /// Connect over this HFI only.
    pub hfi: Option<u8>,
    /// Table files; empty: the firmware's tables.
    pub tables: Vec<OsString>,
    /// The user's options for the kernel.
    pub extra: Vec<Field>,
    pub identity: Override,
    pub secrets: Secrets,
    pub policy: Policy,
    pub dry_run: bool,
}

/// Connects an SSNS; prints the name of each controller.
pub fn connect(reference: &Reference, options: &Options) -> Result<(), Failure> {
    let loaded = tables::load(&options.tables);
    let (table, ssns) = reference.ssns(&loaded)?;
    note_other_failures(&loaded, options);
    match is_subsystem(table, ssns) {
        Err(failure) if ssns.unavailable && !options.dry_run => {
            warn(failure);
            return Ok(());
        }
        other => other?,
    }
    let kernel = if options.dry_run {
        Supported::ask().unwrap_or_default()
    } else {
        Supported::ask()?
    };
    let paths = paths(table, ssns, &loaded.tables, &kernel, options)
        .map_err(|failure| failure.at(format_args!("SSNS {}", ssns.index)));
    let paths = match paths {
        Err(failure) if ssns.unavailable && !options.dry_run => {
            warn(failure);
            Vec::new()
        }
        other => other?,
    };
    if options.dry_run {
        return dry_run(&paths, &kernel);
    }
    let mut policy = options.policy.clone();
    if ssns.unavailable {
        // The firmware could not reach the namespace: one attempt is worthwhile, retries would delay the boot.
        policy.retry = std::time::Duration::ZERO;
    }
    let results = attempt::run(&paths, &kernel, &policy, &mut |path, way, line| {
        kernel::connect(path, way, line, &options.policy)
    });
    let up = results.iter().any(Result::is_ok);
    let needed = if ssns.unavailable {
        Need::None
    } else if policy.all || !up {
        Need::All
    } else {
        Need::None
    };
    if !up && ssns.unavailable {
        let message = "not connected; the firmware could not reach it either, so this is no failure";
        warn(format_args!("SSNS {}: {message}", ssns.index));
    }
    report(results, needed)
}

/// The paths that had to come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    All,
    None,
}

/// Prints controllers and failures; fails with the failure that matters most.
pub fn report(results: Vec<Result<String, Failure>>, need: Need) -> Result<(), Failure> {
    let mut controllers = String::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(controller) => controllers.push_str(&format!("{controller}\n")),
            Err(failure) => failures.push(failure),
        }
    }
    let written = output::write(controllers.as_bytes());
    // A temporary failure comes first: its exit code tells a unit that a retry is worthwhile.
    let most = failures
        .iter()
        .position(|failure| failure.exit == Exit::TryAgain)
        .unwrap_or(0);
    let fatal = (need == Need::All && !failures.is_empty()).then(|| failures.remove(most));
    failures.iter().for_each(warn);
    fatal.map_or(written, Err)
}

/// A table that cannot be used does not concern this SSNS, but readers of verbose output should know.
pub fn note_other_failures(loaded: &Loaded, options: &Options) {
    loaded.failures.iter().for_each(|failure| options.policy.note(failure));
}

/// Refuses an SSNS that is a discovery controller: it has no disks, and its discovery descriptor connects what it lists.
fn is_subsystem(table: &TableFile, ssns: &Ssns) -> Result<(), Failure> {
    if ssns.subsys_nqn != DISCOVERY_NQN {
        return Ok(());
    }
    let index = ssns.discovery_index;
    let advice = if table.discovery.iter().any(|discovery| discovery.index == index) {
        format!("use --discovery {}:{index}", table.name())
    } else {
        "and no discovery descriptor describes it".to_owned()
    };
    let message = format!("is a discovery controller, not a subsystem with disks; {advice}");
    Err(Failure::new(Exit::Data, message).at(format_args!("SSNS {}", ssns.index)))
}

fn paths(
    table: &TableFile,
    ssns: &Ssns,
    tables: &[TableFile],
    kernel: &Supported,
    options: &Options,
) -> Result<Vec<Path>, Failure> {
    let identity = Identity::choose(table, tables, &options.identity);
    let wanted = |index: &&u8| options.hfi.is_none_or(|hfi| hfi == **index);
    // The parser has removed every index of a missing HFI from `hfis`.
    let hfis = ssns.hfis.iter().filter(wanted).filter_map(|&index| table.hfi(index));
    let path = |hfi| {
        let mut path = Path::new(hfi, (ssns.traddr, &ssns.trsvcid), &ssns.subsys_nqn, &identity)?;
        let digests = [
            (ssns.pdu_header_digest_required, "hdr_digest"),
            (ssns.data_digest_required, "data_digest"),
        ];
        let demanded = digests.into_iter().filter(|(demanded, _)| *demanded);
        path.demands.extend(demanded.map(|(_, key)| Field::flag(key)));
        let profile = match ssns.security_index {
            None => None,
            Some(index) => Some(table.security(index).ok_or_else(|| {
                let message = format!("demands security profile {index}, which does not exist");
                Failure::new(Exit::Config, message)
            })?),
        };
        path.demands
            .extend(security::demands(profile, &path, &options.secrets, kernel)?);
        path.demands.extend(options.extra.iter().cloned());
        Ok(path)
    };
    let paths: Vec<Path> = hfis.map(path).collect::<Result<_, _>>()?;
    match options.hfi {
        Some(hfi) if paths.is_empty() => {
            let message = format!("is not reached over HFI {hfi}; its HFIs are {:?}", ssns.hfis);
            Err(Failure::new(Exit::NoInput, message))
        }
        _ => Ok(paths),
    }
}

/// Prints the lines that would be written to the kernel.
pub fn dry_run(paths: &[Path], kernel: &Supported) -> Result<(), Failure> {
    let mut lines = String::new();
    for path in paths {
        let interface = path.interface();
        if let Err(failure) = &interface {
            warn(path.failed(failure.clone()));
        }
        let line = path
            .line(interface.ok().as_ref(), kernel)
            .map_err(|failure| path.failed(failure))?;
        lines.push_str(&format!("{line}\n"));
    }
    output::write(lines.as_bytes())
}
