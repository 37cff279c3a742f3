use std::time::Instant;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for _ in 0..std::env::args().nth(2).map_or(8, |n| n.parse().unwrap()) {
        let mut sources = diagnostics::Sources::new();
        let file = sources.add("x.emjay", text.clone());
        let t = Instant::now();
        let ast = emjay_jit::parse(&sources, file).unwrap();
        let t1 = t.elapsed();
        drop(ast);
        let t = Instant::now();
        let checked = emjay_jit::check(&sources, file).unwrap();
        let t2 = t.elapsed();
        let t = Instant::now();
        let program = emjay_jit::lower(&checked, file, emjay_jit::Options::default()).unwrap();
        let t3 = t.elapsed();
        let n: usize = program.module.functions.iter().map(|f| f.instructions.len()).sum();
        println!("parse {t1:?} parse+check {t2:?} lower {t3:?} instructions {n}");
    }
}
