//! The one job: load tables, print them.

use std::ffi::OsString;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::warn;
use nbft_common::command::{output, tables};
use nbft_common::table::TableFile;

use crate::connections;
use crate::filter::Query;
use crate::pretty::pretty;
use crate::text;

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Json,
    Text,
    /// The connections to make.
    Connections,
}

/// The command line.
#[derive(Debug, Default)]
pub struct Options {
    pub format: Format,
    /// The filter on the JSON, and the form of its results.
    pub query: Query,
    /// Warnings are errors.
    pub strict: bool,
    /// Tables; none: the firmware's.
    pub files: Vec<OsString>,
}

/// Prints the good tables, says what is wrong with the others, and fails with the last of them. Gives the exit status,
/// which is 0 unless a filter's `-e` says otherwise.
pub fn dump(options: &Options) -> Result<u8, Failure> {
    let query = &options.query;
    let filter = query.compile()?;
    let mut loaded = tables::load(&options.files);
    let unusable = std::mem::take(&mut loaded.unusable).into_iter();
    let mut failures: Vec<Failure> = unusable.map(|it| it.failure).collect();
    if options.strict {
        loaded.tables.retain(|table| match strict(table) {
            Ok(()) => true,
            Err(failure) => {
                failures.push(failure);
                false
            }
        });
    } else if options.format != Format::Text {
        // In text they are part of the result.
        loaded
            .tables
            .iter()
            .flat_map(warnings)
            .for_each(|line| warn(format_args!("warning: {line}")));
    }
    let mut status = 0;
    let result = match (options.format, filter) {
        // A machine whose table cannot be used is not one without a table.
        (Format::Text, _) if loaded.tables.is_empty() && !failures.is_empty() => Ok(Vec::new()),
        (Format::Text, _) => Ok(text::tables(&loaded.tables)),
        (Format::Connections, _) => Ok(connections::lines(&loaded.tables, |line| {
            warn(format_args!("warning: {line}"));
        })
        .into_bytes()),
        (Format::Json, None) => json(&loaded.tables, query.style.compact),
        (Format::Json, Some(filter)) => query.run(&filter, &loaded.tables).map(|results| {
            status = results.status;
            results.text.into_bytes()
        }),
    };
    let result = result.unwrap_or_else(|failure| {
        failures.push(failure);
        Vec::new()
    });
    let last = failures.pop();
    failures.iter().for_each(warn);
    // A table that is there but bad outweighs a file that is not.
    let worst = failures
        .iter()
        .find(|failure| failure.exit == Exit::Data)
        .map(|failure| failure.exit);
    let written = output::write(&result);
    match last {
        Some(last) => Err(Failure::new(worst.unwrap_or(last.exit), last.message)),
        None => written.map(|()| status),
    }
}

fn json(tables: &[TableFile], compact: bool) -> Result<Vec<u8>, Failure> {
    let made = if compact {
        serde_json::to_vec(tables)
    } else {
        pretty(&tables)
    };
    let mut bytes = made.map_err(|error| Failure::new(Exit::Output, format!("JSON: {error}")))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The warnings of a table, a line each.
fn warnings(table: &TableFile) -> impl Iterator<Item = String> {
    let line = |warning| format!("{}: {warning}", table.filename);
    table.warnings.iter().map(line)
}

/// Fails with a table's warnings.
fn strict(table: &TableFile) -> Result<(), Failure> {
    let lines: Vec<String> = warnings(table).collect();
    let Some((last, others)) = lines.split_last() else {
        return Ok(());
    };
    others.iter().for_each(warn);
    Err(Failure::new(Exit::Data, last.as_str()))
}
