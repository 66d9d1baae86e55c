"""What kernels for GPUs compile to: PTX, for which no GPU need be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click
from kgen.commands.options import show
from kgen.commands.project import model_classes, module_in_cache
from kgen.precision import FLOAT32


def print_ptx(
    source: str, defines: Mapping[str, str], precision: str, capability: tuple[int, int]
) -> None:
    """Print the PTX of every kernel that the models of a file launch, each once.

    Raises:
        click.UsageError: nothing compiles for this capability, or not in this precision.
    """
    module = module_in_cache(source, defines, "cuda", precision)
    check_capability(capability, precision)
    major, minor = capability
    for kernel in kernels_of(module):
        show(f"// kernel {kernel.__name__}, for sm_{major}{minor}\n{kernel.ptx(capability)}")


def check_capability(capability: tuple[int, int], precision: str) -> None:
    """That there is a compiler for GPUs of this compute capability, and products of this precision.

    Raises:
        click.UsageError: there is none, or the simulator stands in for it.
    """
    from kgen.runtime.cuda.grid import IS_SIMULATED
    from kgen.runtime.cuda.probe import TENSOR_CAPABILITY

    if IS_SIMULATED:
        raise click.UsageError("the simulator compiles nothing: unset NUMBA_ENABLE_CUDASIM")
    from numba.cuda.cudadrv.nvrtc import get_supported_ccs

    known = get_supported_ccs()
    if capability not in known:
        raise click.UsageError(
            f"--capability {'.'.join(map(str, capability))}: CUDA here compiles for "
            f"{', '.join(f'{major}.{minor}' for major, minor in known)}"
        )
    if precision != FLOAT32 and capability < TENSOR_CAPABILITY:
        raise click.UsageError(
            f"--capability {'.'.join(map(str, capability))}: --precision {precision} needs "
            f"{'.'.join(map(str, TENSOR_CAPABILITY))} or more"
        )


def kernels_of(module: Any) -> Iterator[Any]:
    """The module's kernels in its order, then those that all models share."""
    from kgen.runtime.cuda import kernels as shared

    own = {id(one): one for one in vars(module).values() if isinstance(one, shared.Kernel)}
    yield from own.values()
    models = model_classes(module).values()
    if any(model.programs.train for model in models):
        yield from (shared.pick_scalars, shared.add_figures)
    yield from (shared.gather_rows, shared.scatter_rows, shared.advance)
