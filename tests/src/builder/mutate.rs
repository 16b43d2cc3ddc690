//! Broken tables that a reader has to survive.

use super::references::{heap_references, list_references, text_references};
use super::rng::Rng;

/// Makes all bytes of `table` add up to zero.
pub fn repair_checksum(table: &mut [u8]) {
    if table.len() > 9 {
        table[9] = 0;
        let sum = table.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
        table[9] = sum.wrapping_neg();
    }
}

/// The longest text that readers take.
const MAX_TEXT: u16 = 4096;

/// The table with at least `least` bytes, in which all lists and DUIDs are the same `length` control characters, and so are
/// all texts, unless that is too long for a text.
pub fn sharing(table: &[u8], length: u16, least: usize) -> Vec<u8> {
    let texts = text_references(table)
        .into_iter()
        .map(|place| (place, length.min(MAX_TEXT)));
    let lists = list_references(table).into_iter().map(|place| (place, length));
    let places: Vec<_> = texts.chain(lists).collect();
    let mut table = table.to_vec();
    table.resize(table.len() + usize::from(length), 1);
    // Each is the end of the one object: a NUL ends texts.
    let end = table.len() as u32;
    table.resize(least.max(table.len() + 1), 0);
    let whole = table.len() as u32;
    for (place, length) in places {
        table[place..place + 4].copy_from_slice(&(end - u32::from(length)).to_le_bytes());
        table[place + 4..place + 6].copy_from_slice(&length.to_le_bytes());
    }
    // The length of the table, and that of the heap at its end.
    let heap = u32::from_le_bytes([table[36], table[37], table[38], table[39]]);
    table[4..8].copy_from_slice(&whole.to_le_bytes());
    table[40..44].copy_from_slice(&(whole - heap).to_le_bytes());
    repair_checksum(&mut table);
    table
}

/// The first `count` mutants of a table. In turn a heap reference points elsewhere, bytes are changed, the table ends
/// early. The same arguments give the same mutants.
pub fn mutants(table: &[u8], count: usize, seed: u64) -> impl Iterator<Item = Vec<u8>> {
    let references = heap_references(table);
    (0..count).map(move |number| mutate(table, &references, number, seed))
}

/// One mutant by its number.
pub fn mutant(table: &[u8], number: usize, seed: u64) -> Vec<u8> {
    mutate(table, &heap_references(table), number, seed)
}

fn mutate(table: &[u8], references: &[usize], number: usize, seed: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed ^ (number as u64).wrapping_mul(0xd6e8_feb8_6659_fd93));
    let mut mutant = table.to_vec();
    if table.is_empty() {
        return mutant;
    }
    let round = number / 3;
    match number % 3 {
        0 if round < references.len() * REDIRECTIONS => {
            let place = references[round % references.len()];
            redirect(&mut mutant, place, round / references.len());
        }
        2 => {
            mutant.truncate(rng.below(table.len()));
            // Half of the short tables have their real length in the header.
            if round.is_multiple_of(2) && mutant.len() >= 8 {
                let length = mutant.len() as u32;
                mutant[4..8].copy_from_slice(&length.to_le_bytes());
            }
        }
        _ => {
            for _ in 0..=rng.below(4) {
                let place = rng.below(mutant.len());
                mutant[place] ^= 1 + rng.below(255) as u8;
            }
        }
    }
    // With a wrong checksum a reader would refuse the mutant before it reads the rest.
    repair_checksum(&mut mutant);
    mutant
}

/// The number of `redirect`'s variants.
const REDIRECTIONS: usize = 5;

/// Makes a heap reference point somewhere else.
fn redirect(table: &mut [u8], place: usize, variant: usize) {
    let end = table.len() as u32;
    let mut set = |at: usize, bytes: &[u8]| table[at..at + bytes.len()].copy_from_slice(bytes);
    match variant {
        0 => set(place, &end.to_le_bytes()),
        1 => set(place + 4, &u16::MAX.to_le_bytes()),
        2 => set(place, &u32::MAX.to_le_bytes()),
        // The last byte: a reader that looks for a NUL behind it leaves the table.
        3 => {
            set(place, &end.saturating_sub(1).to_le_bytes());
            set(place + 4, &1u16.to_le_bytes());
        }
        _ => set(place, &[0; 6]),
    }
}
