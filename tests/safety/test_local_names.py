"""A model's names in kernels: never those that a kernel has for its own loops and bounds."""

from __future__ import annotations

import ast
import builtins
from collections import Counter
from collections.abc import Iterator

import pytest
from kgen.compiler import compile_text
from kgen.runtime import tiles

VIEWS = {"matrix", "imatrix", "f64vector", "i64vector"}
# Models of which one name can be chosen: of an input, of a layer.
DENSE = """
model M:
    input {0}: float32[300]
    {1} = Dense(512, activation="relu")
    output y = {0} |> {1} |> Dropout(0.5) |> BatchNormalization() |> Dense(9, activation="softmax")
    train:
        loss = "categorical_crossentropy"
        metrics = ["accuracy"]
"""
IMAGES = """
model M:
    input {0}: float32[8, 8, 32]
    {1} = Conv2D(32, 3, padding="same", activation="relu")
    output y = {0} |> {1} |> {1} |> MaxPooling2D(2) |> Conv2D(40, 3, strides=2) |> Flatten()
    train:
        loss = "mse"
"""
WINDOWS = """
model M:
    input {0}: float32[9, 9, 3]
    {1} = DepthwiseConv2D(3)
    output y = {0} |> {1} |> Conv2DTranspose(4, 3, strides=2) |> AveragePooling2D(3) |> \
SeparableConv2D(5, 3) |> UpSampling2D(2) |> GlobalMaxPooling2D() |> UnitNormalization()
    train:
        loss = "mae"
"""
SEQUENCES = """
model M:
    input {0}: float32[16, 32]
    {1} = LSTM(32, return_sequences=True)
    hidden = {0} |> Conv1D(32, 3, padding="same") |> {1}
    output y = [hidden, hidden] |> Attention() |> LayerNormalization() |> Dense(3)
    train:
        loss = "mse"
"""
WORDS = """
model M:
    input {0}: int32[12]
    {1} = Embedding(30, 16)
    hidden = {0} |> {1} |> GRU(8, return_sequences=True)
    output y = sort(hidden, axis=1) |> Flatten()
    train:
        loss = "mse"
"""


def kernels(text: str) -> Iterator[tuple[str, list[str], Counter[str]]]:
    """Name, arguments, and how often each variable is set, of all kernels of a module."""
    for function in ast.parse(text).body:
        if not isinstance(function, ast.FunctionDef) or not function.decorator_list:
            continue
        arguments: list[str] = []
        bound = Counter(argument.arg for argument in function.args.args)
        for node in ast.walk(function):
            match node:
                case ast.Name(id=name, ctx=ast.Store()):
                    bound[name] += 1
                case ast.Call(func=ast.Name(id=name)) if name not in VIEWS:
                    bound[name] += 1
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=made))
                ) if made in VIEWS:
                    arguments.append(name)
        yield function.name, arguments, bound


def own_names(text: str) -> list[str]:
    """What kernels call their own variables, as a model might call something."""
    found = {name for _, arguments, bound in kernels(text) for name in set(bound) - set(arguments)}
    plain = {name for name in found if name.isalpha() and not name.isupper()}
    return sorted(plain - set(tiles.__all__) - set(dir(builtins)))


LONG = [pytest.param(model, marks=pytest.mark.slow) for model in (IMAGES, SEQUENCES)]


@pytest.mark.parametrize("model", [DENSE, WINDOWS, WORDS, *LONG])
def test_no_name_of_a_model_hides_a_kernels_own(model: str) -> None:
    names = own_names(compile_text(model.format("given", "made"), "m.k").text)
    assert {"first", "last", "i"} <= set(names)
    half = len(names) // 2
    for pair in zip(names, names[half:] + names[:half], strict=True):
        text = compile_text(model.format(*pair), "m.k").text
        for kernel, arguments, bound in kernels(text):
            hidden = [name for name in arguments if bound[name] > 1]
            assert not hidden, f"{kernel} of {pair}"
