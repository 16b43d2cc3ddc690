//! Controllers that are connected already.

use std::fs;

use nbft_common::root;

use crate::line::Line;

/// Finds the live controller that `line` would duplicate, however its own options were ordered or left out: same
/// subsystem, host and target address, and nothing that says it took another way.
pub fn find(line: &Line) -> Option<String> {
    let class = "/sys/class/nvme";
    let mut names: Vec<String> = fs::read_dir(root::path(class))
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names.into_iter().find(|name| {
        let read = |attribute: &str| {
            let text = fs::read_to_string(root::path(&format!("{class}/{name}/{attribute}"))).ok()?;
            Some(text.trim_end().to_owned())
        };
        let same = |attribute: &str, key: &str| read(attribute).as_deref() == line.get(key);
        let gone = matches!(read("state").as_deref(), Some("deleting" | "deleting (no IO)" | "dead"));
        !gone
            && same("transport", "transport")
            && same("subsysnqn", "nqn")
            && same("hostnqn", "hostnqn")
            && same("hostid", "hostid")
            && read("address").is_some_and(|address| same_way(&address, line))
    })
}

/// Compares sysfs' `traddr=…,trsvcid=…[,host_traddr=…][,host_iface=…][,src_addr=…]` with a line.
fn same_way(address: &str, line: &Line) -> bool {
    let part = |key: &str| {
        address
            .split(',')
            .find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
    };
    // Options that one of the two leaves out: the source address that the connection really has decides.
    let source = part("host_traddr").or_else(|| part("src_addr"));
    let way = match (
        part("host_iface"),
        line.get("host_iface"),
        source,
        line.get("host_traddr"),
    ) {
        (Some(here), Some(there), _, None) => here == there,
        (Some(here), Some(there), Some(from), Some(wanted)) => here == there && from == wanted,
        (None, _, Some(from), Some(wanted)) | (_, None, Some(from), Some(wanted)) => from == wanted,
        _ => false,
    };
    part("traddr") == line.get("traddr") && part("trsvcid") == line.get("trsvcid") && way
}

#[cfg(test)]
mod tests {
    use super::*;
    use nbft_common::failure::Failure;

    #[test]
    fn the_way_decides() -> Result<(), Failure> {
        let mut line = Line::default();
        line.push("traddr", "192.168.1.1")?;
        line.push("trsvcid", 4420)?;
        line.push("host_traddr", "192.168.1.2")?;
        line.push("host_iface", "eth0")?;
        let target = "traddr=192.168.1.1,trsvcid=4420";
        for (rest, same) in [
            ("host_traddr=192.168.1.2,host_iface=eth0,src_addr=192.168.1.2", true),
            ("host_iface=eth0,src_addr=192.168.1.2", true),
            ("host_iface=eth0,src_addr=192.168.1.3", false),
            ("src_addr=192.168.1.2", true),
            ("src_addr=192.168.1.3", false),
            ("host_iface=eth1,src_addr=192.168.1.2", false),
            ("", false),
        ] {
            assert_eq!(same_way(&format!("{target},{rest}"), &line), same, "{rest}");
        }
        assert!(!same_way("traddr=192.168.1.1,trsvcid=4421,src_addr=192.168.1.2", &line));
        Ok(())
    }
}
