"""Files that ask for too much: each is to be refused soon, within little memory.

Run as a script it builds them one after another, under limits of memory and of processor time for
each, and prints one line of JSON with what became of them.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from types import FrameType

from kgen.compiler import compile_text
from kgen.diagnostics import KgenError

SECONDS = 5
MEMORY = 1 << 30
STEP = "    a = [a, a, a, a]\n"


def body(lines: str) -> str:
    """A model with these lines in it."""
    return f"model M:\n    input x: float32[4]\n{lines}\n    output y = x |> Dense(2)\n"


def chain_of(kind: str, count: int) -> str:
    """Definitions, each of which uses the one before it twice."""
    if kind == "def":
        first = "def f0(x):\n    return x + 1\n"
        rest = [f"def f{i}(x):\n    return f{i - 1}(f{i - 1}(x))\n" for i in range(1, count)]
        return first + "".join(rest) + body(f"    b = f{count - 1}(x)")
    first = "model M0:\n    input x: float32[4]\n    output y = x |> Dense(4)\n"
    rest = [
        f"model M{i}:\n    input x: float32[4]\n    output y = x |> M{i - 1}() |> M{i - 1}()\n"
        for i in range(1, count)
    ]
    return first + "".join(rest)


def nested_loops(depth: int) -> str:
    lines = ["    " * (i + 1) + f"for i{i} in range(9):" for i in range(depth)]
    lines.append("    " * (depth + 1) + "z = 1")
    return body("\n".join(lines))


BOMB = "    a = [1]\n" + 40 * STEP
SOURCES = {
    "power": body("    a = 10**10**10"),
    "power of powers": body("    a = 2 ** 10 ** 9"),
    "product": body("    a = 10**70 * 10**70"),
    "float power": body("    a = 2.0 ** 10 ** 9"),
    "digits": body(f"    a = {'9' * 100_000}"),
    "hexadecimal": body(f"    a = 0x{'f' * 100_000}"),
    "read digits": body(f"    a = int('{'9' * 90_000}')"),
    "loop": body("    for i in range(10**12):\n        z = i"),
    "length": body("    z = len(range(10**12))"),
    "sum": body("    z = sum(range(10**12))"),
    "zip": body("    z = zip(range(10**9), range(10**9))"),
    "enumerate": body("    z = enumerate(range(10**12))"),
    "slice": body("    z = range(10**12)[::1]"),
    "string": body("    z = 'a' * 10**12"),
    "list": body("    z = [0] * 10**12"),
    "format width": body("    z = f'{1:999999999}'"),
    "format precision": body("    z = f'{1.0:.999999999f}'"),
    "rounding": body("    z = round(10**70, -10**30)"),
    "bomb as text": body(BOMB + "    b = str(a)"),
    "bomb in an f-string": body(BOMB + "    b = f'{a}'"),
    "bombs compared": body(BOMB + BOMB.replace("a", "b") + "    c = a == b"),
    "bomb in a bomb": body(BOMB + BOMB.replace("a", "b") + "    c = a in [b]"),
    "bomb as an argument": body(BOMB + "    b = Dense(a)(x)"),
    "bomb as a shape": body(BOMB + "    b = Reshape(a)(x)"),
    "bomb of tensors": body(BOMB.replace("[1]", "[x]") + "    b = Concatenate()(a)"),
    "doubling": body("    a = [x]\n" + 40 * "    a = a + a\n"),
    "comprehension": body(
        "    a = [i for i in range(1000) for j in range(1000) for k in range(99)]"
    ),
    "nested comprehension": body("    a = [[0 for j in range(99999)] for i in range(99999)]"),
    "lists in a comprehension": body("    a = [[0] * 99999 for i in range(99999)]"),
    "strings in a comprehension": body("    a = ['a' * 99999 for i in range(99999)]"),
    "nested loops": nested_loops(20),
    "deep loops": nested_loops(300),
    "brackets": body(f"    a = {'(' * 5000}1{')' * 5000}"),
    "lists": body(f"    a = {'[' * 5000}{']' * 5000}"),
    "signs": body(f"    a = {'-' * 40_000}1"),
    "negations": body(f"    a = {'not ' * 40_000}1"),
    "powers": body(f"    a = {'2**' * 5000}1"),
    "choices": body(f"    a = {'1 if 1 else ' * 5000}1"),
    "additions": body(f"    a = {'1 + ' * 20_000}1"),
    "pipeline": body("    a = x" + " |> Activation('relu')" * 5000),
    "attributes": body("    a = x" + ".shape" * 5000),
    "subscripts": body("    a = x" + "[0]" * 5000),
    "calls": body("    a = x" + "(0)" * 5000),
    "recursion": body("    def f(a):\n        return f(a)\n    b = f(x)"),
    "mutual recursion": "def f(a):\n    return g(a)\ndef g(a):\n    return f(a)\n"
    + body("    b = f(x)"),
    "functions doubling": chain_of("def", 40),
    "models doubling": chain_of("model", 25),
    "model in itself": "model A:\n    input x: float32[4]\n    output y = x |> A()\n",
    "models in each other": "model A:\n    input x: float32[4]\n    output y = x |> B()\n"
    "model B:\n    input x: float32[4]\n    output y = x |> A()\n",
    "many layers": body("    z = x\n    for i in range(20000):\n        z = z |> Dense(4)"),
    "many operations": body("    z = x\n    for i in range(110000):\n        z = z + 1"),
    "huge input": "model M:\n    input x: float32[10**9, 10**9]\n    output y = x |> Flatten()\n",
    "huge weight": "model M:\n    input x: float32[10**9]\n    output y = x |> Dense(10**9)\n",
    "huge tensor": body("    a = x |> RepeatVector(10**9) |> Flatten() |> RepeatVector(10**9)"),
    "huge number": body("    a = x * 1e300"),
    "huge argument": body("    a = x |> ReLU(max_value=1e300)"),
    "statements": "a = 1\n" * 100_000,
    "characters": "#" * 2_000_000,
    "null": "model M:\n    input x\0: float32[4]\n",
    "surrogate": "model M\ud800:\n    input x: float32[4]\n    output z = x |> Dense(2)\n",
    "look-alike": "model M:\n    input \u0445: float32[4]\n    output z = \u0445 |> Dense(2)\n",
    "full-width": "model M:\n    input x: float32[4]\n    output z = x |> \uff24ense(2)\n",
}


class TooSlow(BaseException):
    """A file has used up its processor time."""


def too_slow(number: int, frame: FrameType | None) -> None:
    raise TooSlow


def outcome(text: str) -> str:
    """The code of the first diagnostic, `built`, or what went wrong."""
    try:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        compile_text(text, "hostile.k")
    except KgenError as error:
        first = error.diagnostics[0]
        placed = (first.span is not None or first.code == "K0615") and first.help
        return first.code if placed and len(str(error)) < 100_000 else f"unclear: {first}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "built"


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, too_slow)
    json.dump({name: outcome(text) for name, text in SOURCES.items()}, sys.stdout)
