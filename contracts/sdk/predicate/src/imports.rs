//! The imports of module `zera`, and each of them once more over slices and cells. All calls to the host are here.
//!
//! A wrapper hands over an address only together with the length of the slice that it comes from, and an intrinsic writes
//! nowhere else than to `dst`, as many bytes as its docs say. Cells are 32 bytes each and follow each other without gaps.

use crate::Field;

mod host {
    #[link(wasm_import_module = "zera")]
    extern "C" {
        pub(super) fn read_public(dst: *mut u8, offset: u32, len: u32);
        pub(super) fn read_private(dst: *mut u8, offset: u32, len: u32);
        pub(super) fn assume(cond: i32);
        pub(super) fn bound(n: u32);
        pub(super) fn sha256(dst: *mut u8, src: *const u8, len: u32);
        pub(super) fn keccak256(dst: *mut u8, src: *const u8, len: u32);
        pub(super) fn poseidon(dst: *mut u8, src: *const u8, n: u32);
        pub(super) fn merkle_root(dst: *mut u8, leaf: *const u8, siblings: *const u8, index: u64, depth: u32);
        pub(super) fn eddsa_verify(key: *const u8, signature: *const u8, message: *const u8) -> i32;
        pub(super) fn field_add(dst: *mut u8, a: *const u8, b: *const u8);
        pub(super) fn field_sub(dst: *mut u8, a: *const u8, b: *const u8);
        pub(super) fn field_mul(dst: *mut u8, a: *const u8, b: *const u8);
        pub(super) fn field_inv(dst: *mut u8, a: *const u8);
        pub(super) fn field_eq(a: *const u8, b: *const u8) -> i32;
    }
}

#[inline(always)]
fn cells(cells: &[Field]) -> *const u8 {
    cells.as_ptr().cast()
}

// Everything below: SAFETY: addresses with the lengths of live slices or cells, as the module's docs say.

#[inline(always)]
pub(crate) fn read_public(dst: &mut [u8], offset: u32) {
    // SAFETY: see above; `dst.len()` bytes are written.
    unsafe { host::read_public(dst.as_mut_ptr(), offset, dst.len() as u32) }
}

#[inline(always)]
pub(crate) fn read_private(dst: &mut [u8], offset: u32) {
    // SAFETY: see above; `dst.len()` bytes are written.
    unsafe { host::read_private(dst.as_mut_ptr(), offset, dst.len() as u32) }
}

#[inline(always)]
pub(crate) fn assume(cond: bool) {
    // SAFETY: a number.
    unsafe { host::assume(cond as i32) }
}

/// Always inlined, because the call belongs to the loop that it stands in.
#[inline(always)]
pub(crate) fn bound(n: u32) {
    // SAFETY: a number.
    unsafe { host::bound(n) }
}

#[inline(always)]
pub(crate) fn sha256(dst: &mut [u8; 32], src: &[u8]) {
    // SAFETY: see above; 32 bytes are written.
    unsafe { host::sha256(dst.as_mut_ptr(), src.as_ptr(), src.len() as u32) }
}

#[inline(always)]
pub(crate) fn keccak256(dst: &mut [u8; 32], src: &[u8]) {
    // SAFETY: see above; 32 bytes are written.
    unsafe { host::keccak256(dst.as_mut_ptr(), src.as_ptr(), src.len() as u32) }
}

#[inline(always)]
pub(crate) fn poseidon(dst: &mut Field, src: &[Field]) {
    // SAFETY: see above; a cell is written.
    unsafe { host::poseidon(dst.0.as_mut_ptr(), cells(src), src.len() as u32) }
}

#[inline(always)]
pub(crate) fn merkle_root(dst: &mut Field, leaf: &Field, siblings: &[Field], index: u64) {
    // SAFETY: see above; a cell is written.
    unsafe { host::merkle_root(dst.0.as_mut_ptr(), leaf.0.as_ptr(), cells(siblings), index, siblings.len() as u32) }
}

#[inline(always)]
pub(crate) fn eddsa_verify(key: &[Field; 2], signature: &[Field; 3], message: &Field) -> bool {
    // SAFETY: see above.
    unsafe { host::eddsa_verify(cells(key), cells(signature), message.0.as_ptr()) != 0 }
}

#[inline(always)]
pub(crate) fn field_add(dst: &mut Field, a: &Field, b: &Field) {
    // SAFETY: see above; a cell is written.
    unsafe { host::field_add(dst.0.as_mut_ptr(), a.0.as_ptr(), b.0.as_ptr()) }
}

#[inline(always)]
pub(crate) fn field_sub(dst: &mut Field, a: &Field, b: &Field) {
    // SAFETY: see above; a cell is written.
    unsafe { host::field_sub(dst.0.as_mut_ptr(), a.0.as_ptr(), b.0.as_ptr()) }
}

#[inline(always)]
pub(crate) fn field_mul(dst: &mut Field, a: &Field, b: &Field) {
    // SAFETY: see above; a cell is written.
    unsafe { host::field_mul(dst.0.as_mut_ptr(), a.0.as_ptr(), b.0.as_ptr()) }
}

#[inline(always)]
pub(crate) fn field_inv(dst: &mut Field, a: &Field) {
    // SAFETY: see above; a cell is written.
    unsafe { host::field_inv(dst.0.as_mut_ptr(), a.0.as_ptr()) }
}

#[inline(always)]
pub(crate) fn field_eq(a: &Field, b: &Field) -> bool {
    // SAFETY: see above.
    unsafe { host::field_eq(a.0.as_ptr(), b.0.as_ptr()) != 0 }
}
