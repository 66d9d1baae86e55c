"""What modules for NVIDIA GPUs run on; needs the package numba-cuda."""

from __future__ import annotations

from importlib.util import find_spec

from kgen.runtime.errors import MissingPackageError

# Numba brings an older `numba.cuda` of its own, which the package replaces.
if find_spec("numba_cuda") is None:
    raise MissingPackageError(
        "modules built with --target cuda need the package numba-cuda, which is not installed: "
        "pip install 'kgen-compiler[cuda]', or build with --target cpu."
    )
