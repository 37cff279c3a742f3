//! The ULM assembler: source text to objects to images.

#![forbid(unsafe_code)]

pub mod image;
