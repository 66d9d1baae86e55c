"""From `.k` text, or a bare graph, to a module of native code that tests can run.

`KGEN_TEST_TARGET=cuda` makes it one for GPUs, or for the simulator with `NUMBA_ENABLE_CUDASIM=1`.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from kgen.compiler import compile_text, elaborate_text, lay_out
from kgen.diagnostics import Source, Span
from kgen.emit import emit
from kgen.graph import Graph
from kgen.layers.optimizing import optimizer_info
from kgen.layers.registry import member
from kgen.model import InputInfo, Model, Outline
from kgen.rewrite import rebuild
from kgen.schedule import KernelTable
from kgen.targets import TARGETS

TARGET = TARGETS[os.environ.get("KGEN_TEST_TARGET", "cpu")]
MODELS = Path(__file__).parents[1] / "models" / "valid"
Defines = tuple[tuple[str, str], ...]
_numbers = itertools.count()


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="kgen_end_to_end_"))


def load(text: str, stem: str = "module") -> ModuleType:
    """An emitted module, imported from a file of its own."""
    name = f"{stem}_{next(_numbers)}"
    path = _folder() / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def build(file: str, defines: Defines = ()) -> ModuleType:
    """The module of one of the valid models' files."""
    text = (MODELS / file).read_text()
    return load(compile_text(text, file, dict(defines), target=TARGET).text, Path(file).stem)


@cache
def elaborated(file: str, defines: Defines = ()) -> Mapping[str, Model]:
    """The models of a file by name."""
    text = (MODELS / file).read_text()
    return {m.name: m for m in elaborate_text(text, file, dict(defines))}


def build_text(text: str, name: str = "inline.k") -> ModuleType:
    """The module of a `.k` text."""
    return load(compile_text(text, name, target=TARGET).text, Path(name).stem)


def build_graph(graph: Graph) -> Any:
    """A model class that predicts what a graph of inputs and outputs computes.

    If the graph has a loss, the model has gradients as well.
    """
    source = Source("graph.k", "graph\n")
    span = Span(source, 0, 5)
    inputs = tuple(
        InputInfo(name, value.dtype, value.shape[1:], None, span)
        for name, value in graph.inputs.items()
    )
    predict = _pruned(replace(graph, loss=None, metrics=()))
    train = optimizer = None
    if graph.loss is not None:
        train = _pruned(replace(graph, outputs={}))
        shapes = {path: weight.shape for path, weight in graph.weights.items()}
        optimizer = optimizer_info(member("optimizer", "SGD"), shapes)
    outline = Outline((), {}, {})
    model = Model(
        "Drawn", "", source, span, inputs, (), predict, train, train, (), optimizer, outline
    )
    table = KernelTable(lanes=TARGET.lanes, has_blocks=TARGET.has_blocks)
    phases = lay_out(model, table, target=TARGET)
    module = emit([phases], list(table.kernels.values()), "A graph.", TARGET)
    return load(module.text, "graph").Drawn


def _pruned(graph: Graph) -> Graph:
    """The graph without nodes that no result needs."""
    return rebuild(graph, lambda node, inputs: None)
