"""`--standalone`: the runtime written into the module, so that it does not import kgen.

The runtime's files that a module needs are put in front of it, in the order of their imports,
each under a line that names it. Imports of each other fall away, the others are merged.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_PACKAGE = "kgen.runtime."
# What users of a module import besides what the module itself does.
_WANTED = ("callbacks",)
# The runtime is written in lines of 100 columns and checked where it is kept.
_BEGIN = "# ruff: noqa\n# fmt: off\n# --- the runtime of kgen, written into the module"
_END = "# fmt: on\n# --- the model"


@dataclass
class _Part:
    """A runtime file, or the module itself, without its imports."""

    text: str
    title: str
    needs: list[str]
    defines: dict[str, str]


@dataclass
class _Imports:
    """Imports of other packages: modules by alias, and names by module and alias."""

    modules: set[tuple[str, str | None]] = field(default_factory=set)
    names: dict[str, set[tuple[str, str | None]]] = field(default_factory=dict)

    def add(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            self.modules |= {(alias.name, alias.asname) for alias in node.names}
        elif node.module is not None and node.module != "__future__":
            known = self.names.setdefault(node.module, set())
            known |= {(alias.name, alias.asname) for alias in node.names}

    def bound(self) -> dict[str, str]:
        """What each name stands for.

        Raises:
            AssertionError: two files mean different things by one name.
        """
        found: dict[str, str] = {}
        meanings = [(alias or name.split(".")[0], name) for name, alias in self.modules]
        for module, names in self.names.items():
            meanings += [(alias or name, f"{module}.{name}") for name, alias in names]
        for name, meaning in meanings:
            known = found.setdefault(name, meaning)
            same = known == meaning or known.split(".")[0] == meaning.split(".")[0] == name
            assert same, f"{name} is {known} in one file of the runtime and {meaning} in another"
        return found

    def text(self, renamed: Iterable[str]) -> str:
        """The merged import lines; names in `renamed` are bound with a `_` behind them."""
        taken = set(renamed)

        def entry(name: str, alias: str | None) -> str:
            bound = alias or name
            bound = f"{bound}_" if bound in taken else bound
            return name if bound == name else f"{name} as {bound}"

        lines = [f"import {entry(*one)}" for one in sorted(self.modules, key=str)]
        for module in sorted(self.names):
            names = [entry(*one) for one in sorted(self.names[module], key=str)]
            line = f"from {module} import {', '.join(names)}"
            if len(line) > 88:
                line = "\n".join([f"from {module} import (", *(f"    {n}," for n in names), ")"])
            lines.append(line)
        return "\n".join(lines)


def inline_runtime(module: str) -> str:
    """An emitted module that imports nothing of kgen, from one that does."""
    imports = _Imports()
    own = _read(module, imports)
    order: list[str] = []
    files: dict[str, _Part] = {}

    def visit(name: str) -> None:
        if name in files:
            return
        files[name] = _read(_runtime_source(name), imports)
        for needed in files[name].needs:
            visit(needed)
        order.append(name)

    for name in [*own.needs, *_WANTED]:
        visit(name)
    parts = [files[name] for name in order]
    defined = _distinct(parts, imports.bound())
    clashes = sorted(set(own.defines) & (set(defined) | set(imports.bound())))
    sections = [
        f"# --- {name}\n{_comment(part.title)}\n\n{_renamed(part.text, clashes)}"
        for name, part in zip(order, parts, strict=True)
    ]
    runtime = "\n\n\n".join(section.strip("\n") for section in sections)
    head = ["from __future__ import annotations", imports.text(clashes)]
    body = "\n\n\n".join([_BEGIN, runtime, f"{_END}\n\n\n{own.text.strip(chr(10))}"])
    text = "\n\n".join([f'"""{own.title}"""', *head, body])
    return re.sub(r"\n{4,}", "\n\n\n", text) + "\n"


def _comment(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.strip().splitlines())


def _runtime_source(name: str) -> str:
    import kgen.runtime

    folder = Path(kgen.runtime.__file__ or "").parent
    return (folder / f"{name}.py").read_text(encoding="utf-8")


def _read(text: str, imports: _Imports) -> _Part:
    """A file without docstring and imports; those of other packages are added to `imports`."""
    tree = ast.parse(text)
    needs: list[str] = []
    dropped: list[ast.stmt] = []
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
            assert all(alias.asname is None for alias in node.names), ast.unparse(node)
            needs.append((node.module or "").removeprefix(_PACKAGE))
            dropped.append(node)
        elif isinstance(node, ast.Import | ast.ImportFrom) and id(node) in top:
            imports.add(node)
            dropped.append(node)
        elif isinstance(node, ast.Assign) and id(node) in top and _targets(node) == ["__all__"]:
            dropped.append(node)
    first = tree.body[0] if tree.body else None
    title = ast.get_docstring(tree, clean=False) or ""
    if title and first is not None:
        dropped.append(first)
    lines: list[str | None] = list(text.splitlines())
    for statement in dropped:
        for number in range(statement.lineno, (statement.end_lineno or 0) + 1):
            lines[number - 1] = None
    kept = "\n".join(re.sub(r"  # noqa\b.*", "", line) for line in lines if line is not None)
    defines = {
        name: ast.get_source_segment(text, node) or ""
        for node in tree.body
        for name in _targets(node)
        if name != "__all__"
    }
    return _Part(kept, title, list(dict.fromkeys(needs)), defines)


def _targets(node: ast.stmt) -> list[str]:
    """Names that a statement at the top of a file defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign):
        targets: list[ast.expr] = [node.target]
    elif isinstance(node, ast.Assign):
        targets = node.targets
    else:
        return []
    names = [n for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)]
    return [name.id for name in names if isinstance(name.ctx, ast.Store)]


def _distinct(parts: Iterable[_Part], imported: Iterable[str]) -> dict[str, str]:
    """What the files define.

    Raises:
        AssertionError: two of them mean different things by one name.
    """
    defined: dict[str, str] = {}
    taken = set(imported)
    for part in parts:
        for name, text in part.defines.items():
            known = defined.setdefault(name, text)
            assert known == text, f"{name} is defined in two files of the runtime"
            assert name not in taken, f"{name} is defined in one file and imported in another"
    return defined


def _renamed(text: str, names: Iterable[str]) -> str:
    """The text with a `_` behind each of the names, attributes left alone."""
    taken = set(names)
    if not taken:
        return text
    lines = text.splitlines(keepends=True)
    inside = re.compile(r"\b(" + "|".join(map(re.escape, taken)) + r")\b")
    edits: list[tuple[int, int, int, str]] = []
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        row, column = token.start
        if token.type == tokenize.NAME and token.string in taken and before != ".":
            edits.append((row, column, token.end[1], f"{token.string}_"))
        elif token.type == tokenize.STRING and "f" in token.string[:2].lower():
            new = re.sub(r"\{[^{}]*\}", lambda m: inside.sub(r"\1_", m[0]), token.string)
            if new != token.string and token.end[0] == row:
                edits.append((row, column, token.end[1], new))
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            before = token.string
    for row, start, end, new in reversed(edits):
        line = lines[row - 1]
        lines[row - 1] = line[:start] + new + line[end:]
    return "".join(lines)
