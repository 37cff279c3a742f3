//! emjay: a small language, and its way from text to behaviour.

#![forbid(unsafe_code)]
