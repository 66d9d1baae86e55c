"""Hostile files: refused soon if they ask for too much, without effect if they try to get out."""

from __future__ import annotations

import ast
import builtins
import json
import keyword
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen.compiler import check_text, compile_text
from kgen.diagnostics import KgenError
from kgen.names import MODULE_NAMES
from kgen.runtime import optimizers, schedules, tiles
from kgen.standalone import inline_runtime
from kgen.targets import TARGETS

from tests.safety import hostile_sources

WIDE = """
model {model}:
    \"\"\"{doc}\"\"\"
    input {input}: float32[3]
    {layer} = Dense(2, activation="tanh")
    {variable} = {input} |> {layer}
    output {output} = {variable} |> Dense(2, name="last")
    train:
        optimizer = SGD(0.1, name="{text}")
        loss = "mse"
        metrics = [MeanAbsoluteError(name="{text}"), "mse"]
"""
PLAIN = {"model": "M", "input": "a", "layer": "b", "variable": "c", "output": "y"}
_NAMES = """
    acc matrix Model self np SPEC SPECS gradients update None_ sync kernel train evaluate predict
    weights slots programs spec numba math Programs Steps Input SOURCE SOURCE_MAP print exec eval
    open __import__ __name__ __builtins__ __init__ __class__ __dict__ _ __ is_ class_ def_
    lambda_ thread threads batch clock args rows cols i j k m tile step fit object type range len
    str property seed
    main x0 out totals figures learning_rate loss compute_b compute_b_2 engine history v v_2 dense
    gradient_of_b l1 O nan inf copy_1 a_target a_sample_weight y_target match case
"""
NAMES = _NAMES.split()
# As they stand in a `.k` string; what they would do if they got out of theirs.
TEXTS = [
    '\\"\\"\\"\\nSTRUCK = 1\\n\\"\\"\\"',
    '\\"\\"\\"',
    "' or \\\" or \\\\",
    "\\\\",
    "\\\\\\nSTRUCK = 1",
    "\\r\\nSTRUCK = 1",
    "f(): pass\\nSTRUCK = 1\\ndef g",
    "{{ 7 * 7 }}{% for a in b %}{# c #}",
    "\\0\\x01\\x1b[31m",
    "\\u2028STRUCK = 1\\u202e",
    "\\\\N{BULLET} \\\\x",
    "{0} %% ${x}",
    "\\n\\n\\n\\n\\n    STRUCK = 1",
    "é\U0001f600",
    "a" * 3000,
    "   ",
]
PATHS = ['a"""\nSTRUCK = 1\n"""', "a\\", "a\0b", "a\r\nSTRUCK = 1", "{{ a }}", "\udcff", "\u2028"]


def run(text: str) -> Any:
    """The module of an emitted text, run in memory."""
    module = types.ModuleType("hostile_module")
    sys.modules[module.__name__] = module
    exec(compile(text, "hostile_module.py", "exec"), module.__dict__)
    return module


def is_data(node: ast.expr) -> bool:
    """Constants, and records of the runtime made of them."""
    match node:
        case ast.Constant():
            return True
        case ast.Name():
            return node.id.isupper()
        case ast.UnaryOp(op=ast.USub()):
            return is_data(node.operand)
        case ast.Tuple() | ast.List():
            return all(map(is_data, node.elts))
        case ast.Dict():
            keys = [key for key in node.keys if key is not None]
            return len(keys) == len(node.keys) and all(map(is_data, [*keys, *node.values]))
        case ast.Call(func=ast.Name(id=name)):
            inside = [*node.args, *(keyword.value for keyword in node.keywords)]
            return name in MODULE_NAMES and all(map(is_data, inside))
    return False


def only_describes(module: str) -> None:
    """A module imports the runtime, defines kernels, programs and classes; nothing else."""
    for node in ast.parse(module).body:
        match node:
            case ast.Import(names=[ast.alias(name="numpy")]):
                pass
            case ast.ImportFrom():
                assert node.module is not None and node.module.startswith("kgen.runtime.")
            case ast.FunctionDef():
                assert node.name.isascii() and len(node.name) < 120
            case ast.ClassDef(bases=[ast.Name(id="Model")]):
                assert node.name.isidentifier()
            case ast.Assign(targets=[ast.Name()]):
                assert is_data(node.value), ast.unparse(node)
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case _:
                raise AssertionError(ast.unparse(node))


def test_what_asks_for_too_much_is_refused() -> None:
    ran = subprocess.run(
        [sys.executable, hostile_sources.__file__], capture_output=True, text=True, timeout=600
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    wrong = {name: what for name, what in found.items() if not what.startswith("K0")}
    assert not wrong and found.keys() == hostile_sources.SOURCES.keys()


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(place, marks=pytest.mark.slow) if place != "output" else place
        for place in PLAIN
    ],
)
def test_names(place: str) -> None:
    for name in [*NAMES, *keyword.kwlist, *keyword.softkwlist, "a" * 5000]:
        values = {**PLAIN, place: name, "doc": "A model.", "text": "mine"}
        try:
            text = compile_text(WIDE.format(**values), "names.k").text
        except KgenError as error:
            assert keyword.iskeyword(name) or place == "model", name
            assert all(d.span is not None and d.help for d in error.diagnostics)
            continue
        only_describes(text)
        module = run(text)
        kind = getattr(module, values["model"])
        assert kind.spec.name == values["model"]
        assert [i.name for i in kind.spec.inputs] == [values["input"]]
        assert [o.name for o in kind.spec.outputs] == [values["output"]]
        net = kind(seed=0)
        for program in ("train", "gradient", "evaluate", "predict"):
            assert net.engine.uncompiled(program) > 0


def test_models_that_the_module_could_mistake_for_its_own() -> None:
    one = "model {}:\n    input a: float32[3]\n    output y = a |> Dense(2)\n"
    for name in [
        "B_SPEC",
        "B_WEIGHTS",
        "WEIGHTS",
        "b_predict",
        "predict",
        "compute_dense",
        "SPEC",
        "a_b",
        "None_",
    ]:
        module = run(compile_text(one.format(name) + one.format("B"), "two.k").text)
        kinds = getattr(module, name), module.B
        assert [kind.spec.name for kind in kinds] == [name, "B"]
        for kind in kinds:
            assert kind(seed=0).engine.uncompiled("predict") > 0


def own_classes(module: types.ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]


def test_names_that_modules_need_are_refused_for_models() -> None:
    classes = [*own_classes(optimizers), *own_classes(schedules)]
    offered = [names for target in TARGETS.values() for names in target.runtime.values()]
    needed = {name for names in offered for name in names.split()}
    needed |= {*tiles.__all__, *classes, "np", "SOURCE", "VECTORS_3"}
    needed |= {name for name in dir(builtins) if not keyword.iskeyword(name)}
    assert needed - MODULE_NAMES <= {*dir(builtins), "VECTORS_3"}
    for name in sorted(needed | {"__all__", "__file__"}):
        text = f"model {name}:\n    input a: float32[3]\n    output y = a |> Dense(2)\n"
        assert [d.code for d in check_text(text, "m.k")] == ["K0207"], name


def test_standalone_modules_tell_their_names_from_the_runtimes() -> None:
    for name in ["Team", "Engine", "History", "os", "drive", "gradients"]:
        text = WIDE.format(**{**PLAIN, "model": name}, doc="", text="mine").replace("b =", "json =")
        text = text.replace("|> b", "|> json")
        kind = getattr(run(inline_runtime(compile_text(text, "m.k").text)), name)
        assert kind(seed=0).engine.uncompiled("train") > 0


@pytest.mark.parametrize("text", TEXTS)
def test_text_stays_text(text: str) -> None:
    source = WIDE.format(**PLAIN, doc=text, text=text) + f"# {text}\n\n\n\n\n\n# end\n"
    module = compile_text(source, "text.k").text
    only_describes(module)
    made = run(module)
    assert not hasattr(made, "STRUCK")
    assert source == made.SOURCE
    spelled = ast.literal_eval(f'"{text}"')
    assert [m.name for m in made.M.spec.metrics] == ["loss", spelled, "mse"]


@pytest.mark.parametrize("path", PATHS)
def test_paths_stay_text(path: str) -> None:
    for doc in ("A model.", ""):
        text = WIDE.format(**PLAIN, doc=doc, text="mine")
        module = compile_text(text, f"/folder/{path}").text
        only_describes(module)
        assert not hasattr(run(module), "STRUCK")


def test_hostile_models_compute_what_plain_ones_do(tmp_path: Path) -> None:
    strange = {
        "model": "SPECS",
        "input": "acc",
        "layer": "matrix",
        "variable": "__builtins__",
        "output": "thread",
    }
    rng = np.random.default_rng(0)
    x = rng.standard_normal((9, 3), np.float32)
    y = rng.standard_normal((9, 2), np.float32)
    results = []
    for values, text in ((PLAIN, "mine"), (strange, TEXTS[0])):
        source = WIDE.format(**values, doc=text, text=text)
        net = getattr(run(compile_text(source, "same.k").text), values["model"])(seed=0)
        rates = np.random.default_rng(1)
        net.set_weights([rates.standard_normal(w.shape, np.float32) for w in net.get_weights()])
        losses = net.train_on_batch(x, y)
        results.append([np.array(losses), net(x), *net.get_weights()])
    for plain, other in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, other)


LONG = [
    ("z + 1 * turn", 1500),
    ("z + z", 60),
    ("z * z + x", 60),
    ("tanh(z)", 1000),
    ("where(z > 0, z, x)", 200),
    ("z |> Dense(4)", 60),
    ("z + mean(z, axis=-1, keepdims=True)", 100),
]


@pytest.mark.parametrize(("step", "times"), LONG)
def test_long_models_are_cut_into_kernels_of_bounded_size(step: str, times: int) -> None:
    """Deep chains, and values used twice at every step, neither recur too deeply nor explode."""
    text = compile_text(
        f"model M:\n    input x: float32[4]\n    z = x\n    for turn in range({times}):\n"
        f"        z = {step}\n    output y = z |> Dense(2)\n    train:\n        loss = 'mse'\n",
        "long.k",
    ).text
    kernels = [
        n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef) and n.decorator_list
    ]
    assert kernels and max(len(list(ast.walk(kernel))) for kernel in kernels) < 8000


def test_standalone_modules_are_python() -> None:
    """Whatever the runtime's files consist of, what is left of them without imports is whole."""
    source = WIDE.format(**PLAIN, doc="", text="mine")
    module = inline_runtime(compile_text(source, "m.k").text)
    assert "kgen.runtime" not in {
        node.module for node in ast.walk(ast.parse(module)) if isinstance(node, ast.ImportFrom)
    }
