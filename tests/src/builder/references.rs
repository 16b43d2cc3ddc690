//! Finds the heap references of a table from the bytes alone.
//!
//! The offsets are written down here a second time, apart from those of the encoder, so that a test can compare the
//! two.

/// The offsets of all heap references (4 bytes of offset, 2 of length) in `table`, used or empty.
pub fn heap_references(table: &[u8]) -> Vec<usize> {
    let mut found = vec![44, 72];
    if let Some(host) = u32_at(table, 72) {
        found.push(host + 18);
    }
    for hfi in entries(table, 80) {
        found.push(hfi + 16);
        let Some(information) = target(table, hfi + 16, 128) else {
            continue;
        };
        found.push(information + 104);
        if table.get(information + 3).is_some_and(|version| *version >= 2) {
            found.push(information + 110);
            if let Some(extended) = target(table, information + 110, 20) {
                found.extend([extended + 8, extended + 14]);
            }
        }
    }
    for ssns in entries(table, 88) {
        found.extend([10, 16, 48, 54, 60].map(|field| ssns + field));
        if let Some(extended) = target(table, ssns + 60, 18) {
            found.push(extended + 12);
        }
    }
    for security in entries(table, 96) {
        found.extend([6, 12, 18, 24, 30, 36].map(|field| security + field));
    }
    for discovery in entries(table, 104) {
        found.extend([6, 12].map(|field| discovery + field));
    }
    found.retain(|place| place + 6 <= table.len());
    found
}

fn u32_at(table: &[u8], at: usize) -> Option<usize> {
    let bytes = table.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
}

fn u16_at(table: &[u8], at: usize) -> Option<usize> {
    let bytes = table.get(at..at + 2)?;
    Some(usize::from(u16::from_le_bytes(bytes.try_into().ok()?)))
}

/// The offset that the reference at `at` points to, if the object there has at least `size` bytes.
fn target(table: &[u8], at: usize, size: usize) -> Option<usize> {
    let long_enough = u16_at(table, at + 4)? >= size;
    u32_at(table, at).filter(|_| long_enough)
}

/// The offsets of the entries of a list, which the control descriptor describes at `at`.
fn entries(table: &[u8], at: usize) -> Vec<usize> {
    let (Some(first), Some(size)) = (u32_at(table, at), u16_at(table, at + 4)) else {
        return Vec::new();
    };
    let count = table.get(at + 7).copied().unwrap_or_default();
    (0..usize::from(count)).map(|n| first + n * size).collect()
}
