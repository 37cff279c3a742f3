//! What a session of typing remembers: functions with their texts, and variables with their values.
//!
//! Each entry becomes a text of its own: what was typed in, and behind it the functions of earlier
//! entries that it does not declare anew. Its statements are a function that takes the session's
//! variables, and that hands them back at its end by calling [`KEEP`]. Who runs it answers that by
//! [`Session::set`]; nothing is remembered of an entry before [`Session::accept`].

use codegen::ir::{FunctionId, Import, ImportId, Module};
use diagnostics::{Diagnostic, FileId, Sources};

use crate::ast::{Ast, Block, Function, Identifier, Slice};
use crate::built_in::{self, BUILT_IN};
use crate::check::Scope;
use crate::compile::check_text;
use crate::lower::{self, Options};
use crate::parser::{self, ParsedEntry};
use crate::span::Span;

/// The import by which an entry hands back a variable: its number in [`CompiledEntry::variables`],
/// and its value.
pub const KEEP: ImportId = ImportId(BUILT_IN.len() as u32);

/// The name of the function that an entry's statements are. No source can have it.
const ENTRY_NAME: &str = "(typed in)";

/// Functions and variables.
#[derive(Debug, Clone, Default)]
pub struct Session {
    functions: Vec<(String, String)>,
    variables: Vec<(String, i64)>,
}

/// An entry, ready to be run.
#[derive(Debug, Clone)]
pub struct CompiledEntry {
    /// Its functions, those of the session that it leaves as they are, and [`CompiledEntry::entry`].
    /// It has one import more than other modules: [`KEEP`].
    pub module: Module,
    /// The text that the places of the module lie in.
    pub file: FileId,
    /// What its statements are; absent if there are none.
    pub entry: Option<FunctionId>,
    /// The arguments for it.
    pub arguments: Vec<i64>,
    /// The names of the variables that it hands back.
    pub variables: Vec<String>,
    /// Whether it is an expression whose value is to be shown.
    pub has_value: bool,
    /// The names and texts of the functions that it declares.
    functions: Vec<(String, String)>,
}

/// Whether more of a text could make it right: it breaks off within a statement, a block or a
/// comment.
pub fn is_incomplete(text: &str) -> bool {
    u32::try_from(text.len()).is_ok() && parser::parse_entry(text).is_incomplete
}

impl Session {
    /// Compiles an entry, without remembering anything of it.
    ///
    /// # Errors
    ///
    /// All mistakes that were found. Those may lie in functions of earlier entries, if they don't
    /// go together with what the entry declares.
    pub fn compile(
        &self,
        sources: &mut Sources,
        name: &str,
        text: &str,
        options: Options,
    ) -> Result<CompiledEntry, Vec<Diagnostic>> {
        let declared = declared_functions(text);
        let kept = |name: &str| !declared.iter().any(|(other, _)| other == name);
        let mut whole = String::from(text);
        for (name, function) in &self.functions {
            if kept(name) {
                whole.push('\n');
                whole.push_str(function);
            }
        }
        // The mistakes of the entry alone come first: what breaks off must not take the functions
        // behind it along.
        let alone = sources.add(name, text);
        check_text(sources.get(alone)).map_err(|error| vec![error.to_diagnostic(alone)])?;
        let errors = parser::parse_entry(text).parsed.errors;
        if !errors.is_empty() {
            return Err(errors.iter().map(|e| e.to_diagnostic(alone)).collect());
        }
        let file = sources.add(name, whole);
        check_text(sources.get(file)).map_err(|error| vec![error.to_diagnostic(file)])?;
        let mut entry = self.lower(&sources.get(file).text, file, options)?;
        entry.functions = declared;
        Ok(entry)
    }

    fn lower(
        &self,
        text: &str,
        file: FileId,
        options: Options,
    ) -> Result<CompiledEntry, Vec<Diagnostic>> {
        let ParsedEntry {
            parsed,
            statements,
            value,
            ..
        } = parser::parse_entry(text);
        let mut ast = parsed.ast;
        let mut is_whole = parsed.is_whole;
        let has_entry = !statements.statements.is_empty();
        let mut entry = None;
        if has_entry {
            entry = Some(FunctionId(ast.functions.len() as u32));
            self.add_entry(&mut ast, statements);
            is_whole.push(true);
        }
        let scope = Scope {
            is_whole: &is_whole,
            has_unknown_functions: parsed.has_unknown_functions,
            entry,
        };
        let messages = |errors: Vec<crate::error::CheckError>| -> Vec<Diagnostic> {
            errors.iter().map(|e| e.to_diagnostic(file)).collect()
        };
        let resolution = crate::check::check(&ast, scope).map_err(messages)?;
        let lowered = entry.map(|_| lower::Entry { value, keep: KEEP });
        let mut module = lower::lower(&ast, &resolution, options, lowered).map_err(messages)?;
        module.imports = built_in::imports();
        module.imports.push(Import {
            name: "keep".into(),
            parameters: 2,
        });
        let variables = resolution.entry_variables().iter();
        Ok(CompiledEntry {
            module,
            file,
            entry,
            arguments: self.variables.iter().map(|variable| variable.1).collect(),
            variables: variables
                .map(|(name, _)| ast.names.text(*name).to_owned())
                .collect(),
            has_value: value.is_some(),
            functions: Vec::new(),
        })
    }

    /// Makes the statements a function of the session's variables.
    fn add_entry<'a>(&'a self, ast: &mut Ast<'a>, statements: Block) {
        let span = Span::default();
        let start = ast.parameters.len() as u32;
        for (name, _) in &self.variables {
            let name = ast.names.intern(name);
            ast.parameters.push(Identifier { name, span });
        }
        let name = ast.names.intern(ENTRY_NAME);
        ast.functions.push(Function {
            name: Identifier { name, span },
            parameters: Slice {
                start,
                end: ast.parameters.len() as u32,
            },
            body: statements,
            nodes: ast.expressions.len() as u32,
        });
    }

    /// Remembers the functions of an entry.
    pub fn accept(&mut self, entry: CompiledEntry) {
        for (name, text) in entry.functions {
            match self.functions.iter_mut().find(|(other, _)| *other == name) {
                Some(function) => function.1 = text,
                None => self.functions.push((name, text)),
            }
        }
    }

    /// Remembers the value of a variable.
    pub fn set(&mut self, name: &str, value: i64) {
        match self.variables.iter_mut().find(|(other, _)| other == name) {
            Some(variable) => variable.1 = value,
            None => self.variables.push((name.to_owned(), value)),
        }
    }

    /// The functions: names and texts, in the order in which they were first declared.
    pub fn functions(&self) -> &[(String, String)] {
        &self.functions
    }

    /// The variables and their values, in the order in which they were declared.
    pub fn variables(&self) -> &[(String, i64)] {
        &self.variables
    }
}

/// The names and texts of the functions that a text declares.
fn declared_functions(text: &str) -> Vec<(String, String)> {
    if u32::try_from(text.len()).is_err() {
        return Vec::new();
    }
    let ast = parser::parse_entry(text).parsed.ast;
    let functions = ast.functions.iter().map(|function| {
        let name = ast.names.text(function.name.name).to_owned();
        let end = function.body.close.end as usize;
        let start = text[..function.name.span.start as usize].rfind("fn");
        let text = text.get(start.unwrap_or(0)..end).unwrap_or_default();
        (name, text.to_owned())
    });
    functions.collect()
}
