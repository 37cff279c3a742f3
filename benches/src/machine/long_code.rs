//! A program of which much is executed, but nothing often: what an engine keeps for each instruction
//! shows in its memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::tools::Tools;
use crate::programs::scratch;

/// Blocks of eight instructions.
const BLOCKS: u32 = 50_000;

/// How often they are all executed, one after the other.
const ROUNDS: u32 = 100;

/// Bytes of the program's text, about.
pub const BYTES: u64 = BLOCKS as u64 * 8 * 4;

/// Makes the program and gives the path of its image.
///
/// # Errors
///
/// If its source can't be written, or is wrong.
pub fn assembled(tools: &Tools) -> Result<PathBuf, Error> {
    let source = scratch().join("long-code.s");
    write_source(&source).map_err(Error::file(&source))?;
    tools.assemble("long-code", &source)
}

fn write_source(path: &Path) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "        ldzwq   {ROUNDS}, %1")?;
    writeln!(out, "        ldzwq   @w1(buffer), %2")?;
    writeln!(out, "        shldwq  @w0(buffer), %2")?;
    writeln!(out, "again:")?;
    for block in 0..BLOCKS {
        let (one, other) = (3 + block % 13, 16 + block % 11);
        let next = block + 1;
        write!(
            out,
            "\
block{block}:
        addq    {immediate}, %{one}, %{one}
        imulq   3, %{other}, %{other}
        addq    %{one}, %{other}, %{other}
        movq    %{other}, {displacement}(%2)
        subq    %{one}, %{other}, %0
        jb      block{next}
        movq    {displacement}(%2), %{one}
        shrq    7, %{one}, %{one}
",
            immediate = block % 256,
            displacement = block % 16 * 8,
        )?;
    }
    write!(
        out,
        "\
block{BLOCKS}:
        subq    1, %1, %1
        jnz     again
        halt    0

        .bss
        .align  8
buffer:
        .space  128
"
    )?;
    out.flush()
}
