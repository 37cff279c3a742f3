//! The same IR through Cranelift: to executable memory for this machine, or to an object file for
//! AArch64.

use codegen::ir::flow::Flow;
use codegen::ir::{
    Binary, BlockId, Callee, Condition, Division, Function, FunctionId, Module, Op, Target, Unary,
};
use cranelift_codegen::Context;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, InstBuilder, Signature, TrapCode, Value, types,
};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Linkage, Module as _, default_libcall_names};
use cranelift_object::{ObjectBuilder, ObjectModule};

/// How hard Cranelift tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `opt_level=none`, the single-pass register allocator: its fastest.
    Fastest,
    /// `opt_level=speed`, the backtracking register allocator.
    Speed,
}

fn flags(mode: Mode, pic: bool) -> settings::Flags {
    let mut flags = settings::builder();
    let (level, algorithm) = match mode {
        Mode::Fastest => ("none", "single_pass"),
        Mode::Speed => ("speed", "backtracking"),
    };
    for (name, value) in [
        ("opt_level", level),
        ("regalloc_algorithm", algorithm),
        ("enable_verifier", "false"),
        ("is_pic", if pic { "true" } else { "false" }),
        ("use_colocated_libcalls", "false"),
    ] {
        flags.set(name, value).expect("a setting of Cranelift");
    }
    settings::Flags::new(flags)
}

/// Machine code in memory.
pub struct Compiled {
    module: JITModule,
    entry: FuncId,
}

impl Compiled {
    /// The address of the entry function.
    pub fn entry(&self) -> *const u8 {
        self.module.get_finalized_function(self.entry)
    }

    /// Gives the memory back.
    ///
    /// # Safety
    ///
    /// Nothing of it may run, or be called, any more.
    pub unsafe fn free(self) {
        // SAFETY: the caller's promise is what this wants.
        unsafe { self.module.free_memory() }
    }
}

/// Compiles a module for this machine.
pub fn compile(module: &Module, entry: FunctionId, mode: Mode) -> Compiled {
    let isa = cranelift_native::builder().expect("a host that Cranelift knows");
    let isa = isa.finish(flags(mode, false)).expect("these settings");
    let mut jit = JITModule::new(JITBuilder::with_isa(isa, default_libcall_names()));
    let ids = define(module, &mut jit, |name| name.to_owned());
    jit.finalize_definitions().expect("memory for the code");
    Compiled {
        entry: ids[entry.index()],
        module: jit,
    }
}

/// Compiles a module to an object file for AArch64 Linux; `main` is called `ej_main` there.
pub fn object(module: &Module, mode: Mode) -> Vec<u8> {
    let isa: OwnedTargetIsa = cranelift_codegen::isa::lookup_by_name("aarch64-unknown-linux-gnu")
        .expect("AArch64 is compiled in")
        .finish(flags(mode, true))
        .expect("these settings");
    let builder = ObjectBuilder::new(isa, "program", default_libcall_names()).expect("a format");
    let mut object = ObjectModule::new(builder);
    define(module, &mut object, |name| {
        if name == "main" {
            "ej_main".to_owned()
        } else {
            name.to_owned()
        }
    });
    object.finish().emit().expect("an object file")
}

fn define(
    module: &Module,
    output: &mut impl cranelift_module::Module,
    name: impl Fn(&str) -> String,
) -> Vec<FuncId> {
    let call_conv = output.isa().default_call_conv();
    let signature = |parameters: u32| {
        let mut signature = Signature::new(call_conv);
        signature.params = vec![AbiParam::new(types::I64); parameters as usize];
        signature.returns = vec![AbiParam::new(types::I64)];
        signature
    };
    let ids: Vec<FuncId> = module
        .functions
        .iter()
        .map(|function| {
            let linkage = if function.name == "main" {
                Linkage::Export
            } else {
                Linkage::Local
            };
            output
                .declare_function(
                    &name(&function.name),
                    linkage,
                    &signature(function.parameters),
                )
                .expect("a declaration")
        })
        .collect();
    let mut context = output.make_context();
    let mut builder_context = FunctionBuilderContext::new();
    for (function, &id) in module.functions.iter().zip(&ids) {
        context.func.signature = signature(function.parameters);
        translate(function, &ids, output, &mut context, &mut builder_context);
        output
            .define_function(id, &mut context)
            .expect("a definition");
        output.clear_context(&mut context);
    }
    ids
}

fn translate(
    function: &Function,
    ids: &[FuncId],
    output: &mut impl cranelift_module::Module,
    context: &mut Context,
    builder_context: &mut FunctionBuilderContext,
) {
    let mut builder = FunctionBuilder::new(&mut context.func, builder_context);
    let blocks: Vec<Block> = function
        .blocks
        .iter()
        .map(|_| builder.create_block())
        .collect();
    builder.append_block_params_for_function_params(blocks[0]);
    let arguments = builder.block_params(blocks[0]).to_vec();
    let mut values = vec![Value::from_u32(0); function.values as usize];
    for (block, &to) in function.blocks.iter().zip(&blocks) {
        for parameter in function.list(block.parameters) {
            values[parameter.index()] = builder.append_block_param(to, types::I64);
        }
    }
    let flow = Flow::of(function);
    for &block in flow.reverse_postorder() {
        builder.switch_to_block(blocks[block.index()]);
        for instruction in function.block(block) {
            let translator = &mut Translator {
                function,
                ids,
                blocks: &blocks,
                arguments: &arguments,
                values: &mut values,
            };
            translator.instruction(&instruction.op, &mut builder, output);
        }
    }
    builder.seal_all_blocks();
    builder.finalize(output.isa().frontend_config());
}

struct Translator<'a> {
    function: &'a Function,
    ids: &'a [FuncId],
    blocks: &'a [Block],
    arguments: &'a [Value],
    values: &'a mut [Value],
}

impl Translator<'_> {
    fn instruction(
        &mut self,
        op: &Op,
        builder: &mut FunctionBuilder<'_>,
        output: &mut impl cranelift_module::Module,
    ) {
        match *op {
            Op::Constant { dest, value } => {
                self.values[dest.index()] = builder.ins().iconst(types::I64, value);
            }
            Op::Argument { dest, index } => {
                self.values[dest.index()] = self.arguments[index as usize];
            }
            Op::Unary { operator, dest, a } => {
                let a = self.values[a.index()];
                self.values[dest.index()] = match operator {
                    Unary::Negate => builder.ins().ineg(a),
                    Unary::Not => builder.ins().bnot(a),
                    _ => panic!("emjay has no {operator:?}"),
                };
            }
            Op::Binary {
                operator,
                dest,
                a,
                b,
            } => {
                let (a, b) = (self.values[a.index()], self.values[b.index()]);
                self.values[dest.index()] = binary(operator, a, b, builder);
            }
            Op::Divide {
                operator,
                dest,
                a,
                b,
                ..
            } => {
                let (a, b) = (self.values[a.index()], self.values[b.index()]);
                self.values[dest.index()] = match operator {
                    Division::Signed => builder.ins().sdiv(a, b),
                    Division::SignedRemainder => builder.ins().srem(a, b),
                    Division::Unsigned => builder.ins().udiv(a, b),
                    Division::UnsignedRemainder => builder.ins().urem(a, b),
                };
            }
            Op::Select {
                dest,
                condition,
                a,
                b,
            } => {
                let [condition, a, b] = [condition, a, b].map(|value| self.values[value.index()]);
                self.values[dest.index()] = builder.ins().select(condition, a, b);
            }
            Op::Call {
                dest,
                callee,
                arguments,
                ..
            } => {
                let Callee::Function(callee) = callee else {
                    panic!("the benchmarks call nothing outside");
                };
                let arguments: Vec<Value> = self
                    .function
                    .list(arguments)
                    .map(|v| self.values[v.index()])
                    .collect();
                let callee = output.declare_func_in_func(self.ids[callee.index()], builder.func);
                let call = builder.ins().call(callee, &arguments);
                self.values[dest.index()] = builder.inst_results(call)[0];
            }
            Op::Jump { target } => {
                let arguments = self.block_arguments(target);
                builder.ins().jump(self.block(target.block), &arguments);
            }
            Op::Branch {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.values[condition.index()];
                let (a, b) = (self.block_arguments(then), self.block_arguments(otherwise));
                let (then, otherwise) = (self.block(then.block), self.block(otherwise.block));
                builder.ins().brif(condition, then, &a, otherwise, &b);
            }
            Op::Return { value } => {
                builder.ins().return_(&[self.values[value.index()]]);
            }
            Op::Leave { .. } => {
                builder.ins().trap(TrapCode::unwrap_user(1));
            }
            // What emjay checks and C does not is not asked of the peer either.
            Op::StackCheck { .. } | Op::Poll { .. } | Op::Guard { .. } => {}
            _ => panic!("emjay has no {op:?}"),
        }
    }

    fn block(&self, block: BlockId) -> Block {
        self.blocks[block.index()]
    }

    fn block_arguments(&self, target: Target) -> Vec<BlockArg> {
        let values = self.function.list(target.arguments);
        values
            .map(|value| BlockArg::Value(self.values[value.index()]))
            .collect()
    }
}

fn binary(operator: Binary, a: Value, b: Value, builder: &mut FunctionBuilder<'_>) -> Value {
    match operator {
        Binary::Add => builder.ins().iadd(a, b),
        Binary::Subtract => builder.ins().isub(a, b),
        Binary::Multiply => builder.ins().imul(a, b),
        Binary::MultiplyHighSigned => builder.ins().smulhi(a, b),
        Binary::MultiplyHighUnsigned => builder.ins().umulhi(a, b),
        Binary::And => builder.ins().band(a, b),
        Binary::Or => builder.ins().bor(a, b),
        Binary::Xor => builder.ins().bxor(a, b),
        Binary::ShiftLeft => builder.ins().ishl(a, b),
        Binary::ShiftRight => builder.ins().ushr(a, b),
        Binary::ShiftRightSigned => builder.ins().sshr(a, b),
        Binary::Compare(condition) => {
            let condition = match condition {
                Condition::Equal => IntCC::Equal,
                Condition::NotEqual => IntCC::NotEqual,
                Condition::Less => IntCC::SignedLessThan,
                Condition::LessEqual => IntCC::SignedLessThanOrEqual,
                Condition::Greater => IntCC::SignedGreaterThan,
                Condition::GreaterEqual => IntCC::SignedGreaterThanOrEqual,
                Condition::Below => IntCC::UnsignedLessThan,
                Condition::BelowEqual => IntCC::UnsignedLessThanOrEqual,
                Condition::Above => IntCC::UnsignedGreaterThan,
                Condition::AboveEqual => IntCC::UnsignedGreaterThanOrEqual,
            };
            let bit = builder.ins().icmp(condition, a, b);
            builder.ins().uextend(types::I64, bit)
        }
    }
}
