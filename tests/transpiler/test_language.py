"""The reference of the language, its examples, and what they are made of."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from kgen import library, syntax
from kgen.builtins import BUILTINS
from kgen.compiler import check_text, elaborate_text
from kgen.diagnostics import KgenError
from kgen.graph import BATCH
from kgen.interpret import interpret
from kgen.model import Model
from kgen.names import MODEL_ATTRIBUTES, SPECIAL_NAMES
from kgen.parser import parse
from kgen.render import render_plain
from kgen.rewrite import verify
from kgen.runtime.model import Model as Runtime
from kgen.settings import SETTINGS

REFERENCE = Path(__file__).parents[2] / "docs" / "language.md"
EXAMPLES = dict(
    re.findall(r"^```k (\S+)\n(.*?)^```$", REFERENCE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
)


# --- the reference ---------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples of the reference."""
    path = tmp_path_factory.mktemp("reference")
    for name, text in EXAMPLES.items():
        (path / name).write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_of_the_reference_builds(name: str, folder: Path) -> None:
    path = folder / name
    found = check_text(EXAMPLES[name], str(path))
    whole = "model" in EXAMPLES[name]
    shown = "\n".join(map(render_plain, found))
    assert [d.code for d in found] == ([] if whole else ["K0512"]), shown


def test_every_form_of_the_grammar_stands_in_the_reference() -> None:
    used: set[type] = set()
    for name, text in EXAMPLES.items():
        module = parse(text, name)
        pending: list[syntax.Tree] = list(module.declarations)
        while pending:
            node = pending.pop()
            used.add(type(node))
            pending.extend(syntax.children(node))
    forms = {
        kind
        for kind in vars(syntax).values()
        if isinstance(kind, type) and issubclass(kind, syntax.Tree) and dataclasses.fields(kind)
    }
    # A string alone is documentation, which the parser keeps apart.
    assert forms - used <= {syntax.Tree, syntax.Expression}


def test_every_word_stands_in_the_reference() -> None:
    text = REFERENCE.read_text("utf-8")
    words = {*SPECIAL_NAMES, *BUILTINS, *SETTINGS, "training", "state", "weight", "dim", "batch="}
    assert {word for word in words if not re.search(rf"\b{re.escape(word)}", text)} == set()


def test_views_take_no_name_of_the_models_own() -> None:
    own = {name for name in dir(Runtime) if not name.startswith("_")}
    net = {"engine", "epoch", "history", "optimizer", "paces", "programs", "spec", "weights"}
    assert own | net <= MODEL_ATTRIBUTES


# --- what the forms mean ---------------------------------------------------------


def build(text: str, head: str = "") -> Model:
    """The only model of a file with this body."""
    lines = "".join(f"    {line}\n" for line in text.strip("\n").split("\n"))
    model = elaborate_text(f"{head}\nmodel M:\n{lines}", "m.k")[-1]
    for graph in (model.predict, model.train, model.evaluate, *(v.graph for v in model.views)):
        if graph is not None:
            verify(graph)
    return model


def refused(text: str, head: str = "") -> str:
    """The message of a file that has one mistake."""
    with pytest.raises(KgenError) as caught:
        build(text, head)
    assert len(caught.value.diagnostics) == 1, str(caught.value)
    return str(caught.value)


SCALE = """
layer Scale(units=3, start="ones")(x, by=2.0, *, training=None):
    weight factor: float32[units] = start
    return x * factor * by
""".replace(", *,", ",")


def test_layer_is_shared_named_and_frozen() -> None:
    model = build(
        """
input x: float32[3]
scale = Scale(3, start="zeros")
a = scale(x) + scale(x, by=3.0)
b = Scale(trainable=False, name="still")(a)
output y = [Scale()(b), Scale()(b)] |> Add()
""",
        SCALE,
    )
    weights = model.predict.weights
    assert list(weights) == ["scale/factor", "still/factor", "scale_1/factor", "scale_2/factor"]
    assert weights["scale/factor"].initializer.kind == "Zeros"
    assert weights["still/factor"].initializer.kind == "Ones"
    assert [w.trainable for w in weights.values()] == [True, False, True, True]
    assert [(layer.name, layer.kind, layer.calls) for layer in model.layers[:2]] == [
        ("scale", "Scale", 2),
        ("still", "Scale", 1),
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("Scale(4)(x)", "cannot be combined"),
        ("Scale(unit=3)(x)", "Scale has no argument unit"),
        ("Scale()(x, bye=3)", "the call of Scale has no argument bye"),
        ("Scale()(x, units=3)", "units= belongs to the layer, not to its call"),
        ("Scale()()", "Scale is applied to at most 2 values, found 0"),
        ("Scale(start='nothing')(x)", "no initializer is called 'nothing'"),
        ("Scale(0)(x)", "a dimension is a positive integer"),
    ],
)
def test_layer_is_checked_as_others_are(call: str, message: str) -> None:
    assert message in refused(f"input x: float32[3]\noutput y = {call}", SCALE)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("weight w: int32[3]\n    return x", "weights are float32"),
        ("weight w: float32[3]\n    weight w: float32[3]\n    return x", "weight `w` already"),
        ("weight w: float32[3] = 'ones', decay=2\n    return x * w", "no option `decay"),
        ("weight w: float32[3] = 'ones', trainable=2\n    return x * w", "is True or False"),
        ("state w: float32[3] = 'ones', trainable=True\n    return x * w", "a state has no option"),
        ("weight w: float32[3]\n    w = w * 2\n    return x * w", "only training changes it"),
        ("state w: float32[3]\n    w = x\n    return x * w", "the state `w` is float32[3]"),
        ("return 3", "the layer L returns the number 3"),
        ("y = x", "`L` ended without a `return`"),
        ("return L()(x)", "`L` calls itself"),
        ("input z: float32[3]\n    return x", "cannot stand in a function"),
        ("def f(a):\n        weight w: float32[3]\n        return a\n    return f(x)", "in a func"),
    ],
)
def test_mistakes_in_a_layer(body: str, message: str) -> None:
    head = f"layer L()(x):\n    {body}\n"
    assert message in refused("input x: float32[3]\noutput y = L()(x)", head)


def test_state_is_updated_where_the_body_says() -> None:
    head = """
layer Count(always=False)(x):
    state seen: float32[]
    if training or always:
        seen = seen + 1.0 + 0.0 * mean(x)
        seen = seen * 2
    return x + seen
"""
    text = "input x: float32[3]\noutput y = x |> Dense(3) |> Count({}) |> Count({})\n{}"
    trained = build(text.format("", "", 'train:\n    loss = "mse"'), head)
    assert trained.train is not None
    assert set(trained.train.updates) == {"count/seen", "count_1/seen"}
    assert trained.evaluate is not None
    assert not trained.evaluate.updates
    assert not trained.predict.updates
    assert not trained.predict.weights["count/seen"].trainable
    always = build(text.format("True", "", ""), head)
    assert set(always.predict.updates) == {"count/seen"}


def test_training_chooses_at_build_time_and_a_call_may_fix_it() -> None:
    text = """
input x: float32[3]
def twice(x):
    return 2 * x if training else x
def told(x, training, by=2):
    return by * x if training else x
output y = twice(x) |> Dropout(0.5) |> Dense(2)
output z = Dropout(0.5)(x, training=False) + Lambda(twice)(x, training=True)
output u = Lambda(told)(x) + Lambda(told, arguments={"by": 3})(x, training=True)
train:
    loss = "mse"
"""
    model = build(text)
    assert model.train is not None
    random = [n for n in model.train.nodes if n.op.name == "random_uniform"]
    assert len(random) == 1
    assert not [n for n in model.predict.nodes if n.op.name == "random_uniform"]
    numbers = [n.attrs["value"] for n in model.predict.nodes if n.op.name == "constant"]
    assert numbers == [2.0, 3.0]


def test_several_models_of_which_some_train() -> None:
    text = """
model A:
    input x: float32[3]
    output y = x |> Dense(2)

model B:
    input x: float32[3]
    output y = A(name="inner")(x) |> Dense(1)
    train:
        loss = "mse"
"""
    a, b = elaborate_text(text, "m.k")
    assert a.train is None
    assert b.train is not None
    assert [view.name for view in b.views] == ["inner"]
    assert list(b.views[0].graph.weights) == ["inner/dense/kernel", "inner/dense/bias"]


def test_losses_and_metrics_are_functions_too() -> None:
    model = build(
        """
input x: float32[3]
y = x |> Dense(3)
add_loss(mean(mean_squared_error(x, y)) + mean(mae(x, y)))
output z = y
train:
    loss = None
"""
    )
    assert model.train is not None
    assert not model.targets
    assert [metric.name for metric in model.train.metrics] == ["loss"]
    assert "compares two tensors" in refused("input x: float32[3]\noutput y = mse(x)")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("output y = gradient(mean(h), 3)", "gradient() takes float32 tensors, found the number 3"),
        ("output y = gradient(h > 0, x)", "found bool[batch, 4]"),
        ("output y = gradient(mean(x), h)", "does not depend on"),
        ("output y = gradient(mean(h), x, h)", "gradient takes 2 arguments, found 3"),
        ("add_loss(h)\noutput y = h", "add_loss() takes one number"),
        ("output y = Lambda(3)(h)", "Lambda takes a function, found the number 3"),
        ("output y = Lambda(relu)(h)", "Lambda takes a function, found the name relu"),
        ("output y = Sequential([Dense(3)], frozen=True)(h)", "has no argument `frozen`"),
        ("output y = use_weights('a.txt', Dense(3))(h)", "weights are read from a file"),
        ("output y = use_weights('../a.h5', Dense(3))(h)", "weights cannot be read from"),
        ("output y = use_weights('a.h5', h)", "use_weights takes a file and a layer"),
        ("output y = relu(h, weights='a.h5')", "relu has no argument weights"),
        ("d = Dense(3)\noutput y = d(h) * d.kernels", "has no attribute `kernels`"),
        ("d = Dense(3)\noutput y = h * d.kernel", "has no attribute `kernel`"),
        ("s = Sequential([Dense(3)])\noutput y = s.dence(h)", "has no attribute `dence`"),
        ("output y = h.reshape((2, 2))", "called by name: reshape(x)"),
        ("output y = Dense(3, activation=half)(h)", "found the function half"),
        ("output y = Dense(3, activation=half)(h)", "of your own is applied to what a layer makes"),
        ("output y = Dense(range)(h)", "found the name range"),
        ("output y = sum([h, h])", "merge the list first: add([a, b])"),
        ("output y = Conv1D(2, 3)(h)", "one channel is an axis, too: x[:, ..., None]"),
        ("output y = Conv2D(2, 3)(h)", "Reshape, Flatten or another size may mend this"),
        ("output y = EarlyStopping()(h)", "callbacks are given to fit()"),
        ("output y = Add()([])", "needs at least 1 tensor, found 0"),
        ("output y = h\ntrain:\n    loss = half", "`loss name(y_true, y_pred):`"),
        ("output y = h\ntrain:\n    loss = 'mse'\n    metrics = [half]", "found the function half"),
        ("output y = h\ntrain:\n    loss = 'mse'\n    callbacks = []", "give callbacks to fit()"),
    ],
)
def test_mistakes_with_what_the_language_builds(line: str, message: str) -> None:
    half = "def half(x):\n    return x / 2\n"
    assert message in refused(f"input x: float32[3]\nh = x |> Dense(4, name='first')\n{line}", half)


TOWER = """
model Tower():
    input x: float32[3]
    d = Dense(3)
    output y = x |> Dense(4, name="first") |> Dense(3, name="second") |> d |> d
"""


def test_layer_of_a_model_gives_what_it_makes_there() -> None:
    model = build(
        """
input x: float32[3]
tower = Tower()
a = tower.first(x)
b = tower.second(x)
s = Sequential([Dense(5, name="wide"), Dense(2)])
output y = concatenate([a, b, s.wide(x)])
output z = tower.first(2 * x) * mean(tower.first.kernel)
""",
        TOWER,
    )
    # The tower is executed once for each input it is given, and what nobody needs is left out.
    assert list(model.predict.weights) == [
        "tower/first/kernel",
        "tower/first/bias",
        "tower/second/kernel",
        "tower/second/bias",
        "s/wide/kernel",
        "s/wide/bias",
    ]
    assert [layer.name for layer in model.layers] == [
        "tower/first",
        "tower/second",
        "s/wide",
    ]
    assert sum(node.op.name == "dot" for node in model.predict.nodes) == 4


@pytest.mark.parametrize(
    ("use", "message"),
    [
        ("tower.third(x)", "has no layer `third`"),
        ("tower.d(x)", "tower applies its layer d 2 times"),
        ("tower.first", "an output is a tensor, found the layer first of tower"),
    ],
)
def test_mistakes_with_layers_of_a_model(use: str, message: str) -> None:
    text = f"input x: float32[3]\ntower = Tower()\noutput y = {use}"
    assert message in refused(text, TOWER)


def test_files_of_weights_go_by_path() -> None:
    model = build(
        """
input x: float32[3]
a = use_weights("tower.safetensors", Tower())
b = Dense(3, weights="parts/dense.weights.h5")
output y = a(x) + b(x) + Tower(name="c", weights=None)(x)
""",
        TOWER,
    )
    assert model.files == (("a", "tower.safetensors"), ("b", "parts/dense.weights.h5"))


def test_view_is_cut_where_its_inputs_are() -> None:
    model = build(
        """
input x: float32[3]
h = x |> Dense(4, activation="relu", name="first")
output y = h |> Dense(2, name="second")
view head(h) = [y, 2 * y]
view whole(x) = y
"""
    )
    head, whole = model.views
    assert list(head.graph.weights) == ["second/kernel", "second/bias"]
    assert list(head.graph.outputs) == ["y", "head_1"]
    assert [i.shape for i in head.inputs] == [(4,)]
    assert head.feeds == ("h",)
    assert whole.feeds == ("x",)
    assert list(whole.graph.weights) == list(model.predict.weights)


def test_view_input_may_have_the_name_of_an_input() -> None:
    model = build("input x: float32[3]\nx = x |> Dense(4)\noutput y = x * 2\nview late(x) = y")
    (late,) = model.views
    assert [(i.name, i.shape) for i in late.inputs] == [("x", (4,))]
    assert late.feeds == ("x_1",)


def test_slices_are_those_of_numpy() -> None:
    import numpy as np

    cuts = ["::2", "::-1", "5:1:-2", "-2:-9:-3", "1:-1", "-1", "2"]
    lines = "\n".join(f"output y{k} = x[:, {cut}] * 1.0" for k, cut in enumerate(cuts))
    model = build(f"input x: float32[7, 2]\n{lines}\noutput z = x[..., None, ::-1, 0]")
    x = np.arange(42, dtype=np.float32).reshape(3, 7, 2)
    found = interpret(model.predict, {"x": x})
    values = {name: found[value] for name, value in model.predict.outputs.items()}
    for k, cut in enumerate(cuts):
        parts = [int(p) if p else None for p in cut.split(":")]
        index = slice(*parts) if len(parts) > 1 else parts[0]
        np.testing.assert_array_equal(values[f"y{k}"], x[:, index])
    np.testing.assert_array_equal(values["z"], x[..., None, ::-1, 0])
    assert all(value.shape[0] == BATCH for value in model.predict.outputs.values())


def test_library_is_found_by_its_own_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocks.k").write_text("def tower(x, n):\n    return x |> Dense(n)\n")
    (tmp_path / "net.k").write_text(
        'use "blocks.k": tower\n\nmodel Net(n=3):\n    input x: float32[4]\n'
        "    output y = tower(x, n)\n"
    )
    monkeypatch.setattr(library, "folder", lambda: tmp_path)
    library.declared.cache_clear()
    model = "model M:\n    input x: float32[4]\n    output y = Net(5)(x)\n"
    try:
        built = elaborate_text(f'use "std/net.k": Net\n{model}', "here/m.k")[-1]
        assert built.layers[0].shape == (5,)
        assert built.layers[0].span.source.path == "here/m.k"
        assert [n.span.source.path for n in built.predict.nodes if n.span][-1] == "std/blocks.k"
        with pytest.raises(KgenError, match=r'begin the file with: use "std/net\.k": Net'):
            elaborate_text(model, "here/m.k")
        with pytest.raises(KgenError, match=r"did you mean `std/net\.k`"):
            elaborate_text(f'use "std/nett.k": Net\n{model}', "here/m.k")
    finally:
        library.declared.cache_clear()
