//! From a module to a program of the ULM.

use codegen::ir::{FunctionId, Module};
use codegen::machine::{Allocation, Assembly, Code, RegisterFile, RegisterSet};
use codegen::passes::blocks::without_critical_edges;
use codegen::passes::inline::InlineError;
use codegen::passes::strength::Costs;
use codegen::passes::{self, Inlining, Level, stack_checks};
use codegen::regalloc;

use super::convention::{Convention, check_leaf, needed};
use super::finish::{self, Context};
use super::instruction::Instruction;
use super::program::{Program, SectionKind};
use super::refusal::Refusal;
use super::registers::{Layout, Scheme, callee_registers};
use super::select::{self, Selected};
use super::stack_need::stack_need;
use super::start;
use crate::reason::Reason;

/// The largest number of instructions of a program without calls.
const LARGEST_INLINED: u64 = 1_000_000;

/// How a program is made.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// How functions call each other.
    pub convention: Convention,
    /// How much is done to make the code fast.
    pub level: Level,
    /// Whether calls of small functions may be replaced by their bodies; only at [`Level::Full`].
    pub inline: bool,
    /// The arguments of `main`, which are built in; those that are missing are 0.
    pub arguments: &'a [i64],
    /// The bytes of stack.
    pub stack: u64,
}

impl Default for Options<'_> {
    /// The best code, 256 MiB of stack.
    fn default() -> Self {
        Self {
            convention: Convention::Auto,
            level: Level::Full,
            inline: true,
            arguments: &[],
            stack: 256 << 20,
        }
    }
}

/// Makes a program of a module, which is left as it was compiled: after the passes, without calls if
/// that was asked for. Without `main` there are only functions.
///
/// # Errors
///
/// Why the program can't be had under the convention.
pub fn compile(
    module: &mut Module,
    main: Option<FunctionId>,
    options: &Options<'_>,
) -> Result<Program, Refusal> {
    optimise(module, main, options)?;
    generate(module, main, options)
}

/// The second half of [`compile`]: the code of a module that [`optimise`] has changed with the same
/// options.
///
/// # Errors
///
/// Why the program can't be had under the convention.
pub fn generate(
    module: &Module,
    main: Option<FunctionId>,
    options: &Options<'_>,
) -> Result<Program, Refusal> {
    let functions = needed(module, main);
    let convention = match options.convention {
        Convention::Auto => match check_leaf(module, main, &functions) {
            Ok(()) => Convention::Leaf,
            Err(_) => Convention::Stack,
        },
        Convention::Leaf => {
            check_leaf(module, main, &functions)?;
            Convention::Leaf
        }
        // Functions that nobody calls are leaves.
        Convention::Inline if main.is_none() => {
            check_leaf(module, main, &functions)?;
            Convention::Leaf
        }
        other => other,
    };
    let generator = Generator {
        module,
        main,
        options,
        functions: &functions,
    };
    let program = match convention {
        Convention::Leaf | Convention::Auto => generator.leaf(),
        Convention::Stack => generator.stack(),
        Convention::Inline => generator.inline(),
    };
    if options.convention == Convention::Inline && program.size() > 4 * LARGEST_INLINED {
        let limit = LARGEST_INLINED;
        return Err(Refusal::TooLarge { limit });
    }
    Ok(program)
}

/// The first half of [`compile`]: the passes, and checks of the stack where functions call
/// themselves.
///
/// # Errors
///
/// Why the program can't do without calls, if that was asked for.
pub fn optimise(
    module: &mut Module,
    main: Option<FunctionId>,
    options: &Options<'_>,
) -> Result<(), Refusal> {
    let is_inline = options.convention == Convention::Inline;
    if is_inline {
        passes::inline::check(module, main, 4 * LARGEST_INLINED).map_err(|error| match error {
            InlineError::Recursion {
                caller,
                place,
                callee,
            } => Refusal::Recursion {
                caller,
                place,
                callee,
            },
            InlineError::TooLarge => Refusal::TooLarge {
                limit: LARGEST_INLINED,
            },
        })?;
    }
    let inlining = match (is_inline, options.inline) {
        (true, _) => Inlining::Everything,
        (false, true) => Inlining::Small,
        (false, false) => Inlining::None,
    };
    let pass_options = passes::Options {
        inline: inlining,
        costs: Costs::ULM,
        exhausted: None,
    };
    passes::optimise(module, options.level, pass_options);
    stack_checks::insert(module, Reason::StackExhausted.number());
    Ok(())
}

/// A function's instructions before register allocation, and the registers there are for it: for
/// tests of that. With arguments the program begins with the function.
#[doc(hidden)]
pub fn code_before_allocation(
    module: &Module,
    id: FunctionId,
    layout: Layout,
    arguments: Option<&[i64]>,
) -> (Code<Instruction>, RegisterFile) {
    let function = without_critical_edges(&module.functions[id.index()]);
    let scheme = match (layout, arguments) {
        (Layout::Stack, _) => Scheme::stack(),
        (Layout::Leaf { callee_registers }, Some(arguments)) => {
            Scheme::leaf_caller(arguments, callee_registers)
        }
        (Layout::Inline, Some(arguments)) => Scheme::inline(arguments),
        (_, None) => Scheme::leaf_callee(function.parameters),
    };
    let code = select::select(&function, &scheme).code;
    (code, scheme.file)
}

/// A function whose values have places.
struct Allocated {
    id: FunctionId,
    selected: Selected,
    allocation: Allocation,
}

struct Generator<'a> {
    module: &'a Module,
    main: Option<FunctionId>,
    options: &'a Options<'a>,
    functions: &'a [FunctionId],
}

impl Generator<'_> {
    /// `main` and those that it calls, which are allocated first: the neediest says how many
    /// registers belong to callees.
    fn leaf(&self) -> Program {
        let callees: Vec<(Allocated, Scheme<'_>)> = self
            .functions
            .iter()
            .filter(|&&id| Some(id) != self.main)
            .map(|&id| {
                let parameters = self.module.functions[id.index()].parameters;
                let scheme = Scheme::leaf_callee(parameters);
                (self.allocate(id, &scheme), scheme)
            })
            .collect();
        let used = callees
            .iter()
            .map(|(function, scheme)| {
                finish::registers(
                    &self.context(function.id, scheme, scheme.layout),
                    &function.selected.code,
                    &function.allocation,
                )
            })
            .fold(RegisterSet::EMPTY, |all, used| all.union(&used));
        // Arguments come even to those that don't read them.
        let parameters = callees
            .iter()
            .map(|(function, _)| self.module.functions[function.id.index()].parameters as u8);
        let registers = callee_registers(used).max(parameters.max().unwrap_or(0));
        let layout = Layout::Leaf {
            callee_registers: registers,
        };
        let mut program = Program::new(Convention::Leaf, layout, self.main);
        if let Some(main) = self.main {
            let scheme = Scheme::leaf_caller(self.options.arguments, registers);
            let function = self.allocate(main, &scheme);
            self.main_part(&mut program, &function, &scheme);
        } else {
            program.push(SectionKind::Start, start::nothing());
        }
        for (function, scheme) in &callees {
            self.function(&mut program, function, scheme);
        }
        Self::link(program)
    }

    fn inline(&self) -> Program {
        let mut program = Program::new(Convention::Inline, Layout::Inline, self.main);
        if let Some(main) = self.main {
            let scheme = Scheme::inline(self.options.arguments);
            let function = self.allocate(main, &scheme);
            self.main_part(&mut program, &function, &scheme);
        }
        Self::link(program)
    }

    fn stack(&self) -> Program {
        let mut program = Program::new(Convention::Stack, Layout::Stack, self.main);
        if let Some(main) = self.main {
            let stack = start::Stack {
                main,
                arguments: self.options.arguments,
                parameters: self.module.functions[main.index()].parameters,
                size: self.options.stack,
                is_checked: self.is_checked(),
            };
            program.push(SectionKind::Start, start::stack(&stack));
            program.push_end(start::print_value(Layout::Stack));
        } else {
            program.push(SectionKind::Start, start::nothing());
        }
        let scheme = Scheme::stack();
        for &id in self.functions {
            self.function(&mut program, &self.allocate(id, &scheme), &scheme);
        }
        if let Some(main) = self.main
            && stack_need(&program, self.module, main).is_some_and(|need| need > self.options.stack)
        {
            program.sections[0].assembly = start::too_little_stack();
        }
        Self::link(program)
    }

    /// Whether a function looks at how much stack is left.
    fn is_checked(&self) -> bool {
        self.functions.iter().any(|id| {
            let function = &self.module.functions[id.index()];
            function
                .instructions
                .iter()
                .any(|i| matches!(i.op, codegen::ir::Op::StackCheck { .. }))
        })
    }

    fn allocate(&self, id: FunctionId, scheme: &Scheme<'_>) -> Allocated {
        let function = without_critical_edges(&self.module.functions[id.index()]);
        let mut selected = select::select(&function, scheme);
        let allocation = regalloc::allocate(&mut selected.code, &scheme.file);
        Allocated {
            id,
            selected,
            allocation,
        }
    }

    fn context<'a>(
        &'a self,
        id: FunctionId,
        scheme: &'a Scheme<'a>,
        layout: Layout,
    ) -> Context<'a> {
        Context {
            id,
            name: &self.module.functions[id.index()].name,
            scheme,
            layout,
            always_frames: self.options.level != Level::Full,
            first_spilled: 0,
        }
    }

    fn finish(
        &self,
        program: &mut Program,
        function: &Allocated,
        scheme: &Scheme<'_>,
    ) -> Assembly<Instruction> {
        let context = Context {
            first_spilled: program.spilled,
            ..self.context(function.id, scheme, program.layout)
        };
        if scheme.layout != Layout::Stack {
            program.spilled += function.allocation.slots;
        }
        finish::finish(&context, &function.selected, &function.allocation)
    }

    /// The part that the program begins with, and its end.
    fn main_part(&self, program: &mut Program, function: &Allocated, scheme: &Scheme<'_>) {
        let assembly = self.finish(program, function, scheme);
        program.push(SectionKind::Function(function.id), assembly);
        program.push_end(start::print_value(program.layout));
    }

    fn function(&self, program: &mut Program, function: &Allocated, scheme: &Scheme<'_>) {
        let assembly = self.finish(program, function, scheme);
        program.push(SectionKind::Function(function.id), assembly);
    }

    /// Adds the place where exhausted stacks end, if there are any, and gives everything addresses.
    fn link(mut program: Program) -> Program {
        if program.uses_exhausted_end() {
            program.push(SectionKind::StackExhausted, start::stack_exhausted());
        }
        program.lay_out();
        program
    }
}
