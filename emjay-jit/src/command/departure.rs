//! Programs that leave before their end, as messages: what happened, why with the operands' values,
//! where, and the calls that led there.

use codegen::Place;
use codegen::PlaceId;
use codegen::execution::{Activation, Departure};
use codegen::ir::{FunctionId, Module};
use diagnostics::{Diagnostic, FileId, Location};
use emjay_jit::{Reason, Span};

/// How many of the calls are shown, from the innermost one on.
const SHOWN_CALLS: usize = 8;

/// So many inlined calls at one place are followed.
const DEEPEST_INLINING: usize = 64;

/// A place in a function of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scene {
    /// The function that the text stands in.
    pub(super) function: FunctionId,
    /// Where in the text; nothing if nobody knows.
    pub(super) span: Option<Span>,
}

/// The places of an activation, the innermost first: more than one where calls were inlined. Where
/// none is known it is the function's own.
pub(super) fn scenes(module: &Module, activation: Activation) -> Vec<Scene> {
    let function = &module.functions[activation.function.index()];
    let places = &function.places;
    let place = match activation.place {
        PlaceId(0) => function.place,
        place => place,
    };
    let mut scenes = Vec::new();
    let mut open = vec![(activation.function, place)];
    while let Some((function, PlaceId(place))) = open.pop() {
        match places.get(place as usize) {
            Some(&Place::Inlined {
                place,
                callee,
                call,
            }) if open.len() < DEEPEST_INLINING => {
                open.push((function, call));
                open.push((FunctionId(callee), place));
            }
            Some(&Place::Source { start, end }) => scenes.push(Scene {
                function,
                span: Some(Span { start, end }),
            }),
            _ => scenes.push(Scene {
                function,
                span: None,
            }),
        }
    }
    scenes
}

/// What there is to say about a program that left.
pub(super) struct Message<'a> {
    pub(super) module: &'a Module,
    pub(super) file: FileId,
    pub(super) code: &'static str,
    pub(super) title: String,
    /// What is said beside the caret.
    pub(super) label: String,
    pub(super) help: Option<String>,
}

impl<'a> Message<'a> {
    /// A run-time error.
    pub(super) fn of_error(
        module: &'a Module,
        file: FileId,
        departure: &Departure,
        reason: Reason,
    ) -> Self {
        let label = match (reason, &*departure.values) {
            (Reason::DivisionByZero, [dividend]) => format!("{dividend} is divided by 0"),
            (Reason::StackExhausted, _) if departure.depth == 1 => {
                "1 call has not returned".to_owned()
            }
            (Reason::StackExhausted, _) => format!("{} calls have not returned", departure.depth),
            (Reason::Stopped, _) => "`getc()` gives -1 at the end, each time".to_owned(),
            _ => String::new(),
        };
        let help = match reason {
            Reason::StackExhausted => {
                Some("does the recursion have an end? `--stack` gives it more room")
            }
            Reason::Stopped => Some("end the loop when it has read -1"),
            _ => None,
        };
        let help = help.map(str::to_owned);
        Self {
            module,
            file,
            code: reason.code(),
            title: reason.title().into(),
            label,
            help,
        }
    }

    /// The message, with the calls that led there.
    pub(super) fn diagnostic(&self, departure: &Departure) -> Diagnostic {
        let all = departure.calls.iter();
        let scenes: Vec<Scene> = all.flat_map(|&call| scenes(self.module, call)).collect();
        let known: Vec<(Scene, Span)> = scenes
            .iter()
            .filter_map(|scene| scene.span.map(|span| (*scene, span)))
            .collect();
        let at = |span: Span| Location::new(self.file, span.range());
        let Some(&(innermost, span)) = known.first() else {
            return Diagnostic::error(self.code, &*self.title, at(Span::default()), &*self.label);
        };
        let mut diagnostic = Diagnostic::error(self.code, &*self.title, at(span), &*self.label);
        let mut callee = innermost;
        let mut shown = 0;
        for &(scene, span) in &known[1..] {
            // Of a recursion that goes on at one place, one call is enough.
            if scene == callee {
                continue;
            }
            if shown == SHOWN_CALLS {
                break;
            }
            let text = format!("`{}` was called here", self.name(callee.function));
            diagnostic = diagnostic.with_note_at(text, at(span), "");
            callee = scene;
            shown += 1;
        }
        let inlined = (scenes.len() - departure.calls.len()) as u64;
        let hidden = (departure.depth + inlined).saturating_sub(1 + shown as u64);
        if hidden > 0 {
            let calls = if hidden == 1 { "call" } else { "calls" };
            diagnostic = diagnostic.with_note(format!("{hidden} more {calls} led there"));
        }
        match &self.help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        }
    }

    fn name(&self, function: FunctionId) -> &str {
        let function = self.module.functions.get(function.index());
        function.map_or("?", |function| &function.name)
    }
}
