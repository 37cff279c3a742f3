//! Text and word of every form, against GNU as and llvm-mc: `golden.txt`, made by `golden.sh`.

use std::fs;
use std::path::Path;

use codegen::aarch64::encode::encode_instruction;

use crate::forms;

#[test]
fn every_form_is_encoded_as_by_gnu_as_and_llvm() {
    let ours: String = forms::all()
        .iter()
        .map(|form| {
            let word = encode_instruction(form).expect("forms::all keeps what can be encoded");
            format!("{word:08x}  {form}\n")
        })
        .collect();
    let golden = include_str!("golden.txt");
    if ours != golden {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden.txt");
        fs::write(&path, &ours).expect("the directory is there for this");
        let different = ours.lines().zip(golden.lines()).find(|(a, b)| a != b);
        panic!(
            "the first difference (ours, golden) is {different:?}; all of ours is in {0}; \
             if the forms have changed: codegen/tests/aarch64/golden.sh {0}",
            path.display()
        );
    }
}
