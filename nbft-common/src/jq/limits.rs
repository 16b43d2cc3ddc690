//! Bounds on what a program may take: depth of recursion, levels of a value, memory. A program that reaches one of them
//! ends with an error that nothing in it catches. Without them the process would run out of stack or memory, and the
//! kernel would end it.

use std::cell::Cell;
use std::fs;
use std::thread::{self, Builder};

use super::RunError;

/// Most levels of arrays and objects in a value, as in jq.
pub(super) const MAX_LEVELS: u32 = 10_000;
/// Most memory that the process may occupy, in bytes; or a quarter of the stack, for the destruction of what fills the
/// memory may take three times as much of the stack.
const MAX_MEMORY: usize = STACKS[0] / 4;
/// Sizes of the stack for a program that recurses. The kernel maps the part that is used; it refuses a size beyond the
/// machine's memory, hence the smaller one.
const STACKS: [usize; 2] = [512 << 20, 128 << 20];
/// The memory is measured each time that values have grown by this number of bytes; a recursive call counts as 2 KiB.
const STEP: usize = 8 << 20;
const CALL: usize = 2 << 10;

/// The bound that a program has reached.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound {
    Recursion,
    Levels,
    Memory,
}

impl Bound {
    fn error(self) -> RunError {
        RunError(match self {
            Self::Recursion => "recursion is too deep".to_owned(),
            Self::Levels => format!("a value has more than {MAX_LEVELS} levels"),
            Self::Memory => format!("needs more than {} MiB of memory", MAX.get() >> 20),
        })
    }
}

/// A value that knows how deep it is.
pub trait Nested: Clone + Default {
    /// Levels of arrays and objects.
    fn levels(&self) -> u32;
}

thread_local! {
    static REACHED: Cell<Option<Bound>> = const { Cell::new(None) };
    /// The lowest address of the stack at which recursion may go deeper.
    static FLOOR: Cell<usize> = const { Cell::new(0) };
    /// Most memory that the process may occupy, in bytes.
    static MAX: Cell<usize> = const { Cell::new(MAX_MEMORY) };
    /// Bytes since the memory was measured.
    static GROWN: Cell<usize> = const { Cell::new(0) };
}

/// Does the work; on a large stack of its own if it is deep.
pub(super) fn with_stack<T: Send>(deep: bool, work: impl Fn() -> T + Sync) -> Result<T, RunError> {
    if !deep {
        return Ok(work());
    }
    for size in STACKS {
        let done = thread::scope(|scope| {
            let on_stack = || {
                // Half of the stack is for what runs between two recursive calls and for the destruction of values.
                FLOOR.set(address().saturating_sub(size / 2));
                MAX.set(size / 4);
                work()
            };
            let thread = Builder::new().stack_size(size).spawn_scoped(scope, on_stack);
            thread.ok().and_then(|thread| thread.join().ok())
        });
        if let Some(done) = done {
            return Ok(done);
        }
    }
    Err(Bound::Memory.error())
}

/// An address in the part of the stack that is in use.
fn address() -> usize {
    let here = 0_u8;
    &raw const here as usize
}

/// Begins a program, with no bound reached.
pub(super) fn begin() {
    REACHED.set(None);
    GROWN.set(0);
}

/// Fails if a bound has been reached.
pub(super) fn check() -> Result<(), RunError> {
    REACHED.get().map_or(Ok(()), |bound| Err(bound.error()))
}

/// Notes that this bound is reached. The results of the program no longer count.
pub(super) fn reach(bound: Bound) {
    REACHED.set(Some(bound));
}

/// Whether a recursive call may go on.
pub(super) fn may_recurse() -> bool {
    if address() < FLOOR.get() {
        reach(Bound::Recursion);
    }
    may_grow(CALL)
}

/// Whether the values may take this many bytes more.
pub(super) fn may_grow(bytes: usize) -> bool {
    let grown = GROWN.get().saturating_add(bytes);
    if grown < STEP {
        GROWN.set(grown);
    } else {
        GROWN.set(0);
        // A few bytes at a time are in the measured memory already; many at once are still to come.
        if memory().saturating_add(bytes) > MAX.get() {
            reach(Bound::Memory);
        }
    }
    !is_reached()
}

/// Whether a bound has been reached.
pub(super) fn is_reached() -> bool {
    REACHED.get().is_some()
}

/// The memory that the process occupies, in bytes; 0 where nothing tells.
fn memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    // In kB, whatever the size of the machine's pages.
    let kilobytes = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.map_or(0, |kilobytes: usize| kilobytes << 10)
}

#[cfg(test)]
mod tests {
    use super::memory;

    #[test]
    fn memory_in_bytes() {
        let used = vec![1_u8; 64 << 20];
        assert!((64 << 20..16 << 30).contains(&memory()), "{}", memory());
        drop(std::hint::black_box(used));
    }
}
