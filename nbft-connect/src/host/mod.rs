//! The host: its names, and its network interfaces.

pub mod identity;
pub mod interface;
pub mod rtnetlink;
