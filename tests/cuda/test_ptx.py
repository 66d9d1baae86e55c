"""Kernels compile to PTX, the assembly of NVIDIA's GPUs; no GPU is needed for that."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from unittest import mock

import pytest
from kgen.building import module_name
from kgen.compiler import lay_out_text, write_module
from kgen.kernels import summing
from kgen.loading import import_file
from kgen.program import Kernel
from kgen.runtime.cuda import kernels as own
from kgen.targets import TARGETS, target_named
from kgen.texts import TEMPLATES

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.k"))
MANY_KINDS = ROOT / "tests" / "models" / "valid" / "both_targets.k"
CAPABILITIES = ((8, 0), (9, 0))
# What a GPU does in simpler operations.
OF_PROCESSORS = {"attend", "attend_gradient"}
# Kernels of each template in the default suite: one for either capability.
FEW = 2
# Large products of all kinds, with much to do when a tile is finished.
PRODUCTS = """
model Net:
    input x: float32[700, 300]
    h = x |> Dense(300, activation="gelu") |> Dropout(0.1)
    a = h |> Dense(300, use_bias=False)
    output y = a + x |> Dense(50, activation="silu")
    train:
        optimizer = SGD(0.1)
        loss = "mse"

model Images:
    input x: float32[28, 28, 40]
    output y = Conv2D(70, 3, padding="same", activation="gelu")(x)
"""
# Templates with products that warps of a block share.
STAGED = {"matmul", "packed_matmul", "outer", "packed_outer", "nest"}
# Kernels of an example: of more, so many spread over all.
MOST = 24


def module_of(path: Path, folder: Path) -> tuple[object, list[Kernel]]:
    """The module of a file for GPUs, and its kernels as the transpiler knows them."""
    target = TARGETS["cuda"]
    phases, kernels = lay_out_text(path.read_text(encoding="utf-8"), str(path), target=target)
    place = folder / f"{module_name(path)}.py"
    place.write_text(write_module(phases, kernels, target).text, encoding="utf-8")
    return import_file(place), kernels


def check(kernel: own.Kernel, capability: tuple[int, int]) -> str:
    """It compiles, for this architecture, to one entry that calls nothing unknown; gives that."""
    text = kernel.ptx(capability)
    major, minor = capability
    assert f".target sm_{major}{minor}" in text
    assert text.count(".visible .entry") == 1
    assert ".extern .func" not in text, kernel
    return text


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


@pytest.fixture(scope="module", params=["tf32", "bfloat16"])
def products(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, own.Kernel]:
    """A kernel with a product on tensor cores of each template."""
    target = target_named("cuda", request.param)
    with mock.patch.object(summing, "_MANY_SUMS", 1):
        phases, kernels = lay_out_text(PRODUCTS, "net.k", target=target)
    place = tmp_path_factory.mktemp("products") / f"net_{request.param}.py"
    place.write_text(write_module(phases, kernels, target).text, encoding="utf-8")
    module = import_file(place)
    found = {TEMPLATES[type(one.text)]: one.name for one in kernels if one.text.tensors}
    return {template: getattr(module, name) for template, name in found.items()}


def test_tensor_cores(products: dict[str, own.Kernel]) -> None:
    """All that is staged has their instructions, in turn for one architecture and the other."""
    assert set(products) == STAGED
    for place, kernel in enumerate(products.values()):
        count = check(kernel, CAPABILITIES[place % 2]).count("mma.sync.aligned")
        assert count >= 16 and count % 16 == 0


@pytest.mark.slow
def test_tensor_cores_have_registers(products: dict[str, own.Kernel], tmp_path: Path) -> None:
    """NVIDIA's assembler, where it is on the path, finds a register for everything."""
    assembler = shutil.which("ptxas")
    if assembler is None:
        pytest.skip("there is no ptxas")
    for kernel in products.values():
        for major, minor in CAPABILITIES:
            source = tmp_path / "kernel.ptx"
            source.write_text(kernel.ptx((major, minor)))
            options = ["-v", f"-arch=sm_{major}{minor}", "-o", str(tmp_path / "kernel.cubin")]
            command = [assembler, *options, str(source)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if "Unsupported .version" in done.stderr:
                pytest.skip("this ptxas is older than the compiler")
            assert done.returncode == 0, done.stderr
            assert "0 bytes spill stores, 0 bytes spill loads" in done.stderr, done.stderr


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
