# Recipes of daily work; `just` alone lists them.

set positional-arguments

# list the recipes
default:
    @just --list

# build everything
build:
    cargo build --workspace --all-targets

# run all tests
test:
    cargo test --workspace

# check the style of the code
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# format the code
fmt:
    cargo fmt --all

# build the documentation, warnings are errors
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# all that has to hold before a change is taken
ci:
    .ci/run

# the proof over all 2^32 words of each machine
words:
    cargo test --release -p ulm-isa --test words

# accept what the golden tests see now; look at the difference before a commit
bless:
    UPDATE_GOLDENFILES=1 cargo test --workspace

# put the tools on the PATH
install:
    cargo install --locked --path ulmas
    cargo install --locked --path ulm
    cargo install --locked --path emjay-jit

# fuzz a target, see fuzz/README.md
fuzz TARGET *ARGS:
    cargo +nightly fuzz run "$@"

# write the manual of the built-in machine, as target/manual.html and target/manual.md
manual:
    mkdir -p target
    cargo run --release -- isa manual --format html > target/manual.html
    cargo run --release -- isa manual --format md > target/manual.md

# run a program: just run examples/func02.s
run *ARGS:
    cargo run --release -- "$@"

# run or look at an emjay program: just emjay run examples/blog.emjay
emjay *ARGS:
    cargo run --release -p emjay-jit -- "$@"

# compare with other compilers, see benches/README.md: just bench counts
bench WHAT:
    cd benches && cargo run --release --bin "$1"

# count instructions under the conventions of the ULM, beside AArch64 and code by hand
conventions:
    cd benches && cargo run --release --no-default-features --bin conventions

# compare the engines of the ULM with qemu-riscv64 and gcc: just engines --figures speed
engines *ARGS:
    cd benches && cargo run --release --no-default-features --bin machine -- "$@"
