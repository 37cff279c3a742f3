//! The pages behind `emjay explain`.
//!
//! The examples are programs. Each wrong one gives exactly its code (those of `E03…` when they run,
//! those of `E04…` when they are compiled for the ULM as the page says), each right one no message: a
//! test reads them from the text.

use diagnostics::Explanation;

/// A page for each code of this crate.
pub const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "E0101",
        title: "something is missing, or something else stands there",
        text: "The text breaks off, or goes on with something that can't stand there. The
caret shows where, and the words beside it say what was expected.

Wrong:

    fn main() {
        return 1 + ;
    }

Right:

    fn main() {
        return 1 + 2;
    }",
    },
    Explanation {
        code: "E0102",
        title: "a semicolon is missing",
        text: "A statement ends with `;`. The end of the line doesn't end it: a long
expression may go on there.

Wrong:

    fn main() {
        let a = 1
        return a;
    }

Right:

    fn main() {
        let a = 1;
        return a;
    }",
    },
    Explanation {
        code: "E0103",
        title: "a parenthesis or a brace is not closed",
        text: "Each `(` needs its `)`, and each `{` its `}`. The message shows the one that
was opened and where another token came first. A function can't stand in
another one: at the next `fn`, all braces have to be closed.

Wrong:

    fn main() {
        return (1 + 2;
    }

Right:

    fn main() {
        return (1 + 2);
    }",
    },
    Explanation {
        code: "E0104",
        title: "a character that is not part of the language",
        text: "Programs consist of names, numbers, and the signs
+ - * / % ! && || == != < <= > >= = ( ) { } , ;
There are no texts and no fractions. A comment begins with `//`, or stands
between `/*` and `*/`.

Wrong:

    fn main(a, b) {
        return a & b;
    }

Right:

    fn main(a, b) {
        return a && b;
    }",
    },
    Explanation {
        code: "E0105",
        title: "a comment is not closed",
        text: "A comment that begins with `/*` goes to the next `*/`, over as many lines as
there are between them. Comments can't be nested.

Wrong:

    fn main() {
        return 1;
    }
    /* the end

Right:

    fn main() {
        return 1;
    }
    /* the end */",
    },
    Explanation {
        code: "E0106",
        title: "a number is too large",
        text: "Numbers have 64 bits, one of them for the sign: from -9223372036854775808 to
9223372036854775807. The smallest one can be written only with its minus sign
directly in front. (What is computed may exceed that: it wraps around.)

Wrong:

    fn main() {
        return 9223372036854775808;
    }

Right:

    fn main() {
        return -9223372036854775808;
    }",
    },
    Explanation {
        code: "E0107",
        title: "not a number",
        text: "A number is written with decimal digits, or with `0x` and hexadecimal digits.
Nothing may stand among the digits, and a name can't begin with one.

Wrong:

    fn main() {
        return 1_000;
    }

Right:

    fn main() {
        return 1000 + 0xff;
    }",
    },
    Explanation {
        code: "E0108",
        title: "the nesting is too deep",
        text: "Blocks, parentheses, calls and the operators `-` and `!` may stand in each
other up to 256 levels deep. Chains don't count, however long they are:
a + b + c + …, a && b && c && …, if … else if … else if …

Give a part a name with `let`, or make a function of it.",
    },
    Explanation {
        code: "E0109",
        title: "an assignment in an expression",
        text: "`=` gives a variable a value. That is a statement of its own, and has no value
itself: it can't stand in a condition, behind `return` or in another
assignment. Two values are compared with `==`.

Wrong:

    fn main(a) {
        if a = 5 {
            return 1;
        }
        return 0;
    }

Right:

    fn main(a) {
        if a == 5 {
            return 1;
        }
        return 0;
    }",
    },
    Explanation {
        code: "E0110",
        title: "comparisons in a chain",
        text: "A comparison gives 1 or 0. `0 < a < 10` would compare that with 10, which is
never meant; so it is not allowed. In parentheses, it is.

Wrong:

    fn main(a) {
        return 0 < a < 10;
    }

Right:

    fn main(a) {
        return 0 < a && a < 10;
    }",
    },
    Explanation {
        code: "E0111",
        title: "something is assigned to that is no variable",
        text: "Left of `=` stands the name of a variable, and nothing else.

Wrong:

    fn main(a) {
        a + 1 = 2;
        return a;
    }

Right:

    fn main(a) {
        a = 2 - 1;
        return a;
    }",
    },
    Explanation {
        code: "E0112",
        title: "a word that is no keyword",
        text: "The keywords are fn, let, return, if, else and while. Another word stands where
one of them was probably meant.

Wrong:

    fn main(a) {
        var b = a;
        return a;
    }

Right:

    fn main(a) {
        let b = a;
        return b;
    }",
    },
    Explanation {
        code: "E0113",
        title: "a statement outside of a function",
        text: "A program consists of functions. Execution begins in the one called `main`.
There are no variables outside of functions.

Wrong:

    let a = 5;

    fn main() {
        return 5;
    }

Right:

    fn main() {
        let a = 5;
        return a;
    }",
    },
    Explanation {
        code: "E0114",
        title: "the file is not UTF-8",
        text: "The source is a text in UTF-8. Bytes that are none show as U+FFFD in the
message. Perhaps the file was written in another encoding, or is no text.",
    },
    Explanation {
        code: "E0115",
        title: "the file is larger than 4 GiB",
        text: "Positions in a source have 32 bits.",
    },
    Explanation {
        code: "E0201",
        title: "there is no such variable",
        text: "A variable is visible from behind its `let` to the end of the block in which
that stands; a parameter is visible in its whole function. Functions have
names of their own: one can be called, but has no value without that.

Wrong:

    fn main(a) {
        if a {
            let b = 1;
        }
        return b;
    }

Right:

    fn main(a) {
        let b = 0;
        if a {
            b = 1;
        }
        return b;
    }",
    },
    Explanation {
        code: "E0202",
        title: "there is no such function",
        text: "Functions may be called before they are declared, but they have to be declared
in the same file. Without a declaration there are `putc(x)`, which writes the
low byte of x, and `getc()`, which gives the next byte of the input, or -1.

Wrong:

    fn main() {
        return doubel(2);
    }

    fn double(x) {
        return 2 * x;
    }

Right:

    fn main() {
        return double(2);
    }

    fn double(x) {
        return 2 * x;
    }",
    },
    Explanation {
        code: "E0203",
        title: "the variable exists already",
        text: "A name that is visible can't be declared again, not in an inner block either.
To give the variable another value, assign without `let`. Blocks side by side
may each have a variable of that name.

Wrong:

    fn main(a) {
        let b = 1;
        let b = a;
        return b;
    }

Right:

    fn main(a) {
        let b = 1;
        b = a;
        return b;
    }",
    },
    Explanation {
        code: "E0204",
        title: "the function is declared twice",
        text: "Each function has a name of its own, whatever its parameters are.

Wrong:

    fn main() {
        return 1;
    }

    fn main(a) {
        return a;
    }

Right:

    fn main() {
        return other(1);
    }

    fn other(a) {
        return a;
    }",
    },
    Explanation {
        code: "E0205",
        title: "the function is built in",
        text: "`putc` and `getc` are there without being declared, and can't be replaced.

Wrong:

    fn main() {
        return getc();
    }

    fn getc() {
        return 1;
    }

Right:

    fn main() {
        return next();
    }

    fn next() {
        return 1;
    }",
    },
    Explanation {
        code: "E0206",
        title: "the parameter is declared twice",
        text: "The parameters of a function have different names.

Wrong:

    fn main(a, a) {
        return a;
    }

Right:

    fn main(a, b) {
        return a + b;
    }",
    },
    Explanation {
        code: "E0207",
        title: "too few arguments, or too many",
        text: "A call has as many arguments as the function has parameters.

Wrong:

    fn main() {
        return add(1);
    }

    fn add(a, b) {
        return a + b;
    }

Right:

    fn main() {
        return add(1, 2);
    }

    fn add(a, b) {
        return a + b;
    }",
    },
    Explanation {
        code: "E0208",
        title: "a function can end without `return`",
        text: "Each function gives a value. Every way through it has to end at a `return`, as
far as its form shows: an `if` needs an `else` for that, and a loop may always
end, whatever its condition is.

Wrong:

    fn main(a) {
        if a {
            return 1;
        }
    }

Right:

    fn main(a) {
        if a {
            return 1;
        }
        return 0;
    }",
    },
    Explanation {
        code: "E0209",
        title: "a function is too large",
        text: "Where several ways come together, each variable that was changed on one of them
takes a value from each way. This function has thousands of variables and
thousands of ways, and the products add up to more than there is room for.

Make several functions of it.",
    },
    Explanation {
        code: "E0301",
        title: "division by zero",
        text: "The right operand of `/` or `%` was 0. There is no result, and the program
ends with status 125. What it has written stays written.

Wrong:

    fn main() {
        return average(10, 0);
    }

    fn average(sum, count) {
        return sum / count;
    }

Right:

    fn main() {
        return average(10, 0);
    }

    fn average(sum, count) {
        if count == 0 {
            return 0;
        }
        return sum / count;
    }",
    },
    Explanation {
        code: "E0302",
        title: "the stack is exhausted",
        text: "Too many calls have not returned yet, and there is no room for another one. Most
often a recursion has no end. The program ends with status 125.

`--stack` gives it more room.

Wrong:

    fn main() {
        return sum(10);
    }

    fn sum(n) {
        return n + sum(n - 1);
    }

Right:

    fn main() {
        return sum(10);
    }

    fn sum(n) {
        if n == 0 {
            return 0;
        }
        return n + sum(n - 1);
    }",
    },
    Explanation {
        code: "E0303",
        title: "reading on and on past the end of the input",
        text: "At the end of the input `getc()` gives -1, each time. A program that has read
65,536 times past the end has not noticed, and would go on for ever. It ends
with status 124.

Wrong:

    fn main() {
        while getc() != 10 {
        }
        return 0;
    }

Right:

    fn main() {
        let c = getc();
        while c != 10 && c != -1 {
            c = getc();
        }
        return 0;
    }",
    },
    Explanation {
        code: "E0304",
        title: "the limit of instructions is reached",
        text: "The program has executed as many instructions as `--limit` allows. It ends with
status 124.

Wrong:

    fn main() {
        let i = 0;
        while i < 10 {
        }
        return i;
    }

Right:

    fn main() {
        let i = 0;
        while i < 10 {
            i = i + 1;
        }
        return i;
    }",
    },
    Explanation {
        code: "E0401",
        title: "a call that the leaf convention has no place for",
        text: "Under the leaf convention of the ULM a function gets its arguments in registers,
and the address to return to in another one. If it called a function itself,
these would be overwritten: so only `main` calls, and nobody calls `main`.

`--convention stack` keeps all that on a stack, and works for every program;
`--convention auto` takes the leaf convention where it works.

Wrong, with `--target ulm --convention leaf --no-inline`:

    fn main() {
        return twice(3);
    }

    fn twice(n) {
        return double(n) + double(n);
    }

    fn double(n) {
        return n + n;
    }

Right:

    fn main() {
        return double(3) + double(3);
    }

    fn double(n) {
        return n + n;
    }",
    },
    Explanation {
        code: "E0402",
        title: "a recursive call can't be replaced by the function's body",
        text: "Under the inline convention of the ULM every call is replaced by the body of the
function that is called. If there is a call of the same function in it, that
has no end.

Wrong, with `--target ulm --convention inline`:

    fn main() {
        return sum(10);
    }

    fn sum(n) {
        if n == 0 {
            return 0;
        }
        return n + sum(n - 1);
    }

Right:

    fn main() {
        return sum(10);
    }

    fn sum(n) {
        let sum = 0;
        while n > 0 {
            sum = sum + n;
            n = n - 1;
        }
        return sum;
    }",
    },
    Explanation {
        code: "E0403",
        title: "without calls the program would be too large",
        text: "Under the inline convention of the ULM every call is replaced by the body of the
function that is called. Where functions with many calls call each other that
multiplies. The limit is 1,000,000 instructions.

Wrong, with `--target ulm --convention inline`:

    fn main() {
        return a(a(a(a(a(a(a(a(a(a(1))))))))));
    }

    fn a(x) {
        return b(b(b(b(b(b(b(b(b(b(x))))))))));
    }

    fn b(x) {
        return c(c(c(c(c(c(c(c(c(c(x))))))))));
    }

    fn c(x) {
        return d(d(d(d(d(d(d(d(d(d(x))))))))));
    }

    fn d(x) {
        return e(e(e(e(e(e(e(e(e(e(x))))))))));
    }

    fn e(x) {
        return f(f(f(f(f(f(f(f(f(f(x))))))))));
    }

    fn f(x) {
        return x * x + x;
    }

Right:

    fn main() {
        let x = 1;
        let i = 0;
        while i < 1000000 {
            x = f(x);
            i = i + 1;
        }
        return x;
    }

    fn f(x) {
        return x * x + x;
    }",
    },
    Explanation {
        code: "E0404",
        title: "too many parameters for the leaf convention",
        text: "Under the leaf convention of the ULM arguments are handed over in registers.
There are 128 for them. `--convention stack` has no such limit.

Wrong, with `--target ulm --convention leaf --no-inline`:

    fn main() {
        return first(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    fn first(p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15,
             p16, p17, p18, p19, p20, p21, p22, p23, p24, p25, p26, p27, p28,
             p29, p30, p31, p32, p33, p34, p35, p36, p37, p38, p39, p40, p41,
             p42, p43, p44, p45, p46, p47, p48, p49, p50, p51, p52, p53, p54,
             p55, p56, p57, p58, p59, p60, p61, p62, p63, p64, p65, p66, p67,
             p68, p69, p70, p71, p72, p73, p74, p75, p76, p77, p78, p79, p80,
             p81, p82, p83, p84, p85, p86, p87, p88, p89, p90, p91, p92, p93,
             p94, p95, p96, p97, p98, p99, p100, p101, p102, p103, p104, p105,
             p106, p107, p108, p109, p110, p111, p112, p113, p114, p115, p116,
             p117, p118, p119, p120, p121, p122, p123, p124, p125, p126, p127,
             p128, p129) {
        return p1;
    }

Right:

    fn main() {
        return first(0, 0);
    }

    fn first(p1, p2) {
        return p1;
    }",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::EXPLANATIONS;

    /// The codes that stand between quotes in a source file of this crate.
    fn codes_in(source: &str) -> impl Iterator<Item = &str> {
        source.split('"').filter(|text| {
            text.len() == 5
                && text.starts_with('E')
                && text[1..].bytes().all(|byte| byte.is_ascii_digit())
        })
    }

    #[test]
    fn every_code_has_a_page_and_every_page_of_the_compiler_a_code() {
        let sources = [include_str!("error.rs"), include_str!("ulm/refusal.rs")];
        let codes: BTreeSet<&str> = sources.into_iter().flat_map(codes_in).collect();
        let pages = EXPLANATIONS.iter().map(|page| page.code);
        let pages: BTreeSet<&str> = pages.filter(|code| !code.starts_with("E03")).collect();
        assert_eq!(codes, pages);
    }

    #[test]
    fn the_pages_are_in_the_order_of_their_codes() {
        assert!(EXPLANATIONS.is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn no_line_of_a_page_is_longer_than_a_terminal() {
        for page in EXPLANATIONS {
            assert!(page.title.len() <= 70, "{}", page.code);
            for line in page.text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", page.code);
            }
        }
    }
}
