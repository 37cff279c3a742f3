//! The lines that the instructions of an image come from.

use diagnostics::Sources;
use ulm_isa::Isa;

/// The lines of a program's instructions, each as `FILE:LINE`.
fn lines(text: &str) -> Vec<String> {
    let mut sources = Sources::new();
    let file = sources.add("main.s", text);
    let image = ulmas::assemble(Isa::ulm(), &sources, &[file]).image;
    let object = image.expect("there is no error").object;
    let name = |line: &ulmas::image::SourceLine| {
        format!("{}:{}", object.files[line.file as usize], line.line)
    };
    object.lines.iter().map(name).collect()
}

#[test]
fn a_comment_over_several_lines_does_not_shift_what_follows() {
    let text = "/* one\n two */   nop\n# three\nfour:   nop /* four\nfive */\n        addq 1, /* six\n */ \
                %2, %3\n        /* eight\n */ nop\n\n        nop\n";
    let expected = ["main.s:2", "main.s:4", "main.s:6", "main.s:9", "main.s:11"];
    assert_eq!(lines(text), expected);
}

#[test]
fn lines_that_end_with_carriage_returns_count_once() {
    let text = "        nop\r\n\r\n        nop\r\n";
    assert_eq!(lines(text), ["main.s:1", "main.s:3"]);
}

#[test]
fn a_line_comment_says_where_what_follows_came_from() {
    let text = "        nop\n#line 7 \"f.emjay\"\n        nop\n        nop\n        \
                #line 9 \"not in column 1\"\n        nop\n#line 8 \"f.emjay\"\n        nop\n";
    let expected = [
        "main.s:1",
        "f.emjay:7",
        "f.emjay:7",
        "f.emjay:7",
        "f.emjay:8",
    ];
    assert_eq!(lines(text), expected);
}
