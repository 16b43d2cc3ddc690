//! `nbft`, a multi-call binary: it runs the command whose name it is invoked under. An image gets this one file, as the
//! commands share most of their code, and several programs would carry several copies of the C library.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use nbft_common::command::failure::Failure;
use nbft_common::command::{output, program};

type Command = fn() -> ExitCode;

const COMMANDS: [(&str, Command); 5] = [
    ("nbft-connect", nbft_connect::main),
    ("nbft-dump", nbft_dump::main),
    ("nbft-names", nbft_names::main),
    ("nbft-tls", nbft_tls::main),
    ("nbft-wait", nbft_wait::main),
];

const HELP: &str = "\
The commands for the firmware's NBFT, in one file. Run it under one of these names:

    nbft-connect   connect subsystems that the NBFT names
    nbft-dump      print the NBFT
    nbft-names     name the network interfaces of the NBFT, and configure them
    nbft-tls       do the TLS handshakes of the kernel's NVMe/TCP host
    nbft-wait      wait for the block device of a subsystem namespace

Each has --help. See also nbft(7).
";
const VERSION: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

fn main() -> ExitCode {
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or(OsStr::new("nbft"));
    // A process whose name begins with @ runs on when systemd leaves the initramfs.
    let is = |command: &str| name == command || name.as_bytes() == format!("@{command}").as_bytes();
    if let Some((_, command)) = COMMANDS.iter().find(|(command, _)| is(command)) {
        return command();
    }
    program::main(env!("CARGO_PKG_NAME"), || {
        match arguments.next().as_deref().and_then(OsStr::to_str) {
            Some("-h" | "--help") => output::write(HELP.as_bytes()),
            Some("-V" | "--version") => output::write(VERSION.as_bytes()),
            _ => {
                let names = COMMANDS.map(|(command, _)| command).join(", ");
                Err(Failure::usage(format_args!("run it under one of its names: {names}")))
            }
        }
    })
}
