//! Formats: jq programs that turn interfaces into text and files.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::{root, sysfs};
use nbft_common::jq::{Filter, Library, Object, Value};

use crate::files::Document;
use crate::interface::Interface;

/// Definitions that every program may use.
const LIBRARY: Library = nbft_common::library!(include_str!("../formats/lib.jq"));
/// Programs here replace the built-in ones of the same name, and add others.
const DIRECTORY: &str = "/etc/nbft/formats";

/// The built-in programs by name: each file in `formats/` but the library, as `build.rs` lists them.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/formats.rs"));

/// A format, compiled.
pub struct Format {
    /// Name or file, for messages.
    name: String,
    filter: Filter,
}

/// A result of a format.
#[derive(Debug)]
pub enum Output {
    /// Text for standard output.
    Text(String),
    /// A file.
    File(Document),
}

impl Format {
    /// The format of this name. `arguments` are the names and values of its variables.
    ///
    /// # Errors
    /// [`Exit::Usage`] when no such format exists; [`Exit::Data`] when the program in its file is wrong.
    pub fn named(name: &str, arguments: &[(String, String)]) -> Result<Self, Failure> {
        if is_name(name) {
            let path = format!("{DIRECTORY}/{name}.jq");
            match std::fs::read_to_string(root::path(&path)) {
                Ok(code) => return Self::compile(path, &code, arguments),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::io(Exit::NoInput, path, &error)),
            }
        }
        match BUILT_IN.iter().find(|(own, _)| *own == name) {
            Some((name, code)) => Self::compile((*name).to_owned(), code, arguments),
            None => Err(unknown(name)),
        }
    }

    /// The format in a file; `arguments` as for [`Format::named`].
    ///
    /// # Errors
    /// [`Exit::NoInput`] when it cannot be read; [`Exit::Data`] when the program is wrong.
    pub fn of_file(path: &OsStr, arguments: &[(String, String)]) -> Result<Self, Failure> {
        let name = path.to_string_lossy().into_owned();
        let code =
            std::fs::read_to_string(Path::new(path)).map_err(|error| Failure::io(Exit::NoInput, &name, &error))?;
        Self::compile(name, &code, arguments)
    }

    fn compile(name: String, code: &str, arguments: &[(String, String)]) -> Result<Self, Failure> {
        match Filter::with_library(code, &LIBRARY, arguments) {
            Ok(filter) => Ok(Self { name, filter }),
            Err(error) => Err(Failure::new(Exit::Data, format!("{name}: {error}"))),
        }
    }

    /// Runs the program on the interfaces.
    ///
    /// # Errors
    /// [`Exit::Data`] when the program fails, or when one of its results is neither text nor a file.
    pub fn render(&self, interfaces: &[Interface]) -> Result<Vec<Output>, Failure> {
        let failed = |why: String| Failure::new(Exit::Data, format!("{}: {why}", self.name));
        let outputs = self.filter.run(&interfaces, |values| {
            let outputs = values.iter().map(|value| match value {
                Value::String(text) => Ok(Output::Text(text.to_string())),
                Value::Object(object) => document(object).map(Output::File),
                other => Err(format!("a result is a string or an object, not {}", other.kind())),
            });
            outputs.collect::<Result<_, _>>()
        });
        outputs
            .map_err(|error| error.to_string())
            .and_then(|outputs| outputs)
            .map_err(failed)
    }
}

/// Whether a file in [`DIRECTORY`] can have this name, less its ending.
fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !text.is_empty() && text.chars().all(plain)
}

/// The error about a name that no format has: it lists the names that one can have.
fn unknown(name: &str) -> Failure {
    let built_in: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).chain(["json"]).collect();
    let mut list = built_in.join(", ");
    let files = sysfs::names(DIRECTORY);
    let own: Vec<&str> = files
        .iter()
        .filter_map(|file| file.strip_suffix(".jq"))
        .filter(|name| is_name(name) && *name != "json")
        .collect();
    if !own.is_empty() {
        list.push_str(&format!("; {DIRECTORY} has {}", own.join(", ")));
    }
    Failure::usage(format_args!("no format '{name}': the built-in ones are {list}"))
}

/// Reads `{file, text, mode?, header?}`.
fn document(object: &Object<Value>) -> Result<Document, String> {
    let string = |key: &str| match object.get(key) {
        Some(Value::String(text)) => Ok(text.to_string()),
        Some(other) => Err(format!("`{key}` is {}, not a string", other.kind())),
        None => Err(format!("an object without `{key}`")),
    };
    let file = string("file")?;
    let odd = file.is_empty()
        || file.len() > 200
        || file.starts_with('.')
        || file.contains(|c: char| c == '/' || c.is_control());
    if odd {
        return Err(format!("'{file}' is not the name of a file"));
    }
    let mode = match object.get("mode") {
        None => 0o644,
        Some(_) => {
            let text = string("mode")?;
            let mode = u32::from_str_radix(&text, 8)
                .ok()
                .filter(|mode| *mode <= 0o777 && !text.starts_with('+'));
            mode.ok_or_else(|| format!("'{text}' is not a mode like 0600"))?
        }
    };
    let header = match object.get("header") {
        None => true,
        Some(Value::Bool(header)) => *header,
        Some(other) => return Err(format!("`header` is {}, not true or false", other.kind())),
    };
    let mut text = string("text")?;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(Document {
        text,
        file,
        mode,
        header,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_formats_compile() {
        for (name, code) in BUILT_IN {
            assert!(Format::compile((*name).to_owned(), code, &[]).is_ok(), "{name}");
        }
        // And the whole library.
        let library = include_str!("../formats/lib.jq");
        assert!(Filter::new(&format!("{library}\n."), &[]).is_ok());
    }

    #[test]
    fn lines_of_errors_are_the_programs() {
        let error = Format::compile("mine".to_owned(), "# dns\n.[] |\n lines(1; 2; 3)", &[]).err();
        assert!(
            error
                .as_ref()
                .is_some_and(|error| error.message.starts_with("mine: line 3, column 2: ")),
            "{error:?}"
        );
    }
}
