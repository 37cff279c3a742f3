//! A program with much code that is all executed often enough to be worth a translation: what an engine
//! keeps for each instruction shows in its memory.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::tools::Tools;
use crate::programs::scratch;

/// Loops, one after the other.
const LOOPS: u32 = 1_200;

/// How often each one goes round.
const ROUNDS: u32 = 5_000;

/// Blocks of eight instructions in a loop.
const BLOCKS: u32 = 25;

/// Bytes of the program's text, about.
pub const BYTES: u64 = LOOPS as u64 * BLOCKS as u64 * 8 * 4;

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
    writeln!(out, "        ldzwq   @w1(buffer), %2")?;
    writeln!(out, "        shldwq  @w0(buffer), %2")?;
    for number in 0..LOOPS {
        writeln!(out, "        ldzwq   {ROUNDS}, %1")?;
        writeln!(out, "loop{number}:")?;
        for block in number * BLOCKS..(number + 1) * BLOCKS {
            write_block(&mut out, block)?;
        }
        writeln!(out, "        subq    1, %1, %1")?;
        writeln!(out, "        jnz     loop{number}")?;
    }
    writeln!(out, "        halt    0")?;
    writeln!(out, "        .bss")?;
    writeln!(out, "        .align  8")?;
    writeln!(out, "buffer:")?;
    writeln!(out, "        .space  128")?;
    out.flush()
}

/// Arithmetic and memory, and a jump over the last two instructions that is taken now and then.
fn write_block(out: &mut impl Write, block: u32) -> std::io::Result<()> {
    let (one, other) = (3 + block % 13, 16 + block % 11);
    let displacement = block % 16 * 8;
    let immediate = block % 256;
    writeln!(out, "        addq    {immediate}, %{one}, %{one}")?;
    writeln!(out, "        imulq   3, %{other}, %{other}")?;
    writeln!(out, "        addq    %{one}, %{other}, %{other}")?;
    writeln!(out, "        movq    %{other}, {displacement}(%2)")?;
    writeln!(out, "        subq    %{one}, %{other}, %0")?;
    writeln!(out, "        jb      block{block}")?;
    writeln!(out, "        movq    {displacement}(%2), %{one}")?;
    writeln!(out, "        shrq    7, %{one}, %{one}")?;
    writeln!(out, "block{block}:")
}
