//! The Ulm Lecture Machine: memory, registers, engines, traps, observers.
