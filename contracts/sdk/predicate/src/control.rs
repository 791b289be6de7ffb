//! Traps and bounds.

use crate::imports;

/// Traps (outcome 2) unless `cond` holds.
#[inline(always)]
pub fn assume(cond: bool) {
    imports::assume(cond);
}

/// Traps (outcome 2).
#[inline(always)]
pub fn trap() -> ! {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    imports::trap()
}

/// Stands in a loop whose end depends on inputs: the call after the `n`-th since that loop was entered ends the program
/// with outcome 3. Without it the compiler can not know how often to unroll.
///
/// The loop is the innermost one around the call in the compiled module, so call this in the loop's own body and not in a
/// function that the body calls (it is always inlined itself). Tests outside WASM do not count.
#[inline(always)]
pub fn bound(n: u32) {
    imports::bound(n);
}

/// `bound!(n)` stands for [`bound`]`(n)`, with `n` checked to be a constant.
#[macro_export]
macro_rules! bound {
    ($n:expr) => {{
        const N: u32 = $n;
        $crate::bound(N)
    }};
}
