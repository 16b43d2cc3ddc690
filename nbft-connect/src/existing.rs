//! Controllers that are connected already.

use nbft_common::command::sysfs;

use crate::line::Line;

/// Finds the live controller that `line` would duplicate, whichever options the controller was given in whatever order:
/// same subsystem, host and target address, and no attribute that shows another path.
pub fn find(line: &Line) -> Option<String> {
    search(line, same_way)
}

/// Finds a live controller to the same target over any path, for when the kernel says that a connection exists.
pub fn find_any(line: &Line) -> Option<String> {
    search(line, same_target)
}

fn search(line: &Line, same: impl Fn(&str, &Line) -> bool) -> Option<String> {
    let class = "/sys/class/nvme";
    sysfs::names(class).into_iter().find(|name| {
        let read = |attribute: &str| sysfs::attribute(&format!("{class}/{name}/{attribute}"));
        let alike = |attribute: &str, key: &str| read(attribute).as_deref() == line.get(key);
        let gone = matches!(read("state").as_deref(), Some("deleting" | "deleting (no IO)" | "dead"));
        !gone
            && alike("transport", "transport")
            && alike("subsysnqn", "nqn")
            && alike("hostnqn", "hostnqn")
            && alike("hostid", "hostid")
            && read("address").is_some_and(|address| same(&address, line))
    })
}

/// One part of sysfs' `traddr=…,trsvcid=…[,host_traddr=…][,host_iface=…][,src_addr=…]`.
fn part<'a>(address: &'a str, key: &str) -> Option<&'a str> {
    address
        .split(',')
        .find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
}

fn same_target(address: &str, line: &Line) -> bool {
    ["traddr", "trsvcid"]
        .iter()
        .all(|key| part(address, key) == line.get(key))
}

fn same_way(address: &str, line: &Line) -> bool {
    let part = |key| part(address, key);
    // Where one of the two leaves an option out, the real source address of the connection decides.
    let source = part("host_traddr").or_else(|| part("src_addr"));
    // The kernel shows a source address of its own choice without a link-local scope.
    let same_source = |from: &str, wanted: &str| from.split('%').next() == wanted.split('%').next();
    let way = match (
        part("host_iface"),
        line.get("host_iface"),
        source,
        line.get("host_traddr"),
    ) {
        (Some(here), Some(there), _, None) => here == there,
        (Some(here), Some(there), Some(from), Some(wanted)) => here == there && same_source(from, wanted),
        (None, _, Some(from), Some(wanted)) | (_, None, Some(from), Some(wanted)) => same_source(from, wanted),
        _ => false,
    };
    same_target(address, line) && way
}

#[cfg(test)]
mod tests {
    use super::*;
    use nbft_common::command::failure::Failure;

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
