//! The heap of a contract: a pointer that only moves up. A call is one short instance, so nothing is ever given back.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::sync::atomic::{AtomicUsize, Ordering};

const PAGE_LEN: usize = 65_536;

struct Bump {
    /// First free byte; 0 before the first allocation.
    next: AtomicUsize,
}

#[global_allocator]
static HEAP: Bump = Bump { next: AtomicUsize::new(0) };

extern "C" {
    /// The linker's symbol: its address is the end of stack and data.
    static __heap_base: u8;
}

// SAFETY: every allocation lies in memory, at or above `__heap_base`, aligned, and overlaps no other: `next` only moves up,
// and a module has one thread. Memory that was never handed out is zero, since growing gives zeros.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let mut next = self.next.load(Ordering::Relaxed);
        if next == 0 {
            // SAFETY: only the address is taken.
            next = unsafe { &__heap_base as *const u8 as usize };
        }
        let mask = layout.align() - 1;
        let (start, misaligned) = next.overflowing_add(mask);
        let start = start & !mask;
        let (end, beyond) = start.overflowing_add(layout.size());
        if misaligned || beyond {
            return core::ptr::null_mut();
        }
        let have = memory_size(0) * PAGE_LEN;
        if end > have && memory_grow(0, (end - have + PAGE_LEN - 1) / PAGE_LEN) == usize::MAX {
            return core::ptr::null_mut();
        }
        self.next.store(end, Ordering::Relaxed);
        start as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as `alloc`; what is handed out the first time is zero.
        unsafe { self.alloc(layout) }
    }
}
