//! `nbft-connect` connects the subsystems that the NBFT names.

mod admin;
mod ask;
mod attempt;
mod connect;
#[allow(dead_code)]
mod crc;
mod discovery;
mod entry;
mod existing;
mod fabrics;
mod identity;
mod interface;
mod kernel;
mod line;
mod path;
mod pdu;
mod probe;
mod refusal;
mod registry;
mod retry;
mod security;
#[allow(dead_code, unused_imports)]
mod target;

use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use nbft_common::command::arguments::{duration, parsed, reference, value};
use nbft_common::command::failure::Failure;
use nbft_common::command::{output, program};

use attempt::Policy;
use connect::Options;

const HELP: &str = include_str!("help.txt");
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    program::main(env!("CARGO_PKG_NAME"), run)
}

fn run() -> Result<(), Failure> {
    let mut options = defaults();
    let (mut ssns, mut controller, mut list) = (None, None, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().map_err(Failure::usage)? {
        match argument {
            Short('h') | Long("help") => return output::write(HELP.as_bytes()),
            Short('V') | Long("version") => return output::write(VERSION.as_bytes()),
            Short('s') | Long("ssns") => ssns = Some(reference(&mut parser, "--ssns")?),
            Short('d') | Long("discovery") => controller = Some(reference(&mut parser, "--discovery")?),
            Short('l') | Long("list") => list = true,
            Long("hfi") => options.hfi = Some(parsed(&mut parser)?),
            Short('T') | Long("table") => options.tables.push(value(&mut parser)?),
            Short('O') | Long("option") => options.extra.push(line::extra(&parsed::<String>(&mut parser)?)?),
            Short('r') | Long("retry") => options.policy.retry = duration(&mut parser)?,
            Short('a') | Long("all-paths") => options.policy.all = true,
            Long("no-probe") => options.policy.probe = false,
            Long("probe-timeout") => options.policy.probe_timeout = duration(&mut parser)?,
            Long("dhchap-secret-file") => options.secrets.host = Some(value(&mut parser)?.into()),
            Long("dhchap-ctrl-secret-file") => options.secrets.ctrl = Some(value(&mut parser)?.into()),
            Long("hostnqn") => options.identity.nqn = Some(identity::nqn(parsed(&mut parser)?)?),
            Long("hostid") => options.identity.id = Some(parsed(&mut parser)?),
            Short('n') | Long("dry-run") => options.dry_run = true,
            Short('v') | Long("verbose") => options.policy.verbose = true,
            other => return Err(Failure::usage(other.unexpected())),
        }
    }
    match (ssns, controller) {
        (Some(_), None) if list => Err(Failure::usage("--list goes with --discovery")),
        (Some(ssns), None) => connect::connect(&ssns, &options),
        (None, Some(_)) if options.hfi.is_some() => Err(Failure::usage(
            "--hfi goes with --ssns: a discovery descriptor names its HFI itself",
        )),
        (None, Some(controller)) => discovery::discover(&controller, list, &options),
        (Some(_), Some(_)) => Err(Failure::usage("--ssns and --discovery exclude each other")),
        (None, None) => Err(Failure::usage(
            "name what to connect: --ssns [TABLE:]N or --discovery [TABLE:]N",
        )),
    }
}

fn defaults() -> Options {
    let policy = Policy {
        probe: true,
        probe_timeout: Duration::from_secs(2),
        retry: Duration::ZERO,
        all: false,
        verbose: false,
    };
    Options {
        hfi: None,
        tables: Vec::new(),
        extra: Vec::new(),
        identity: identity::Override::default(),
        secrets: security::Secrets::default(),
        policy,
        dry_run: false,
    }
}
