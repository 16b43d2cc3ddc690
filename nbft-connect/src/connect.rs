//! The one job: a subsystem namespace, over each of its HFIs.

use std::ffi::OsString;

use nbft_common::failure::{Exit, Failure, say};
use nbft_common::find::{self, Loaded, Reference};
use nbft_common::output;
use nbft_common::table::{Demand, Security, Ssns, Table};

use crate::existing;
use crate::fabrics::{self, Supported};
use crate::line::{Field, Line};
use crate::path::Path;
use crate::refusal;

/// The command line.
#[derive(Debug, Default)]
pub struct Options {
    /// Only this HFI.
    pub hfi: Option<u8>,
    /// Tables; none: the firmware's.
    pub tables: Vec<OsString>,
    /// Options of the user for the kernel.
    pub extra: Vec<Field>,
    pub dry_run: bool,
    pub verbose: bool,
}

/// Connects an SSNS; prints the name of each controller. One path is enough for success.
pub fn connect(reference: &Reference, options: &Options) -> Result<(), Failure> {
    let loaded = find::load(&options.tables);
    let (table, ssns) = reference.ssns(&loaded)?;
    note_other_failures(&loaded, options);
    let paths = paths(table, ssns, options)?;
    security(table, ssns)?;
    if options.dry_run {
        return dry_run(&paths, options);
    }
    let kernel = Supported::ask()?;
    let mut connected = String::new();
    let mut failures = Vec::new();
    for path in &paths {
        match one(path, &kernel, options) {
            Ok(controller) => connected.push_str(&format!("{controller}\n")),
            Err(failure) => failures.push(named(path, failure)),
        }
    }
    let written = output::write(connected.as_bytes());
    let done = !connected.is_empty();
    // Something that a retry may mend outweighs what it cannot.
    let worst = failures
        .iter()
        .position(|failure| failure.exit == Exit::TryAgain)
        .unwrap_or(0);
    let fatal = !done && !ssns.unavailable && !failures.is_empty();
    let last = fatal.then(|| failures.remove(worst));
    failures.iter().for_each(|failure| say("nbft-connect", failure));
    if !done && ssns.unavailable {
        let message = format!(
            "SSNS {}: not connected; the firmware could not reach it either, so this is no failure",
            ssns.index
        );
        say("nbft-connect", message);
    }
    last.map_or(written, Err)
}

/// A table that cannot be used does not concern this SSNS, but whoever reads this should know.
fn note_other_failures(loaded: &Loaded, options: &Options) {
    if options.verbose {
        loaded.failures.iter().for_each(|failure| say("nbft-connect", failure));
    }
}

fn named(path: &Path, failure: Failure) -> Failure {
    Failure::new(failure.exit, format!("HFI {}: {}", path.hfi, failure.message))
}

fn paths(table: &Table, ssns: &Ssns, options: &Options) -> Result<Vec<Path>, Failure> {
    let wanted = |index: &&u8| options.hfi.is_none_or(|hfi| hfi == **index);
    // The parser leaves no index in `hfis` without its HFI.
    let hfis = ssns.hfis.iter().filter(wanted).filter_map(|&index| table.hfi(index));
    let paths: Vec<Path> = hfis.map(|hfi| Path::new(table, ssns, hfi)).collect::<Result<_, _>>()?;
    match (options.hfi, paths.is_empty()) {
        (Some(hfi), true) => {
            let message = format!(
                "SSNS {} is not reached over HFI {hfi}; its HFIs are {:?}",
                ssns.index, ssns.hfis
            );
            Err(Failure::new(Exit::NoInput, message))
        }
        _ => Ok(paths),
    }
}

/// A security profile that cannot be met is a reason not to connect, never one to connect without it.
fn security(table: &Table, ssns: &Ssns) -> Result<(), Failure> {
    let Some(profile) = ssns.security_index.and_then(|index| table.security(index)) else {
        return Ok(());
    };
    let demanded = |demand: Demand| matches!(demand, Demand::Required | Demand::Reserved);
    let refuse = |Security { index, .. }: &Security, what: &str| {
        let message = format!(
            "SSNS {}: security profile {index} demands {what}, which is not supported yet",
            ssns.index
        );
        Err(Failure::new(Exit::Config, message))
    };
    match (demanded(profile.in_band_auth), demanded(profile.secure_channel)) {
        (_, true) => refuse(profile, "a secure channel (TLS)"),
        (true, false) => refuse(profile, "in-band authentication (DH-HMAC-CHAP)"),
        (false, false) => Ok(()),
    }
}

/// Prints what would be written.
fn dry_run(paths: &[Path], options: &Options) -> Result<(), Failure> {
    let kernel = Supported::ask().unwrap_or_default();
    let mut lines = String::new();
    for path in paths {
        let interface = path.interface();
        if interface.is_none() {
            say("nbft-connect", format_args!("HFI {}: {}", path.hfi, no_interface(path)));
        }
        let line = path
            .line(interface.as_ref(), &kernel, &options.extra)
            .map_err(|failure| named(path, failure))?;
        lines.push_str(&format!("{line}\n"));
    }
    output::write(lines.as_bytes())
}

fn no_interface(path: &Path) -> String {
    let vlan = if path.vlan == 0 {
        String::new()
    } else {
        format!(" and VLAN {}", path.vlan)
    };
    format!("no network interface has MAC address {}{vlan} (yet)", path.mac)
}

/// Connects one path.
fn one(path: &Path, kernel: &Supported, options: &Options) -> Result<String, Failure> {
    let interface = path
        .interface()
        .ok_or_else(|| Failure::new(Exit::TryAgain, no_interface(path)))?;
    let mut line = path.line(Some(&interface), kernel, &options.extra)?;
    if let Some(controller) = existing::find(&line) {
        return Ok(already(path, controller, options));
    }
    let mut answer = write(&line, options)?;
    // A lease may have another address by now; the interface still says which way to go.
    if path.leased && answer.as_ref().is_err_and(refusal::source_is_gone) && line.remove("host_traddr") {
        answer = write(&line, options)?;
    }
    match answer {
        Ok(controller) => Ok(controller),
        Err(error) if refusal::is_already(&error) => {
            let controller = existing::find(&line).unwrap_or_else(|| "connected already".to_owned());
            Ok(already(path, controller, options))
        }
        Err(error) => Err(refusal::explain(&error, &line)),
    }
}

fn already(path: &Path, controller: String, options: &Options) -> String {
    if options.verbose {
        say(
            "nbft-connect",
            format_args!("HFI {}: {controller} is connected already", path.hfi),
        );
    }
    controller
}

fn write(line: &Line, options: &Options) -> Result<std::io::Result<String>, Failure> {
    let line = line.to_string();
    let answer = fabrics::write(&line)?;
    if options.verbose {
        let outcome = match &answer {
            Ok(controller) => controller.clone(),
            Err(error) => error.to_string(),
        };
        say("nbft-connect", format_args!("{line}: {outcome}"));
    }
    Ok(answer)
}
