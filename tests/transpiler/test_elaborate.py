"""From text to models: names, sharing, nesting, unrolling, and several errors in one run."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kgen.compiler import check_text, elaborate_text
from kgen.diagnostics import KgenError
from kgen.graph import BATCH
from kgen.layers import registry
from kgen.model import Model
from kgen.rewrite import verify
from kgen.run import snake_case
from kgen.runtime import kerasweights

from tests.strategies import programs

VALID = Path(__file__).parents[1] / "models" / "valid"
FILES = sorted(VALID.glob("*.k"))


def load(name: str, **defines: str) -> dict[str, Model]:
    path = VALID / f"{name}.k"
    models = elaborate_text(path.read_text(encoding="utf-8"), str(path), defines)
    return {model.name: model for model in models}


def body(text: str, head: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in text.strip("\n").split("\n"))
    return f"{head}model M:\n{lines}"


def build(text: str, head: str = "", **defines: str) -> Model:
    return elaborate_text(body(text, head), "m.k", defines)[-1]


def codes(text: str, **defines: str) -> list[str]:
    return [diagnostic.code for diagnostic in check_text(text, "m.k", defines)]


def message(text: str, **defines: str) -> str:
    with pytest.raises(KgenError) as caught:
        elaborate_text(text, "m.k", defines)
    return str(caught.value)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_valid_file_builds(file: Path) -> None:
    models = elaborate_text(file.read_text(encoding="utf-8"), str(file))
    again = elaborate_text(file.read_text(encoding="utf-8"), str(file))
    assert models
    for model, second in zip(models, again, strict=True):
        graphs = [g for g in (model.predict, model.train, model.evaluate) if g is not None]
        for graph in graphs:
            verify(graph)
            assert list(graph.weights) == list(model.predict.weights)
            for path, weight in graph.weights.items():
                same = model.predict.weights[path]
                assert (weight.shape, weight.trainable) == (same.shape, same.trainable)
            assert all(node.span is not None for node in graph.nodes)
        assert str(model.predict) == str(second.predict)
        assert str(model.train) == str(second.train)


@pytest.mark.parametrize("name", ["shared", "uses", "many_classes"])
def test_graph_golden(name: str) -> None:
    path = VALID / f"{name}.k"
    models = (
        elaborate_text(path.read_text(encoding="utf-8"), path.name)
        if name != "uses"
        else (elaborate_text(path.read_text(encoding="utf-8"), str(path)))
    )
    printed = "\n".join(str(m.train or m.predict) for m in models).replace(f"{VALID}{os.sep}", "")
    golden = path.with_suffix(".graph")
    if os.environ.get("KGEN_UPDATE_GOLDENS") == "1":
        golden.write_text(printed, encoding="utf-8")
    assert printed == golden.read_text(encoding="utf-8")


# --- names of layers -----------------------------------------------------------


def test_names_and_paths() -> None:
    model = build(
        """
input x: float32[8]
encode = Dense(4)
a, b = Dense(4), Dense(4, name="given")
h = x |> encode |> a |> b |> Dense(4) |> Dense(4)
wide = Dense(4) if True else Dense(8)
output y = h |> wide |> BatchNormalization() |> Dropout(0.5) |> ReLU()
"""
    )
    assert [layer.name for layer in model.layers] == [
        "encode",
        "a",
        "given",
        "dense",
        "dense_1",
        "wide",
        "batch_normalization",
        "dropout",
        "re_lu",
    ]
    assert model.layers[0].weights == ("encode/kernel", "encode/bias")
    assert model.layers[6].weights == tuple(
        f"batch_normalization/{n}" for n in ("gamma", "beta", "moving_mean", "moving_variance")
    )


def test_a_variable_bound_in_a_loop_names_each_layer() -> None:
    model = build(
        """
input x: float32[8]
h = x
for _ in range(3):
    hidden = Dense(4)
    h = h |> hidden
output y = h
"""
    )
    assert [layer.name for layer in model.layers] == ["hidden", "hidden_1", "hidden_2"]


def test_automatic_names_avoid_taken_ones() -> None:
    model = build('input x: float32[8]\noutput y = x |> Dense(4, name="dense") |> Dense(4)')
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]
    text = body('input x: float32[8]\noutput y = x |> Dense(4) |> Dense(4, name="dense")')
    assert codes(text) == ["K0205"]


def test_the_runtime_finds_layers_in_files_by_their_automatic_names() -> None:
    """Elaboration and runtime may not import each other, so each has the rule."""
    kinds = [definition.name for definition in registry.definitions("layer")]
    for kind in (*kinds, "Sequential", "MyMLP2Net", "HTTPServer"):
        assert kerasweights.snake_case(kind) == snake_case(kind)


# --- sharing, nesting ----------------------------------------------------------


def test_a_layer_called_twice_shares_its_weights() -> None:
    model = load("shared")["SameAuthor"]
    assert list(model.predict.weights) == [
        "encode/kernel",
        "encode/bias",
        "verdict/kernel",
        "verdict/bias",
    ]
    assert model.layers[0].calls == 2
    uses = [
        n
        for n in model.predict.nodes
        if "encode/kernel" in [v.node.attrs.get("path") for v in n.inputs]
    ]
    assert [node.op.name for node in uses] == ["dot", "dot"]


def test_models_as_layers_prefix_their_weights() -> None:
    models = load("nested")
    assert set(models) == {"Encoder", "Denoiser", "Twins"}  # Decoder(latent) needs an argument
    assert list(models["Denoiser"].predict.weights)[:2] == [
        "encoder/dense/kernel",
        "encoder/dense/bias",
    ]
    twins = models["Twins"]
    assert {path.split("/")[0] for path in twins.predict.weights} == {"vision"}
    assert len(twins.predict.weights) == 6
    assert all(layer.calls == 2 for layer in twins.layers if layer.name.startswith("vision"))
    assert models["Encoder"].layers[0].shape == (64,)


def test_sequential_is_a_layer_of_layers() -> None:
    model = build(
        """
input a: float32[8]
input b: float32[8]
tower = Sequential([Dense(4, activation="relu"), Dropout(0.5), Dense(2)])
output y = tower(a) + (b |> tower)
"""
    )
    assert list(model.predict.weights) == [
        "tower/dense/kernel",
        "tower/dense/bias",
        "tower/dense_1/kernel",
        "tower/dense_1/bias",
    ]


def test_inner_layers_of_a_model_can_be_applied() -> None:
    model = build(
        """
input x: float32[8]
inner = Inner()
output y = inner(x)
output z = inner.first(x) |> Activation("relu")
""",
        "model Inner:\n    input x: float32[8]\n    first = Dense(3)\n    output y = first(x)\n",
    )
    assert list(model.predict.weights) == ["inner/first/kernel", "inner/first/bias"]


def test_several_inputs_and_outputs_of_a_nested_model() -> None:
    head = """model Pair:
    input a: float32[3]
    input b: float32[4]
    output left = a |> Dense(2)
    output right = b |> Dense(2)
"""
    model = build(
        """
input x: float32[3]
input z: float32[4]
pair = Pair()
left, right = pair([x, z])
again, _ = pair({"b": z, "a": x})
output y = left + right + again
""",
        head,
    )
    assert len(model.predict.weights) == 4
    wrong = body("input x: float32[4]\noutput y = Pair()([x, x])[0]", head)
    assert "the input `a` of Pair is float32[batch, 3], found float32[batch, 4]" in message(wrong)
    assert codes(body("input x: float32[3]\noutput y = Pair()(x)", head)) == ["K0301"]


def test_frozen_layers_and_models() -> None:
    head = "model Inner:\n    input x: float32[8]\n    output y = x |> Dense(3)\n"
    model = build(
        """
input x: float32[8]
inner = Inner(trainable=False)
output y = x |> inner |> Dense(3, trainable=False) |> Dense(2)
""",
        head,
    )
    assert [weight.trainable for weight in model.predict.weights.values()] == [False] * 4 + [
        True
    ] * 2


def test_frozen_batch_normalization_runs_as_in_inference() -> None:
    head = "model Norm:\n    input x: float32[8]\n    output y = x |> BatchNormalization()\n"
    for normal in ("BatchNormalization(trainable=False)", "Norm(trainable=False)", "Norm()"):
        model = build(
            f"input x: float32[8]\noutput y = x |> {normal} |> Dense(2)\ntrain:\n    loss = 'mse'",
            head,
        )
        assert model.train is not None
        assert bool(model.train.updates) == (normal == "Norm()")


# --- build-time structure ------------------------------------------------------


def test_parameters_and_overrides() -> None:
    assert load("mnist_mlp", width="16")["MnistMlp"].layers[0].shape == (16,)
    model = load("forms", sizes="[6, 4]", deep="false", label="top", rate="0")["Forms"]
    assert model.layers[1].name == "dense"
    assert "tower/top_2/kernel" in model.predict.weights
    assert model.inputs[0].shape == (3, 6)


@pytest.mark.parametrize(
    ("default", "given", "code"),
    [
        ("512", "256", None),
        ("512", "2.5", "K0302"),
        ("512", "wide", "K0302"),
        ("512", "", "K0302"),
        ("512", "2**8", None),
        ("512", "9" * 200, "K0302"),
        ("0.5", "1", None),
        ("0.5", "true", "K0302"),
        ("True", "false", None),
        ("True", "maybe", "K0302"),
        ("'relu'", "tanh", None),
        ("[1, 2]", "[3]", None),
        ("[1, 2]", "(3, 4)", None),
        ("[1, 2]", "3", "K0302"),
        ("None", "3", None),
        ("512", "range(3)", "K0302"),
        ("512", "1\n", "K0302"),
    ],
)
def test_override_keeps_the_kind(default: str, given: str, code: str | None) -> None:
    text = f"param p = {default}\nmodel M:\n    input x: float32[8]\n    output y = x |> Dense(3)\n"
    assert codes(text, p=given) == ([code] if code else [])


def test_unknown_override() -> None:
    text = "param width = 3\nmodel M:\n    input x: float32[8]\n    output y = x |> Dense(width)\n"
    assert codes(text, widht="3") == ["K0204"]
    assert "did you mean `width`?" in message(text, widht="3")
    assert "command line:1:4" in message(text, widht="3")
    assert "the parameter `width` is an integer, found the string 'x'" in message(text, width="x")
    assert "the parameter `width` is an integer, found the number 2.5" in message(text, width="2.5")


def test_loops_unroll_and_branches_fold() -> None:
    text = """
input x: float32[8]
h = x
for i in range(4):
    if i % 2 == 0:
        h = h |> Dense(4)
    elif i == 1:
        h = h |> Activation("relu")
    else:
        h = h |> Dropout(0.1)
output y = h
"""
    assert [layer.kind for layer in build(text).layers] == [
        "Dense",
        "Activation",
        "Dense",
        "Dropout",
    ]


def test_functions_close_over_names_and_do_not_leak() -> None:
    model = build(
        """
input x: float32[8]
size = 4
def block(h, units=size):
    inner = Dense(units)(h)
    for _ in range(2):
        if units > 3:
            return inner
    return inner |> Activation("relu")
output y = block(x) + block(x, units=4)
"""
    )
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"]
    assert codes(
        body("input x: float32[8]\ndef f(h):\n    k = 3\n    return h\noutput y = f(x) * k")
    ) == ["K0201"]


def test_tensor_operators() -> None:
    model = build(
        """
input x: float32[4, 6]
a = -x + 1 - 2 * x / (x ** 2 + 3)
b = a // 2 + a % 3
c = x @ x[:, :2, :] if False else x
d = where(b > 0, b, c)[:, 0]
e = x[:, None, 1, 2:4]
output y = d |> Dense(x.shape[2])
output z = mean(e, axis=1) + d[..., :2]
"""
    )
    assert [v.shape for v in model.predict.outputs.values()] == [(BATCH, 6), (BATCH, 2)]
    product = build("input a: float32[3, 4]\ninput b: float32[4, 5]\noutput y = a @ b")
    assert product.predict.outputs["y"].shape == (BATCH, 3, 5)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("output y = x[0]", "K0402"),
        ("output y = x[:, 9]", "K0402"),
        ("output y = x[:, 3:3]", "K0402"),
        ("output y = x[:, Dense(2)]", "K0303"),
        ("output y = x[:, 1.5]", "K0303"),
        ("output y = x[:, 0, 0]", "K0402"),
        ("output y = x @ x", "K0401"),
        ("output y = x + [1]", "K0303"),
        ("output y = x * x.shape[0]", "K0303"),
        ("output y = 1 < x < 2", "K0303"),
        ("output y = x in x", "K0304"),
        ("output y = x and x", "K0304"),
        ("output y = not x", "K0304"),
        ("output y = x > 1", "K0405"),
        ("output y = 3", "K0405"),
        ("output y = (x > 1) + 1", "K0401"),
        ("output y = range(x)", "K0304"),
        ("output y = x(3)", "K0305"),
        ("output y = Dense(x)", "K0305"),
        ("output y = Dense(4)(x, x)", "K0301"),
        ("output y = Dense(4)(x, units=3)", "K0301"),
        ("output y = Dense(4)(x, training=3)", "K0301"),
        ("output y = Dense(4)(x, mask=x)", "K0301"),
        ("output y = Dense(4)([x, x])", "K0301"),
        ("output y = Concatenate()(x)", "K0301"),
        ("output y = x |> Dense(-3)", "K0301"),
        ("output y = x |> Dense()", "K0301"),
        ('output y = x |> Dense(3, activation="rleu")', "K0301"),
        ("output y = x |> Dense(3, kernel_regularizer=Adam())", "K0301"),
        ("output y = x |> Reshape([3, 3])", "K0401"),
        ("output y = x |> Sequential([3])", "K0301"),
        ("output y = x |> Sequential([Dense(3)], nam='a')", "K0301"),
        ("weight w: float32[3]\noutput y = x", "K0505"),
        ("return x", "K0505"),
        ("for z in x:\n    y = 1\noutput y = x", "K0308"),
        ("for i in range(2):\n    output y = x |> Dense(3)", "K0504"),
        ("def f(h):\n    input z: float32[3]\n    return h\noutput y = f(x)", "K0505"),
        ("def f(h):\n    return h\noutput y = f()", "K0301"),
        ("def f(h):\n    return h\noutput y = f(x, k=3)", "K0301"),
        ("def f(h):\n    return g(h)\ndef g(h):\n    return f(h)\noutput y = f(x)", "K0606"),
        ("input z: float32[-1]\noutput y = x", "K0404"),
        ("input z: float32['a']\noutput y = x", "K0404"),
        ("input z: string[3]\noutput y = x", "K0403"),
        ("input z: float32[100000, 100000, 1000000]\noutput y = x", "K0608"),
        ("output y = x |> M()", "K0606"),
        ("a, b = x |> Dense(3)\noutput y = a", "K0308"),
    ],
)
def test_refused_in_a_model(line: str, code: str) -> None:
    found = codes(body(f"input x: float32[8]\n{line}"))
    assert code in found
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("layer L()():\n    return 1\n", "K0513"),
        ("layer L(a)(a):\n    return a\n", "K0118"),
        ("loss l(a):\n    return a\n", "K0513"),
        ("metric l(a, b=1):\n    return a\n", "K0513"),
        ("d = Dense(3)\n", "K0505"),
        ("a = relu(1.0)\n", "K0505"),
        ('use "std/nothing.k": VGG16\n', "K0620"),
    ],
)
def test_refused_at_top_level(text: str, code: str) -> None:
    assert codes(text + body("input x: float32[8]\noutput y = x |> Dense(2)")) == [code]


# --- several errors in one run -------------------------------------------------


def test_independent_errors_are_all_reported_and_follow_ups_are_not() -> None:
    text = """
model First:
    input x: float32[8]
    h = x |> Dense(uints=4)
    h = h |> Dense(8)
    k = x |> Desne(4)
    output y = h + k
    output z = x |> Dense(4, activation="foo")

    train:
        optimizer = "adm"
        loss      = "mse"

model Second:
    input x: float65[8]
    output y = x |> Dense(4)
"""
    found = check_text(text, "m.k")
    assert [(d.code, d.span.line if d.span else 0) for d in found] == [
        ("K0301", 4),
        ("K0201", 6),
        ("K0301", 8),
        ("K0301", 11),
        ("K0403", 15),
    ]


def test_an_error_in_a_loop_is_reported_once() -> None:
    text = body("input x: float32[8]\nfor i in range(9):\n    x = x |> Dense(-i)\noutput y = x")
    assert codes(text) == ["K0301"]


def test_errors_in_functions_are_placed_inside_them() -> None:
    text = "def f(x):\n    return x |> Dense('a')\n" + body(
        "input x: float32[8]\noutput y = f(x)\noutput z = f(x)"
    )
    (diagnostic,) = check_text(text, "m.k")
    assert diagnostic.span is not None
    assert diagnostic.span.place == "m.k:2:23"


def test_shape_chain() -> None:
    text = body(
        """
input image: float32[28, 28]
h = image |> Flatten() |> Dense(64, activation="relu", name="hidden") |> Dropout(0.5)
output y = h |> Reshape([5, 5])
"""
    )
    note = message(text)
    rows = [" ".join(line.split()) for line in note.splitlines() if "float32[batch" in line]
    assert rows[1:] == [
        "image float32[batch, 28, 28]",
        "Flatten float32[batch, 784]",
        "Dense hidden float32[batch, 64]",
    ]


def test_at_most_twenty_errors() -> None:
    lines = "\n".join(f"a{i} = unknown{i}" for i in range(100))
    assert len(codes(body(lines))) == 20


# --- hostile text --------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        body("input x: float32[8]\nfor i in range(100000):\n    x = x |> Dense(1)\noutput y = x"),
        body("input x: float32[8]\noutput y = x |> Dense(10 ** 20)"),
        body(
            "input x: float32[8]\na = [x]\nfor _ in range(60):\n    a = [a, a]\n"
            "output y = a |> Add()"
        ),
        body(
            "input x: float32[8]\na = [1]\nfor _ in range(60):\n    a = [a, a]\n"
            "output y = x |> Reshape(a)"
        ),
        body("input x: float32[8]\noutput y = x |> RepeatVector(2147483647) |> RepeatVector(3)"),
        body("input x: float32[8]\noutput y = x |> Dense(3, name='a' * 90000)"),
        body(
            "input x: float32[8]\n"
            + "\n".join(f"def f{i}(x):\n    return f{i + 1}(x)" for i in range(300))
            + "\noutput y = f0(x)"
        ),
        "\n".join(
            f"model M{i}:\n    input x: float32[8]\n    output y = x |> M{i + 1}()"
            for i in range(300)
        )
        + "\n",
        body("input x: float32[8]\noutput y = x" + " + x" * 3000),
    ],
    ids=["layers", "units", "list", "argument", "elements", "name", "defs", "models", "sum"],
)
def test_hostile_text_is_refused_or_built_without_a_traceback(text: str) -> None:
    assert all(code.startswith("K0") for code in codes(text))


PIECES = [
    "x", "h", "1", "-1", "0.5", "'relu'", "None", "[1, 2]", "(x, h)", "[x, h]", "x.shape[1]",
    "x[:, 0]", "mean(x, axis=-1)", "concatenate([x, h])", "Dense(3)", "Dense(3)(x)", "Flatten()",
    "Reshape([2, -1])", "Dropout(0.5)", "BatchNormalization(axis=1)", "Sequential([Dense(2)])",
    "relu", "softmax(h)", "L2(0.1)", "Adam()", "'mse'", "{'y': 1}", "max(1, 2)", "max(h, axis=1)",
    "where(x > 0, x, h)", "unknown", "len([1])", "2 ** 300", "Twice", "Twice()", "f", "f(x)",
]  # fmt: skip
OPERATORS = ["+", "-", "*", "/", "**", "//", "%", "@", "<", "==", "and", "in", "|>", ","]


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_any_program_builds_or_gets_diagnostics(data: st.DataObject) -> None:
    """Never a traceback; and every diagnostic has a place and a remedy."""
    lines = []
    for _ in range(data.draw(st.integers(1, 4))):
        left, right = data.draw(st.sampled_from(PIECES)), data.draw(st.sampled_from(PIECES))
        operator = data.draw(st.sampled_from(OPERATORS))
        value = data.draw(
            st.sampled_from([left, f"{left} {operator} {right}", f"({left})({right})"])
        )
        name = data.draw(st.sampled_from(["h = ", "a, b = ", "output o = ", "if ", ""]))
        lines.append(f"if {value}:\n    h = x" if name == "if " else f"{name}{value}")
    loss = data.draw(st.sampled_from(PIECES))
    text = body(
        "input x: float32[4, 3]\nh = Dense(3)(x)\n"
        + "\n".join(lines)
        + f"\noutput y = h\ntrain:\n    loss = {loss}\n    metrics = [{loss}]",
        "model Twice:\n    input x: float32[4, 3]\n    output y = 2 * x\n"
        "def f(x):\n    return -x\n",
    )
    for diagnostic in check_text(text, "m.k"):
        assert diagnostic.span is not None and diagnostic.help


@given(programs())
@settings(max_examples=60, deadline=None)
def test_programs_of_the_grammar_are_elaborated_or_refused(text: str) -> None:
    for diagnostic in check_text(text, "m.k"):
        assert diagnostic.span is not None and diagnostic.help
