//! The programs, as sources in emjay and in C.

use std::path::{Path, PathBuf};
use std::process::Command;

use codegen::ir::Module;
use diagnostics::Sources;

/// A program.
#[derive(Debug, Clone)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// The source in emjay.
    pub emjay: String,
    /// The file with the source in C, whose `main` is called `ej_main`.
    pub c: PathBuf,
    /// The arguments of `main`.
    pub arguments: Vec<i64>,
}

/// The programs that `programs.py` writes, with their arguments.
const GENERATED: [(&str, &[i64]); 5] = [
    ("small", &[]),
    ("fib27", &[3, 4]),
    ("wide40", &[3, 4]),
    ("line100k", &[3, 4]),
    ("tree200", &[3, 4]),
];

/// Those in the folder `programs`.
const WRITTEN: [(&str, &[i64]); 4] = [
    ("fib35", &[35]),
    ("nest", &[500]),
    ("collatz", &[1_000_000]),
    ("gcd", &[1_500]),
];

/// The same with arguments for which at most some millions of instructions are executed.
const SHORT: [(&str, &[i64]); 4] = [
    ("fib35", &[20]),
    ("nest", &[40]),
    ("collatz", &[2_000]),
    ("gcd", &[100]),
];

/// A folder for what is made on the way.
pub fn scratch() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/programs");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// The generated programs: straight code and calls.
pub fn generated() -> Vec<Program> {
    generated_with_python().expect("programs.py needs python3")
}

/// The same; none where there is no python3.
pub fn generated_with_python() -> Option<Vec<Program>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs.py");
    let status = Command::new("python3").arg(script).arg(scratch()).status();
    let is_written = status.is_ok_and(|status| status.success());
    let read = |(name, arguments)| load(&scratch(), name, arguments);
    is_written.then(|| GENERATED.map(read).into())
}

/// The programs with loops and recursion.
pub fn written() -> Vec<Program> {
    load_written(&WRITTEN)
}

/// The same, with arguments that give them little to do.
pub fn written_short() -> Vec<Program> {
    load_written(&SHORT)
}

fn load_written(programs: &[(&'static str, &[i64])]) -> Vec<Program> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    programs
        .iter()
        .map(|&(name, arguments)| load(&folder, name, arguments))
        .collect()
}

fn load(folder: &Path, name: &'static str, arguments: &[i64]) -> Program {
    let emjay = std::fs::read_to_string(folder.join(format!("{name}.emjay")));
    Program {
        name,
        emjay: emjay.expect("the program is there"),
        c: folder.join(format!("{name}.c")),
        arguments: arguments.to_vec(),
    }
}

impl Program {
    /// The IR as the front end makes it.
    pub fn module(&self) -> Module {
        let mut sources = Sources::new();
        let file = sources.add(format!("{}.emjay", self.name), self.emjay.clone());
        let program = emjay_jit::compile(&sources, file, emjay_jit::Options::default());
        program.expect("the program is right").module
    }
}
