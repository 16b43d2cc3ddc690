//! Reading the log of one discovery controller: connect, read, disconnect. Runs in a child, because the kernel may hold
//! each of the three.

use std::fs;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::warn;
use nbft_common::command::root;
use serde::{Deserialize, Serialize};

use super::admin::Controller;
use super::log_page::{self, Entry};
use crate::endpoint::Endpoint;
use crate::kernel::{self, Existing, Outcome};
use crate::signals::Signals;

/// The outcome of a child's work.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reading {
    /// The entries of the log.
    Log(Vec<Entry>),
    /// No log.
    Not(Outcome),
}

/// Connects a discovery controller, reads its log, disconnects the controller. The connection of somebody else is used,
/// and stays.
pub fn read(endpoint: &Endpoint) -> Reading {
    let signals = Signals::hold();
    let (controller, ours) = match kernel::find(endpoint) {
        Some(Existing::Connected(controller)) => (controller, false),
        _ => match kernel::connect_for_a_moment(endpoint, &signals) {
            Ok(controller) => (controller, true),
            Err(outcome) => return Reading::Not(outcome),
        },
    };
    let name = format!("{}:{}", endpoint.traddr, endpoint.trsvcid);
    let log = Controller::open(&controller).and_then(|device| log_page::read(&device, &name, &signals));
    if ours {
        disconnect(&controller);
    }
    match log {
        Ok(entries) => Reading::Log(entries),
        Err(error) => Reading::Not(Failure::io(Exit::TryAgain, "its discovery log", &error).into()),
    }
}

fn disconnect(controller: &str) {
    let file = format!("/sys/class/nvme/{controller}/delete_controller");
    if let Err(error) = fs::write(root::path(&file), "1") {
        warn(format_args!(
            "warning: {controller}: cannot disconnect the discovery controller: {error}"
        ));
    }
}
