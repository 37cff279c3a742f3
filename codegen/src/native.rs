//! Runs generated code on the processor.
