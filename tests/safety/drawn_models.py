"""Hypothesis strategies for `.k` files that mean something, and for such files spoilt.

`model_files()` draws files that must build: layers with arguments that fit, shared layers, models
in models, loops, choices, functions, several inputs and outputs, and what trains them.
`spoilt(text)` takes a few words or lines of a file away, repeats, swaps or replaces them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import prod

from hypothesis import strategies as st
from kgen.diagnostics import KgenError, Source
from kgen.scan import Token, scan

Shape = tuple[int, ...]

INPUT_SHAPES: list[Shape] = [(4,), (7,), (1,), (2, 3), (3, 4), (2, 2, 3)]
ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "softplus", "gelu", "silu", "softmax", "linear"]
INITIALIZERS = ['"he_normal"', '"lecun_uniform"', "GlorotUniform(seed=3)", "RandomNormal(0.0, 0.3)"]
OPTIMIZERS = [
    '"sgd"',
    '"adam"',
    "SGD(0.05, momentum=0.9, nesterov=True)",
    "SGD(learning_rate=ExponentialDecay(0.1, 10, 0.9))",
    "RMSprop(1e-3, rho=0.8, momentum=0.5, centered=True)",
    "Adam(learning_rate=2e-3, beta_1=0.8, amsgrad=True)",
]
PART = """\
model Part(width=3):
    \"\"\"A model that others use as a layer.\"\"\"
    input piece: float32[4]
    output code = piece |> Dense(width, activation="tanh") |> Dense(2)

"""
BLOCK = """\
def block(x, units, activation="relu"):
    y = x |> Dense(units, activation=activation)
    return y |> Dense(units) |> LayerNormalization()

"""


@dataclass
class Body:
    """The lines of a model as they are drawn; `free` are tensors that nothing reads yet."""

    draw: st.DrawFn
    lines: list[str] = field(default_factory=list)
    tensors: dict[str, Shape] = field(default_factory=dict)
    free: list[str] = field(default_factory=list)
    names: int = 0

    def pick(self, wanted: Callable[[Shape], bool] = lambda shape: True) -> str:
        """A tensor whose shape is as wanted, those that nothing reads more often."""
        free = [name for name in self.free if wanted(self.tensors[name])]
        found = [name for name, shape in self.tensors.items() if wanted(shape)]
        often = self.draw(st.sampled_from([True, True, False]))
        pool = free if free and often else found
        if not pool:
            return self.flat(self.pick())
        return self.use(self.draw(st.sampled_from(pool)))

    def use(self, name: str) -> str:
        """The tensor's name, which is read from now on."""
        if name in self.free:
            self.free.remove(name)
        return name

    def fresh(self, stem: str) -> str:
        """A name that is not taken."""
        self.names += 1
        return f"{stem}_{self.names}"

    def bind(self, expression: str, shape: Shape, stem: str = "x") -> str:
        """Bind an expression to a new name."""
        name = self.fresh(stem)
        self.lines.append(f"{name} = {expression}")
        self.tensors[name] = shape
        self.free.append(name)
        return name

    def flat(self, name: str) -> str:
        """A tensor as one vector for each sample."""
        shape = self.tensors[self.use(name)]
        if len(shape) == 1:
            return name
        return self.use(self.bind(f"{name} |> Flatten()", (prod(shape),)))


def dense(body: Body) -> None:
    x = body.pick()
    units = body.draw(st.integers(1, 6))
    given = [
        str(units),
        f'activation="{body.draw(st.sampled_from(ACTIVATIONS))}"',
        f"use_bias={body.draw(st.booleans())}",
        f"kernel_initializer={body.draw(st.sampled_from(INITIALIZERS))}",
        "kernel_regularizer=L2(0.01)",
    ]
    kept = body.draw(st.sets(st.integers(1, len(given) - 1)))
    arguments = ", ".join([given[0], *(given[place] for place in sorted(kept))])
    text = f"{x} |> Dense({arguments})" if units % 2 else f"Dense({arguments})({x})"
    body.bind(text, (*body.tensors[x][:-1], units))


def plain(body: Body) -> None:
    """Layers and functions that keep the shape, in a pipeline."""
    x = body.pick()
    kinds = [
        "Dropout(0.25)",
        "GaussianNoise(0.1)",
        "GaussianDropout(0.2)",
        "LayerNormalization()",
        "BatchNormalization(momentum=0.9)",
        "RMSNormalization()",
        "Identity()",
        "LeakyReLU(0.1)",
        "ELU()",
        'Activation("tanh")',
        "tanh",
        "sigmoid",
    ]
    steps = body.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=3))
    layers = [step if step.endswith(")") else f'Activation("{step}")' for step in steps]
    body.bind(" |> ".join([x, *layers]), body.tensors[x])


def shaping(body: Body) -> None:
    x = body.pick()
    shape = body.tensors[x]
    size = prod(shape)
    options: list[tuple[str, Shape]] = [("Flatten()", (size,)), ("Reshape([-1])", (size,))]
    options += [(f"Reshape([{n}, -1])", (n, size // n)) for n in (1, 2, 3) if size % n == 0]
    if len(shape) == 1:
        options.append(("RepeatVector(3)", (3, *shape)))
    if len(shape) == 2:
        options.append(("Permute([2, 1])", (shape[1], shape[0])))
    layer, result = body.draw(st.sampled_from(options))
    body.bind(f"{x} |> {layer}", result)


def merging(body: Body) -> None:
    a = body.pick()
    shape = body.tensors[a]
    b = body.pick(lambda other: other == shape)
    if body.tensors[b] != shape:
        a, b = body.flat(a), body.flat(b)
        b = body.use(body.bind(f"{b} |> Dense({body.tensors[a][0]})", body.tensors[a]))
        shape = body.tensors[a]
    kind = body.draw(
        st.sampled_from(["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "join"])
    )
    if kind == "join":
        body.bind(f"[{a}, {b}] |> Concatenate()", (*shape[:-1], 2 * shape[-1]))
    else:
        body.bind(f"{kind}()([{a}, {b}])", shape)


def arithmetic(body: Body) -> None:
    x = body.pick()
    shape = body.tensors[x]
    options: list[tuple[str, Shape]] = [
        (f"{x} * 0.5 + 1", shape),
        (f"-{x}", shape),
        (f"{x} - mean({x}, axis=-1, keepdims=True)", shape),
        (f"tanh({x}) * {x}", shape),
        (f"{x} / (1 + abs({x}))", shape),
        (f"maximum({x}, 0.1)", shape),
        (f"{x}[..., :1]", (*shape[:-1], 1)),
        (f"{x}[:, -1]" if len(shape) > 1 else f"{x}[:, -1:]", shape[1:] or (1,)),
        (f"concatenate([relu({x}), relu(-{x})], axis=-1)", (*shape[:-1], 2 * shape[-1])),
    ]
    text, result = body.draw(st.sampled_from(options))
    body.bind(text, result)


def shared(body: Body) -> None:
    a = body.pick()
    last = body.tensors[a][-1]
    b = body.pick(lambda shape: shape[-1] == last)
    if body.tensors[b][-1] != last:
        b = a
    layer, units = body.fresh("share"), body.draw(st.integers(1, 4))
    body.lines.append(f'{layer} = Dense({units}, activation="tanh")')
    body.bind(f"{layer}({a})", (*body.tensors[a][:-1], units))
    body.bind(f"{layer}({b})", (*body.tensors[b][:-1], units))


def nested(body: Body) -> None:
    x = body.flat(body.pick())
    four = body.use(body.bind(f"{x} |> Dense(4)", (4,)))
    width = body.draw(st.integers(1, 4))
    if body.draw(st.booleans()):
        body.bind(f"{four} |> Part(width={width})", (2,))
        return
    part = body.fresh("part")
    body.lines.append(f"{part} = Part()")
    body.bind(f"{part}({four})", (2,))
    body.bind(f"-{four} |> {part}", (2,))


def loop(body: Body) -> None:
    x = body.pick()
    rounds, units = body.draw(st.integers(1, 3)), body.draw(st.integers(1, 4))
    name = body.fresh("loop")
    body.lines += [f"{name} = {x}", f"for turn in range({rounds}):"]
    body.lines.append(f'    {name} = {name} |> Dense({units} + turn, activation="tanh")')
    body.tensors[name] = (*body.tensors[x][:-1], units + rounds - 1)
    body.free.append(name)


def choice(body: Body) -> None:
    x = body.pick()
    name, limit = body.fresh("choice"), body.draw(st.integers(1, 8))
    body.lines += [f"if {x}.shape[-1] > {limit}:", f"    {name} = {x} |> Dense(2)"]
    body.lines += ["else:", f"    {name} = {x} * 2"]
    last = body.tensors[x][-1]
    body.tensors[name] = (*body.tensors[x][:-1], 2 if last > limit else last)
    body.free.append(name)


def function(body: Body) -> None:
    x = body.pick()
    units = body.draw(st.integers(1, 4))
    body.bind(f"block({x}, {units})", (*body.tensors[x][:-1], units))


STEPS = [dense, dense, plain, shaping, merging, arithmetic, shared, nested, loop, choice, function]


@dataclass(frozen=True)
class Goal:
    """An output's last layer, and the losses and metrics that go with it."""

    units: int
    activation: str
    losses: tuple[str, ...]
    metrics: tuple[str, ...]


GOALS = [
    Goal(1, "sigmoid", ('"binary_crossentropy"', "BinaryCrossentropy()"), ('"accuracy"',)),
    Goal(3, "softmax", ('"categorical_crossentropy"',), ('"accuracy"', '"mse"')),
    Goal(4, "softmax", ('"sparse_categorical_crossentropy"',), ('"accuracy"',)),
    Goal(2, "linear", ('"mse"', '"mae"', "MeanSquaredError()"), ('"mae"',)),
]


@st.composite
def model_files(draw: st.DrawFn, *, max_steps: int = 6, trained: bool | None = None) -> str:
    """A whole file whose last model, `Drawn`, has everything else in it."""
    body = Body(draw)
    for place in range(draw(st.integers(1, 3))):
        shape = draw(st.sampled_from(INPUT_SHAPES))
        kind = "int32" if draw(st.integers(0, 7)) == 7 else "float32"
        sizes = ", ".join(map(str, shape))
        body.lines.append(f"input in_{place}: {kind}[{sizes}]")
        body.tensors[f"in_{place}"] = shape
        body.free.append(f"in_{place}")
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=max_steps)):
        step(body)
    goals = outputs(body)
    if trained or (trained is None and draw(st.integers(0, 4))):
        train(body, goals)
    inner = "\n".join(f"    {line}" for line in body.lines)
    doc = '    """A model drawn at random."""\n'
    return f"{PART}{BLOCK}model Drawn:\n{doc}{inner}\n"


def outputs(body: Body) -> dict[str, Goal]:
    """One to three outputs that take in everything not read so far."""
    count = min(body.draw(st.integers(1, 3)), len(body.free))
    ends = [body.flat(name) for name in list(body.free)]
    goals = {}
    for place in range(count):
        parts = ends[place::count]
        joined = parts[0] if len(parts) == 1 else f"[{', '.join(parts)}] |> Concatenate()"
        goal = body.draw(st.sampled_from(GOALS))
        layer = f'Dense({goal.units}, activation="{goal.activation}")'
        body.lines.append(f"output out_{place} = {joined} |> {layer}")
        goals[f"out_{place}"] = goal
    return goals


def train(body: Body, goals: dict[str, Goal]) -> None:
    losses = {name: body.draw(st.sampled_from(goal.losses)) for name, goal in goals.items()}
    figures = {name: body.draw(st.sampled_from(goal.metrics)) for name, goal in goals.items()}
    lines = [f"optimizer = {body.draw(st.sampled_from(OPTIMIZERS))}"]
    if len(goals) == 1:
        lines.append(f"loss = {losses['out_0']}")
        lines.append(f"metrics = [{figures['out_0']}]")
    else:
        lines.append(f"loss = {{{', '.join(f'{k!r}: {v}' for k, v in losses.items())}}}")
        lines.append(f"loss_weights = [{', '.join('0.5' for _ in goals)}]")
        lines.append(f"metrics = {{{', '.join(f'{k!r}: [{v}]' for k, v in figures.items())}}}")
    kept = body.draw(st.integers(2, len(lines)))
    body.lines += ["train:", *(f"    {line}" for line in lines[:kept])]


# --- spoiling ------------------------------------------------------------------

WORDS = [
    "x",
    "y",
    "in_0",
    "out_0",
    "Drawn",
    "Part",
    "block",
    "Dense",
    "Dropout",
    "Add",
    "Concatenate",
    "Reshape",
    "LSTM",
    "model",
    "input",
    "output",
    "train",
    "def",
    "for",
    "if",
    "else",
    "elif",
    "return",
    "use",
    "param",
    "layer",
    "loss",
    "metric",
    "view",
    "dim",
    "state",
    "weight",
    "None",
    "True",
    "False",
    "not",
    "and",
    "or",
    "in",
    "is",
    "range",
    "len",
    "str",
    "int",
    "float",
    "min",
    "max",
    "sum",
    "abs",
    "round",
    "zip",
    "enumerate",
    "mean",
    "relu",
    "softmax",
    "adam",
    "optimizer",
    "shape",
    "training",
    "__class__",
    "self",
    "np",
    "Model",
    "float32",
    "int32",
    "bool",
    "batch",
    "_",
    "gradient",
    "use_weights",
]
MARKS = [*"()[]{}:,.=+-*/%@<>", "|>", "**", "//", "==", "!=", "...", "\n", "\n    ", "#", '"']
VALUES = ["0", "1", "-1", "2.5", "1e300", "10**60", "9999999999", "1e-45", '""', '"x"', "[]", "{}"]
VALUES += [
    "()",
    "None",
    "True",
    "[x]",
    "f'{x}'",
    "range(3)",
    "(1, 2)",
    "{'a': 1}",
    "[[1]]",
    "x.shape",
]
NOISE = ["é", "\0", "\t", "\x0b", "\u2028", "\u2179", "'", "\\", "$", ";", "\r", "\x1b[31m"]

pieces = st.one_of(*(st.sampled_from(part) for part in (WORDS, MARKS, VALUES, NOISE)))


@st.composite
def spoilt(draw: st.DrawFn, text: str) -> str:
    """A file's text after one to three mishaps."""
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.one_of(_words_spoilt(text), _lines_spoilt(text)))
    return text


def tokens(text: str) -> list[Token]:
    """The words of a text; none where brackets do not even let it be scanned."""
    try:
        lines = scan(Source("spoilt.k", text)).lines
    except KgenError:
        return []
    return [token for line in lines for token in line.tokens]


@st.composite
def _words_spoilt(draw: st.DrawFn, text: str) -> str:
    words = tokens(text)
    piece: str = draw(pieces)
    if not words:
        return text + piece
    first = draw(st.sampled_from(words))
    kind = draw(st.sampled_from(["delete", "repeat", "replace", "insert", "swap", "other"]))
    before, word, after = text[: first.start], first.text, text[first.end :]
    if kind == "delete":
        return before + after
    if kind == "repeat":
        return f"{before}{word} {word}{after}"
    if kind == "replace":
        return before + piece + after
    if kind == "insert":
        return f"{before}{piece} {word}{after}"
    second = draw(st.sampled_from(words))
    if kind == "other" or first.start == second.start:
        return before + second.text + after
    early, late = sorted([first, second], key=lambda token: token.start)
    between = text[early.end : late.start]
    return text[: early.start] + late.text + between + early.text + text[late.end :]


@st.composite
def _lines_spoilt(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    place = draw(st.integers(0, len(lines) - 1))
    other = draw(st.integers(0, len(lines) - 1))
    match draw(st.sampled_from(["delete", "repeat", "swap", "indent", "dedent", "cut"])):
        case "delete":
            del lines[place]
        case "repeat":
            lines.insert(other, lines[place])
        case "swap":
            lines[place], lines[other] = lines[other], lines[place]
        case "indent":
            lines[place] = f"  {lines[place]}"
        case "dedent":
            lines[place] = lines[place].removeprefix("    ")
        case "cut":
            lines = lines[:place]
    return "\n".join(lines)
