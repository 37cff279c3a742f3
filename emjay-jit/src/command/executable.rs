//! What an executable says to its user: the same messages as `emjay run`, prepared when it is made.

use codegen::elf::{Messages, Report};
use codegen::execution::{Activation, Departure};
use codegen::ir::{FunctionId, Module};
use diagnostics::{Appearance, FileId, Sources};
use emjay_jit::Reason;
use terminal::status;

use super::departure::Message;

/// The reports of a program.
pub(super) struct Reports<'a> {
    pub(super) module: &'a Module,
    pub(super) sources: &'a Sources,
    pub(super) file: FileId,
    pub(super) main: FunctionId,
}

impl Reports<'_> {
    /// A line without a place.
    fn line(reason: Reason, status: u8) -> Report {
        let (code, title) = (reason.code(), reason.title());
        Report {
            text: format!("error[{code}]: {title}\n").into_bytes(),
            status,
        }
    }

    fn misuse(text: &str) -> Report {
        Report {
            text: format!("error: {text}\n").into_bytes(),
            status: status::MISUSED,
        }
    }
}

impl Messages for Reports<'_> {
    fn exit(&self, reason: u32, activation: Activation) -> Report {
        let Some(reason) = Reason::from_number(reason) else {
            return Self::line(Reason::Stopped, status::FAILED);
        };
        let message = Message {
            module: self.module,
            file: self.file,
            code: reason.code(),
            title: reason.title().into(),
            // An executable doesn't look at values.
            label: String::new(),
            help: None,
        };
        let departure = Departure {
            reason: reason.number(),
            values: Vec::new(),
            calls: vec![activation],
            depth: 1,
        };
        let diagnostic = message.diagnostic(&departure);
        let text = diagnostics::render(&diagnostic, self.sources, Appearance::Plain);
        let status = match reason {
            Reason::Stopped => status::LIMIT,
            _ => status::TRAPPED,
        };
        Report {
            text: text.into_bytes(),
            status,
        }
    }

    fn exhausted(&self) -> Report {
        Self::line(Reason::StackExhausted, status::TRAPPED)
    }

    fn input_ended(&self) -> Report {
        Self::line(Reason::Stopped, status::LIMIT)
    }

    fn wrong_arguments(&self) -> Report {
        let arguments = match self.module.functions[self.main.index()].parameters {
            0 => "no arguments".to_owned(),
            1 => "1 argument".to_owned(),
            number => format!("{number} arguments"),
        };
        Self::misuse(&format!("`main` takes {arguments}"))
    }

    fn not_a_number(&self) -> Report {
        Self::misuse("the arguments of `main` are whole numbers of 64 bits")
    }
}
