//! What a session shows of itself.

use diagnostics::{Sources, nearest};
use emjay_jit::session::Session;
use terminal::{print, say, say_error, say_help};

/// Writes what was asked for to stdout.
pub(super) fn say_out(text: &str) {
    // If nobody reads it, the session ends when its input does.
    _ = print(text).is_err();
}

/// The functions and variables.
pub(super) fn list(session: &Session) {
    let mut text = String::new();
    for (_, function) in session.functions() {
        text += function;
        text.push('\n');
    }
    for (name, value) in session.variables() {
        text += &format!("let {name} = {value};\n");
    }
    say_out(&text);
}

/// Says that there is no function of that name, and which one was probably meant.
pub(super) fn no_function(session: &Session, name: &str) {
    say_error(&format!("there is no function `{name}`"));
    let names = session.functions().iter().map(|function| &*function.0);
    if let Some(near) = nearest(name, names) {
        say_help(&format!("did you mean `{near}`?"));
    }
}

/// The tree of a function.
pub(super) fn tree(session: &Session, name: &str) {
    let function = session.functions().iter().find(|(other, _)| other == name);
    let Some((_, text)) = function else {
        return no_function(session, name);
    };
    let mut sources = Sources::new();
    let file = sources.add("session", text.as_str());
    match emjay_jit::parse(&sources, file) {
        Ok(ast) => say_out(&ast.to_string()),
        Err(messages) => say(&terminal::render_all(&messages, &sources)),
    }
}
