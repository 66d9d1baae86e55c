"""The top level of a file: parameters, definitions, and what `use` brings in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from kgen import library, syntax
from kgen.bodies import Elaborator
from kgen.custom import function_definition, layer_definition
from kgen.diagnostics import Diagnostic, KgenError, Source, Span, fail
from kgen.names import Names, check_model_name
from kgen.parameters import check_defines, override
from kgen.parser import parse
from kgen.run import collect
from kgen.source import read_source
from kgen.suggest import suggest
from kgen.values import POISON, Function, ModelClass, Silenced


class Files:
    """The files of one elaboration: each is read once, cycles are refused.

    `root` is the folder of the main file; nothing outside it is read.
    """

    def __init__(self, elaborator: Elaborator, root: Path) -> None:
        self.elaborator = elaborator
        self.root = root
        self.active: list[Path] = []
        self.done: dict[Path, Names] = {}

    def declare(
        self, module: syntax.Module, defines: Mapping[str, str], path: Path | None = None
    ) -> Names:
        """Declare everything a file says; errors are collected in the report."""
        names = Names()
        here = path or self.root / Path(module.source.path).name
        params = [d for d in module.declarations if isinstance(d, syntax.ParamDecl)]
        try:
            check_defines(params, defines)
        except KgenError as error:
            collect(self.elaborator.report, error)
        self.active.append(_resolved(here))
        places: dict[str, Span] = {}
        for declaration in module.declarations:
            try:
                self._declare(declaration, names, defines, module.source, here, places)
            except KgenError as error:
                collect(self.elaborator.report, error)
                _poison(declaration, names)
            except Silenced:
                _poison(declaration, names)
        self.active.pop()
        return names

    def _declare(
        self,
        declaration: syntax.Declaration,
        names: Names,
        defines: Mapping[str, str],
        source: Source,
        here: Path,
        places: dict[str, Span],
    ) -> None:
        match declaration:
            case syntax.Use():
                self._use(declaration, names, here)
                return
            case syntax.Assign():
                self.elaborator.execute([declaration], names)
                return
        first = places.setdefault(declaration.name, declaration.span)
        if first is not declaration.span:
            fail(
                "K0202",
                f"`{declaration.name}` is declared twice",
                declaration.span,
                label=f"first declared on line {first.line}",
                help="give one of them another name",
            )
        match declaration:
            case syntax.ParamDecl():
                value = self.elaborator.evaluate(declaration.default, names)
                if declaration.name in defines:
                    value = override(declaration, value, defines[declaration.name])
                names.bind(declaration.name, value)
            case syntax.ModelDef():
                check_model_name(declaration)
                names.bind(declaration.name, ModelClass(declaration, names, source))
            case syntax.Def():
                names.bind(declaration.name, Function(declaration, names))
            case syntax.LayerDecl():
                made = layer_definition(self.elaborator, declaration, names)
                names.bind(declaration.name, made)
            case syntax.FunctionDecl():
                made = function_definition(self.elaborator, declaration, names)
                names.bind(declaration.name, made)

    # --- use -------------------------------------------------------------------

    def _use(self, declaration: syntax.Use, names: Names, here: Path) -> None:
        path = self._confined(declaration, here)
        resolved = _resolved(path)
        if resolved in self.active:
            cycle = [*self.active[self.active.index(resolved) :], resolved]
            fail(
                "K0621",
                f'`use "{declaration.path}"` closes a circle',
                declaration.span,
                notes=[" uses ".join(p.name for p in cycle)],
                help="move what both files need into a third",
            )
        if resolved not in self.done:
            self.elaborator.budget.spend(100, declaration.span)
            try:
                text = read_source(path)
            except KgenError as error:
                raise KgenError(_placed(error, declaration.span)) from None
            if path.is_relative_to(library.folder()):
                shown = f"std/{path.relative_to(library.folder()).as_posix()}"
            else:
                shown = path.relative_to(self.root).as_posix()
            with self.elaborator.budget.deeper(declaration.span):
                self.done[resolved] = self.declare(parse(text, shown), {}, path)
        found = self.done[resolved].own
        for wanted in declaration.names:
            if wanted.id not in found:
                fail(
                    "K0622",
                    f"{declaration.path} declares no `{wanted.id}`",
                    wanted.span,
                    help=suggest(wanted.id, found) or f"it declares {', '.join(found)}",
                )
            names.bind(wanted.id, found[wanted.id])
        if not declaration.names:
            for name, value in found.items():
                names.bind(name, value)

    def _confined(self, declaration: syntax.Use, here: Path) -> Path:
        """The file that a `use` names: below the main file's folder, or of the library."""
        written = PurePosixPath(declaration.path)
        inside = here.is_relative_to(library.folder())
        safe = written.suffix == ".k" and not written.is_absolute()
        if not safe or ".." in written.parts or set(declaration.path) & set("\\:\0\n"):
            fail(
                "K0620",
                f'`use` cannot read "{declaration.path[:60]}"',
                declaration.span,
                help='name a `.k` file below this one\'s folder: use "blocks.k": tower',
            )
        if written.parts[:1] == ("std",):
            path = library.folder() / PurePosixPath(*written.parts[1:])
            if not path.is_file():
                offered = sorted({*library.declared().values()})
                fail(
                    "K0620",
                    f'the library has no "{declaration.path[:60]}"',
                    declaration.span,
                    help=suggest(declaration.path, offered) or f"it has {', '.join(offered)}",
                )
            return path
        # Text is in UTF-8, and names of files shall be, whatever the locale.
        path = here.parent / os.fsdecode(str(written).encode("utf-8", "surrogatepass"))
        root = library.folder() if inside else self.root
        if not _resolved(path).is_relative_to(_resolved(root)):
            fail(
                "K0620",
                f'"{declaration.path[:60]}" leads out of the folder of the main file',
                declaration.span,
                help="copy the file to where it is used",
            )
        return path


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path


def _placed(error: KgenError, span: Span) -> list[Diagnostic]:
    return [d if d.span is not None else replace(d, span=span) for d in error.diagnostics]


def _poison(declaration: syntax.Declaration, names: Names) -> None:
    if isinstance(declaration, syntax.Use):
        for name in declaration.names:
            names.own.setdefault(name.id, POISON)
    elif not isinstance(declaration, syntax.Assign):
        names.own.setdefault(declaration.name, POISON)
