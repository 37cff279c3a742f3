//! Makes the processor see new code.
//!
//! x86-64 does so by itself. On AArch64 the data caches have to be cleaned and the instruction caches
//! invalidated, line by line, to the point where both meet (Arm Architecture Reference Manual, B2.4.4,
//! "Concurrent modification and execution of instructions").

/// Brings code that has been written to where instructions are fetched from.
#[cfg(not(target_arch = "aarch64"))]
pub(super) fn synchronise(_: &[u8]) {}

/// Brings code that has been written to where instructions are fetched from.
#[cfg(all(target_arch = "aarch64", target_vendor = "apple"))]
pub(super) fn synchronise(code: &[u8]) {
    unsafe extern "C" {
        fn sys_icache_invalidate(start: *const u8, size: usize);
    }
    // SAFETY: the range is mapped, and the function only looks after caches.
    unsafe { sys_icache_invalidate(code.as_ptr(), code.len()) }
}

/// Brings code that has been written to where instructions are fetched from.
#[cfg(all(target_arch = "aarch64", not(target_vendor = "apple")))]
pub(super) fn synchronise(code: &[u8]) {
    use std::arch::asm;

    let types: u64;
    // SAFETY: reads the cache type register, which every system lets programs read.
    unsafe {
        asm!("mrs {}, ctr_el0", out(reg) types, options(nomem, nostack, preserves_flags));
    }
    // The logarithms of the smallest lines, in words of 4 bytes.
    let data_line = 4_usize << (types >> 16 & 15);
    let code_line = 4_usize << (types & 15);
    let start = code.as_ptr().addr();
    let end = start + code.len();
    for line in (start & !(data_line - 1)..end).step_by(data_line) {
        // SAFETY: the line lies in the mapping; cleaning changes no contents.
        unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) }
    }
    // SAFETY: a barrier.
    unsafe { asm!("dsb ish", options(nostack, preserves_flags)) }
    for line in (start & !(code_line - 1)..end).step_by(code_line) {
        // SAFETY: the line lies in the mapping; invalidating changes no contents.
        unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) }
    }
    // SAFETY: barriers.
    unsafe { asm!("dsb ish", "isb", options(nostack, preserves_flags)) }
}
