//! NVMe qualified names (NQN; NVMe base specification, section 4.7).

/// NQN of every discovery controller without an NQN of its own.
pub const DISCOVERY_NQN: &str = "nqn.2014-08.org.nvmexpress.discovery";

/// Longest NQN, in bytes.
pub const MAX_NQN: usize = 223;
