//! The name under which the host connects.

use nbft_common::command::log::warn;
use nbft_common::table::addr::Uuid;
use nbft_common::table::{PrimaryAdmin, TableFile};

use crate::options::Options;

/// Host NQN and host identifier. Neither is ever random: targets allow hosts by these names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub nqn: String,
    pub id: Uuid,
}

impl Identity {
    fn of(table: &TableFile) -> Self {
        Self {
            nqn: table.host.nqn.clone(),
            id: table.host.id,
        }
    }

    /// While a controller lives, the kernel accepts the controller's host NQN with one identifier only, and the
    /// identifier with one NQN only.
    fn conflicts_with(&self, other: &Self) -> bool {
        (self.nqn == other.nqn) != (self.id == other.id)
    }

    /// The identity for the connections of `table`: its own identity, unless the identity of another table contradicts
    /// it, directly or through further tables. Then the table that the administrator selected wins, or else the first
    /// table. Every call during one boot therefore chooses the same pair.
    pub fn choose(table: &TableFile, all: &[TableFile], given: &Options) -> Self {
        let mut chosen = Self::of(table);
        let chain = chain(table, all);
        if let Some(other) = chain.iter().find(|other| other.name() != table.name()) {
            let selected = |table: &&&TableFile| table.host.primary_admin_host_flag == PrimaryAdmin::Selected;
            let source = chain.iter().find(selected).or_else(|| chain.first()).unwrap_or(&table);
            chosen = Self::of(source);
            warn(format_args!(
                "warning: {} and {} disagree on the host identity (one NQN with two identifiers, or one identifier \
                 with two NQNs), which the kernel does not accept; using the identity of {}",
                table.name(),
                other.name(),
                source.name()
            ));
        }
        Self {
            nqn: given.hostnqn.clone().unwrap_or(chosen.nqn),
            id: given.hostid.unwrap_or(chosen.id),
        }
    }
}

/// The tables whose identities `table` cannot stand beside, and those that in turn cannot stand beside them, in the order
/// of all tables; `table` alone if no other table contradicts it.
fn chain<'a>(table: &'a TableFile, all: &'a [TableFile]) -> Vec<&'a TableFile> {
    let mut inside: Vec<bool> = all.iter().map(|other| other.name() == table.name()).collect();
    loop {
        let members: Vec<&TableFile> = all
            .iter()
            .zip(&inside)
            .filter(|(_, inside)| **inside)
            .map(|(it, _)| it)
            .collect();
        let conflicts = |other: &TableFile| {
            members
                .iter()
                .any(|it| Identity::of(it).conflicts_with(&Identity::of(other)))
        };
        let next: Vec<bool> = all
            .iter()
            .zip(&inside)
            .map(|(other, inside)| *inside || conflicts(other))
            .collect();
        if next == inside {
            return members;
        }
        inside = next;
    }
}
