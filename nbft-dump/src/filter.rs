//! jq filters: the source of the program, and its results.

use std::ffi::OsString;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::jq::{self, Filter, Style};
use nbft_common::table::TableFile;

/// The source of the program.
#[derive(Debug)]
pub enum Code {
    /// On the command line.
    Text(String),
    /// In a file.
    File(OsString),
}

/// The options about filters.
#[derive(Debug, Default)]
pub struct Query {
    pub code: Option<Code>,
    pub style: Style,
    /// The last result decides the exit status.
    pub status: bool,
    /// Names and values of `--arg`.
    pub arguments: Vec<(String, String)>,
}

/// The results of a filter, printed.
pub struct Results {
    pub text: String,
    /// Exit status: 0 without `-e`.
    pub status: u8,
}

impl Query {
    /// Sets the program, which may be given once.
    pub fn set(&mut self, code: Code) -> Result<(), Failure> {
        match self.code.replace(code) {
            None => Ok(()),
            Some(_) => Err(Failure::usage("only one filter: --jq or --from-file, once")),
        }
    }

    /// Compiles the program, if there is one.
    pub fn compile(&self) -> Result<Option<Filter>, Failure> {
        match &self.code {
            None => Ok(None),
            Some(Code::Text(code)) => Filter::new(code, &self.arguments)
                .map(Some)
                .map_err(|error| Failure::usage(format_args!("filter: {error}"))),
            Some(Code::File(path)) => {
                let name = path.display();
                let code = std::fs::read_to_string(path).map_err(|error| Failure::io(Exit::NoInput, &name, &error))?;
                Filter::new(&code, &self.arguments)
                    .map(Some)
                    .map_err(|error| Failure::new(Exit::Data, format!("{name}: {error}")))
            }
        }
    }

    /// Runs the program on the tables. A program that fails has no results.
    pub fn run(&self, filter: &Filter, tables: &[TableFile]) -> Result<Results, Failure> {
        let results = filter.run(&tables, |values| Results {
            status: match values.last() {
                _ if !self.status => 0,
                None => 4,
                Some(last) => u8::from(!last.is_true()),
            },
            text: jq::print(&values, self.style),
        });
        results.map_err(|error| Failure::new(Exit::Data, format!("filter: {error}")))
    }
}
