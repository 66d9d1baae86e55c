"""Tensor functions as native code against their references, many in one module."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from kgen.graph import BATCH, Builder, TensorType, Value
from kgen.interpret import interpret
from kgen.layers import registry
from native import build_graph

FOLDER = Path(__file__).parents[1] / "transpiler" / "layers"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = [case for case in load("function_cases").CASES if not case.fixed]
# Those with kernels of their own, and one of each further kind.
CHOSEN = """
    argsort sort top_k take_along_axis segment_sum cumsum cumprod take one_hot einsum tril roll
    tan arctan2 where cast median argmax
"""


class Module:
    """A graph of several cases, whose rows are as many as the largest needs."""

    def __init__(self, cases: list[Any]) -> None:
        self.feeds: dict[str, np.ndarray] = {}
        self.values: dict[str, Value] = {}
        with Builder() as builder:
            self.builder = builder
            for number, case in enumerate(cases):
                self.add(f"y{number}", case)
            self.graph = builder.graph("functions", self.values)

    def tensor(self, array: np.ndarray) -> Value:
        """An input, its rows repeated to twelve: a multiple of what the cases have."""
        name = f"x{len(self.feeds)}"
        rows = np.concatenate([array] * (12 // len(array)))
        self.feeds[name] = rows
        dtype = "int32" if rows.dtype.kind == "i" else "float32"
        return self.builder.input(name, TensorType(dtype, (BATCH, *rows.shape[1:])))

    def add(self, name: str, case: Any) -> None:
        """The results of a case that have a row for each sample."""

        def put(value: Any) -> Any:
            if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
                return [put(one) for one in value]
            return self.tensor(value) if isinstance(value, np.ndarray) else value

        definition = registry.find("function", case.name)
        assert definition is not None
        options = dict(case.options)
        if case.name in ("broadcast_to", "slice"):
            options["shape"] = (BATCH, *options["shape"][1:])
        if isinstance(options.get("repeats"), np.ndarray):
            options["repeats"] = options["repeats"].tolist()
        bound = registry.bound(definition, [put(value) for value in case.tensors], options)
        found = definition.apply(None, **bound.arguments)
        for index, value in enumerate(found if isinstance(found, list) else [found]):
            if value.shape[:1] == (BATCH,) and BATCH not in value.shape[1:]:
                as_number = value if value.dtype != "bool" else registry_cast(value)
                self.values[f"{name}_{case.name}_{index}"] = as_number

    def check(self) -> None:
        net = build_graph(self.graph)(seed=0)
        for start in range(0, 12, 7):
            part = {name: array[start : start + 7] for name, array in self.feeds.items()}
            exact = interpret(self.graph, part)
            found = net(part)
            for name, value in self.values.items():
                expected, got = exact[value], found[name]
                assert got.dtype == expected.dtype, name
                finite = np.abs(expected[np.isfinite(expected)]).astype(np.float64)
                size = max(1.0, float(np.max(finite, initial=0.0)))
                # References round once at each operation; sums here have up to sixty terms.
                np.testing.assert_allclose(
                    got, expected, rtol=0, atol=64 * 2.0**-23 * size, err_msg=name
                )


def registry_cast(value: Value) -> Value:
    from kgen import ops

    return ops.as_int(value)


def test_functions() -> None:
    first = {case.name: case for case in reversed(CASES)}
    Module([first[name] for name in CHOSEN.split()]).check()


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_all_functions(part: int) -> None:
    Module(CASES[part::10]).check()
