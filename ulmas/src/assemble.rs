//! From statements to objects, and from objects to an image.

use diagnostics::{Diagnostic, FileId, Sources};
use ulm_isa::Isa;
use ulm_isa::notation::Notation;

use crate::advice::wide_load;
use crate::encode::{Encoder, FixupOrigin};
use crate::error::{AssemblyError, ErrorKind};
use crate::forms::Mnemonics;
use crate::globals::{
    Scope, check_definitions, collect_globals, definition_span, evaluate_definitions,
    report_late_sizes,
};
use crate::image::{FixupKind, Image, LinkError, LinkErrorKind, SegmentKind, link, starts};
use crate::parser::{File, parse};
use crate::statement::{Span, Statement, StatementKind};
use crate::symbols::Definition;

/// What became of the source files.
#[derive(Debug, Clone, Default)]
pub struct Assembly {
    /// The errors, or, if there are none, the warnings; by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// The program, if there is no error.
    pub image: Option<Image>,
}

/// Assembles and joins files for a machine.
///
/// Every error of every file is reported, one for each cause. A file sees its own names and those
/// that other files declare `.globl`.
pub fn assemble(isa: &Isa, sources: &Sources, files: &[FileId]) -> Assembly {
    let mnemonics = Mnemonics::new(isa);
    let mut parsed: Vec<File<'_>> = files
        .iter()
        .enumerate()
        .map(|(index, &file)| parse(&sources.get(file).text, index, &mnemonics))
        .collect();
    for (file, &id) in parsed.iter_mut().zip(files) {
        report_encoding(file, sources, id);
    }
    let mut late: Vec<(usize, AssemblyError)> = Vec::new();
    let globals = collect_globals(&mut parsed, files, &mut late);
    let starts = starts(parsed.iter().map(|file| {
        SegmentKind::ALL.map(|s| (file.sizes[s as usize], file.alignments[s as usize]))
    }));
    let sizes: Vec<_> = parsed
        .iter_mut()
        .map(|file| check_definitions(file, &globals))
        .collect();
    evaluate_definitions(&mut parsed, &globals, &starts);
    for (index, late) in sizes.iter().enumerate() {
        report_late_sizes(&mut parsed, &globals, &starts, index, late);
    }
    let scope = Scope {
        files: &parsed,
        globals: &globals,
        starts: &starts,
    };
    let mut objects = Vec::with_capacity(files.len());
    let mut origins = Vec::with_capacity(files.len());
    let mut warnings = Vec::new();
    let mut has_failed = false;
    for index in 0..parsed.len() {
        let mut encoder = Encoder::new(isa, &mnemonics, scope, index);
        encoder.run(sources.get(files[index]).name.as_str());
        let is_last = index + 1 == parsed.len();
        warnings.extend(
            encoder
                .watch
                .finish(&parsed[index], &mnemonics, is_last)
                .into_iter()
                .map(|w| (index, w)),
        );
        has_failed |= encoder.has_failed;
        late.extend(encoder.errors.into_iter().map(|error| (index, error)));
        objects.push(encoder.object);
        origins.push(encoder.fixup_origins);
    }
    let image = match link(objects) {
        Ok(image) => Some(image),
        Err(errors) => {
            let describe = |error| describe_link_error(&parsed, &origins, &mnemonics, error);
            late.extend(errors.iter().filter_map(describe));
            None
        }
    };
    let mut errors: Vec<(usize, AssemblyError)> = late;
    for (index, file) in parsed.iter_mut().enumerate() {
        errors.extend(file.errors.drain(..).map(|error| (index, error)));
    }
    for (index, error) in &mut errors {
        note_elsewhere(&parsed, files, *index, error);
        note_effect(isa, error);
    }
    errors.sort_by_key(|(index, error)| (*index, error.span.start));
    // Whatever has no value has an error, or a program would be wrong without a word.
    debug_assert!(!has_failed || !errors.is_empty(), "a failure is silent");
    let image = image.filter(|_| !has_failed);
    if errors.is_empty() {
        warnings.sort_by_key(|(index, warning)| (*index, warning.span.start));
        let diagnostics = warnings
            .iter()
            .map(|(i, w)| noting_origin(w.to_diagnostic(files[*i]), &parsed[*i], w.span))
            .collect();
        return Assembly { diagnostics, image };
    }
    let diagnostics = errors
        .iter()
        .map(|(i, e)| noting_origin(e.to_diagnostic(files[*i]), &parsed[*i], e.span))
        .collect();
    Assembly {
        diagnostics,
        image: None,
    }
}

/// An undefined name may have a definition in another file that keeps it for itself.
fn note_elsewhere(parsed: &[File<'_>], files: &[FileId], index: usize, error: &mut AssemblyError) {
    if let ErrorKind::Undefined {
        name, elsewhere, ..
    } = &mut *error.kind
    {
        *elsewhere = (0..parsed.len()).filter(|&i| i != index).find_map(|i| {
            let symbols = &parsed[i].symbols;
            let id = symbols.find(name)?;
            (symbols.get(id).definition != Definition::None)
                .then(|| (files[i], definition_span(&parsed[i], id)))
        });
    }
}

/// Operands in another order mean something else: what, the machine's description says.
fn note_effect(isa: &Isa, error: &mut AssemblyError) {
    if let ErrorKind::WrongOrder {
        instruction,
        effect,
        ..
    } = &mut *error.kind
        && let Notation::Lines(lines) = isa.notation(*instruction)
        && let [line] = &lines[..]
    {
        *effect = Some(line.clone());
    }
}

/// Generated source says where it came from.
fn noting_origin(diagnostic: Diagnostic, file: &File<'_>, span: Span) -> Diagnostic {
    let after = file
        .origins
        .partition_point(|origin| origin.from <= span.start);
    let origin = after.checked_sub(1).map(|i| &file.origins[i]);
    match origin.and_then(|origin| origin.place.as_ref()) {
        Some((file, line)) => diagnostic.with_note(format!("this line comes from {file}:{line}")),
        None => diagnostic,
    }
}

/// A file that is not UTF-8 has one error for all the places where it shows.
fn report_encoding(file: &mut File<'_>, sources: &Sources, id: FileId) {
    let Some(problem) = sources.get(id).not_utf8 else {
        return;
    };
    file.errors.retain(|error| {
        !matches!(
            *error.kind,
            ErrorKind::StrayCharacter {
                character: char::REPLACEMENT_CHARACTER,
                ..
            }
        )
    });
    let start = problem.first as u32;
    let end = start + char::REPLACEMENT_CHARACTER.len_utf8() as u32;
    let kind = ErrorKind::NotUtf8 {
        places: problem.places,
    };
    file.errors
        .push(AssemblyError::new(Span { start, end }, kind));
}

/// A link error as an error at the operand that caused it.
fn describe_link_error(
    parsed: &[File<'_>],
    origins: &[Vec<FixupOrigin>],
    mnemonics: &Mnemonics,
    error: &LinkError,
) -> Option<(usize, AssemblyError)> {
    let index = error.object;
    let Some(fixup) = error.fixup else {
        return match error.kind {
            LinkErrorKind::TooLarge => {
                let is_said = |e: &AssemblyError| matches!(*e.kind, ErrorKind::SegmentTooLarge);
                let file = &parsed[index];
                if file.errors.iter().any(is_said) {
                    return None;
                }
                // The largest piece is to blame.
                let size = |statement: &&Statement| match statement.kind {
                    StatementKind::Space { size } => size,
                    _ => 0,
                };
                let largest = file.statements.iter().max_by_key(size);
                let span = largest.map_or(Span { start: 0, end: 0 }, |s| s.span);
                Some((index, AssemblyError::new(span, ErrorKind::SegmentTooLarge)))
            }
            // Found in the symbols of the files before, with their places.
            _ => None,
        };
    };
    let origin = origins[index][fixup];
    let span = origin.operand;
    let file = &parsed[index];
    let statement = &file.statements[origin.statement as usize];
    let kind = match error.kind.clone() {
        LinkErrorKind::OutOfRange { value, range } if origin.kind == FixupKind::Relative => {
            ErrorKind::JumpTooFar {
                distance: value,
                range,
            }
        }
        LinkErrorKind::OutOfRange { value, range } => {
            let bits = (range.end() - range.start() + 1).ilog2();
            let wide = wide_load(file, mnemonics, statement, span, value);
            ErrorKind::AddressOutOfRange {
                value,
                bits,
                range,
                wide,
            }
        }
        LinkErrorKind::NotAMultipleOfFour(distance) => ErrorKind::JumpNotMultipleOfFour {
            distance,
            is_number: false,
        },
        // A broken definition in another file, which is reported there.
        LinkErrorKind::Undefined(_) | LinkErrorKind::Duplicate { .. } => return None,
        LinkErrorKind::TooLarge => ErrorKind::SegmentTooLarge,
    };
    Some((index, AssemblyError::new(span, kind)))
}
