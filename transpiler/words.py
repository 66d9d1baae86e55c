"""The words of the language: where each may stand, and what its statement looks like."""

from __future__ import annotations

TOP_WORDS = ("param", "use", "model", "layer", "loss", "metric")
BODY_WORDS = ("input", "output", "dim", "weight", "state", "view", "train", "for", "if", "return")
BLOCK_WORDS = ("model", "layer", "loss", "metric", "def", "train", "for", "if", "elif", "else")

FORMS = {
    "param": "param width = 512",
    "use": 'use "blocks.k": Residual',
    "model": "model Name(width=32):",
    "layer": "layer Name(units, rate=0.5)(x):",
    "loss": "loss name(y_true, y_pred):",
    "metric": "metric name(y_true, y_pred):",
    "input": "input image: float32[28, 28, 1]",
    "output": "output digit = x |> Dense(10)",
    "dim": "dim length >= 5, <= 100",
    "weight": 'weight kernel: float32[3, units] = "glorot_uniform"',
    "state": 'state count: float32[units] = "zeros"',
    "view": "view code(image) = x",
    "train": "train:",
    "def": "def name(x, y):",
    "for": "for f in filters:",
    "if": "if deep:",
    "elif": "elif deep:",
    "else": "else:",
    "return": "return x",
}

# Python's reserved words that `.k` has no use for, with what to write instead.
# They are no names either, because the modules that come out are Python.
_IMPORT = 'take declarations from another file with `use "file.k": name`'
_NAME = "choose another name; the modules that come out are Python, which reserves this one"
FOREIGN_WORDS = {
    "as": _NAME,
    "assert": "mistakes in a model are found at build time; leave the line out",
    "async": _NAME,
    "await": _NAME,
    "break": "loops run to their end; shorten what they range over",
    "class": "define a layer with `layer Name(settings)(inputs):`",
    "continue": "loops run to their end; choose with `[x for x in xs if ...]`",
    "del": "leave the line out; what no output needs is not built",
    "except": "mistakes in a model are found at build time; leave the block out",
    "finally": "mistakes in a model are found at build time; leave the block out",
    "from": _IMPORT,
    "global": "functions see the names around them; leave the line out",
    "import": _IMPORT,
    "lambda": "define a function with `def name(x):` and a `return`",
    "nonlocal": "functions see the names around them; leave the line out",
    "pass": "a block needs at least one statement; leave the whole block out",
    "raise": "mistakes in a model are found at build time; leave the line out",
    "try": "mistakes in a model are found at build time; leave the block out",
    "while": "loop with `for name in range(...)`; loops unroll at build time",
    "with": "apply layers directly: `x = Dense(64)(x)`",
    "yield": "give results back with `return`",
}
# Of these, the ones that begin a statement explain a mistake anywhere on its line.
FOREIGN_STATEMENTS = frozenset(FOREIGN_WORDS) - {"as", "await", "lambda"}
