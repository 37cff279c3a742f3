//! Every message of the assembler: `err/*.s` and `ok/*.s` beside what is said about them.
//!
//! `UPDATE_GOLDENFILES=1 cargo test -p ulmas --test messages` writes the expected files anew.

use std::io::Write;
use std::path::{Path, PathBuf};

use diagnostics::{Advice, Appearance, Diagnostic, FileId, Severity, Sources};
use ulm_isa::Isa;
use ulmas::Assembly;

/// A program of one file, or of the files of a folder, the one called `main.s` first.
struct Program {
    name: String,
    sources: Sources,
    files: Vec<FileId>,
}

impl Program {
    fn assemble(&self) -> Assembly {
        ulmas::assemble(Isa::ulm(), &self.sources, &self.files)
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .collect();
    // `main.s` stands for the file that is named first on the command line.
    paths.sort_by_key(|path| (!path.ends_with("main.s"), path.clone()));
    paths
}

fn programs(name: &str) -> Vec<Program> {
    let is_source = |path: &PathBuf| path.extension().is_some_and(|e| e == "s");
    let program = |path: PathBuf| {
        let paths = if path.is_dir() {
            entries(&path)
        } else {
            vec![path.clone()]
        };
        let mut sources = Sources::new();
        let files = paths.iter().filter(|path| is_source(path)).map(|path| {
            let name = path.file_name().expect("a file has a name");
            let bytes = std::fs::read(path).expect("it can be read");
            sources.add_bytes(name.to_string_lossy(), bytes)
        });
        let files = files.collect();
        let name = path.file_stem().expect("it has a name");
        Program {
            name: name.to_string_lossy().into_owned(),
            sources,
            files,
        }
    };
    entries(&folder(name))
        .into_iter()
        .filter(|path| is_source(path) || path.is_dir())
        .map(program)
        .collect()
}

fn compare_with_expected(name: &str) {
    let mut mint = goldenfile::Mint::new(folder(name));
    for program in programs(name) {
        let assembly = program.assemble();
        let text =
            diagnostics::render_all(&assembly.diagnostics, &program.sources, Appearance::Plain);
        let mut file = mint
            .new_goldenfile(format!("{}.txt", program.name))
            .expect("it can be made");
        file.write_all(text.as_bytes()).expect("it can be written");
    }
}

#[test]
fn every_mistake_has_its_message() {
    compare_with_expected("err");
}

#[test]
fn every_doubtful_program_has_its_warnings() {
    compare_with_expected("ok");
}

/// A replacement carried out.
fn repaired(program: &Program, replacements: &[diagnostics::Replacement]) -> Program {
    let mut texts: Vec<String> = program
        .files
        .iter()
        .map(|&file| program.sources.get(file).text.clone())
        .collect();
    let mut replacements = replacements.to_vec();
    replacements.sort_by_key(|r| std::cmp::Reverse(r.location.span.start));
    for replacement in replacements {
        let at = program
            .files
            .iter()
            .position(|&file| file == replacement.location.file)
            .expect("it is one of the files");
        texts[at].replace_range(replacement.location.span, &replacement.text);
    }
    let mut sources = Sources::new();
    let files = (program.files.iter().zip(texts))
        .map(|(&file, text)| sources.add(program.sources.get(file).name.clone(), text))
        .collect();
    Program {
        name: program.name.clone(),
        sources,
        files,
    }
}

/// An error without its place, which a repair may move.
fn identity(diagnostic: &Diagnostic) -> (&'static str, String) {
    (diagnostic.code, diagnostic.message.clone())
}

#[test]
fn every_code_has_a_program_that_gives_it() {
    let all = programs("err").into_iter().chain(programs("ok"));
    let given: std::collections::BTreeSet<&str> = all
        .flat_map(|program| program.assemble().diagnostics)
        .map(|diagnostic| diagnostic.code)
        .collect();
    // Errors of images have their own tests; a file of 4 GiB is too large for one.
    let is_expected = |code: &&str| !code.starts_with("U06") && *code != "U0212";
    let codes = ulmas::EXPLANATIONS.iter().map(|page| page.code);
    let missing: Vec<&str> = codes
        .filter(is_expected)
        .filter(|code| !given.contains(code))
        .collect();
    assert_eq!(missing, [""; 0]);
}

/// Programs with several mistakes in a line: the repair of one reveals another.
const REVEALING: [&str; 4] = ["follow_up", "gnu", "prose", "unknown_directive"];

#[test]
fn a_repair_removes_its_error_and_makes_no_other() {
    let mut repairs = 0;
    let mut failures = String::new();
    for program in programs("err") {
        let before = program.assemble().diagnostics;
        for (number, diagnostic) in before.iter().enumerate() {
            let mut current = before.clone();
            let mut at = Some(number);
            let mut repaired_program = None;
            // One error may stand for several places: then the repair of the first leaves the
            // others, which are repaired in turn.
            for _ in 0..10 {
                let Some(place) = at else { break };
                let Some(Advice::Repair(_, replacements)) = current[place]
                    .advice
                    .iter()
                    .find(|advice| matches!(advice, Advice::Repair(..)))
                else {
                    break;
                };
                let from = repaired_program.as_ref().unwrap_or(&program);
                let next = repaired(from, replacements);
                current = next.assemble().diagnostics;
                current.retain(|d| d.severity == Severity::Error);
                repaired_program = Some(next);
                let count = |list: &[Diagnostic]| {
                    list.iter()
                        .filter(|d| identity(d) == identity(diagnostic))
                        .count()
                };
                at = (count(&current) >= count(&before))
                    .then(|| {
                        current
                            .iter()
                            .position(|d| identity(d) == identity(diagnostic))
                    })
                    .flatten();
            }
            let Some(after) = repaired_program else {
                continue;
            };
            repairs += 1;
            let reveals = REVEALING.contains(&program.name.as_str());
            if at.is_some() || (current.len() >= before.len() && !reveals) {
                let known: Vec<_> = before.iter().map(identity).collect();
                current.retain(|d| !known.contains(&identity(d)));
                failures += &format!(
                    "{}: this is not repaired:\n{}and these are new:\n{}",
                    program.name,
                    diagnostics::render(diagnostic, &program.sources, Appearance::Plain),
                    diagnostics::render_all(&current, &after.sources, Appearance::Plain)
                );
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(repairs > 100, "only {repairs} repairs");
}

#[test]
fn the_code_that_a_help_gives_for_a_line_assembles() {
    let mut tried = 0;
    for program in programs("err") {
        let before = program.assemble().diagnostics;
        for diagnostic in &before {
            let code = diagnostic.advice.iter().find_map(|advice| match advice {
                Advice::Help(text) => text.split_once(" like this:\n").map(|(_, code)| code),
                _ => None,
            });
            let Some(code) = code else { continue };
            let place = &diagnostic.primary.location;
            let text = &program.sources.get(place.file).text;
            let start = text[..place.span.start].rfind('\n').map_or(0, |at| at + 1);
            let end = start + text[start..].find('\n').unwrap_or(text.len() - start);
            let replacement = diagnostics::Replacement {
                location: diagnostics::Location::new(place.file, start..end),
                text: code.to_owned(),
            };
            let after = repaired(&program, &[replacement]).assemble().diagnostics;
            assert!(after.len() < before.len(), "{}: {code}", program.name);
            tried += 1;
        }
    }
    assert!(tried > 5, "only {tried} were tried");
}

/// Pages whose mistake can't be shown as text of a few lines.
const WITHOUT_EXAMPLES: [&str; 3] = ["U0112", "U0211", "U0212"];

/// The indented block behind a line of a page.
fn example(page: &diagnostics::Explanation, heading: &str) -> Option<String> {
    let (_, rest) = page.text.split_once(&format!("\n{heading}\n\n"))?;
    let lines = rest.lines().map_while(|line| line.strip_prefix("    "));
    Some(lines.fold(String::new(), |text, line| text + line + "\n"))
}

/// The codes of the messages about an example.
fn codes_of(page: &diagnostics::Explanation, text: &str) -> Vec<&'static str> {
    if page.code.starts_with("U06") {
        return match ulmas::image::Image::parse(text.as_bytes()) {
            Ok(_) => Vec::new(),
            Err(error) => vec![error.kind.code()],
        };
    }
    let mut sources = Sources::new();
    let mut files = Vec::new();
    let names_a_file = |line: &str| {
        let name = line.strip_prefix("# ").unwrap_or_default();
        Path::new(name).extension().is_some_and(|e| e == "s")
    };
    for line in text.lines() {
        if files.is_empty() || names_a_file(line) {
            files.push(String::new());
        }
        if let Some(file) = files.last_mut() {
            *file += line;
            file.push('\n');
        }
    }
    let files: Vec<FileId> = files.iter().map(|text| sources.add("a.s", text)).collect();
    let assembly = ulmas::assemble(Isa::ulm(), &sources, &files);
    assembly.diagnostics.iter().map(|d| d.code).collect()
}

#[test]
fn the_wrong_example_of_a_page_gives_its_code_and_the_right_one_no_message() {
    let mut without = Vec::new();
    for page in ulmas::EXPLANATIONS {
        let (Some(wrong), Some(right)) = (example(page, "Wrong:"), example(page, "Right:")) else {
            without.push(page.code);
            continue;
        };
        assert_eq!(codes_of(page, &wrong), [page.code], "{wrong}");
        assert_eq!(codes_of(page, &right), [""; 0], "{}: {right}", page.code);
    }
    assert_eq!(without, WITHOUT_EXAMPLES);
}
