//! Many hosts come up together against a target that is late and slow: real processes on this machine. The storm of 1,000
//! hosts in virtual time is in `nbft-connect/src/run/storm`; this one shows that the processes do the same.

use std::time::Duration;

use super::targets::{NQN, Waiting, connect, machine, target};
use nix::sys::signal::Signal;

/// Most of these are processes that sleep.
const HOSTS: usize = 100;

#[test]
fn hosts_give_up_once_at_most() {
    // The target carries out 12 Connects a second, one after another, so hosts wait for up to eight seconds.
    let target = target(&format!(
        "subsystem {NQN} any\nfault connect turn 80\nunlisten 1\nlisten 1 late=4000"
    ));
    let machines: Vec<_> = (0..HOSTS).map(|_| machine(&target, "")).collect();
    let mut hosts: Vec<_> = (0..HOSTS)
        .zip(&machines)
        .map(|(host, machine)| {
            let id = format!("0fa5d0a1-9a6e-4c6b-8a43-5f0f3a1e{host:04}");
            let nqn = format!("nqn.2014-08.org.nvmexpress:uuid:{id}");
            let arguments = ["--ssns", "1", "--stay", "--hostnqn", &nqn, "--hostid", &id];
            Waiting::start(&mut connect(machine, &arguments))
        })
        .collect();
    // Each probe ends in order once it is answered, and a host that is up sleeps.
    let counts = target
        .wait_for(Duration::from_secs(300), |counts| {
            counts.controller_ends.shutdown >= HOSTS as u64
        })
        .expect("every host is up");
    assert!(counts.connects <= 2 * HOSTS as u64, "{} Connects", counts.connects);
    for machine in &machines {
        let owner = machine.join("run/nvme/registry/nvme0/owner");
        while !owner.exists() {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    hosts.iter_mut().for_each(|host| host.end(Signal::SIGTERM));
}
