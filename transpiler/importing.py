"""`kgen.import_hook`: `.k` files as modules that `import` finds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

from kgen.building import BUILT_BY, build, module_name
from kgen.diagnostics import fail
from kgen.loading import module_folder


def import_hook() -> None:
    """Let `import digits` build and import the `digits.k` of a folder in `sys.path`.

    The module and its compiled kernels are kept in the user's cache folder, as by `load`, and
    built again when the file changes between two runs of Python. A module `digits` of somebody
    else's comes first; one that kgen built from the file does not, as it may be out of date.

    Raises (from the import):
        KgenError: with every mistake found in the `.k` file; or two files of a folder make a module
            of this name.
    """
    if not any(isinstance(finder, SourceFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, SourceFinder())


class SourceFinder(MetaPathFinder):
    """Finds `.k` files by the names that their modules have."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module of a `.k` file, built; None if there is no such file."""
        file = _find_file(fullname.rpartition(".")[2], sys.path if path is None else path)
        if file is None or _is_foreign(PathFinder.find_spec(fullname, path)):
            return None
        built = build(file, module_folder(file, {})).path
        loader = _Loader(fullname, str(built), file)
        return spec_from_file_location(fullname, built, loader=loader)


class _Loader(SourceFileLoader):
    """Runs a module, and tells it where its `.k` file is."""

    def __init__(self, fullname: str, path: str, source: Path) -> None:
        super().__init__(fullname, path)
        self.source = source

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        module.SOURCE_FOLDER = str(self.source.resolve().parent)  # type: ignore[attr-defined]


def _find_file(name: str, folders: Sequence[str]) -> Path | None:
    # `02_mlp.k` makes the module `m02_mlp`, `random.k` the module `random_model`.
    stems = sorted({name, name.removeprefix("m"), name.removesuffix("_model")})
    files = [f"{stem}.k" for stem in stems if stem and module_name(f"{stem}.k") == name]
    for folder in folders:
        found = [place for file in files if (place := Path(folder, file)).is_file()]
        if len(found) > 1:
            fail(
                "K0624",
                f"the modules of {found[0]} and {found[1].name} have the same name, {name}",
                help="rename one of the two `.k` files",
            )
        if found:
            return found[0]
    return None


def _is_foreign(spec: ModuleSpec | None) -> bool:
    """Whether a module found elsewhere is none that kgen built; plain folders do not count."""
    if spec is None or spec.origin is None:
        return False
    try:
        return BUILT_BY.encode() not in Path(spec.origin).read_bytes()
    except OSError:
        return True
