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

/// A folder for what is made on the way.
pub fn scratch() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/programs");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// The generated programs: straight code and calls.
pub fn generated() -> Vec<Program> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs.py");
    let status = Command::new("python3").arg(script).arg(scratch()).status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "programs.py needs python3"
    );
    GENERATED
        .map(|(name, arguments)| load(&scratch(), name, arguments))
        .into()
}

/// The programs with loops and recursion.
pub fn written() -> Vec<Program> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs");
    WRITTEN
        .map(|(name, arguments)| load(&folder, name, arguments))
        .into()
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
