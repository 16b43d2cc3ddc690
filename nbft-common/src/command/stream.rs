//! Standard streams that were closed when the program began.

/// Whether this standard stream was closed when the program began. Rust's start-up code then opens `/dev/null` there,
/// for reading and writing, so a result would vanish without an error; a shell's `>/dev/null` is open for writing only.
pub(super) fn was_closed(fd: u8) -> bool {
    let flags = |info: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix("flags:").map(|f| f.trim().to_owned()))
    };
    std::fs::read_link(format!("/proc/self/fd/{fd}")).is_ok_and(|target| target.as_os_str() == "/dev/null")
        && std::fs::read_to_string(format!("/proc/self/fdinfo/{fd}"))
            .ok()
            .and_then(|info| flags(&info))
            .and_then(|flags| u32::from_str_radix(&flags, 8).ok())
            .is_some_and(|flags| flags & 3 == 2)
}
