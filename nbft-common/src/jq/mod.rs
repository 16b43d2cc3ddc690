//! jq filters without jq: [`Filter::new`] compiles a program, [`Filter::run`] applies it to any data that serde can
//! serialise.
//!
//! jaq-core parses, compiles and runs the programs; the values, their operators and jq's functions are in here. Filters
//! have to give jq's results to the byte (insertion order, numbers, escapes, messages), and they may not fill an image:
//! with jaq-json and jaq-std in their place the `nbft` file is 36 % larger (9 % with jaq-std's base functions alone), and
//! only 2 of the 8 comparisons with the real jq in `tests/tests/commands/dump/jq.rs` hold.

mod access;
mod array;
mod compile;
mod format;
mod functions;
mod json;
mod library;
mod limits;
mod object;
mod operators;
mod paths;
mod rewrite;
mod source;
#[cfg(test)]
mod tests;
mod value;
mod write;

use std::fmt;

use jaq_core::data::JustLut;
use jaq_core::{Ctx, Exn, Vars};
use serde::Serialize;

pub use compile::Error;
pub use library::{Definition, Library};
pub use object::Object;
pub use value::Value;

/// A compiled program, with the values of its named arguments.
pub struct Filter {
    program: jaq_core::Filter<JustLut<Value>>,
    arguments: Vec<String>,
    /// Whether it needs a large stack.
    deep: bool,
}

/// The reason why a program stopped: the message given to `error`, or that of the operation that failed, in jq's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunError(pub String);

/// The form in which values are printed; jq's `-r` and `-c`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Strings without quotes and escapes.
    pub raw: bool,
    /// JSON on one line.
    pub compact: bool,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RunError {}

impl Filter {
    /// Compiles a program. Each argument is a name (without `$`) and the string that `$name` stands for; of two arguments
    /// with the same name the first wins, as in jq.
    ///
    /// # Errors
    /// The first place where the program is wrong.
    pub fn new(code: &str, arguments: &[(String, String)]) -> Result<Self, Error> {
        Self::with_library(code, &Library::EMPTY, arguments)
    }

    /// Compiles a program that may use the definitions of this library.
    ///
    /// # Errors
    /// The first place where the program is wrong.
    pub fn with_library(code: &str, library: &Library, arguments: &[(String, String)]) -> Result<Self, Error> {
        let names: Vec<String> = arguments.iter().rev().map(|(name, _)| format!("${name}")).collect();
        let long = code.len() > SHORT;
        let (program, recursive) = limits::with_stack(long, || compile::compile(code, library, &names))
            .unwrap_or_else(|error| Err(Error::of(error)))?;
        Ok(Self {
            program,
            arguments: arguments.iter().rev().map(|(_, value)| value.clone()).collect(),
            deep: long || recursive,
        })
    }

    /// Runs the program on this input, and gives what becomes of all results.
    ///
    /// # Errors
    /// The first error that the program does not catch, or the bound that it reached; the results before are dropped.
    pub fn run<T: Send>(
        &self,
        input: &(impl Serialize + Sync),
        then: impl Fn(Vec<Value>) -> T + Sync,
    ) -> Result<T, RunError> {
        limits::with_stack(self.deep, || {
            let made = then(self.results(input)?);
            limits::check().map(|()| made)
        })?
    }

    fn results(&self, input: &impl Serialize) -> Result<Vec<Value>, RunError> {
        limits::begin();
        let input = Value::of(input).map_err(|error| RunError(error.to_string()))?;
        let variables = Vars::new(self.arguments.iter().map(|value| Value::from(value.as_str())));
        let context = Ctx::<JustLut<Value>>::new(&self.program.lut, variables);
        let mut results = Vec::new();
        for result in self.program.id.run((context, input)) {
            limits::may_grow(size_of::<Value>());
            limits::check()?;
            results.push(result.map_err(message)?);
        }
        limits::check().map(|()| results)
    }
}

/// Longest program, in bytes, that needs no large stack: each byte may be a term inside of the one before it. The formats
/// of nbft-names are shorter: another thread would make each of their allocations slower. Debug builds have larger frames.
const SHORT: usize = if cfg!(debug_assertions) { 1000 } else { 4000 };

fn message(exception: Exn<'_, Value>) -> RunError {
    // The other exceptions are `break`s, which the compiler accepts only inside of their label.
    let Ok(error) = exception.get_err() else {
        return RunError("break".to_owned());
    };
    RunError(match error.into_val() {
        Value::String(text) => text.to_string(),
        other => format!("{other} (not a string)"),
    })
}

/// Prints results, each followed by a newline.
#[must_use]
pub fn print(values: &[Value], style: Style) -> String {
    let mut text = String::new();
    for value in values {
        match value {
            Value::String(string) if style.raw => text.push_str(string),
            _ if style.compact => write::compact(&mut text, value),
            _ => write::pretty(&mut text, value),
        }
        text.push('\n');
    }
    text
}
