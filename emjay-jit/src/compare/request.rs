//! What is compared, and how the comparison is made: compile for each column, run, judge, draw up.

use std::mem::take;

use codegen::ir::{FunctionId, Module};
use codegen::link::{Architecture, LinkError};
use codegen::machine::Calls;
use codegen::passes::Level;
use codegen::program::RunError;
use diagnostics::{Diagnostic, FileId, Sources};
use thiserror::Error;

use super::aarch64;
use super::agreement::{Witness, judge};
use super::column::Column as ColumnName;
use super::ir;
use super::ledger::{Balance, Books};
use super::report::{Column, IrFunction, Report, Walk};
use super::run::Run;
use super::sites::Sites;
use super::source_lines::SourceLines;
use super::ulm::{self, Unavailable};
use super::x86_64::{self, NativeError};
use crate::backend::Backend;
use crate::ulm::Convention;
use crate::ulm::run::RunError as RunUlmError;

/// What is to be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The columns, in the order in which they are to be shown.
    pub columns: Vec<ColumnName>,
    /// The arguments of `main`.
    pub arguments: Vec<i64>,
    /// How much is optimised in the columns that don't have a level of their own.
    /// [`ColumnName::Aarch64`] has the baseline generator below [`Level::Full`];
    /// [`ColumnName::Aarch64Baseline`] has at most [`Level::Basic`];
    /// [`ColumnName::Aarch64Trampoline`] has always [`Level::Full`].
    pub level: Level,
    /// Whether calls of small functions may be replaced by their bodies.
    pub inline: bool,
    /// The stack of each column, in bytes.
    pub stack: u64,
    /// How many instructions may be executed in each column where they are counted.
    pub limit: u64,
    /// What each column reads, from the beginning.
    pub input: Vec<u8>,
}

impl Default for Request {
    /// The optimised code of AArch64 beside the ULM: 64 MiB of stack, a billion instructions, and
    /// nothing to read.
    fn default() -> Self {
        Self {
            columns: vec![ColumnName::Aarch64, ColumnName::Ulm(Convention::Auto)],
            arguments: Vec::new(),
            level: Level::Full,
            inline: false,
            stack: 64 << 20,
            limit: 1_000_000_000,
            input: Vec::new(),
        }
    }
}

/// Why there is no comparison.
#[derive(Debug, Error)]
pub enum CompareError {
    /// The program has no function `main`.
    #[error("there is no function `main`, where execution begins")]
    NoMain,
    /// `main` takes another number of arguments.
    #[error("`main` takes {expected} arguments, found {given}")]
    WrongArguments {
        /// How many it takes.
        expected: u32,
        /// How many were given.
        given: usize,
    },
    /// A column's convention can't have this program: the messages say why.
    #[error("a column can't have this program")]
    Unsuitable(Vec<Diagnostic>),
    /// The assembler of a column refuses its code.
    #[error("`{column}`: {error}")]
    Assembler {
        /// The column.
        column: ColumnName,
        /// What is wrong.
        error: RunUlmError,
    },
    /// The code of a column is too large.
    #[error("`{column}`: {error}")]
    Link {
        /// The column.
        column: ColumnName,
        /// What is wrong.
        error: LinkError,
    },
    /// A column can't be run on this processor.
    #[error("`{column}` can't be run: {error}")]
    Native {
        /// The column.
        column: ColumnName,
        /// What is wrong.
        error: NativeError,
    },
    /// A column can't be run.
    #[error("`{column}` can't be run: {error}")]
    Run {
        /// The column.
        column: ColumnName,
        /// What is wrong.
        error: RunError,
    },
}

/// Compares.
///
/// # Errors
///
/// See [`CompareError`]. Columns that give different results are no error: the report says so.
pub fn compare(
    sources: &Sources,
    file: FileId,
    module: &Module,
    request: &Request,
) -> Result<Report, CompareError> {
    let source = sources.get(file);
    let comparison = Comparison {
        module,
        request,
        texts: (sources, file),
        lines: SourceLines::of(&source.text),
        main: main_of(module, request)?,
    };
    let (mut measured, notes) = comparison.measure_all()?;
    let witnesses: Vec<Witness<'_>> = measured.iter().filter_map(Measured::witness).collect();
    let agreement = judge(&witnesses, &request.input, notes);
    let ir = measured.first_mut().map(|first| take(&mut first.ir));
    Ok(Report {
        program: source.name.clone(),
        arguments: request.arguments.clone(),
        level: request.level as u8,
        inlined: request.inline,
        source: source.text.lines().map(str::to_owned).collect(),
        agreement,
        ir: ir.unwrap_or_default(),
        columns: measured
            .into_iter()
            .map(|measured| measured.column)
            .collect(),
    })
}

/// The function where execution begins, if it takes that many arguments.
fn main_of(module: &Module, request: &Request) -> Result<FunctionId, CompareError> {
    let main = module.find("main").ok_or(CompareError::NoMain)?;
    let expected = module.functions[main.index()].parameters;
    let given = request.arguments.len();
    if expected as usize != given {
        return Err(CompareError::WrongArguments { expected, given });
    }
    Ok(main)
}

/// A column, and how its program ended.
struct Measured {
    name: ColumnName,
    /// The functions as the generator got them, if they are to be shown.
    ir: Vec<IrFunction>,
    run: Option<Run>,
    column: Column,
}

impl Measured {
    fn witness(&self) -> Option<Witness<'_>> {
        Some(Witness {
            name: self.name.name(),
            is_ulm: matches!(self.name, ColumnName::Ulm(_)),
            run: self.run.as_ref()?,
        })
    }

    /// Whether the program came to its end by itself.
    fn has_end(&self) -> bool {
        self.run.as_ref().is_some_and(Run::is_complete)
    }

    fn set_run(&mut self, run: Run) {
        self.column.outcome = Some(run.outcome());
        self.run = Some(run);
    }
}

/// Code for this processor, which has not been run yet.
struct Native {
    /// The functions as the generator got them.
    module: Module,
    compiled: x86_64::Compiled,
}

/// What all columns have in common.
struct Comparison<'a> {
    /// The functions as they were lowered.
    module: &'a Module,
    request: &'a Request,
    texts: (&'a Sources, FileId),
    lines: SourceLines,
    main: FunctionId,
}

impl Comparison<'_> {
    /// All columns, and notes about those that could not be run.
    fn measure_all(&self) -> Result<(Vec<Measured>, Vec<String>), CompareError> {
        let mut measured = Vec::with_capacity(self.request.columns.len());
        let mut waiting = Vec::new();
        for (index, &column) in self.request.columns.iter().enumerate() {
            measured.push(match column {
                ColumnName::Aarch64
                | ColumnName::Aarch64Baseline
                | ColumnName::Aarch64Trampoline => self.measure_aarch64(column)?,
                ColumnName::Ulm(convention) => self.measure_ulm(convention)?,
                ColumnName::X86_64 => {
                    let (shown, native) = self.measure_x86_64()?;
                    waiting.push((index, native));
                    shown
                }
            });
        }
        // Nobody stops what runs on the processor: it has to wait until others have shown that the
        // program has an end.
        let mut notes = Vec::new();
        for (index, native) in waiting {
            let has_end = measured.iter().any(Measured::has_end)
                || x86_64::has_end(&native.module, self.main, self.request);
            match self.run_natively(native, has_end)? {
                Ok(run) => measured[index].set_run(run),
                Err(note) => notes.push(note),
            }
        }
        Ok((measured, notes))
    }

    fn measure_aarch64(&self, column: ColumnName) -> Result<Measured, CompareError> {
        let backend = self.backend(column);
        let module = self.optimised(backend);
        let compiled = aarch64::compile(&module, backend)
            .map_err(|error| CompareError::Link { column, error })?;
        let sites = Sites::of(&compiled.code);
        let executed = compiled
            .run(&module, self.main, &sites, self.request, &self.lines)
            .map_err(|error| CompareError::Run { column, error })?;
        let books = Books {
            module: &module,
            source: &self.lines,
            code: &compiled.code,
            sites: &sites,
            counts: Some(&executed.counts),
            main: self.main,
        };
        let ir = self.ir(column, &module);
        Ok(measured(
            column,
            ir,
            Some(executed.run),
            books.balance(),
            executed.walk,
        ))
    }

    fn measure_x86_64(&self) -> Result<(Measured, Native), CompareError> {
        let column = ColumnName::X86_64;
        let backend = self.backend(column);
        let module = self.optimised(backend);
        let compiled = x86_64::compile(&module, backend)
            .map_err(|error| CompareError::Link { column, error })?;
        let sites = Sites::of(&compiled.code);
        let books = Books {
            module: &module,
            source: &self.lines,
            code: &compiled.code,
            sites: &sites,
            counts: None,
            main: self.main,
        };
        let ir = self.ir(column, &module);
        let shown = measured(column, ir, None, books.balance(), None);
        Ok((shown, Native { module, compiled }))
    }

    /// How it ended, or why it was not run.
    fn run_natively(
        &self,
        native: Native,
        has_end: bool,
    ) -> Result<Result<Run, String>, CompareError> {
        let column = ColumnName::X86_64;
        if !has_end {
            return Ok(Err(format!(
                "`{column}` was not run: within the limit the program has not come to an end, and \
                 there nobody stops it"
            )));
        }
        let run = native
            .compiled
            .run(&native.module, self.main, self.request, &self.lines)
            .map_err(|error| CompareError::Native { column, error })?;
        Ok(run.ok_or_else(|| format!("`{column}` was not run: this machine is another one")))
    }

    fn measure_ulm(&self, convention: Convention) -> Result<Measured, CompareError> {
        let column = ColumnName::Ulm(convention);
        let module = self.module.clone();
        let compiled = ulm::compile(module, self.main, convention, self.request, self.texts)
            .map_err(|unavailable| self.unavailable(column, unavailable))?;
        let sites = Sites::of(&compiled.code);
        let executed = compiled.run(&sites, self.request, &self.lines);
        let books = Books {
            module: &compiled.module,
            source: &self.lines,
            code: &compiled.code,
            sites: &sites,
            counts: Some(&executed.counts),
            main: self.main,
        };
        let ir = self.ir(column, &compiled.module);
        let mut measured = measured(
            column,
            ir,
            Some(executed.run),
            books.balance(),
            executed.walk,
        );
        if convention == Convention::Auto {
            let chosen = ColumnName::Ulm(compiled.convention());
            measured.column.title = format!("{} (auto)", chosen.title());
        }
        Ok(measured)
    }

    fn unavailable(&self, column: ColumnName, unavailable: Unavailable) -> CompareError {
        match unavailable {
            Unavailable::Refused(refusal, module) => {
                let diagnostic = refusal.to_diagnostic(&module, self.texts.1);
                let note = format!("the column `{column}` is asked for");
                CompareError::Unsuitable(vec![diagnostic.with_note(note)])
            }
            Unavailable::Assembler(error) => CompareError::Assembler { column, error },
        }
    }

    /// How the code of a column is made.
    fn backend(&self, column: ColumnName) -> Backend {
        let level = match column {
            ColumnName::Aarch64Baseline => self.request.level.min(Level::Basic),
            ColumnName::Aarch64Trampoline => Level::Full,
            _ => self.request.level,
        };
        Backend {
            architecture: match column {
                ColumnName::X86_64 => Architecture::X86_64,
                _ => Architecture::Aarch64,
            },
            level,
            calls: match column {
                ColumnName::Aarch64Baseline | ColumnName::Aarch64Trampoline => Calls::Trampoline,
                _ => Calls::Direct,
            },
            inline: self.request.inline,
            // Each call of the program is to be seen in each column.
            jumps_instead_of_recursion: false,
        }
    }

    /// The functions as the generator gets them.
    fn optimised(&self, backend: Backend) -> Module {
        let mut module = self.module.clone();
        backend.optimise(&mut module);
        module
    }

    /// The IR of the first column, which is shown.
    fn ir(&self, column: ColumnName, module: &Module) -> Vec<IrFunction> {
        if self.request.columns.first() == Some(&column) {
            ir::listing(module, &self.lines)
        } else {
            Vec::new()
        }
    }
}

fn measured(
    name: ColumnName,
    ir: Vec<IrFunction>,
    run: Option<Run>,
    balance: Balance,
    walk: Option<Walk>,
) -> Measured {
    let column = Column {
        name: name.name().to_owned(),
        title: name.title().to_owned(),
        outcome: run.as_ref().map(Run::outcome),
        functions: balance.functions,
        runtime: balance.runtime,
        totals: balance.totals,
        ledger: balance.ledger,
        walk,
    };
    Measured {
        name,
        ir,
        run,
        column,
    }
}
