//! jq filters: where the program comes from, and what its results are.

use std::ffi::OsString;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::jq::{self, Filter, Style};
use nbft_common::table::Table;

/// Where the program is.
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
    /// The exit status tells of the last result.
    pub status: bool,
    /// Names and strings.
    pub arguments: Vec<(String, String)>,
}

/// What a filter gave.
pub struct Results {
    pub text: String,
    /// Exit status of `-e`.
    pub status: u8,
}

impl Query {
    /// Takes the program; there is one at most.
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
                let code = std::fs::read_to_string(path)
                    .map_err(|error| Failure::new(Exit::NoInput, format!("{name}: {error}")))?;
                Filter::new(&code, &self.arguments)
                    .map(Some)
                    .map_err(|error| Failure::new(Exit::Data, format!("{name}: {error}")))
            }
        }
    }

    /// Runs it on the tables. Nothing is printed unless it comes to its end.
    pub fn run(&self, filter: &Filter, tables: &[Table]) -> Result<Results, Failure> {
        let values = filter
            .run(&tables)
            .map_err(|error| Failure::new(Exit::Data, format!("filter: {error}")))?;
        let status = match values.last() {
            _ if !self.status => 0,
            None => 4,
            Some(last) => u8::from(!last.is_true()),
        };
        Ok(Results {
            text: jq::print(&values, self.style),
            status,
        })
    }
}
