//! Finds the heap references of a table from the bytes alone.
//!
//! The offsets are written down here a second time, apart from those of the encoder, so that a test can compare the
//! two.

/// The offsets of all heap references (4 bytes of offset, 2 of length) in `table`, used or empty.
pub fn heap_references(table: &[u8]) -> Vec<usize> {
    let mut found = vec![44, 72];
    found.extend(u32_at(table, 72).map(|host| host + 18));
    found.extend(entries(table, 80).into_iter().map(|hfi| hfi + 16));
    found.extend(newer_informations(table).map(|information| information + 110));
    found.extend(extensions(table).map(|extended| extended + 8));
    found.extend(entries(table, 88).into_iter().flat_map(|ssns| [ssns + 10, ssns + 60]));
    found.extend(text_references(table));
    found.extend(list_references(table));
    found.retain(|place| place + 6 <= table.len());
    found
}

/// Those of texts in HFIs, SSNS, security profiles and discovery descriptors.
pub fn text_references(table: &[u8]) -> Vec<usize> {
    let mut found: Vec<usize> = informations(table).map(|information| information + 104).collect();
    for ssns in entries(table, 88) {
        found.extend([16, 54].map(|field| ssns + field));
        found.extend(target(table, ssns + 60, 18).map(|extended| extended + 12));
    }
    found.extend(entries(table, 96).into_iter().map(|security| security + 36));
    found.extend(
        entries(table, 104)
            .into_iter()
            .flat_map(|discovery| [discovery + 6, discovery + 12]),
    );
    found
}

/// Those of lists, and of DUIDs.
pub fn list_references(table: &[u8]) -> Vec<usize> {
    let mut found: Vec<usize> = extensions(table).map(|extended| extended + 14).collect();
    found.extend(entries(table, 88).into_iter().map(|ssns| ssns + 48));
    for security in entries(table, 96) {
        found.extend([6, 12, 18, 24, 30].map(|field| security + field));
    }
    found
}

/// The offsets of the transport information of HFIs.
fn informations(table: &[u8]) -> impl Iterator<Item = usize> {
    entries(table, 80)
        .into_iter()
        .filter_map(|hfi| target(table, hfi + 16, 128))
}

/// Those of them that may have extended information.
fn newer_informations(table: &[u8]) -> impl Iterator<Item = usize> {
    informations(table).filter(|information| table.get(information + 3).is_some_and(|version| *version >= 2))
}

/// The offsets of the extended information of HFIs.
fn extensions(table: &[u8]) -> impl Iterator<Item = usize> {
    newer_informations(table).filter_map(|information| target(table, information + 110, 20))
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
