//! AArch64: text, words, decoder, simulator.

mod decode;
mod disassembler;
mod forms;
mod golden;
mod immediate;
mod simulator;
mod text;
mod values;
