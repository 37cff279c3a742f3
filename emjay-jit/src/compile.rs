//! The phases in a row, with their errors as messages.

use codegen::ir::Module;
use diagnostics::{Diagnostic, FileId, Source, Sources};

use crate::ast::Ast;
use crate::check::{Resolution, Scope};
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::lower::Options;
use crate::parser::Parsed;
use crate::span::Span;

/// A program as functions of the IR.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The functions, in the order of the text. The places are ranges of the text; the numbers of
    /// imports are those of [`BUILT_IN`](crate::BUILT_IN), the reasons of exits those of
    /// [`Reason`](crate::Reason).
    pub module: Module,
}

/// A tree whose names are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<'s> {
    /// The tree.
    pub ast: Ast<'s>,
    resolution: Resolution,
}

/// Everything from the text to the IR.
///
/// # Errors
///
/// All mistakes that were found, in the order of the text.
pub fn compile(
    sources: &Sources,
    file: FileId,
    options: Options,
) -> Result<Program, Vec<Diagnostic>> {
    let checked = check(sources, file)?;
    lower(&checked, file, options)
}

/// Reads a text; its names may be wrong.
///
/// # Errors
///
/// All mistakes in the grammar, in the order of the text.
pub fn parse(sources: &Sources, file: FileId) -> Result<Ast<'_>, Vec<Diagnostic>> {
    let parsed = read(sources.get(file)).map_err(|error| vec![error.to_diagnostic(file)])?;
    if parsed.errors.is_empty() {
        return Ok(parsed.ast);
    }
    Err(syntax_messages(&parsed, file))
}

/// Reads a text and finds out what its names stand for.
///
/// # Errors
///
/// All mistakes that were found: those in the grammar first, then those in functions that have none
/// of these.
pub fn check(sources: &Sources, file: FileId) -> Result<Checked<'_>, Vec<Diagnostic>> {
    let parsed = read(sources.get(file)).map_err(|error| vec![error.to_diagnostic(file)])?;
    let mut messages = syntax_messages(&parsed, file);
    let scope = Scope {
        is_whole: &parsed.is_whole,
        has_unknown_functions: parsed.has_unknown_functions,
        entry: None,
    };
    match crate::check::check(&parsed.ast, scope) {
        Ok(resolution) if messages.is_empty() => {
            return Ok(Checked {
                ast: parsed.ast,
                resolution,
            });
        }
        Ok(_) => {}
        Err(errors) => messages.extend(errors.iter().map(|error| error.to_diagnostic(file))),
    }
    messages.sort_by_key(|message| message.primary.location.span.start);
    Err(messages)
}

/// Makes functions of the IR.
///
/// # Errors
///
/// Functions that would need too much memory.
pub fn lower(
    checked: &Checked<'_>,
    file: FileId,
    options: Options,
) -> Result<Program, Vec<Diagnostic>> {
    let module = crate::lower::lower(&checked.ast, &checked.resolution, options, None);
    let messages = |errors: Vec<crate::error::CheckError>| -> Vec<Diagnostic> {
        errors
            .iter()
            .map(|error| error.to_diagnostic(file))
            .collect()
    };
    Ok(Program {
        module: module.map_err(messages)?,
    })
}

/// Reads a text if it can be read at all.
pub(crate) fn read(source: &Source) -> Result<Parsed<'_>, SyntaxError> {
    check_text(source)?;
    Ok(crate::parser::parse(&source.text))
}

/// Whether a text can be read at all.
pub(crate) fn check_text(source: &Source) -> Result<(), SyntaxError> {
    if u32::try_from(source.text.len()).is_err() {
        return Err(SyntaxError {
            span: Span::default(),
            kind: SyntaxErrorKind::FileTooLarge,
        });
    }
    if let Some(not_utf8) = source.not_utf8 {
        let start = not_utf8.first as u32;
        return Err(SyntaxError {
            span: Span {
                start,
                end: start + char::REPLACEMENT_CHARACTER.len_utf8() as u32,
            },
            kind: SyntaxErrorKind::NotUtf8 {
                places: not_utf8.places,
            },
        });
    }
    Ok(())
}

fn syntax_messages(parsed: &Parsed<'_>, file: FileId) -> Vec<Diagnostic> {
    let errors = parsed.errors.iter();
    errors.map(|error| error.to_diagnostic(file)).collect()
}
