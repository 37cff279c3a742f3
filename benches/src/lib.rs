//! What the benchmarks share: the programs, the peers, and a table of results.

pub mod cranelift;
