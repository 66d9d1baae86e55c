"""Kernels compile to PTX, the assembly of NVIDIA's GPUs; no GPU is needed for that."""

from __future__ import annotations

from pathlib import Path

import pytest
from kgen.building import module_name
from kgen.compiler import lay_out_text, write_module
from kgen.loading import import_file
from kgen.program import Kernel
from kgen.runtime.cuda import kernels as own
from kgen.targets import TARGETS
from kgen.texts import TEMPLATES

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.k"))
MANY_KINDS = ROOT / "tests" / "models" / "valid" / "both_targets.k"
CAPABILITIES = ((8, 0), (9, 0))
# What a GPU does in simpler operations.
OF_PROCESSORS = {"attend", "attend_gradient"}
# Kernels of each template in the default suite: one for either capability.
FEW = 2
# Kernels of an example: of more, so many spread over all.
MOST = 24


def module_of(path: Path, folder: Path) -> tuple[object, list[Kernel]]:
    """The module of a file for GPUs, and its kernels as the transpiler knows them."""
    target = TARGETS["cuda"]
    phases, kernels = lay_out_text(path.read_text(encoding="utf-8"), str(path), target=target)
    place = folder / f"{module_name(path)}.py"
    place.write_text(write_module(phases, kernels, target).text, encoding="utf-8")
    return import_file(place), kernels


def check(kernel: own.Kernel, capability: tuple[int, int]) -> None:
    """It compiles, for this architecture, to one entry that calls nothing unknown."""
    text = kernel.ptx(capability)
    major, minor = capability
    assert f".target sm_{major}{minor}" in text
    assert text.count(".visible .entry") == 1
    assert ".extern .func" not in text, kernel


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[own.Kernel]]:
    """A few kernels by template, the shortest ones left out."""
    module, kernels = module_of(MANY_KINDS, tmp_path_factory.mktemp("ptx"))
    found: dict[str, list[own.Kernel]] = {}
    for kernel in sorted(kernels, key=lambda kernel: -sum(kernel.flops)):
        some = found.setdefault(TEMPLATES[type(kernel.text)], [])
        if len(some) < FEW:
            some.append(getattr(module, kernel.name))
    return found


@pytest.mark.parametrize("template", [t for t in TEMPLATES.values() if t not in OF_PROCESSORS])
def test_template(chosen: dict[str, list[own.Kernel]], template: str) -> None:
    """The first for one architecture, the next (if there is one) for the other."""
    assert not OF_PROCESSORS & set(chosen)
    assert chosen.get(template), f"no kernel of {MANY_KINDS.name} comes from {template}"
    some = chosen[template]
    for kernel, capability in zip(some if len(some) > 1 else some * 2, CAPABILITIES, strict=True):
        check(kernel, capability)


@pytest.mark.parametrize("name", ["gather_rows", "scatter_rows", "add_figures", "pick_scalars"])
def test_service(name: str) -> None:
    for capability in CAPABILITIES:
        check(getattr(own, name), capability)


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path, tmp_path: Path) -> None:
    """The kernels of all examples, in turn for one architecture and the other."""
    module, kernels = module_of(path, tmp_path)
    assert kernels
    for place, kernel in enumerate(kernels[:: -(-len(kernels) // MOST)]):
        check(getattr(module, kernel.name), CAPABILITIES[place % 2])
