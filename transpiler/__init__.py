"""kgen: from a compact, Keras-like model language to native, readable modules.

`load` builds a `.k` file and imports it, `build` writes its module to a file, `import_hook` lets
`import` find `.k` files, `KgenError` carries what is wrong with a `.k` file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kgen.building import Built, build
    from kgen.diagnostics import KgenError
    from kgen.importing import import_hook
    from kgen.loading import load

__version__ = "0.1.0"
__all__ = ["Built", "KgenError", "__version__", "build", "import_hook", "load"]

_HOMES = {
    "Built": "building",
    "build": "building",
    "KgenError": "diagnostics",
    "import_hook": "importing",
    "load": "loading",
}


def __getattr__(name: str) -> Any:
    """The public names, imported on first use: `import kgen` itself loads next to nothing."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'kgen' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"kgen.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
