//! The name under which the host connects.

use nbft_common::command::failure::Failure;
use nbft_common::command::log::warn;
use nbft_common::table::addr::Uuid;
use nbft_common::table::nqn::MAX_NQN;
use nbft_common::table::{PrimaryAdmin, TableFile};

use crate::line;

/// Host NQN and host identifier. Neither is ever random: targets allow hosts by these names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub nqn: String,
    pub id: Uuid,
}

/// The user's values, which replace the table's.
#[derive(Clone, Debug, Default)]
pub struct Override {
    pub nqn: Option<String>,
    pub id: Option<Uuid>,
}

/// Checks the user's host NQN.
pub fn nqn(text: String) -> Result<String, Failure> {
    let why = match line::unfit(&text) {
        None if text.len() <= MAX_NQN => return Ok(text),
        None => "is longer than 223 bytes",
        Some(why) => why,
    };
    Err(Failure::usage(format_args!("--hostnqn: '{text}' {why}")))
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
    /// it. Then the table that the administrator selected wins, or else the first table. Every call during one boot
    /// therefore chooses the same pair.
    pub fn choose(table: &TableFile, all: &[TableFile], given: &Override) -> Self {
        let own = Self::of(table);
        let mut contradicting = all
            .iter()
            .filter(|other| Self::of(other).conflicts_with(&own))
            .peekable();
        let mut chosen = own.clone();
        if let Some(&other) = contradicting.peek() {
            let selected = |table: &&TableFile| table.host.primary_admin_host_flag == PrimaryAdmin::Selected;
            let involved = || {
                all.iter()
                    .filter(|it| it.name() == table.name() || Self::of(it).conflicts_with(&own))
            };
            let source = involved().find(selected).or_else(|| involved().next()).unwrap_or(table);
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
            nqn: given.nqn.clone().unwrap_or(chosen.nqn),
            id: given.id.unwrap_or(chosen.id),
        }
    }
}
