//! Tests of passes: text before, text after.

use crate::ir::text;
use crate::ir::verify::verify;
use crate::ir::{Function, Module};

/// Applies a pass to every function of the module in `before` and compares with `after`.
pub(crate) fn assert_pass(pass: impl Fn(&mut Function), before: &str, after: &str) {
    let mut module = parse(before);
    module.functions.iter_mut().for_each(pass);
    verify(&module).expect("a pass leaves a module that verifies");
    assert_eq!(module.to_string(), parse(after).to_string());
}

/// Applies a pass that shall change nothing.
pub(crate) fn assert_kept(pass: impl Fn(&mut Function), text: &str) {
    assert_pass(pass, text, text);
}

/// The module of a text, which must verify.
pub(crate) fn parse(text: &str) -> Module {
    let module = text::parse(text).expect("the test's text is IR");
    verify(&module).expect("the test's text is well-formed");
    module
}
