//! The memory of a process that holds secrets, or that has to go on without its disk.

use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::sys::prctl;

/// No core dump and no debugger of another user sees this process's secrets.
pub fn conceal() {
    let _ = prctl::set_dumpable(false);
}

/// All of the process stays in memory: the root disk may be the one to reconnect, and then no code can be read from it. No secret
/// gets into swap.
pub fn stay() {
    let _ = mlockall(MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE);
}
