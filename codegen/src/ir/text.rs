//! The IR as text: what is printed for people, and what tests and tools read back.
//!
//! ```text
//! import putc/1
//!
//! fn main - #args: 1, #reg: 4 {
//! b0():
//!     0:  mva  @r0, a0
//!     1:  br   r0, b1(r0), b2()
//! b1(@r1):
//!     2:  call @r2, putc(r1) or exit 2()
//!     3:  ret  r2
//! b2():
//!     4:  call @r3, main:0(r0)
//!     5:  ret  r3
//! }
//! ```
//!
//! The number before an instruction is its position in the function; readers of the text may leave
//! it out. `@` stands before what is defined. A function of one block has no label. A call of a
//! function names it and its number in the module, counted from 0 in the order of the text; a call
//! of an import names it. An exit is written with its reason and its values. Places in the source are
//! not part of the text.

mod error;
mod lex;
mod parse;
mod print;

pub use error::{Expected, ParseError, ParseErrorKind};
pub use parse::parse;
pub use print::{PrintedLine, print_function, print_lines, print_op};

use super::{Access, Binary, Condition, Division, Unary, Width};

/// The first word of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mnemonic {
    Constant,
    Argument,
    Unary(Unary),
    Binary(Binary),
    Divide(Division),
    Select,
    WideMultiply,
    WideDivide,
    Load(Access),
    Store(Access),
    Call,
    Guard,
    Poll,
    StackCheck,
    Jump,
    Branch,
    Return,
    Leave,
}

/// Makes the names of the mnemonics without an access, and finds them by their names.
macro_rules! names {
    ($($name:literal $kind:ident $(($($inner:tt)*))?,)*) => {
        impl Mnemonic {
            /// The name; none for loads and stores, whose names are put together.
            const fn simple_name(self) -> Option<&'static str> {
                match self {
                    $(Self::$kind $(($($inner)*))? => Some($name),)*
                    Self::Load(_) | Self::Store(_) => None,
                }
            }

            /// The mnemonic of a name, loads and stores excepted.
            fn from_simple_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$kind $(($($inner)*))?),)*
                    _ => None,
                }
            }
        }
    };
}

names! {
    "mvi" Constant,
    "mva" Argument,
    "neg" Unary(Unary::Negate),
    "not" Unary(Unary::Not),
    "sx1" Unary(Unary::SignExtend8),
    "sx2" Unary(Unary::SignExtend16),
    "sx4" Unary(Unary::SignExtend32),
    "zx1" Unary(Unary::ZeroExtend8),
    "zx2" Unary(Unary::ZeroExtend16),
    "zx4" Unary(Unary::ZeroExtend32),
    "add" Binary(Binary::Add),
    "sub" Binary(Binary::Subtract),
    "mul" Binary(Binary::Multiply),
    "mulhs" Binary(Binary::MultiplyHighSigned),
    "mulhu" Binary(Binary::MultiplyHighUnsigned),
    "and" Binary(Binary::And),
    "or" Binary(Binary::Or),
    "xor" Binary(Binary::Xor),
    "shl" Binary(Binary::ShiftLeft),
    "shr" Binary(Binary::ShiftRight),
    "sar" Binary(Binary::ShiftRightSigned),
    "eq" Binary(Binary::Compare(Condition::Equal)),
    "ne" Binary(Binary::Compare(Condition::NotEqual)),
    "lt" Binary(Binary::Compare(Condition::Less)),
    "le" Binary(Binary::Compare(Condition::LessEqual)),
    "gt" Binary(Binary::Compare(Condition::Greater)),
    "ge" Binary(Binary::Compare(Condition::GreaterEqual)),
    "ltu" Binary(Binary::Compare(Condition::Below)),
    "leu" Binary(Binary::Compare(Condition::BelowEqual)),
    "gtu" Binary(Binary::Compare(Condition::Above)),
    "geu" Binary(Binary::Compare(Condition::AboveEqual)),
    "div" Divide(Division::Signed),
    "mod" Divide(Division::SignedRemainder),
    "divu" Divide(Division::Unsigned),
    "modu" Divide(Division::UnsignedRemainder),
    "sel" Select,
    "mulw" WideMultiply,
    "divw" WideDivide,
    "call" Call,
    "guard" Guard,
    "poll" Poll,
    "stack" StackCheck,
    "jmp" Jump,
    "br" Branch,
    "ret" Return,
    "exit" Leave,
}

impl Mnemonic {
    fn from_name(name: &str) -> Option<Self> {
        let access = |rest: &str| parse_access(rest.as_bytes());
        Self::from_simple_name(name)
            .or_else(|| Some(Self::Load(access(name.strip_prefix("ld")?)?)))
            .or_else(|| Some(Self::Store(access(name.strip_prefix("st")?)?)))
    }
}

/// The name of a way to read or write memory, as it follows `ld` and `st`: the number of bytes, `s`
/// for sign-extended, `b` for big-endian.
const fn access_name(access: Access) -> (u32, &'static str) {
    let suffix = match (access.signed, access.big_endian) {
        (false, false) => "",
        (true, false) => "s",
        (false, true) => "b",
        (true, true) => "sb",
    };
    (access.width.bytes(), suffix)
}

fn parse_access(name: &[u8]) -> Option<Access> {
    let (width, suffix) = name.split_first()?;
    let width = match width {
        b'1' => Width::Byte,
        b'2' => Width::Half,
        b'4' => Width::Word,
        b'8' => Width::Double,
        _ => return None,
    };
    let (signed, big_endian) = match suffix {
        b"" => (false, false),
        b"s" => (true, false),
        b"b" => (false, true),
        b"sb" => (true, true),
        _ => return None,
    };
    Some(Access {
        width,
        signed,
        big_endian,
    })
}

/// Whether a character may stand in a name that isn't quoted. What isn't ASCII may, except white
/// space and control characters.
fn is_name_character(character: char) -> bool {
    match character {
        '_' | '.' | '$' => true,
        _ if character.is_ascii() => character.is_ascii_alphanumeric(),
        _ => !character.is_whitespace() && !character.is_control(),
    }
}

/// Whether a name needs no quotes.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(is_name_character)
}
