//! The IR of a comparison, line by line, each with the line of the source that it comes from.

use codegen::ir::Module;
use codegen::ir::text::{PrintedLine, print_lines};

use super::report::{IrFunction, IrLine};
use super::source_lines::SourceLines;
use crate::backend::ids;

/// The functions of a module.
pub(super) fn listing(module: &Module, source: &SourceLines) -> Vec<IrFunction> {
    let functions = ids(module).zip(&module.functions);
    functions
        .map(|(id, function)| {
            let lines = print_lines(module, id)
                .into_iter()
                .map(|(text, line)| IrLine {
                    text,
                    source_line: match line {
                        PrintedLine::Head => source.of_function(function),
                        PrintedLine::Instruction(index) => {
                            let place = function.instructions[index].origin.place;
                            source.of_place(function, place)
                        }
                        PrintedLine::Block | PrintedLine::End => None,
                    },
                });
            IrFunction {
                name: function.name.clone(),
                lines: lines.collect(),
            }
        })
        .collect()
}
