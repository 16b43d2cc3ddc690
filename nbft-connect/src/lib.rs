//! `nbft-connect` connects the subsystems that the NBFT names.

mod connect;
mod crc;
mod discover;
mod discovery;
mod endpoint;
mod host;
mod kernel;
mod options;
mod path;
mod raw;
mod run;
mod secret;
mod security;
mod signals;
mod target;

use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use nbft_common::command::arguments::{duration, parsed, reference, value};
use nbft_common::command::failure::Failure;
use nbft_common::command::notify::Status;
use nbft_common::command::{memory, output, program};

use connect::{Mode, Settings};
use options::Options;
use run::policy::Policy;
use security::Secrets;
use target::Depth;

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    program::main(env!("CARGO_PKG_NAME"), run)
}

fn run() -> Result<(), Failure> {
    memory::conceal();
    let mut settings = defaults();
    let mut given = Vec::new();
    let (mut ssns, mut controller, mut list) = (None, None, false);
    let (mut hostnqn, mut hostid) = (None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return output::write(HELP.as_bytes()),
            Short('V') | Long("version") => return output::write(VERSION.as_bytes()),
            Short('s') | Long("ssns") => ssns = Some(reference(&mut parser, "--ssns")?),
            Short('d') | Long("discovery") => controller = Some(reference(&mut parser, "--discovery")?),
            Short('l') | Long("list") => list = true,
            Long("hfi") => settings.hfi = Some(parsed(&mut parser)?),
            Short('T') | Long("table") => settings.tables.push(value(&mut parser)?),
            Short('O') | Long("option") => given.push(value(&mut parser)?.to_string_lossy().into_owned()),
            Short('r') | Long("retry") => settings.policy.retry = duration(&mut parser)?,
            Short('S') | Long("stay") => settings.policy.stay = true,
            Short('a') | Long("all-paths") => settings.policy.all = true,
            Long("probe") => settings.policy.probe = depth(&parsed::<String>(&mut parser)?)?,
            Long("probe-timeout") => settings.policy.probe_timeout = duration(&mut parser)?,
            Long("dhchap-secret-file") => settings.secrets.host = Some(value(&mut parser)?.into()),
            Long("dhchap-ctrl-secret-file") => settings.secrets.ctrl = Some(value(&mut parser)?.into()),
            Long("tls-key-file") => settings.secrets.tls = Some(value(&mut parser)?.into()),
            Long("hostnqn") => {
                let text: String = parsed(&mut parser)?;
                let checked = options::nqn(&text);
                hostnqn = Some(checked.map_err(|why| Failure::usage(format_args!("--hostnqn: {why}")))?);
            }
            Long("hostid") => hostid = Some(parsed(&mut parser)?),
            Short('c') | Long("check") => settings.mode = Mode::Check,
            Short('n') | Long("dry-run") => settings.mode = Mode::DryRun,
            Short('v') | Long("verbose") => settings.policy.verbose = true,
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    settings.options = Options::from_file()?;
    for text in given {
        let added = settings.options.add(&text);
        added.map_err(|why| Failure::usage(format_args!("--option: {why}")))?;
    }
    settings.options.hostnqn = hostnqn.or(settings.options.hostnqn);
    settings.options.hostid = hostid.or(settings.options.hostid);
    if settings.mode == Mode::Check {
        if list || settings.policy.probe.is_none() {
            return Err(Failure::usage("--check excludes --list and --probe none"));
        }
        // Each target is asked, and each answer counts.
        settings.policy.all = true;
    }
    if settings.policy.stay && (list || settings.mode != Mode::Connect || !settings.policy.retry.is_zero()) {
        return Err(Failure::usage("--stay excludes --list, --check, --dry-run and --retry"));
    }
    let mut status = Status::find();
    if settings.policy.stay {
        // Before anything can end the command: to systemd, a unit that ends before it has started has failed.
        status.ready();
        memory::stay();
    }
    match (ssns, controller) {
        (Some(_), None) if list => Err(Failure::usage("--list goes with --discovery")),
        (Some(ssns), None) => connect::connect(&ssns, &settings, status),
        (None, Some(_)) if settings.hfi.is_some() => Err(Failure::usage(
            "--hfi goes with --ssns: a discovery descriptor names its HFI itself",
        )),
        (None, Some(controller)) => discover::discover(&controller, list, &settings, status),
        (Some(_), Some(_)) => Err(Failure::usage("--ssns and --discovery exclude each other")),
        (None, None) => Err(Failure::usage(
            "name what to connect: --ssns [TABLE:]N or --discovery [TABLE:]N",
        )),
    }
}

/// How far a target is asked.
fn depth(word: &str) -> Result<Option<Depth>, Failure> {
    match word {
        "connect" => Ok(Some(Depth::Connect)),
        "icresp" => Ok(Some(Depth::IcResp)),
        "none" => Ok(None),
        _ => Err(Failure::usage(format_args!(
            "--probe: '{word}' is none of connect, icresp and none"
        ))),
    }
}

fn defaults() -> Settings {
    let policy = Policy {
        probe: Some(Depth::Connect),
        probe_timeout: Duration::from_secs(2),
        retry: Duration::ZERO,
        stay: false,
        once: false,
        all: false,
        verbose: false,
    };
    Settings {
        hfi: None,
        tables: Vec::new(),
        options: Options::default(),
        secrets: Secrets::default(),
        policy,
        mode: Mode::Connect,
    }
}
