//! Programs with more of something than random programs have.

use std::fmt::Write;

/// A function that reads so many parameters, and has a value for each that is alive at once.
pub(crate) fn many_live(name: &str, parameters: usize, live: usize, rest: &str) -> String {
    let mut text = format!("fn {name}({}) {{\n", names("p", parameters));
    for n in 0..live {
        let operand = match parameters {
            0 => "getc()".to_owned(),
            _ => format!("p{}", n % parameters),
        };
        writeln!(text, "let v{n} = {operand} * {} + {n};", 3 + n % 7).expect("strings take all");
    }
    text.push_str(rest);
    text.push_str("return 0");
    for n in 0..live {
        let operator = ["+", "-"][n % 2];
        write!(text, " {operator} v{n} * {}", 1 + n % 5).expect("strings take all");
    }
    text.push_str(";\n}\n");
    text
}

/// `p0, p1, p2`
pub(crate) fn names(prefix: &str, count: usize) -> String {
    let names: Vec<String> = (0..count).map(|n| format!("{prefix}{n}")).collect();
    names.join(", ")
}

/// `1, 2, 3`
pub(crate) fn numbers(count: usize) -> String {
    let numbers: Vec<String> = (1..=count).map(|n| n.to_string()).collect();
    numbers.join(", ")
}
