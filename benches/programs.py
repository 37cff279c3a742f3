#!/usr/bin/env python3
"""Writes the generated benchmark programs, in emjay and in C: programs.py FOLDER

small     two functions, one call
fib27     29 functions that call the next two: 1,028,458 calls
wide40    one function, 40 variables, 5,000 statements: many values alive at once
line100k  one function, two variables, 50,000 statements, a fifth of them a division by a constant
tree200   200 functions of 500 statements each, calling each other as a binary tree

`main` takes (x, y) = (3, 4), that of small takes nothing; in C it is `ej_main`, which wants
-fwrapv. The output depends on nothing but this file: seed 42, in the order of the list at the end.
"""

import random
import sys
from pathlib import Path

NOINLINE = "__attribute__((noinline)) "


class Program:
    """Functions, as lists of assignments and a result."""

    def __init__(self, name):
        self.name = name
        self.functions = []

    def function(self, name, parameters, body, result):
        """body: (is it a declaration, variable, expression) each"""
        self.functions.append((name, parameters, body, result))

    def emjay(self):
        for name, parameters, body, result in self.functions:
            yield f"fn {name}({', '.join(parameters)}) {{"
            for declared, variable, expression in body:
                yield f"    {'let ' if declared else ''}{variable} = {expression};"
            yield f"    return {result};"
            yield "}"

    def c(self):
        yield "typedef long long i64;"
        heads = []
        for name, parameters, _, _ in self.functions:
            name = "ej_main" if name == "main" else name
            parameters = ", ".join(f"i64 {parameter}" for parameter in parameters) or "void"
            heads.append(f"{NOINLINE}i64 {name}({parameters})")
        yield from (head + ";" for head in heads)
        for head, (_, _, body, result) in zip(heads, self.functions):
            yield head + " {"
            for declared, variable, expression in body:
                yield f"    {'i64 ' if declared else ''}{variable} = {expression};"
            yield f"    return {result};"
            yield "}"

    def write(self, folder):
        for ending, lines in ("emjay", self.emjay()), ("c", self.c()):
            (folder / f"{self.name}.{ending}").write_text("\n".join(lines) + "\n")


def two_variables(rng, operators):
    """Statements over a and b, two operators each."""
    body = [(True, "a", "x"), (True, "b", "y")]
    for _ in range(operators // 2):
        k, l = rng.randrange(2, 200), rng.randrange(2, 200)
        kinds = (
            ("a", f"a * {k} + b"),
            ("b", f"b - a * {k}"),
            ("a", f"a - b + {l}"),
            ("b", f"(a + {k}) * b"),
            ("a", f"a / {k} + b"),
        )
        variable, expression = kinds[rng.randrange(len(kinds))]
        body.append((False, variable, expression))
    return body


def small(_):
    program = Program("small")
    program.function("main", [], [(True, "v", "1000")], "v + f(3, 2, 1)")
    program.function("f", ["x", "y", "z"], [], "x * 100 + y * 10 + z")
    return program


def tree200(rng):
    program = Program("tree200")
    program.function("main", ["x", "y"], [], "f0(x, y)")
    count = 200
    for number in range(count):
        calls = [
            f" + f{child}({arguments})"
            for child, arguments in ((2 * number + 1, "a, b"), (2 * number + 2, "b, a"))
            if child < count
        ]
        body = two_variables(rng, 1000)
        program.function(f"f{number}", ["x", "y"], body, "a + b" + "".join(calls))
    return program


def fib27(_):
    program = Program("fib27")
    program.function("main", ["x", "y"], [], "f0(x, y)")
    depth = 27
    for number in range(depth + 2):
        result = "x + y"
        if number < depth:
            result = f"f{number + 1}(x + 1, y) + f{number + 2}(y, x) + 1"
        program.function(f"f{number}", ["x", "y"], [], result)
    return program


def line100k(rng):
    program = Program("line100k")
    program.function("main", ["x", "y"], two_variables(rng, 100_000), "a + b")
    return program


def wide40(rng):
    program = Program("wide40")
    names = [f"v{number}" for number in range(40)]
    body = [(True, name, f"x + y * {number}") for number, name in enumerate(names, 1)]
    for _ in range(5_000):
        to, left, right = (names[rng.randrange(len(names))] for _ in range(3))
        first, second = rng.choice("+-*"), rng.choice("+-")
        body.append((False, to, f"{left} {first} {right} {second} {rng.randrange(2, 200)}"))
    program.function("main", ["x", "y"], body, " + ".join(names))
    return program


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(42)
    for make in small, tree200, fib27, line100k, wide40:
        make(rng).write(folder)


if __name__ == "__main__":
    main()
