//! The controller that a path is up with, under watch: it may disappear, or lose the address that it connects from.

use std::time::{Duration, Instant};

use nbft_common::command::failure::{Exit, Failure};

use crate::host::interface;
use crate::kernel::{self, Controller};
use crate::run::events::Network;

/// The kernel notices within the keep-alive timeout that a connection is lost whose source address is gone. Until then a
/// command looks so often.
const LOOK: Duration = Duration::from_secs(2);

/// The watch over the controller of one path.
#[derive(Default)]
pub struct Watch {
    controller: Option<Controller>,
    /// When to look whether the kernel can still reconnect the controller.
    look: Option<Instant>,
}

impl Watch {
    /// Begins, with the controller of this name.
    pub fn begin(&mut self, controller: String, now: Instant) {
        self.controller = Some(Controller::note(controller));
        // The address may have changed during the connect.
        self.look = Some(now);
    }

    /// The time of the next look at the source address.
    pub fn look(&self) -> Option<Instant> {
        self.look
    }

    /// Looks after a change of the network or of devices, and when it is time for a look. Where the controller is lost, the
    /// watch ends; returns why.
    pub fn lost(&mut self, network: &Network, devices: bool, is_leased: bool, now: Instant) -> Option<Failure> {
        if devices && let Some(failure) = self.missing() {
            return Some(failure);
        }
        if matches!(network, Network::Same) && self.look.is_none_or(|time| time > now) {
            return None;
        }
        self.stranded(is_leased, now)
    }

    /// Looks whether the controller still exists.
    fn missing(&mut self) -> Option<Failure> {
        let controller = self.controller.as_ref().filter(|controller| !controller.exists())?;
        let message = format!(
            "{} is gone, connecting again (to disconnect it for good, stop this unit or command first)",
            controller.name()
        );
        Some(self.end(message))
    }

    /// Looks whether the kernel can still reconnect the controller. The kernel does so from the source address that the
    /// controller was given, and from no other; a lease may have moved on.
    fn stranded(&mut self, is_leased: bool, now: Instant) -> Option<Failure> {
        self.look = None;
        let controller = self.controller.as_ref().filter(|_| is_leased)?;
        let source = controller.source().filter(|source| !interface::is_local(*source))?;
        if kernel::is_live(controller.name()) {
            self.look = Some(now + LOOK);
            return None;
        }
        // The controller stays: it is a path of the disk, the only one at the moment, and comes back with its address.
        let message = format!(
            "the kernel cannot reconnect {}: {source} is no longer an address of this machine; connecting from another one",
            controller.name()
        );
        Some(self.end(message))
    }

    fn end(&mut self, message: String) -> Failure {
        self.controller = None;
        Failure::new(Exit::TryAgain, message)
    }
}
