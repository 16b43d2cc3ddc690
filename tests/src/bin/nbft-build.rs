//! nbft-build: makes an NBFT from a description in TOML or JSON.

use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use nbft_tests::builder::{self, Description, kind, kinds, mutant, random};

const HELP: &str = "\
Usage: nbft-build [-o FILE] [--describe] [DESCRIPTION]
       nbft-build [-o FILE] [--describe] --kind NAME | --random SEED
Makes an NVMe Boot Firmware Table from a description: TOML or JSON, a file or standard input (-).

  -o, --output FILE   write the table there; standard output otherwise, unless it is a terminal
  -k, --kind NAME     a description that comes with the program
  -l, --list-kinds    their names
  -r, --random SEED   a random description; a seed always gives the same one
  -m, --mutant N      the N-th broken copy of the table; --seed SEED gives others (default 0)
      --sharing LENGTH  the table with 16 MiB, and all its texts and lists with LENGTH bytes, the same ones
  -d, --describe      the description as JSON with every key spelled out, instead of the table
  -h, --help          this text

A description has the keys of nbft-dump's JSON, one table of them; every key has a default but
subsystem's traddr and subsys_nqn and discovery's uri. Keys that only the builder knows:
  table      layout = \"nul-in-length\"   string lengths count the NUL
             major, minor              revision in header and control descriptor, whatever `revision` says
             padding = N               zero bytes behind the header's length
             descriptor_stride_extra = N   entries of all lists longer by so much
             signature = \"XXXX\"        instead of NBFT
             checksum = \"bad\"
             patch = [{ offset = N, bytes = \"hex\" }]   written before the checksum is computed
  host, subsystem, hfi, discovery, security
             invalid = true            the valid bit is clear
  subsystem, hfi
             transport = \"rdma\"|\"fc\"   a transport that readers have to leave out
  subsystem  secondary_hfis = [N, ...]   default: hfis without the first, or the primary again where
                                       there is no other
             use_security = true|false the flag, whatever security_index says
             no_ext_info = true        no extended information
             without = [\"traddr\", \"trsvcid\", \"subsys_nqn\", \"dhcp_root_path_string\", \"ext_info\"]
                                       heap references to leave empty
  discovery  without = [\"uri\", \"nqn\"]
";

/// Exit codes of sysexits.h.
const USAGE: u8 = 64;
const DATA: u8 = 65;
const NO_INPUT: u8 = 66;
const CANNOT_CREATE: u8 = 73;

/// The most bytes that readers take.
const MAX_TABLE: usize = 16 << 20;

struct Failure(u8, String);

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self(USAGE, format!("{error} (see nbft-build --help)"))
    }
}

enum Source {
    File(String),
    Kind(String),
    Random(u64),
}

struct Options {
    source: Source,
    output: Option<String>,
    mutant: Option<usize>,
    sharing: Option<u16>,
    seed: u64,
    describe: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(code, message)) => {
            eprintln!("nbft-build: {}", message.replace('\n', " "));
            ExitCode::from(code)
        }
    }
}

fn run() -> Result<(), Failure> {
    let Some(options) = arguments()? else {
        return Ok(());
    };
    let description = match &options.source {
        Source::File(path) => read(path)?,
        Source::Kind(name) => {
            kind(name).ok_or_else(|| Failure(USAGE, format!("no kind `{name}`: see nbft-build --list-kinds")))?
        }
        Source::Random(seed) => random(*seed),
    };
    if options.describe {
        return write(&options, description.to_json().as_bytes());
    }
    if options.output.is_none() && io::stdout().is_terminal() {
        let message = "standard output is a terminal: use -o FILE or a pipe";
        return Err(Failure(USAGE, message.into()));
    }
    let mut table = description.build();
    if let Some(number) = options.mutant {
        table = mutant(&table, number, options.seed);
    }
    if let Some(length) = options.sharing {
        table = builder::sharing(&table, length, MAX_TABLE);
    }
    write(&options, &table)
}

/// The command line; nothing where it asked for a text that has been printed.
fn arguments() -> Result<Option<Options>, Failure> {
    use lexopt::prelude::*;
    let mut sources = Vec::new();
    let (mut output, mut mutant, mut sharing, mut seed, mut describe) = (None, None, None, 0, false);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('o') | Long("output") => output = Some(parser.value()?.string()?),
            Short('k') | Long("kind") => sources.push(Source::Kind(parser.value()?.string()?)),
            Short('r') | Long("random") => sources.push(Source::Random(parser.value()?.parse()?)),
            Short('m') | Long("mutant") => mutant = Some(parser.value()?.parse()?),
            Long("sharing") => sharing = Some(parser.value()?.parse()?),
            Long("seed") => seed = parser.value()?.parse()?,
            Short('d') | Long("describe") => describe = true,
            Short('h') | Long("help") => return print(HELP),
            Short('l') | Long("list-kinds") => {
                let names: Vec<_> = kinds().into_iter().map(|(name, _)| name).collect();
                return print(&(names.join("\n") + "\n"));
            }
            Value(path) => sources.push(Source::File(path.string()?)),
            _ => return Err(argument.unexpected().into()),
        }
    }
    if sources.len() > 1 {
        return Err(lexopt::Error::from("more than one description").into());
    }
    if describe && mutant.is_some() {
        return Err(lexopt::Error::from("--mutant: has no description").into());
    }
    if sharing.is_some() && mutant.is_some() {
        return Err(lexopt::Error::from("--sharing: not of a mutant").into());
    }
    Ok(Some(Options {
        source: sources.pop().unwrap_or(Source::File("-".into())),
        output,
        mutant,
        sharing,
        seed,
        describe,
    }))
}

/// Prints a text instead of doing anything else.
fn print(text: &str) -> Result<Option<Options>, Failure> {
    stdout(text.as_bytes())?;
    Ok(None)
}

fn read(path: &str) -> Result<Description, Failure> {
    let (name, bytes) = if path == "-" {
        let mut bytes = Vec::new();
        let result = io::stdin().read_to_end(&mut bytes);
        ("standard input", result.map(|_| bytes))
    } else {
        (path, fs::read(path))
    };
    let fail = |code, why: String| Failure(code, format!("{name}: {why}"));
    let bytes = bytes.map_err(|error| fail(NO_INPUT, error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| fail(DATA, "not UTF-8".into()))?;
    // An empty document describes a table too, but it is more likely what is left of a failed dump.
    if text.trim().is_empty() {
        return Err(fail(DATA, "empty".into()));
    }
    // No TOML document that describes a table begins with an inline value; every JSON one does.
    let first = text.trim_start();
    let json = first.starts_with('{') || (first.starts_with('[') && json_array(first));
    let parsed = if json {
        Description::from_json(&text)
    } else {
        Description::from_toml(&text)
    };
    parsed.map_err(|why| fail(DATA, why))
}

/// Tells a JSON array from a TOML table header: `[{` or `[]`, against `[host]` or `[[hfi]]`.
fn json_array(text: &str) -> bool {
    text[1..].trim_start().starts_with(['{', ']'])
}

fn write(options: &Options, bytes: &[u8]) -> Result<(), Failure> {
    let Some(path) = &options.output else {
        return stdout(bytes);
    };
    fs::write(path, bytes).map_err(|error| Failure(CANNOT_CREATE, format!("{path}: {error}")))
}

/// A reader that has seen enough is no failure.
fn stdout(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure(CANNOT_CREATE, format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}
