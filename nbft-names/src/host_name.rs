//! Host names, as far as Linux and configuration files take them.

/// Longest host name that Linux has room for.
const LONGEST: usize = 64;

/// Whether this is a host name as RFC 1123 has it: labels of letters, digits and hyphens, at most 63 characters each, no
/// hyphen at an end.
pub fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= LONGEST && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::is_host_name;

    #[test]
    fn host_names() {
        for good in ["a", "boot-client", "a.b.example", "1", "x--y", &"a".repeat(63)] {
            assert!(is_host_name(good), "{good}");
        }
        let long = ["a".repeat(64), ["abcdefgh"; 9].join(".")];
        let odd = [
            "",
            ".",
            "a.",
            ".a",
            "a..b",
            "-a",
            "a-",
            "a_b",
            "a b",
            "$(reboot)",
            "a\nb",
            "é",
            "a;b",
            "[Match]",
            "a\0",
        ];
        for bad in long.iter().map(String::as_str).chain(odd) {
            assert!(!is_host_name(bad), "{bad:?}");
        }
    }
}
