//! The ULM as a target: from the IR to assembly text for `ulmas`, under the calling conventions of
//! the course.

mod convention;

pub use convention::Convention;
