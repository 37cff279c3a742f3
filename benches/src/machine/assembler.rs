//! Lines a second of the assembler.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::MEBIBYTE;
use super::error::Error;
use super::process::{self, Usage};
use super::table::{Table, Target, judged, number};
use super::tools::Tools;
use crate::median;
use crate::programs::scratch;

/// Lines of the source; one in ten has a label.
const LINES: u32 = 1_000_000;

/// Millions of lines a second.
const TARGET: Target = Target::AtLeast(3.0);

/// Millions of lines a second, of a source that is made for that.
///
/// # Errors
///
/// If the source can't be written, or the assembler fails.
pub fn measured(rounds: u32, tools: &Tools) -> Result<Table, Error> {
    let source = scratch().join("lines.s");
    write_source(&source).map_err(Error::file(&source))?;
    let mut command = tools.ulmas();
    command
        .arg("-o")
        .arg(scratch().join("lines.ulm"))
        .arg(&source);
    let usages: Vec<_> = (0..rounds)
        .map(|_| process::measure(&mut command))
        .collect::<Result<_, _>>()?;
    let middle = |figure: fn(&Usage) -> f64| median(usages.iter().map(figure).collect());
    let millions = f64::from(LINES) / 1e6;
    let processor = millions / middle(|usage| usage.processor.as_secs_f64());
    let elapsed = millions / middle(|usage| usage.elapsed.as_secs_f64());
    let peak = middle(|usage| usage.peak as f64 / MEBIBYTE);
    let mut table = Table::new([
        "lines",
        "labels",
        "million lines a second of the processor",
        "million lines a second that passes",
        "MiB",
    ]);
    table.row([
        LINES.to_string(),
        (LINES / 10).to_string(),
        judged(processor, Some(TARGET)),
        number(elapsed),
        number(peak),
    ]);
    Ok(table)
}

/// Blocks of ten lines, each with a label, comments, arithmetic, memory, and a jump to another block,
/// backward or forward.
///
/// Line by line into the file: what this process has in memory at its peak, those have that it starts.
fn write_source(path: &Path) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let blocks = LINES / 10;
    for block in 0..blocks {
        // Some hundred blocks away, at most.
        let distance = block * 7919 % 400;
        let other = (block + distance).saturating_sub(200).min(blocks - 1);
        let register = 1 + block % 200;
        write!(
            out,
            "\
block{block}:
        # block {block} goes on at block {other}
        ldzwq   @w1(block{other}), %{register}
        shldwq  @w0(block{other}), %{register}
        movq    {displacement}(%{register}), %{next}
        addq    {immediate},\t%{next},\t%{register}     # an immediate
        imulq   %{register}, %{next}, %{next}
        movb    %{next}, (%{register}, %{next})
        subq    'x', %{next}, %0
        jnz     block{other}
",
            displacement = block % 16 * 8,
            immediate = block % 256,
            next = register + 1,
        )?;
    }
    out.flush()
}
