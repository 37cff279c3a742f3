//! Random programs made for translation: what hot code is made of, in random arrangements.
//!
//! They are assembly text, so that a program that fails can be read. Unlike random words they have
//! loops that are gone round, calls that come back, and accesses to memory that mostly succeed.

use crate::common::Random;

/// The registers of the programs.
mod register {
    /// The first of the registers with values, and their number.
    pub(super) const VALUES: u64 = 1;
    pub(super) const VALUE_COUNT: u64 = 12;
    /// The counters of loops, by depth.
    pub(super) const COUNTERS: u64 = 20;
    pub(super) const STACK: u8 = 30;
    pub(super) const FRAME: u8 = 31;
    pub(super) const RETURN: u8 = 32;
    pub(super) const CALL: u8 = 33;
    /// Where a store that changes code goes, and what it stores.
    pub(super) const PLACE: u8 = 34;
    pub(super) const WORD: u8 = 35;
    pub(super) const LEAF_RETURN: u8 = 36;
    /// Where memory is accessed.
    pub(super) const BASES: u64 = 40;
    pub(super) const BASE_COUNT: u64 = 6;
    /// An index, and the bits that it has.
    pub(super) const INDEX: u8 = 48;
    pub(super) const INDEX_MASK: u8 = 49;
    /// What makes loops with a condition end.
    pub(super) const FUEL: u8 = 50;
    pub(super) const SMALL_MASK: u8 = 51;
    pub(super) const QUAD_MASK: u8 = 52;
    /// What changes the immediates of two instructions.
    pub(super) const OPERAND_STEP: u8 = 53;
}
use register as r;

const CONDITIONS: [&str; 10] = ["z", "nz", "l", "ge", "le", "g", "b", "ae", "be", "a"];

/// Addresses where memory has its borders: those of pages, of pages that share an entry of a table of
/// 64 MiB, of the signed numbers, and of all numbers.
const PLACES: [u64; 10] = [
    0x1_0000,
    0x1_0FF0,
    0x1_1000 - 128,
    0x1_0000 + (64 << 20),
    0x1_0000 + (128 << 20),
    (1 << 63) - 64,
    1 << 63,
    0u64.wrapping_sub(0x2000),
    0u64.wrapping_sub(256),
    0u64.wrapping_sub(128),
];

/// A random program.
#[derive(Debug)]
pub(crate) struct Program {
    /// Begins at address 0, and goes round and round.
    pub(crate) text: String,
    /// The registers at the beginning.
    pub(crate) registers: Vec<(u8, u64)>,
}

/// What a program may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Anything.
    All,
    /// No input, and nothing that ends the program on purpose.
    Endless,
}

/// A program of about so many statements.
pub(crate) fn random_program(random: &mut Random, contents: Contents, statements: u32) -> Program {
    let registers = random_registers(random);
    let mut writer = Writer {
        random,
        contents,
        text: String::new(),
        data: String::new(),
        labels: 0,
        patches: Vec::new(),
        functions: Vec::new(),
        is_in_leaf: false,
        left: statements,
    };
    writer.program();
    Program {
        text: writer.text + &writer.data,
        registers,
    }
}

fn random_registers(random: &mut Random) -> Vec<(u8, u64)> {
    let mut registers = Vec::new();
    for number in (r::VALUES..).take(r::VALUE_COUNT as usize) {
        registers.push((number as u8, random.number()));
    }
    for number in (r::BASES..).take(r::BASE_COUNT as usize) {
        registers.push((number as u8, random.pick(&PLACES)));
    }
    registers.extend([
        (r::INDEX_MASK, if random.one_in(12) { 0x7F } else { 0x78 }),
        (r::FUEL, 1 + random.below(200)),
        (r::SMALL_MASK, random.pick(&[1, 3, 7, 31])),
        (r::QUAD_MASK, !7),
        (
            r::OPERAND_STEP,
            random.pick(&[1 << 16, 1 << 48, 1 << 48 | 1 << 16]),
        ),
    ]);
    registers
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Convention {
    Leaf,
    Stack,
}

struct Writer<'a> {
    random: &'a mut Random,
    contents: Contents,
    text: String,
    /// The data segment.
    data: String,
    labels: u32,
    /// Labels of four additions of immediates, which the program may change.
    patches: Vec<String>,
    functions: Vec<(String, Convention)>,
    is_in_leaf: bool,
    /// How many statements may still be written.
    left: u32,
}

impl Writer<'_> {
    fn program(&mut self) {
        self.data.push_str("        .data\n        .align 8\n");
        for number in 0..3 {
            let convention = self.random.pick(&[Convention::Leaf, Convention::Stack]);
            self.functions
                .push((format!("function{number}"), convention));
        }
        self.label("start");
        self.patch();
        self.block(0, 12);
        self.line("jmp start");
        for (name, convention) in self.functions.clone() {
            self.left += 8;
            self.label(&name);
            match convention {
                Convention::Leaf => self.leaf(),
                Convention::Stack => self.procedure(&name),
            }
        }
        self.label("alternatives");
        for _ in 0..8 {
            self.operation();
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str("        ");
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn label(&mut self, name: &str) {
        self.text.push_str(name);
        self.text.push_str(":\n");
    }

    fn fresh(&mut self) -> String {
        self.labels += 1;
        format!("L{}", self.labels)
    }

    fn value(&mut self) -> u64 {
        r::VALUES + self.random.below(r::VALUE_COUNT)
    }

    fn base(&mut self) -> u64 {
        r::BASES + self.random.below(r::BASE_COUNT)
    }

    /// A destination: sometimes none.
    fn destination(&mut self) -> u64 {
        if self.random.one_in(6) {
            0
        } else {
            self.value()
        }
    }

    fn block(&mut self, depth: u32, most: u64) {
        for _ in 0..=self.random.below(most) {
            self.statement(depth);
        }
    }

    fn statement(&mut self, depth: u32) {
        if self.left == 0 {
            return self.operation();
        }
        self.left -= 1;
        let is_deep = depth >= 3;
        match self.random.below(24) {
            0 | 1 if !is_deep => self.counted_loop(depth),
            2 if !is_deep => self.conditional_loop(depth),
            3 if !is_deep => self.entered_loop(depth),
            4 | 5 if !is_deep => self.diamond(depth),
            6 if !is_deep => self.choice(depth),
            7 | 8 if !self.is_in_leaf => self.call(),
            9 | 10 => self.access(),
            11 | 12 => self.frame(),
            13 => self.division(),
            14 => self.patch(),
            15 => self.change(),
            16 => self.change_at_random(),
            17 => self.output(),
            18 if self.contents == Contents::All => self.input(),
            19 if self.contents == Contents::All && self.random.one_in(10) => self.line("halt 7"),
            20 => self.move_base(),
            _ => {
                for _ in 0..=self.random.below(4) {
                    self.operation();
                }
            }
        }
    }

    /// An instruction that changes values and flags only.
    fn operation(&mut self) {
        let (x, y, z) = (self.value(), self.value(), self.destination());
        let small = self.random.below(256);
        let text = match self.random.below(28) {
            0..=3 => format!("addq %{x}, %{y}, %{z}"),
            4 | 5 => format!("addq {small}, %{y}, %{z}"),
            6 | 7 => format!("subq %{x}, %{y}, %{z}"),
            8 => format!("subq {small}, %{y}, %{z}"),
            9 | 10 => format!("subq %{x}, %{y}, %{y}"),
            11 => format!("subq {small}, %{y}, %0"),
            12 => format!("imulq %{x}, %{y}, %{z}"),
            13 => format!("imulq {}, %{y}, %{z}", small as i64 - 128),
            14 => format!("mulq %{x}, %{y}, %{z}"),
            15 => format!("mulq {small}, %{y}, %{z}"),
            16 => format!("orq %{x}, %{y}, %{z}"),
            17 => format!("andq %{x}, %{y}, %{z}"),
            18 => format!("notq %{x}, %{z}"),
            19 => format!("shlq %{x}, %{y}, %{z}"),
            20 => format!("shlq {small}, %{y}, %{z}"),
            21 => format!("shrq %{x}, %{y}, %{z}"),
            22 => format!("shrq {}, %{y}, %{z}", small & 63),
            23 => format!("sarq %{x}, %{y}, %{z}"),
            24 => format!("sarq {}, %{y}, %{z}", small & 63),
            25 => format!("ldzwq {}, %{z}", small * small),
            26 => format!("ldswq {}, %{z}", small as i64 * 7 - 1000),
            _ => format!("shldwq {}, %{z}", small * 255),
        };
        self.line(&text);
    }

    fn condition(&mut self) -> &'static str {
        self.random.pick(&CONDITIONS)
    }

    fn counted_loop(&mut self, depth: u32) {
        let counter = r::COUNTERS + u64::from(depth);
        let (again, rounds) = (self.fresh(), self.random.pick(&[1, 2, 3, 6, 17, 40]));
        self.line(&format!("ldzwq {rounds}, %{counter}"));
        self.label(&again);
        self.block(depth + 1, 5);
        self.line(&format!("subq 1, %{counter}, %{counter}"));
        self.line(&format!("jnz {again}"));
    }

    /// A loop that flags end from before its last instructions.
    fn conditional_loop(&mut self, depth: u32) {
        let (again, out) = (self.fresh(), self.fresh());
        let condition = self.condition();
        self.label(&again);
        self.block(depth + 1, 5);
        self.line(&format!("j{condition} {out}"));
        self.line(&format!("subq 1, %{}, %{}", r::FUEL, r::FUEL));
        self.line(&format!("jz {out}"));
        self.line(&format!("jmp {again}"));
        self.label(&out);
    }

    /// A loop with two ways into it.
    fn entered_loop(&mut self, depth: u32) {
        let counter = r::COUNTERS + u64::from(depth);
        let (again, middle) = (self.fresh(), self.fresh());
        let condition = self.condition();
        self.line(&format!("ldzwq 9, %{counter}"));
        self.line(&format!("j{condition} {middle}"));
        self.label(&again);
        self.block(depth + 1, 3);
        self.label(&middle);
        self.block(depth + 1, 3);
        self.line(&format!("subq 1, %{counter}, %{counter}"));
        self.line(&format!("jnz {again}"));
    }

    fn diamond(&mut self, depth: u32) {
        let (other, end) = (self.fresh(), self.fresh());
        let condition = self.condition();
        if self.random.one_in(2) {
            let (x, y) = (self.value(), self.value());
            self.line(&format!("subq %{x}, %{y}, %0"));
        }
        self.line(&format!("j{condition} {other}"));
        self.block(depth + 1, 3);
        if self.random.one_in(2) {
            self.line(&format!("jmp {end}"));
            self.label(&other);
            self.block(depth + 1, 3);
        } else {
            self.label(&other);
        }
        self.label(&end);
    }

    /// A jump to one of four places.
    fn choice(&mut self, depth: u32) {
        let (table, end) = (self.fresh(), self.fresh());
        let cases: Vec<String> = (0..4).map(|_| self.fresh()).collect();
        let (x, i) = (self.value(), r::INDEX);
        let (place, mask) = (r::PLACE, self.random.pick(&["1", "3"]));
        self.line(&format!("ldzwq {mask}, %{i}"));
        self.line(&format!("andq %{x}, %{i}, %{i}"));
        self.line(&format!("ldzwq {table}, %{place}"));
        self.line(&format!("movq (%{place}, %{i}, 8), %{place}"));
        self.line(&format!("jmp %{place}, %0"));
        for case in &cases {
            self.label(case);
            self.block(depth + 1, 2);
            self.line(&format!("jmp {end}"));
        }
        self.label(&end);
        self.data
            .push_str(&format!("{table}: .quad {}\n", cases.join(", ")));
    }

    fn call(&mut self) {
        let index = self.random.below(self.functions.len() as u64) as usize;
        let (name, convention) = self.functions[index].clone();
        let value = self.value();
        self.line(&format!("ldzwq {name}, %{}", r::CALL));
        match convention {
            Convention::Leaf => self.line(&format!("jmp %{}, %{}", r::CALL, r::LEAF_RETURN)),
            Convention::Stack => {
                let small = self.random.below(6);
                self.line(&format!("ldzwq {small}, %{}", r::WORD));
                self.call_procedure(r::WORD, value);
            }
        }
    }

    /// A call with one argument of the procedure whose address is in `%CALL`.
    fn call_procedure(&mut self, argument: u8, result: u64) {
        let stack = r::STACK;
        self.line(&format!("subq 32, %{stack}, %{stack}"));
        self.line(&format!("movq %{argument}, 24(%{stack})"));
        self.line(&format!("jmp %{}, %{}", r::CALL, r::RETURN));
        self.line(&format!("movq 16(%{stack}), %{result}"));
        self.line(&format!("addq 32, %{stack}, %{stack}"));
    }

    fn leaf(&mut self) {
        self.is_in_leaf = true;
        self.block(2, 5);
        self.line(&format!("jmp %{}, %0", r::LEAF_RETURN));
        self.is_in_leaf = false;
    }

    /// Calls itself as often as its argument says.
    fn procedure(&mut self, name: &str) {
        let (stack, frame, back) = (r::STACK, r::FRAME, r::RETURN);
        let (word, end) = (r::WORD, self.fresh());
        self.line(&format!("movq %{back}, (%{stack})"));
        self.line(&format!("movq %{frame}, 8(%{stack})"));
        self.line(&format!("addq 0, %{stack}, %{frame}"));
        self.line(&format!("subq 16, %{stack}, %{stack}"));
        self.is_in_leaf = true;
        self.block(2, 4);
        self.is_in_leaf = false;
        self.line(&format!("movq 24(%{frame}), %{word}"));
        self.line(&format!("subq 1, %{word}, %{word}"));
        self.line(&format!("jb {end}"));
        self.line(&format!("movq %{word}, -8(%{frame})"));
        self.line(&format!("ldzwq {name}, %{}", r::CALL));
        let result = self.value();
        self.call_procedure(word, result);
        self.line(&format!("movq -8(%{frame}), %{word}"));
        self.line(&format!("addq %{word}, %{result}, %{word}"));
        self.line(&format!("movq %{word}, 16(%{frame})"));
        self.label(&end);
        self.line(&format!("addq 0, %{frame}, %{stack}"));
        self.line(&format!("movq (%{frame}), %{back}"));
        self.line(&format!("movq 8(%{frame}), %{frame}"));
        self.line(&format!("jmp %{back}, %0"));
    }

    /// A displacement that is a multiple of 8, nearly always.
    fn displacement(&mut self) -> i64 {
        let displacement = 8 * self.random.below(32) as i64 - 128;
        if self.random.one_in(150) {
            (displacement + 3).min(127)
        } else {
            displacement
        }
    }

    /// A load from an operand, or a store.
    fn touch(&mut self, operand: &str) {
        let (value, loaded) = (self.value(), self.destination());
        let text = match self.random.below(11) {
            0 => format!("movq {operand}, %{loaded}"),
            1 => format!("movzlq {operand}, %{loaded}"),
            2 => format!("movzwq {operand}, %{loaded}"),
            3 => format!("movzbq {operand}, %{loaded}"),
            4 => format!("movslq {operand}, %{loaded}"),
            5 => format!("movswq {operand}, %{loaded}"),
            6 => format!("movsbq {operand}, %{loaded}"),
            7 => format!("movq %{value}, {operand}"),
            8 => format!("movl %{value}, {operand}"),
            9 => format!("movw %{value}, {operand}"),
            _ => format!("movb %{value}, {operand}"),
        };
        self.line(&text);
    }

    fn access(&mut self) {
        let (base, value) = (self.base(), self.value());
        let (index, mask) = (r::INDEX, r::INDEX_MASK);
        if self.random.one_in(2) {
            let displacement = self.displacement();
            return self.touch(&format!("{displacement}(%{base})"));
        }
        self.line(&format!("andq %{mask}, %{value}, %{index}"));
        let scale = self.random.pick(&["", ", 1", ", 2", ", 4", ", 8"]);
        self.touch(&format!("(%{base}, %{index}{scale})"));
    }

    /// Accesses at fixed distances from one address.
    fn frame(&mut self) {
        let base = self.base();
        for _ in 0..2 + self.random.below(4) {
            if self.random.one_in(3) {
                self.operation();
            }
            let displacement = self.displacement();
            self.touch(&format!("{displacement}(%{base})"));
        }
    }

    fn move_base(&mut self) {
        let base = self.base();
        let text = match self.random.below(3) {
            0 => format!("addq {}, %{base}, %{base}", 8 * self.random.below(32)),
            1 => format!("subq {}, %{base}, %{base}", 8 * self.random.below(32)),
            _ => format!("orq %{base}, %0, %{base}"),
        };
        self.line(&text);
    }

    fn division(&mut self) {
        let (x, z) = (self.value(), self.value());
        // The dividend has two registers, and the values end with one to spare.
        let y = self.value();
        if !self.random.one_in(30) {
            self.line(&format!("ldzwq 1, %{}", r::WORD));
            self.line(&format!("orq %{x}, %{}, %{x}", r::WORD));
        }
        let small = 1 + self.random.below(255);
        let text = match self.random.below(4) {
            0 => format!("divq %{x}, %{y}, %{z}"),
            1 => format!("divq {small}, %{y}, %{z}"),
            2 => format!("idivq %{x}, %{y}, %{z}"),
            _ => format!("idivq {small}, %{y}, %{z}"),
        };
        self.line(&text);
    }

    /// Instructions that the program may change.
    fn patch(&mut self) {
        let label = self.fresh();
        self.label(&label);
        for _ in 0..4 {
            let (y, z, small) = (self.value(), self.value(), self.random.below(256));
            self.line(&format!("addq {small}, %{y}, %{z}"));
        }
        self.patches.push(label);
    }

    /// Changes instructions, as a rule in some rounds only.
    fn change(&mut self) {
        let index = self.random.below(self.patches.len() as u64) as usize;
        let patch = self.patches[index].clone();
        let end = self.fresh();
        let (value, place, word) = (self.value(), r::PLACE, r::WORD);
        if !self.random.one_in(4) {
            self.line(&format!("andq %{value}, %{}, %0", r::SMALL_MASK));
            self.line(&format!("jnz {end}"));
        }
        let number = 4 * self.random.below(4);
        match self.random.below(4) {
            0 => {
                self.line(&format!("ldzwq {patch} + {}, %{place}", number + 1));
                self.line(&format!("movb %{value}, (%{place})"));
            }
            1 => {
                let other = 4 * self.random.below(8);
                self.line(&format!("ldzwq alternatives + {other}, %{word}"));
                self.line(&format!("movzlq (%{word}), %{word}"));
                self.line(&format!("ldzwq {patch}, %{place}"));
                self.line(&format!("movl %{word}, {number}(%{place})"));
            }
            2 => {
                self.line(&format!("ldzwq {patch} + 4, %{place}"));
                self.line(&format!("andq %{}, %{place}, %{place}", r::QUAD_MASK));
                self.line(&format!("movq (%{place}), %{word}"));
                self.line(&format!("addq %{}, %{word}, %{word}", r::OPERAND_STEP));
                self.line(&format!("movq %{word}, (%{place})"));
            }
            _ => {
                // The next instruction.
                let next = self.fresh();
                self.line(&format!("ldzwq {next} + 1, %{place}"));
                self.line(&format!("movb %{value}, (%{place})"));
                self.label(&next);
                self.line(&format!("addq 1, %{value}, %{value}"));
            }
        }
        self.label(&end);
    }

    /// Stores to one of several places, of which one is code.
    fn change_at_random(&mut self) {
        let index = self.random.below(self.patches.len() as u64) as usize;
        let patch = self.patches[index].clone();
        let table = self.fresh();
        let (value, place, i) = (self.value(), r::PLACE, r::INDEX);
        self.line(&format!("ldzwq 7, %{i}"));
        self.line(&format!("andq %{value}, %{i}, %{i}"));
        self.line(&format!("ldzwq {table}, %{place}"));
        self.line(&format!("movq (%{place}, %{i}, 8), %{place}"));
        self.line(&format!("movb %{value}, (%{place})"));
        let code = self.random.below(8);
        let places: Vec<String> = (0..8)
            .map(|n| {
                if n == code {
                    format!("{patch} + {}", 1 + 4 * self.random.below(4))
                } else {
                    // Data behind the table, probably in a page with code.
                    format!("{table} + {}", 64 + self.random.below(8))
                }
            })
            .collect();
        self.data.push_str(&format!(
            "{table}: .quad {}\n        .quad 0\n",
            places.join(", ")
        ));
    }

    fn output(&mut self) {
        let value = self.value();
        if self.random.one_in(2) {
            self.line(&format!("putc %{value}"));
        } else {
            self.line("putc 'x'");
        }
    }

    fn input(&mut self) {
        let value = self.value();
        self.line(&format!("getc %{value}"));
    }
}
