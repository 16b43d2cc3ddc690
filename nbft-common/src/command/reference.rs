//! References of the form `TABLE:N`.

use std::fmt;
use std::str::FromStr;

use super::failure::{Exit, Failure};
use super::tables::Loaded;
use crate::table::{Descriptor, Discovery, Ssns, Table, TableFile};

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
    /// The subsystem namespace that the reference names.
    ///
    /// # Errors
    /// [`Exit::NoInput`] when no table has the descriptor, [`Exit::Usage`] when several tables do, [`Exit::Data`] when
    /// the table or the descriptor could not be used.
    pub fn ssns<'a>(&self, loaded: &'a Loaded) -> Result<(&'a TableFile, &'a Ssns), Failure> {
        self.resolve(loaded, &SSNS)
    }

    /// The discovery descriptor that the reference names.
    ///
    /// # Errors
    /// As for [`Self::ssns`].
    pub fn discovery<'a>(&self, loaded: &'a Loaded) -> Result<(&'a TableFile, &'a Discovery), Failure> {
        self.resolve(loaded, &DISCOVERY)
    }

    fn resolve<'a, T>(&self, loaded: &'a Loaded, kind: &Kind<T>) -> Result<(&'a TableFile, &'a T), Failure> {
        let named = |table: &&TableFile| self.table.as_ref().is_none_or(|name| name == table.name());
        let tables: Vec<&TableFile> = loaded.tables.iter().filter(named).collect();
        let candidates = tables.iter().filter_map(|&table| {
            let mut items = (kind.list)(table).iter();
            Some((table, items.find(|item| (kind.index_of)(item) == self.index)?))
        });
        let candidates: Vec<(&TableFile, &T)> = candidates.collect();
        match candidates.as_slice() {
            [only] => Ok(*only),
            [] => Err(self.missing(loaded, &tables, kind)),
            several => Err(self.ambiguous(several.iter().map(|(table, _)| *table), kind)),
        }
    }

    fn ambiguous<'a, T>(&self, tables: impl Iterator<Item = &'a TableFile>, kind: &Kind<T>) -> Failure {
        let candidates: Vec<String> = tables.map(|table| format!("{}:{}", table.name(), self.index)).collect();
        Failure::usage(format_args!(
            "{} {} is ambiguous; name one of {}",
            kind.name,
            self.index,
            candidates.join(", ")
        ))
    }

    /// The reason why no table has the descriptor. A table that could not be used, and a descriptor that was dropped,
    /// are better answers than "no such".
    fn missing<T>(&self, loaded: &Loaded, tables: &[&TableFile], kind: &Kind<T>) -> Failure {
        // Where no table could be used, the reason says more than that the named one is unknown.
        let any = self.table.is_none() || loaded.tables.is_empty();
        let mut unusable = loaded.unusable.iter();
        if let Some(unusable) = unusable.find(|it| any || it.table.is_none() || it.table == self.table) {
            return unusable.failure.clone();
        }
        if let Some(failure) = tables.iter().find_map(|table| self.dropped(table, kind)) {
            return failure;
        }
        let message = if loaded.tables.is_empty() {
            "this machine has no NBFT: its firmware did not boot over NVMe/TCP, or did not say so".to_owned()
        } else if tables.is_empty() {
            let names: Vec<&str> = loaded.tables.iter().map(TableFile::name).collect();
            format!("{self}: no such table; known: {}", names.join(", "))
        } else {
            format!("no {} {self}; known: {}", kind.name, kind.all_of(tables))
        };
        Failure::new(Exit::NoInput, message)
    }

    /// The warning of `table` that the descriptor was dropped, as a failure.
    fn dropped<T>(&self, table: &TableFile, kind: &Kind<T>) -> Option<Failure> {
        let warning = table.warnings.iter().find(|warning| {
            warning.descriptor == kind.descriptor && warning.index == Some(self.index) && warning.dropped
        })?;
        let place = format!(
            "{}: {} {}: byte {}",
            table.name(),
            kind.name,
            self.index,
            warning.offset
        );
        Some(Failure::new(Exit::Data, format!("dropped: {}", warning.message)).at(place))
    }
}

/// A kind of descriptor that a reference can name.
struct Kind<T: 'static> {
    /// Its name in messages.
    name: &'static str,
    /// Its name in warnings of the parser.
    descriptor: Descriptor,
    list: fn(&Table) -> &[T],
    index_of: fn(&T) -> u16,
}

const SSNS: Kind<Ssns> = Kind {
    name: "SSNS",
    descriptor: Descriptor::Ssns,
    list: |table| &table.subsystem,
    index_of: |ssns| ssns.index,
};

const DISCOVERY: Kind<Discovery> = Kind {
    name: "discovery descriptor",
    descriptor: Descriptor::Discovery,
    list: |table| &table.discovery,
    index_of: |discovery| discovery.index.into(),
};

impl<T> Kind<T> {
    /// References to the first descriptors of the tables, for a message.
    fn all_of(&self, tables: &[&TableFile]) -> String {
        let items = tables.iter().flat_map(|table| {
            let items = (self.list)(table).iter();
            items.map(|item| format!("{}:{}", table.name(), (self.index_of)(item)))
        });
        let items: Vec<String> = items.take(20).collect();
        if items.is_empty() {
            "none".to_owned()
        } else {
            items.join(", ")
        }
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
