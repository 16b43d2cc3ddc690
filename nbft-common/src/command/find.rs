//! Finding tables, and what `TABLE:N` means in them.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::str::FromStr;

use crate::command::failure::{Exit, Failure};
use crate::command::root;
use crate::table::parse::{announced_length, parse};
use crate::table::{Discovery, Ssns, Table};

/// Where the kernel shows ACPI tables.
const FIRMWARE: &str = "/sys/firmware/acpi/tables";

/// What loading gave: good tables, and a failure for each that could not be used.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Tables in the order they were asked for; the firmware's in numeric order.
    pub tables: Vec<Table>,
    /// What could not be read or decoded; each message names its table.
    pub failures: Vec<Failure>,
}

impl Loaded {
    /// Adds a table, or the failure to get it.
    fn push(&mut self, result: Result<Table, Failure>) {
        match result {
            Ok(table) => self.tables.push(table),
            Err(failure) => self.failures.push(failure),
        }
    }
}

/// Loads the named files (`-` is standard input), or all tables of the firmware when none is named.
#[must_use]
pub fn load(files: &[OsString]) -> Loaded {
    let mut loaded = Loaded::default();
    if files.is_empty() {
        match firmware() {
            Ok(names) => names.iter().for_each(|name| {
                let path = format!("{FIRMWARE}/{name}");
                loaded.push(read_file(&root::path(&path), &path));
            }),
            Err(failure) => loaded.failures.push(failure),
        }
    }
    for file in files {
        loaded.push(if file == "-" {
            decode(std::io::stdin().lock(), "-", "standard input")
        } else {
            read_file(Path::new(file), &file.to_string_lossy())
        });
    }
    loaded
}

/// Names of the firmware's tables. The kernel calls a single one `NBFT`, several `NBFT1`, `NBFT2`, …; a directory lists
/// them in any order.
fn firmware() -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| Failure::new(Exit::NoInput, format!("{FIRMWARE}: {}", io_words(&error)));
    let entries = match std::fs::read_dir(root::path(FIRMWARE)) {
        Ok(entries) => entries,
        // A machine without ACPI has no NBFT either.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        if let Ok(name) = entry.map_err(failed)?.file_name().into_string()
            && name.starts_with("NBFT")
        {
            names.push(name);
        }
    }
    names.sort_by_cached_key(|name| {
        let number = name.trim_start_matches("NBFT");
        (
            if number.is_empty() {
                0
            } else {
                number.parse().unwrap_or(u32::MAX)
            },
            name.clone(),
        )
    });
    Ok(names)
}

fn read_file(path: &Path, name: &str) -> Result<Table, Failure> {
    let failed = |error: std::io::Error| Failure::new(Exit::NoInput, format!("{name}: {}", io_words(&error)));
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::new(Exit::NoInput, format!("{name}: is a directory")));
    }
    decode(file, name, name)
}

/// Reads no more than the header announces: a file that is no NBFT is refused after eight bytes, however large.
fn decode(mut from: impl Read, filename: &str, name: &str) -> Result<Table, Failure> {
    let read_failed = |error: std::io::Error| Failure::new(Exit::NoInput, format!("{name}: {}", io_words(&error)));
    let bad = |error| Failure::new(Exit::Data, format!("{name}: {error}"));
    let mut bytes = Vec::new();
    from.by_ref().take(8).read_to_end(&mut bytes).map_err(read_failed)?;
    let rest = announced_length(&bytes).map_err(bad)?.saturating_sub(bytes.len());
    // Room for all of it at once; the length has a limit.
    bytes.reserve_exact(rest);
    from.take(u64::try_from(rest).unwrap_or_default())
        .read_to_end(&mut bytes)
        .map_err(read_failed)?;
    parse(&bytes, filename).map_err(bad)
}

/// The system's words for an error, without the number that Rust adds.
#[must_use]
pub fn io_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// A reference to a descriptor: `TABLE:N`, or `N` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Name of the table; none: the only table that has such a descriptor.
    pub table: Option<String>,
    /// Index of the descriptor.
    pub index: u16,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.table {
            Some(table) => write!(f, "{table}:{}", self.index),
            None => self.index.fmt(f),
        }
    }
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (table, index) = match text.rsplit_once(':') {
            Some((table, index)) if !table.is_empty() => (Some(table.to_owned()), index),
            Some(_) => (None, ""),
            None => (None, text),
        };
        let digits = index.bytes().all(|c| c.is_ascii_digit());
        match index.parse() {
            Ok(index) if digits => Ok(Self { table, index }),
            _ => Err(format!("'{text}' is not an index like 1, or TABLE:INDEX like NBFT1:2")),
        }
    }
}

impl Reference {
    /// Reads a reference from a command line.
    ///
    /// # Errors
    /// [`Exit::Usage`] when it is none.
    pub fn from_argument(option: &str, text: &OsStr) -> Result<Self, Failure> {
        text.to_string_lossy()
            .parse()
            .map_err(|why| Failure::usage(format_args!("{option}: {why}")))
    }

    /// The subsystem namespace it names.
    ///
    /// # Errors
    /// [`Exit::NoInput`] when there is none, [`Exit::Usage`] when several tables have one.
    pub fn ssns<'a>(&self, loaded: &'a Loaded) -> Result<(&'a Table, &'a Ssns), Failure> {
        self.resolve(loaded, "SSNS", "ssns", |table| &table.subsystem, |ssns| ssns.index)
    }

    /// The discovery descriptor it names.
    ///
    /// # Errors
    /// As for [`Self::ssns`].
    pub fn discovery<'a>(&self, loaded: &'a Loaded) -> Result<(&'a Table, &'a Discovery), Failure> {
        let index_of = |discovery: &Discovery| discovery.index.into();
        self.resolve(
            loaded,
            "discovery descriptor",
            "discovery",
            |table| &table.discovery,
            index_of,
        )
    }

    fn resolve<'a, T>(
        &self,
        loaded: &'a Loaded,
        what: &str,
        descriptor: &str,
        list: impl Fn(&'a Table) -> &'a [T],
        index_of: impl Fn(&T) -> u16,
    ) -> Result<(&'a Table, &'a T), Failure> {
        let named = |table: &&Table| self.table.as_ref().is_none_or(|name| name == table.name());
        let tables = || loaded.tables.iter().filter(named);
        let mut found =
            tables().filter_map(|table| Some((table, list(table).iter().find(|item| index_of(item) == self.index)?)));
        match (found.next(), found.next()) {
            (Some(only), None) => return Ok(only),
            (Some(first), Some(second)) => {
                let candidates: Vec<String> = [first, second]
                    .into_iter()
                    .chain(found)
                    .map(|(table, _)| format!("{}:{}", table.name(), self.index))
                    .collect();
                let message = format!(
                    "{what} {} is ambiguous; name one of {}",
                    self.index,
                    candidates.join(", ")
                );
                return Err(Failure::usage(message));
            }
            (None, _) => {}
        }
        // Why is it not there? A bad table, and a descriptor that was dropped, are better answers than "no such".
        if let Some(failure) = loaded.failures.first() {
            return Err(failure.clone());
        }
        let dropped = tables().find_map(|table| {
            let warning = table.warnings.iter().find(|warning| {
                warning.descriptor == descriptor
                    && warning.index == Some(self.index)
                    && warning.message.starts_with("dropped: ")
            })?;
            Some(format!(
                "{}: {what} {}: byte {}: {}",
                table.name(),
                self.index,
                warning.offset,
                warning.message
            ))
        });
        if let Some(message) = dropped {
            return Err(Failure::new(Exit::Data, message));
        }
        let message = if loaded.tables.is_empty() {
            "this machine has no NBFT: its firmware did not boot over NVMe/TCP, or did not say so".to_owned()
        } else if tables().next().is_none() {
            let names: Vec<&str> = loaded.tables.iter().map(Table::name).collect();
            format!("{self}: no such table; there is {}", names.join(", "))
        } else {
            let have: Vec<String> = tables()
                .flat_map(|table| {
                    list(table)
                        .iter()
                        .map(|item| format!("{}:{}", table.name(), index_of(item)))
                })
                .take(20)
                .collect();
            let have = if have.is_empty() {
                "none".to_owned()
            } else {
                have.join(", ")
            };
            format!("no {what} {self} (there is {have})")
        };
        Err(Failure::new(Exit::NoInput, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back() {
        for text in ["0", "65535", "NBFT:1", "NBFT12:255", "a:b:3"] {
            assert_eq!(text.parse::<Reference>().map(|r| r.to_string()), Ok(text.to_owned()));
        }
        for text in ["", ":", ":1", "NBFT:", "65536", "-1", "+1", "1 ", "NBFT1:x"] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }
}
