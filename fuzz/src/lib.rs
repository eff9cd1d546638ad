//! Shared by the targets: a counting allocator, and the bound on memory that every parser keeps; and arbitrary responses that
//! are written and compared with what was read. It must not know a parser.

pub mod contents;
#[path = "../../tests/support/generated/mod.rs"]
mod generated;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub use generated::*;

/// The bound on additional memory in use at once: `BASE` bytes, and `EACH` bytes per byte of input.
const BASE: usize = 64 * 1024;
const EACH: usize = 16;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn add(size: usize) {
    let now = NOW.fetch_add(size, Relaxed).wrapping_add(size);
    PEAK.fetch_max(now, Relaxed);
}

// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both blocks may exist for a moment.
        add(size);
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Runs a parser over this input, which must not take more memory than the bound.
pub fn within<T>(input: &[u8], parse: impl FnOnce() -> T) -> T {
    within_each(input, EACH, parse)
}

/// Runs a parser whose bound is another one per byte of input.
pub fn within_each<T>(input: &[u8], each: usize, parse: impl FnOnce() -> T) -> T {
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let value = parse();
    let used = PEAK.load(Relaxed).saturating_sub(before);
    assert!(used <= BASE + each * input.len(), "{used} bytes for {} bytes of input", input.len());
    value
}
