//! From Rust into generated code, and from there to the host.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Context, ExecutableCode, Stack};
use crate::context::{ENTRY_ARGUMENTS, EXIT_SITE, HOST_CALL, HOST_DATA, IMPORTS, INTERRUPT};
use crate::execution::{Host, Reply};
use crate::ir::ImportId;

/// A call of generated code.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// The code.
    pub(crate) code: &'a ExecutableCode,
    /// The offset of the entry stub.
    pub(crate) stub: u32,
    /// The offset of the function.
    pub(crate) function: u32,
    /// The offsets of the imports' thunks.
    pub(crate) thunks: &'a [u32],
    /// The numbers of the imports' parameters.
    pub(crate) import_parameters: &'a [u32],
    /// The context; the limit of the stack is in it.
    pub(crate) context: &'a Context,
    /// The stack. It is borrowed for as long as the code runs.
    pub(crate) stack: &'a mut Stack,
    /// Where in the stack the code begins, a multiple of 16.
    pub(crate) stack_pointer: u64,
    /// What may be in registers of the arguments.
    pub(crate) arguments: [i64; ENTRY_ARGUMENTS],
}

/// What the entry stub gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Ending {
    /// The function's result, if it returned.
    pub(crate) value: i64,
    /// 0 if it returned, 1 if the code left by an exit.
    pub(crate) left: u64,
}

/// What a host panicked with.
pub(crate) type HostPanic = Box<dyn Any + Send>;

/// The entry stub of code for x86-64, by the System V convention on every system.
#[cfg(target_arch = "x86_64")]
type EntryStub = unsafe extern "sysv64" fn(*const AtomicU64, u64, *const i64, u64) -> Ending;
/// The entry stub.
#[cfg(not(target_arch = "x86_64"))]
type EntryStub = unsafe extern "C" fn(*const AtomicU64, u64, *const i64, u64) -> Ending;

impl Entry<'_> {
    /// Runs the code until it returns or leaves. If the host panics, the code leaves, and the panic
    /// is the error.
    pub(crate) fn enter(self, host: &mut dyn Host) -> Result<Ending, HostPanic> {
        self.with_host(host, |entry, stub| {
            // SAFETY: the stub is the beginning of linked code for this machine, which keeps to the
            // convention: it gets the context, which is large enough for the module, the address of a
            // function in the same code, the arguments, and a stack that belongs to it alone. Code,
            // context and stack are borrowed until it comes back.
            unsafe {
                stub(
                    entry.context.as_ptr(),
                    entry.function_address(),
                    entry.arguments.as_ptr(),
                    entry.stack_pointer,
                )
            }
        })
    }

    /// Runs code without imports until it returns or leaves.
    pub(crate) fn enter_alone(self) -> Ending {
        assert!(self.thunks.is_empty(), "imports need a host");
        self.context.set(EXIT_SITE, 0);
        let stub = self.entry_stub();
        // SAFETY: as in `enter`; without imports the code asks nothing of the context but the limit of
        // the stack and the wish to leave.
        unsafe {
            stub(
                self.context.as_ptr(),
                self.function_address(),
                self.arguments.as_ptr(),
                self.stack_pointer,
            )
        }
    }

    /// As [`Self::enter`], with known values in the registers that have to be preserved, and what was
    /// in them afterwards.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    pub(crate) fn enter_watched(
        self,
        host: &mut dyn Host,
    ) -> (Result<Ending, HostPanic>, PreservedRegisters) {
        let mut after = PreservedRegisters([0; PRESERVED.len()]);
        let ending = self.with_host(host, |entry, stub| {
            // SAFETY: as in `enter`; between the two stands only a function that loads and stores
            // registers, to an array of their number.
            unsafe {
                watch(
                    stub,
                    entry.context.as_ptr(),
                    entry.function_address(),
                    entry.arguments.as_ptr(),
                    entry.stack_pointer,
                    after.0.as_mut_ptr(),
                )
            }
        });
        (ending, after)
    }

    fn function_address(&self) -> u64 {
        self.code.address() + u64::from(self.function)
    }

    fn entry_stub(&self) -> EntryStub {
        let address = self.code.address() + u64::from(self.stub);
        let stub = ptr::with_exposed_provenance::<()>(address as usize);
        // SAFETY: the entry stub of linked code is a function of this type.
        unsafe { std::mem::transmute::<*const (), EntryStub>(stub) }
    }

    /// Calls `run` with a context in which the host is to be found.
    fn with_host(
        self,
        host: &mut dyn Host,
        run: impl FnOnce(&Self, EntryStub) -> Ending,
    ) -> Result<Ending, HostPanic> {
        debug_assert!(
            self.stack_pointer.is_multiple_of(16) && self.stack_pointer <= self.stack.top()
        );
        let mut data = HostData {
            host,
            parameters: self.import_parameters,
            panic: None,
        };
        let base = self.code.address();
        for (import, &thunk) in self.thunks.iter().enumerate() {
            let offset = IMPORTS + 8 * import as u32;
            self.context.set(offset, base + u64::from(thunk));
        }
        let call = host_call as *const () as u64;
        self.context.set(HOST_CALL, call);
        let address = ptr::from_mut(&mut data).expose_provenance() as u64;
        self.context.set(HOST_DATA, address);
        self.context.set(EXIT_SITE, 0);

        let ending = run(&self, self.entry_stub());

        self.context.set(HOST_DATA, 0);
        match data.panic {
            Some(panic) => {
                // The request was this panic's own.
                self.context.set(INTERRUPT, 0);
                Err(panic)
            }
            None => Ok(ending),
        }
    }
}

/// What the host's side of an import works on, behind [`HOST_DATA`].
struct HostData<'a> {
    host: &'a mut dyn Host,
    parameters: &'a [u32],
    panic: Option<HostPanic>,
}

impl HostData<'_> {
    fn answer(&mut self, import: ImportId, arguments: &[i64; 4]) -> Reply {
        if self.panic.is_some() {
            return Reply::Stop;
        }
        let parameters = self.parameters.get(import.index()).copied().unwrap_or(0);
        let arguments = &arguments[..arguments.len().min(parameters as usize)];
        // Whoever gets the panic sees the host as it was left, as with every unwinding.
        let reply = catch_unwind(AssertUnwindSafe(|| self.host.call(import, arguments)));
        reply.unwrap_or_else(|panic| {
            self.panic = Some(panic);
            Reply::Stop
        })
    }
}

/// What an import gives to the code.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
struct Answer {
    value: i64,
    stop: u64,
}

/// Where the imports' thunks go on to.
#[cfg(target_arch = "x86_64")]
unsafe extern "sysv64" fn host_call(
    context: *const AtomicU64,
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    import: u64,
) -> Answer {
    // SAFETY: only a thunk calls this, with the context that the code was entered with.
    unsafe { answer(context, &[a, b, c, d], import) }
}

/// Where the imports' thunks go on to.
#[cfg(not(target_arch = "x86_64"))]
unsafe extern "C" fn host_call(
    context: *const AtomicU64,
    a: i64,
    b: i64,
    c: i64,
    d: i64,
    import: u64,
) -> Answer {
    // SAFETY: only a thunk calls this, with the context that the code was entered with.
    unsafe { answer(context, &[a, b, c, d], import) }
}

/// Asks the host.
///
/// # Safety
///
/// The context is one that [`Entry::with_host`] has prepared, and its code is running.
unsafe fn answer(context: *const AtomicU64, arguments: &[i64; 4], import: u64) -> Answer {
    let word = |offset: u32| {
        // SAFETY: the context is larger than each of its fixed offsets.
        unsafe { &*context.add(offset as usize / 8) }
    };
    let address = word(HOST_DATA).load(Ordering::Relaxed) as usize;
    let data = ptr::with_exposed_provenance_mut::<HostData<'_>>(address);
    // SAFETY: `with_host` waits for the code and does not touch its `HostData` meanwhile; the code
    // calls imports one at a time.
    let data = unsafe { &mut *data };
    match data.answer(ImportId(import as u32), arguments) {
        Reply::Continue(value) => Answer { value, stop: 0 },
        Reply::Stop => {
            if data.panic.is_some() {
                // A call without an exit goes on; then at least polls leave.
                word(INTERRUPT).store(1, Ordering::Relaxed);
            }
            Answer { value: 0, stop: 1 }
        }
    }
}

/// The registers that a call has to preserve, by name.
#[cfg(target_arch = "x86_64")]
pub const PRESERVED: [&str; 6] = ["rbx", "rbp", "r12", "r13", "r14", "r15"];
/// The registers that a call has to preserve, by name.
#[cfg(target_arch = "aarch64")]
pub const PRESERVED: [&str; 11] = [
    "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29",
];

/// What was in the registers that have to be preserved after a call.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreservedRegisters([u64; PRESERVED.len()]);

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
impl PreservedRegisters {
    /// The names of those that do not have their value any more.
    pub fn spoiled(&self) -> Vec<&'static str> {
        let expected = (1..).map(|n: u64| n * 0x0101_0101);
        PRESERVED
            .iter()
            .zip(self.0)
            .zip(expected)
            .filter(|&((_, found), expected)| found != expected)
            .map(|((&name, _), _)| name)
            .collect()
    }
}

/// Gives the preserved registers the values `0x0101_0101`, `0x0202_0202` and so on, calls the entry stub with
/// the next four arguments, and stores the registers to the last.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "sysv64" fn watch(
    stub: EntryStub,
    context: *const AtomicU64,
    function: u64,
    arguments: *const i64,
    stack: u64,
    after: *mut u64,
) -> Ending {
    std::arch::naked_asm!(
        "push rbx",
        "push rbp",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "push r9",
        "mov rax, rdi",
        "mov rdi, rsi",
        "mov rsi, rdx",
        "mov rdx, rcx",
        "mov rcx, r8",
        "mov ebx, 0x01010101",
        "mov ebp, 0x02020202",
        "mov r12d, 0x03030303",
        "mov r13d, 0x04040404",
        "mov r14d, 0x05050505",
        "mov r15d, 0x06060606",
        "call rax",
        "pop r9",
        "mov [r9], rbx",
        "mov [r9 + 8], rbp",
        "mov [r9 + 16], r12",
        "mov [r9 + 24], r13",
        "mov [r9 + 32], r14",
        "mov [r9 + 40], r15",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbp",
        "pop rbx",
        "ret",
    )
}

/// Gives the preserved registers the values `0x0101_0101`, `0x0202_0202` and so on, calls the entry stub with
/// the next four arguments, and stores the registers to the last.
#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn watch(
    stub: EntryStub,
    context: *const AtomicU64,
    function: u64,
    arguments: *const i64,
    stack: u64,
    after: *mut u64,
) -> Ending {
    std::arch::naked_asm!(
        "stp x29, x30, [sp, #-112]!",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "str x5, [sp, #96]",
        "mov x16, x0",
        "mov x0, x1",
        "mov x1, x2",
        "mov x2, x3",
        "mov x3, x4",
        "mov w19, #0x0101",
        "movk w19, #0x0101, lsl #16",
        "add x20, x19, x19",
        "add x21, x20, x19",
        "add x22, x21, x19",
        "add x23, x22, x19",
        "add x24, x23, x19",
        "add x25, x24, x19",
        "add x26, x25, x19",
        "add x27, x26, x19",
        "add x28, x27, x19",
        "add x29, x28, x19",
        "blr x16",
        "ldr x9, [sp, #96]",
        "stp x19, x20, [x9]",
        "stp x21, x22, [x9, #16]",
        "stp x23, x24, [x9, #32]",
        "stp x25, x26, [x9, #48]",
        "stp x27, x28, [x9, #64]",
        "str x29, [x9, #80]",
        "ldp x19, x20, [sp, #16]",
        "ldp x21, x22, [sp, #32]",
        "ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]",
        "ldp x27, x28, [sp, #80]",
        "ldp x29, x30, [sp], #112",
        "ret",
    )
}
