"""Numba's way from a kernel to machine code, without what kernels have no need of."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

import llvmlite.binding as llvm
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import PassManager
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import FixupArgs, IRProcessing, ReconstructSSA, TranslateByteCode

# What is left out is for closures, generators, `with`, exceptions, literal loops and array
# expressions, and for functions inlined before types are known.
PASSES = (
    TranslateByteCode,
    FixupArgs,
    IRProcessing,
    ReconstructSSA,
    NopythonTypeInference,
    PreLowerStripPhis,
    IRLegalization,
    AnnotateTypes,
    NativeLowering,
    NoPythonBackend,
)


class KernelCompiler(CompilerBase):  # type: ignore[misc]
    """The passes that kernels need, and LLVM's over the module alone.

    Numba has LLVM go over each function before that, to the same end: a tenth of all the time.
    """

    def define_pipelines(self) -> list[PassManager]:
        """The one pipeline."""
        library = self.state.targetctx.codegen().create_library(self.state.func_id.func_qualname)
        library.enable_object_caching()
        library._optimize_functions = lambda module: None
        self.state.library = library
        manager = PassManager("kernel")
        for one in PASSES:
            manager.add_pass(one, one.__name__)
        manager.finalize()
        return [manager]


# Instructions that a loop may grow to when several of its turns are made one. What LLVM takes for
# newer processors of AMD, thousands, moves accumulators to memory and makes 06's step a tenth
# slower; this is what it takes for Intel's. Its own value is back afterwards.
UNROLLED, USUAL_UNROLLED = 50, 150


@contextlib.contextmanager
def scheduled(*, for_registers: bool) -> Iterator[None]:
    """How LLVM unrolls loops and orders the instructions of what is compiled meanwhile.

    Its own order for x86 has loads long before what they are for. In the loop of a tile that needs
    nearly all registers, that moves a dozen of these to memory and back in each turn; elsewhere
    the order that needs the fewest registers has less to do at a time.
    """
    llvm.set_option("", f"-unroll-partial-threshold={UNROLLED}")
    if for_registers:
        llvm.set_option("", "-pre-RA-sched=list-burr")
    try:
        yield
    finally:
        llvm.set_option("", "-pre-RA-sched=default")
        llvm.set_option("", f"-unroll-partial-threshold={USUAL_UNROLLED}")


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Python's garbage collector at rest, which else goes over all of Numba's objects each time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
