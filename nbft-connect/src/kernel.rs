//! Giving one path to the kernel, and interpreting the kernel's answer.

use std::time::Duration;

use nbft_common::command::failure::{Exit, Failure};

use crate::ask::{self, Question};
use crate::attempt::Policy;
use crate::existing;
use crate::fabrics;
use crate::interface;
use crate::line::Line;
use crate::path::Path;
use crate::probe::Way;
use crate::refusal;
use crate::registry;

/// How long the target may take to give its reason for refusing.
const ASK: Duration = Duration::from_secs(3);

/// Connects a path and registers the controller; returns the controller's name. An existing controller is a success.
pub fn connect(path: &Path, way: &Way, line: &mut Line, policy: &Policy) -> Result<String, Failure> {
    match ask_kernel(path, way, line, policy)? {
        Outcome::New(controller) => {
            registry::enter(&controller);
            Ok(controller)
        }
        Outcome::Already => existing::find(line)
            .or_else(|| existing::find_any(line))
            .ok_or_else(|| {
                let message = "the kernel says that this connection exists already, but its controller is gone again";
                refusal::at(line, Failure::new(Exit::TryAgain, message))
            }),
    }
}

/// Connects a path for a moment, without registering the controller.
pub fn connect_unregistered(path: &Path, way: &Way, line: &mut Line, policy: &Policy) -> Result<String, Failure> {
    match ask_kernel(path, way, line, policy)? {
        Outcome::New(controller) => Ok(controller),
        Outcome::Already => Err(refusal::at(line, Failure::new(Exit::TryAgain, "is connected already"))),
    }
}

enum Outcome {
    New(String),
    Already,
}

fn ask_kernel(path: &Path, way: &Way, line: &mut Line, policy: &Policy) -> Result<Outcome, Failure> {
    let mut answer = write(line, policy)?;
    // A leased address may have changed since the firmware ran; the interface still selects the path.
    if path.leased
        && answer.as_ref().is_err_and(refusal::source_is_gone)
        && interface::has_address_for(&way.interface.name, way.target)
        && line.remove("host_traddr")
    {
        answer = write(line, policy)?;
    }
    match answer {
        Ok(controller) => Ok(Outcome::New(controller)),
        Err(error) if refusal::is_already(&error) => Ok(Outcome::Already),
        Err(error) if refusal::is_any_status(&error) && !way.tls => {
            let question = Question {
                subsystem: line.get("nqn").unwrap_or(&path.nqn),
                host: line.get("hostnqn").unwrap_or(&path.identity.nqn),
                hostid: line
                    .get("hostid")
                    .and_then(|id| id.parse().ok())
                    .unwrap_or(path.identity.id),
            };
            let reason = ask::why(way, &question, ASK);
            Err(reason.map_or_else(|| refusal::explain(&error, line), |reason| refusal::at(line, reason)))
        }
        Err(error) => Err(refusal::explain(&error, line)),
    }
}

/// Writes a line, and logs the kernel's answer in verbose mode.
fn write(line: &Line, policy: &Policy) -> Result<std::io::Result<String>, Failure> {
    let answer = fabrics::write(&line.for_kernel())?;
    match &answer {
        Ok(controller) => policy.note(format_args!("{line}: {controller}")),
        Err(error) => policy.note(format_args!("{line}: {error}")),
    }
    Ok(answer)
}
