//! Codes of the table in words.

/// IP origin (`NL_PREFIX_ORIGIN` of Windows, figure 13).
#[must_use]
pub fn ip_origin(code: u8) -> &'static str {
    match code {
        0 => "other",
        1 => "manual",
        2 => "well-known",
        3 => "DHCP",
        4 => "router advertisement",
        16 => "unchanged",
        _ => "undefined",
    }
}

/// Namespace availability error descriptor (NAED, revision 1.1): why the firmware could not reach a namespace.
#[must_use]
pub fn naed(code: u8) -> Option<&'static str> {
    Some(match code {
        0x00 => "no error",
        0x01 => "network error",
        0x02 => "connection error",
        0x03 => "the target rejected the connect parameters",
        0x04 => "the target does not allow this host",
        0x05 => "timed out",
        0x06 => "timed out reading the discovery log",
        0x07 => "the namespace does not exist",
        0x08 => "the namespace is not ready",
        0x09 => "Redfish error",
        0x10 => "the secure channel could not be set up",
        0x11 => "authentication failed",
        0x12 => "the target requires authentication",
        0x13 => "DHCP failed",
        0x14 => "the DHCP root path is bad",
        _ => return None,
    })
}

/// Connect invalid parameters extended error code (CIPEEC, revision 1.1).
#[must_use]
pub fn cipeec(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "no error",
        1 => "general error",
        2 => "invalid connect attributes",
        3 => "Diffie-Hellman mismatch",
        4 => "invalid controller id",
        5 => "I/O controller disabled",
        _ => return None,
    })
}

/// Network connection extended error code (NCEEC, revision 1.1).
#[must_use]
pub fn nceec(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "no error",
        1 => "no link",
        2 => "no carrier",
        3 => "connection refused by the target",
        4 => "no route to the target",
        5 => "packets were fragmented",
        6 => "MTU mismatch",
        7 => "name resolution failed",
        _ => return None,
    })
}
