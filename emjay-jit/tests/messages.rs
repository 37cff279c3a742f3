//! Every message of the compiler, and the IR of programs without mistakes: `err/*.emjay` beside what
//! is said about them, `ok/*.emjay` beside their trees and functions.
//!
//! `UPDATE_GOLDENFILES=1 cargo test -p emjay-jit --test messages` writes the expected files anew.

use std::io::Write;
use std::path::{Path, PathBuf};

use codegen::ir::FunctionId;
use codegen::ir::text::print_function;
use diagnostics::{Advice, Appearance, Diagnostic, Explanation, FileId, Replacement, Sources};
use emjay_jit::ulm::{self, Convention};
use emjay_jit::{EXPLANATIONS, Options, compile};

/// A source text by itself.
struct Program {
    name: String,
    sources: Sources,
    file: FileId,
}

impl Program {
    fn new(name: &str, text: &str) -> Self {
        let mut sources = Sources::new();
        let file = sources.add(name, text);
        Self {
            name: name.into(),
            sources,
            file,
        }
    }

    fn messages(&self) -> Vec<Diagnostic> {
        match compile(&self.sources, self.file, Options::default()) {
            Ok(_) => Vec::new(),
            Err(messages) => messages,
        }
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn programs(name: &str) -> Vec<Program> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder(name))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|e| e == "emjay"))
        .collect();
    paths.sort();
    let program = |path: PathBuf| {
        let mut sources = Sources::new();
        let name = path.file_name().expect("a file has a name");
        let bytes = std::fs::read(&path).expect("it can be read");
        let file = sources.add_bytes(name.to_string_lossy(), bytes);
        Program {
            name: path
                .file_stem()
                .expect("it has a name")
                .to_string_lossy()
                .into_owned(),
            sources,
            file,
        }
    };
    paths.into_iter().map(program).collect()
}

fn write_golden(mint: &mut goldenfile::Mint, name: &str, text: &str) {
    let mut file = mint.new_goldenfile(name).expect("it can be made");
    file.write_all(text.as_bytes()).expect("it can be written");
}

#[test]
fn every_mistake_has_its_message() {
    let mut mint = goldenfile::Mint::new(folder("err"));
    for program in programs("err") {
        let messages = program.messages();
        let text = diagnostics::render_all(&messages, &program.sources, Appearance::Plain);
        write_golden(&mut mint, &format!("{}.txt", program.name), &text);
    }
}

#[test]
fn every_program_has_its_tree_and_its_functions() {
    let mut mint = goldenfile::Mint::new(folder("ok"));
    for program in programs("ok") {
        let ast = emjay_jit::parse(&program.sources, program.file).expect("it is right");
        write_golden(
            &mut mint,
            &format!("{}.ast", program.name),
            &ast.to_string(),
        );
        let compiled = compile(&program.sources, program.file, Options::default());
        let module = compiled.expect("it is right").module;
        let functions = (0..module.functions.len()).map(|index| {
            let id = FunctionId(index as u32);
            print_function(&module, id).to_string() + "\n"
        });
        let text: String = functions.collect();
        write_golden(&mut mint, &format!("{}.ir", program.name), &text);
    }
}

#[test]
fn every_code_has_a_program_that_gives_it() {
    let given: std::collections::BTreeSet<&str> = programs("err")
        .iter()
        .flat_map(Program::messages)
        .map(|diagnostic| diagnostic.code)
        .collect();
    // Files of 4 GiB and functions of a thousand joins are too large for an example, and programs
    // that end at run time, or that one convention of the ULM has no place for, give none.
    let is_expected = |code: &&str| {
        !["E0115", "E0209"].contains(code) && !code.starts_with("E03") && !code.starts_with("E04")
    };
    let codes = EXPLANATIONS.iter().map(|page| page.code);
    let missing: Vec<&str> = codes
        .filter(is_expected)
        .filter(|code| !given.contains(code))
        .collect();
    assert_eq!(missing, [""; 0]);
}

// ---- repairs ----

/// The text with replacements carried out.
fn repaired(program: &Program, replacements: &[Replacement]) -> Program {
    let mut text = program.sources.get(program.file).text.clone();
    let mut replacements = replacements.to_vec();
    replacements.sort_by_key(|r| std::cmp::Reverse(r.location.span.start));
    for replacement in replacements {
        text.replace_range(replacement.location.span, &replacement.text);
    }
    Program::new(&program.name, &text)
}

/// An error without its place, which a repair may move.
fn identity(diagnostic: &Diagnostic) -> (&'static str, &str) {
    (diagnostic.code, &diagnostic.message)
}

#[test]
fn a_repair_removes_its_error() {
    let mut repairs = 0;
    for program in programs("err") {
        let before = program.messages();
        for diagnostic in &before {
            let repair = diagnostic.advice.iter().find_map(|advice| match advice {
                Advice::Repair(_, replacements) => Some(replacements),
                _ => None,
            });
            let Some(replacements) = repair else { continue };
            let after = repaired(&program, replacements).messages();
            let count = |list: &[Diagnostic]| {
                list.iter()
                    .filter(|other| identity(other) == identity(diagnostic))
                    .count()
            };
            assert!(
                count(&after) < count(&before),
                "{}: this is not repaired:\n{}",
                program.name,
                diagnostics::render(diagnostic, &program.sources, Appearance::Plain)
            );
            repairs += 1;
        }
    }
    assert!(repairs > 15, "only {repairs} repairs");
}

// ---- pages ----

/// Pages whose mistake can't be shown as a text of a few lines.
const WITHOUT_EXAMPLES: [&str; 4] = ["E0108", "E0114", "E0115", "E0209"];

/// The indented block behind a line of a page that begins with the heading.
fn example(page: &Explanation, heading: &str) -> Option<String> {
    let (_, rest) = page.text.split_once(&format!("\n{heading}"))?;
    let (_, rest) = rest.split_once(":\n\n")?;
    let lines = rest
        .lines()
        .map_while(|line| line.strip_prefix("    ").or(line.is_empty().then_some("")));
    Some(lines.fold(String::new(), |text, line| text + line + "\n"))
}

fn codes_of(text: &str) -> Vec<&'static str> {
    let messages = Program::new("example.emjay", text).messages();
    messages.iter().map(|message| message.code).collect()
}

/// The code of the refusal of a program, under the convention that its page names.
fn refusal_of(page: &Explanation, text: &str) -> Option<&'static str> {
    let program = Program::new("example.emjay", text);
    let compiled = compile(&program.sources, program.file, Options::default());
    let mut module = compiled.expect("it is right").module;
    let convention = if page.text.contains("--convention leaf --no-inline`:") {
        Convention::Leaf
    } else {
        Convention::Inline
    };
    let options = ulm::Options {
        convention,
        inline: false,
        ..ulm::Options::default()
    };
    let main = module.find("main");
    let refusal = ulm::compile(&mut module, main, &options).err()?;
    Some(refusal.to_diagnostic(&module, program.file).code)
}

#[test]
fn the_wrong_example_of_a_page_gives_its_code_and_the_right_one_no_message() {
    let mut without = Vec::new();
    for page in EXPLANATIONS {
        let (Some(wrong), Some(right)) = (example(page, "Wrong"), example(page, "Right")) else {
            without.push(page.code);
            continue;
        };
        // What goes wrong at run time, or under one convention, is no mistake of the text.
        if page.code.starts_with("E03") {
            assert_eq!(codes_of(&wrong), [""; 0], "{wrong}");
        } else if page.code.starts_with("E04") {
            assert_eq!(refusal_of(page, &wrong), Some(page.code), "{wrong}");
            assert_eq!(refusal_of(page, &right), None, "{right}");
        } else {
            assert_eq!(codes_of(&wrong), [page.code], "{wrong}");
        }
        assert_eq!(codes_of(&right), [""; 0], "{}: {right}", page.code);
    }
    assert_eq!(without, WITHOUT_EXAMPLES);
}
