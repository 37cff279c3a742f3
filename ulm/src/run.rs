//! `ulm PROGRAM`: load it, run it slice by slice, say how it ended.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use ulm_isa::Isa;
use ulm_machine::{FastEngine, Limits, Machine, Observer, ReferenceEngine, Stop};
use ulmas::image::SegmentKind;

use crate::arguments::{EngineName, ReportTo, RunArguments, refuse};
use crate::console::{Console, Event};
use crate::message::{self, reason};
use crate::number::grouped;
use crate::places::Places;
use crate::program::{self, LoadError, Program};
use crate::report::{Outcome, Report, TrapReport};
use crate::watch::Watch;
use crate::{dump, status, trap};

/// Runs a program and gives the exit status.
pub(crate) fn run(arguments: &RunArguments) -> u8 {
    let loaded = program::load_isa(arguments.isa.as_deref()).and_then(|custom| {
        let path = arguments.program.as_deref().unwrap_or(Path::new(""));
        let program = program::load(custom.as_ref().unwrap_or(Isa::ulm()), path)?;
        Ok((custom, program))
    });
    let report = match loaded {
        Ok((custom, program)) => {
            Run::new(custom.as_ref().unwrap_or(Isa::ulm()), &program, arguments).report()
        }
        Err(error) => {
            error.say();
            Report::not_run(error.outcome(), error.status())
        }
    };
    if let Some(to) = &arguments.report {
        report.write(to);
    }
    report.status
}

/// How a run ended.
enum End {
    /// The machine stopped for good.
    Stopped(Stop),
    /// Ctrl-C; whether it was waiting for input then.
    Interrupted { waiting: bool },
    /// The reader of the output went away.
    ReaderGone,
    /// The host failed: what couldn't be done.
    HostFailed(String),
}
