//! Finding and loading tables.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::failure::{Exit, Failure};
use super::root;
use crate::table::TableFile;
use crate::table::parse::{Fault, announced_length, parse};

/// The folder in which the kernel shows ACPI tables.
const FIRMWARE: &str = "/sys/firmware/acpi/tables";

/// A table that could not be used.
#[derive(Debug)]
pub struct Unusable {
    /// Its name; none if the firmware's tables could not even be listed.
    pub table: Option<String>,
    /// The reason, which names the table.
    pub failure: Failure,
}

/// The result of loading: good tables, and a failure for each table that could not be used.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Tables in the requested order; the firmware's tables in numeric order.
    pub tables: Vec<TableFile>,
    /// The other tables.
    pub unusable: Vec<Unusable>,
}

impl Loaded {
    /// Adds the table of a file, or the failure to load it.
    fn push(&mut self, filename: &str, result: Result<TableFile, Failure>) {
        match result {
            Ok(table) => self.tables.push(table),
            Err(failure) => self.unusable.push(Unusable {
                table: Some(TableFile::name_of(filename).to_owned()),
                failure,
            }),
        }
    }
}

/// Loads the named files (`-` is standard input), or all tables of the firmware when no file is named.
#[must_use]
pub fn load(files: &[OsString]) -> Loaded {
    let mut loaded = Loaded::default();
    if files.is_empty() {
        match firmware() {
            Ok(names) => names.iter().for_each(|name| {
                let path = format!("{FIRMWARE}/{name}");
                loaded.push(&path, read_file(&root::path(&path), &path));
            }),
            Err(failure) => loaded.unusable.push(Unusable { table: None, failure }),
        }
    }
    for file in files {
        let name = file.to_string_lossy();
        let result = if file == "-" {
            decode(io::stdin().lock(), "-", "standard input")
        } else {
            read_file(Path::new(file), &name)
        };
        loaded.push(&name, result);
    }
    loaded
}

/// Names of the firmware's tables. The kernel calls a single table `NBFT`, several tables `NBFT1`, `NBFT2`, …; a
/// directory lists its entries in any order.
fn firmware() -> Result<Vec<String>, Failure> {
    let failed = |error: io::Error| Failure::io(Exit::NoInput, FIRMWARE, &error);
    let entries = match std::fs::read_dir(root::path(FIRMWARE)) {
        Ok(entries) => entries,
        // A machine without ACPI has no NBFT either.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
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

fn read_file(path: &Path, name: &str) -> Result<TableFile, Failure> {
    let failed = |error: io::Error| Failure::io(Exit::NoInput, name, &error);
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Failure::new(Exit::NoInput, "is a directory").at(name));
    }
    decode(file, name, name)
}

/// Reads no more than the header announces: a file that is no NBFT is refused after eight bytes, however large.
fn decode(mut from: impl Read, filename: &str, name: &str) -> Result<TableFile, Failure> {
    let failed = |error: io::Error| Failure::io(Exit::NoInput, name, &error);
    let bad = |fault: Fault| Failure::new(Exit::Data, fault.to_string()).at(name);
    let mut bytes = Vec::new();
    from.by_ref().take(8).read_to_end(&mut bytes).map_err(failed)?;
    let rest = announced_length(&bytes).map_err(bad)?.saturating_sub(bytes.len());
    // One allocation for the whole table is safe, because the length has a limit.
    bytes.reserve_exact(rest);
    from.take(u64::try_from(rest).unwrap_or_default())
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let table = parse(&bytes).map_err(bad)?;
    Ok(TableFile {
        filename: filename.to_owned(),
        table,
    })
}
