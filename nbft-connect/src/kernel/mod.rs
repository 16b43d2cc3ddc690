//! Giving one endpoint to the kernel.

mod controller;
mod errors;
mod existing;
mod fabrics;
mod registry;

use std::time::Duration;

use nbft_common::command::failure::{Exit, Failure};
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;
use crate::secret::keyring;
use crate::signals::Signals;
pub use controller::{Controller, is_live};
pub use errors::Refusal;
pub use existing::{Existing, find};
pub use fabrics::available;
use fabrics::{Device, Known};
use registry::{Age, enter};

/// How old the target's last answer may be when the kernel connects.
const FRESH: Duration = Duration::from_secs(2);

/// The outcome of a connect.
#[derive(Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// The controller is connected.
    Up(String),
    /// Another process is connecting this controller at the moment.
    Elsewhere(String),
    /// A controller is connected that lacks a security which the endpoint demands.
    Unfit(Failure),
    /// Others connected for so long that the target has to be asked again.
    Stale,
    /// The kernel refused.
    Failed {
        /// The reason, without the endpoint's names.
        failure: Failure,
        /// The kernel hides the target's reason.
        untold: bool,
        /// The target gave the controller an ID that another one has.
        taken_id: bool,
    },
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Failed {
            failure,
            untold: false,
            taken_id: false,
        }
    }
}

/// Connects an endpoint, and enters the controller in the registry as ours. Blocks for as long as the kernel does.
pub fn connect(endpoint: &Endpoint) -> Outcome {
    let device = match device_in_turn(&Signals::hold()) {
        Ok(device) => device,
        Err(outcome) => return outcome,
    };
    // The process that had its turn before may have made this connection.
    if let Some(existing) = find(endpoint) {
        return adopt(existing);
    }
    match write(&device, endpoint) {
        Ok(controller) => {
            enter(&controller, Age::New);
            Outcome::Up(controller)
        }
        Err(Refusal::Errno(Errno::EALREADY)) => existing::find_any(endpoint).map_or_else(
            || {
                let message = "the kernel says that this connection exists already, but its controller is gone again";
                Failure::new(Exit::TryAgain, message).into()
            },
            adopt,
        ),
        Err(refusal) => refused(&refusal, endpoint),
    }
}

/// The outcome where the connection exists already. A controller that is connected is entered in the registry as ours.
pub fn adopt(existing: Existing) -> Outcome {
    match existing {
        Existing::Connected(controller) => {
            enter(&controller, Age::Old);
            Outcome::Up(controller)
        }
        Existing::Unfit(controller, lack) => Outcome::Unfit(unfit(&controller, lack)),
        Existing::Connecting(controller) => Outcome::Elsewhere(controller),
    }
}

/// The failure for a controller that lacks a security which the endpoint demands. The kernel makes no second connection, and
/// the first one may hold a disk that is in use.
pub fn unfit(controller: &str, lack: &str) -> Failure {
    let message = format!(
        "{controller} is connected already, {lack}, which is demanded; disconnect this controller first: echo 1 \
         >/sys/class/nvme/{controller}/delete_controller"
    );
    Failure::new(Exit::Config, message)
}

/// Connects a discovery controller for a moment: the caller disconnects it.
pub fn connect_for_a_moment(endpoint: &Endpoint, signals: &Signals) -> Result<String, Outcome> {
    let device = device_in_turn(signals)?;
    write(&device, endpoint).map_err(|refusal| refused(&refusal, endpoint))
}

fn device_in_turn(signals: &Signals) -> Result<Device, Outcome> {
    signals.release();
    let (device, waited) = Device::in_turn()?;
    // From here on the connection and its entry in the registry belong together.
    signals.block();
    if waited > FRESH {
        Err(Outcome::Stale)
    } else {
        Ok(device)
    }
}

/// Writes the option line, with its TLS key in the kernel's keyring. Where the kernel does not know a dispensable option, the
/// line goes without it.
fn write(device: &Device, endpoint: &Endpoint) -> Result<String, Refusal> {
    let tls_key = endpoint.tls_key.as_ref().map(keyring::insert).transpose();
    let tls_key = tls_key.map_err(Refusal::Key)?;
    let answer = device.connect(endpoint.for_kernel(tls_key).expose());
    if answer != Err(Refusal::Errno(Errno::EINVAL)) {
        return answer;
    }
    let known = Known::ask();
    let mut shorter = endpoint.clone();
    shorter.leave_out(|key| known.has(key)).map_err(Refusal::Unknown)?;
    if shorter == *endpoint {
        return answer;
    }
    device.connect(shorter.for_kernel(tls_key).expose())
}

fn refused(refusal: &Refusal, endpoint: &Endpoint) -> Outcome {
    Outcome::Failed {
        failure: refusal.failure(endpoint),
        untold: refusal.is_untold(),
        taken_id: refusal.is_taken_id(endpoint),
    }
}
