//! Bytes as the text of an IR module: what is read and valid prints, reads back and runs.

#![no_main]

use codegen::ir::interpret::{Limits, Memory, run_with_memory};
use codegen::ir::text::parse;
use codegen::ir::verify::verify;
use codegen::ir::{FunctionId, Module};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let module = match parse(&text) {
        Ok(module) => module,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let printed = module.to_string();
    let again = parse(&printed).expect("what was printed can be read");
    assert_eq!(again, module);
    assert_eq!(again.to_string(), printed);
    match verify(&module) {
        Ok(()) => execute(&module),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

/// Runs the functions that take few arguments, for a while.
fn execute(module: &Module) {
    let limits = Limits {
        instructions: 1_000,
        depth: 10,
        memory: 1 << 20,
        interrupt: false,
    };
    for (index, function) in module.functions.iter().enumerate().take(8) {
        let arguments: Vec<i64> = (1..=i64::from(function.parameters.min(16))).collect();
        let mut memory = Memory {
            base: 0,
            bytes: &mut [0; 64],
        };
        let id = FunctionId(index as u32);
        let execution = run_with_memory(module, id, &arguments, &mut (), &mut memory, &limits);
        assert!(execution.instructions <= limits.instructions);
    }
}
