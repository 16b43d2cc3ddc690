//! The one job: reads tables, prints or writes their interfaces in a format.

use std::ffi::OsString;
use std::io::Read;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::warn;
use nbft_common::command::output;
use nbft_common::table::TableFile;

use crate::files::Document;
use crate::format::{Format, Output};
use crate::group::{self, Choices};
use crate::interface::Interface;
use crate::{device, files};

/// More than any dump of real tables: the largest possible table has a few megabytes of JSON.
const LARGEST_INPUT: u64 = 64 << 20;

/// The format to use.
#[derive(Debug)]
pub enum To {
    /// The interfaces themselves.
    Json,
    /// A format of this name.
    Named(String),
    /// A program in a file.
    File(OsString),
}

/// The command line.
#[derive(Debug)]
pub struct Options {
    pub choices: Choices,
    pub to: To,
    /// Names and values of `--arg`.
    pub arguments: Vec<(String, String)>,
    pub directory: Option<OsString>,
    pub verbose: bool,
}

/// Reads tables from standard input and prints their interfaces, or writes files.
pub fn names(options: &Options) -> Result<(), Failure> {
    // First, so that a wrong format is an error whatever the tables are.
    let format = match &options.to {
        To::Json => None,
        To::Named(name) => Some(Format::named(name, &options.arguments)?),
        To::File(path) => Some(Format::of_file(path, &options.arguments)?),
    };
    let tables = read()?;
    let mut warn = |line: String| warn(format_args!("warning: {line}"));
    let interfaces = group::interfaces(&tables, &options.choices, &device::all(), &mut warn);
    if options.verbose {
        interfaces.iter().for_each(tell);
    }
    let outputs = match format {
        None => vec![Output::Text(json(&interfaces)?)],
        Some(format) => format.render(&interfaces)?,
    };
    match &options.directory {
        None => output::write(text(outputs).as_bytes()),
        Some(directory) => {
            let documents = outputs.into_iter().map(|output| match output {
                Output::File(document) => Ok(document),
                Output::Text(_) => Err(Failure::usage("--output-dir: this format gives text, not files")),
            });
            let documents: Vec<Document> = documents.collect::<Result<_, _>>()?;
            output::write(files::write(directory, &documents)?.as_bytes())
        }
    }
}

fn read() -> Result<Vec<TableFile>, Failure> {
    let mut bytes = Vec::new();
    let input = std::io::stdin().lock();
    input
        .take(LARGEST_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io(Exit::NoInput, "standard input", &error))?;
    let bad = |why: String| Failure::new(Exit::Data, format!("standard input: {why}"));
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST_INPUT) {
        return Err(bad(format!("more than {LARGEST_INPUT} bytes")));
    }
    if bytes.trim_ascii().is_empty() {
        return Err(bad("empty, where nbft-dump's JSON is needed".to_owned()));
    }
    serde_json::from_slice(&bytes).map_err(|error| bad(format!("not nbft-dump's JSON: {error}")))
}

fn json(interfaces: &[Interface]) -> Result<String, Failure> {
    match serde_json::to_string_pretty(interfaces) {
        Ok(text) => Ok(text),
        Err(error) => Err(Failure::new(Exit::Output, format!("JSON: {error}"))),
    }
}

/// All results for standard output: each ends with a newline, and a file has its name before it.
fn text(outputs: Vec<Output>) -> String {
    let mut all = String::new();
    for output in outputs {
        let text = match output {
            Output::Text(text) => text,
            Output::File(document) => {
                if document.header {
                    all.push_str(if all.is_empty() { "# file " } else { "\n# file " });
                    all.push_str(&document.file);
                    all.push('\n');
                }
                document.text
            }
        };
        all.push_str(&text);
        if !text.is_empty() && !text.ends_with('\n') {
            all.push('\n');
        }
    }
    all
}

fn tell(interface: &Interface) {
    let device = interface.device.as_deref().unwrap_or("does not exist yet");
    let (name, mac, vlan) = (&interface.name, interface.mac, interface.vlan);
    warn(format_args!("{name}: MAC {mac}, VLAN {vlan}: {device}"));
}
