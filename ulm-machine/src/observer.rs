//! Watching a machine while it runs.

use crate::machine::{Flags, Jump, Machine};

/// Is told what instructions do. Every method does nothing by default.
///
/// The calls for an instruction come between [`Observer::begin`] and [`Observer::end`], in the
/// order in which things happen. For an instruction that traps or that a limit stops there is no
/// `end`. `%0` is no register to observers: it is neither read nor written.
///
/// `()` is the observer that costs nothing.
pub trait Observer {
    /// Whether the observer wants to be called at all.
    const ACTIVE: bool = true;

    /// An instruction begins: it has been fetched from `ip`, it is legal, and the input that it
    /// needs is there.
    fn begin(&mut self, ip: u64, word: u32) {
        let _ = (ip, word);
    }

    /// A register was read, 1 ..= 255.
    fn register_read(&mut self, number: u8, value: u64) {
        let _ = (number, value);
    }

    /// A register was written, 1 ..= 255.
    fn register_write(&mut self, number: u8, old: u64, new: u64) {
        let _ = (number, old, new);
    }

    /// Flags were written; `new` has the values of all four.
    fn flags_write(&mut self, old: Flags, new: Flags) {
        let _ = (old, new);
    }

    /// Memory was read: `size` bytes, 1, 2, 4 or 8, zero-extended.
    fn load(&mut self, address: u64, size: u8, value: u64) {
        let _ = (address, size, value);
    }

    /// Memory was written: the low `size` bytes of `value`, whose other bytes are 0.
    fn store(&mut self, address: u64, size: u8, value: u64) {
        let _ = (address, size, value);
    }

    /// A byte was read from the input, or its end was found (`None`).
    fn input(&mut self, byte: Option<u8>) {
        let _ = byte;
    }

    /// A byte was written to the output.
    fn output(&mut self, byte: u8) {
        let _ = byte;
    }

    /// Control goes elsewhere than to the next instruction.
    fn transfer(&mut self, jump: Jump) {
        let _ = jump;
    }

    /// The instruction is complete. The machine is as it leaves it: counted, `%IP` at what comes
    /// next, or still at it if it is a halt.
    fn end(&mut self, machine: &Machine) {
        let _ = machine;
    }
}

impl Observer for () {
    const ACTIVE: bool = false;
}
