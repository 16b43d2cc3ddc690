//! Reading the log of one discovery controller: connect, read, disconnect. Runs in a child, because the kernel may hold
//! each of the three.

use std::fs;

use nbft_common::command::failure::{Exit, Failure};
use nbft_common::command::log::warn;
use nbft_common::command::root;

use super::admin::Controller;
use super::log_page::{self, Entry};
use crate::endpoint::Endpoint;
use crate::kernel::{self, Existing, Outcome};
use crate::signals::Signals;

/// Connects a discovery controller, reads its log, disconnects the controller. The connection of somebody else is used if it
/// is live, and stays.
///
/// # Errors
/// The kernel's outcome, or the failure to read the log.
pub fn read(endpoint: &Endpoint) -> Result<Vec<Entry>, Outcome> {
    let signals = Signals::hold();
    let name = format!("{}:{}", endpoint.traddr, endpoint.trsvcid);
    let log =
        |controller: &str| Controller::open(controller).and_then(|device| log_page::read(&device, &name, &signals));
    // It may be lost at any moment, or deleted by its owner. The kernel allows another connection beside it.
    if let Some(Existing::Connected(controller)) = kernel::find(endpoint)
        && kernel::is_live(&controller)
        && let Ok(entries) = log(&controller)
    {
        return Ok(entries);
    }
    let controller = kernel::connect_for_a_moment(endpoint, &signals)?;
    let entries = log(&controller);
    disconnect(&controller);
    entries.map_err(|error| Failure::io(Exit::TryAgain, "its discovery log", &error).into())
}

fn disconnect(controller: &str) {
    let file = format!("/sys/class/nvme/{controller}/delete_controller");
    if let Err(error) = fs::write(root::path(&file), "1") {
        warn(format_args!(
            "warning: {controller}: cannot disconnect the discovery controller: {error}"
        ));
    }
}
