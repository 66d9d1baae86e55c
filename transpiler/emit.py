"""From programs to the source of a Python module."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from kgen import __version__, pycode
from kgen.arrays import array_text
from kgen.body import Names
from kgen.dims import bases, expression, symbol
from kgen.emit_loops import LoopText, call_text, flops_a_row
from kgen.graph import BATCH, Shape, Size
from kgen.precision import FLOAT32
from kgen.program import Buffer, Entry, Kernel, LoopCall, Program, single
from kgen.reserved import OF_PROGRAMS
from kgen.specification import Phases, basename, specification, weight_table
from kgen.strands import has_strands, strands_of
from kgen.targets import CPU, Target
from kgen.texts import TEMPLATES


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """An emitted module: its text, and the `.k` lines each kernel came from."""

    text: str
    source_map: Mapping[str, tuple[int, ...]]


@cache
def _environment(folders: tuple[str, ...]) -> Environment:
    return Environment(
        loader=ChoiceLoader([PackageLoader("kgen.templates", folder) for folder in folders]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def emit(
    phases: Sequence[Phases], kernels: Sequence[Kernel], title: str, target: Target = CPU
) -> ModuleSource:
    """Write the module of some models that share their kernels."""
    texts = [render_kernel(kernel, target) for kernel in kernels]
    source_map = {kernel.name: tuple(kernel.lines) for kernel in kernels}
    source = phases[0].model.source
    taken = {kernel.name for kernel in kernels} | {phase.model.name for phase in phases}
    arrays = _arrays(phases)
    names = Names(frozenset(taken | set(arrays)))
    models = [_model(phase, names, target.precision, alone=len(phases) == 1) for phase in phases]
    body = "\n".join([*texts, *arrays.values()])
    for one in models:
        body = "\n".join([body, one["weights"], one["spec"], *one["functions"]])
    constants = _constants(body)
    text = (
        _environment(target.templates)
        .get_template("module.py.jinja")
        .render(
            title=title,
            header=_header(phases, source.path, target),
            imports=_imports(body, target),
            constants="\n".join([*constants, *arrays.values()]),
            kernels=texts,
            models=models,
            source_name=pycode.quoted(basename(source.path)),
            source_map=pycode.literal(source_map, prefix="SOURCE_MAP = "),
        )
    )
    text = f"{_blank_lines(text)}SOURCE = {pycode.block_string(source.text)}\n"
    return ModuleSource(text, source_map)


def _arrays(phases: Sequence[Phases]) -> dict[str, str]:
    """The numbers that kernels read, by name: as they are if they are few, else packed."""
    programs = [p for phase in phases for p in phase.programs()]
    calls = [call for program in programs for call in (*program.calls, *program.update)]
    buffers = (b for call in single(calls) for b in call.arguments if b.space == "constant")
    return {buffer.name: array_text(buffer.name, buffer.values) for buffer in buffers}


def render_kernel(kernel: Kernel, target: Target = CPU) -> str:
    """The text of one kernel."""
    text = replace(kernel.text, doc=_documentation(kernel))
    template = _environment(target.templates).get_template(f"{TEMPLATES[type(text)]}.py.jinja")
    values = {field.name: getattr(text, field.name) for field in fields(text)}
    lines = template.render(values).rstrip("\n").split("\n")
    return "\n".join(pycode.wrap(line) for line in lines) + "\n"


def _documentation(kernel: Kernel) -> tuple[str, ...]:
    row, fixed = kernel.flops
    cost = [f"{row:,} FLOPs a row"] if row else []
    cost += [f"{fixed:,} FLOPs"] if fixed else []
    lines = ", ".join(map(str, kernel.lines))
    place = f"Line {lines} of the model." if len(kernel.lines) == 1 else f"Lines {lines}."
    files: dict[str, list[int]] = {}
    for path, line in kernel.elsewhere:
        files.setdefault(basename(path), []).append(line)
    others = [f"{path}:{','.join(map(str, numbers))}" for path, numbers in files.items()]
    if not kernel.lines:
        place = "All weights at once."
    if others:
        listed = f"From {', '.join(others)}."
        place = f"{place} {listed}" if kernel.lines else listed
    return (f"{place} {', '.join(cost)}." if cost else place,)


def _header(phases: Sequence[Phases], path: str, target: Target) -> str:
    lines = [f"Built by kgen {__version__} from {basename(path)}; edit that, not this."]
    if target.precision != FLOAT32:
        lines.append(f"Operands of large products are rounded to {target.precision}; sums are not.")
    for phase in phases:
        lines += ["", *_table(phase)]
    return "\n".join(lines)


def _table(phase: Phases) -> list[str]:
    """The model's layers: name, kind, output shape, weights, line."""
    rows = [("layer", "kind", "output", "weights", "line")]
    for info in phase.model.layers:
        weights = sum(phase.weights[path].size for path in info.weights)
        shape = _shape_text(info.shape)
        rows.append((info.name, info.kind, shape, f"{weights:,}", str(info.span.line)))
    total = sum(buffer.size for buffer in phase.weights.values())
    rows.append(("total", phase.model.name, "", f"{total:,}", ""))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return [
        "  ".join(
            cell.rjust(width) if index > 2 else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _shape_text(shape: Shape) -> str:
    return f"({', '.join(['batch', *map(str, shape)])})"


def _constants(body: str) -> list[str]:
    """Tile sizes that follow from a number and the machine."""
    widths = sorted({int(n) for n in re.findall(r"\bVECTORS_(\d+)\b", body)})
    heights = sorted({(int(n), int(v)) for n, v in re.findall(r"\bROWS_(\d+)_BY_(\d+)\b", body)})
    lines = [f"VECTORS_{n} = vectors_for({n})" for n in widths]
    return lines + [f"ROWS_{n}_BY_{v} = rows_for({n}, {v})" for n, v in heights]


def _imports(body: str, target: Target) -> str:
    """The import lines a module needs, and no more."""
    code = re.sub(r'"[^"\n]*"', "", body.replace('"""', '"'))
    used = set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", code))
    used |= {"Model", "Programs", "Steps", "kernel"}
    if "VECTORS_" in body:
        used.add("vectors_for")
    if re.search(r"\bROWS_\d", body):
        used.add("rows_for")
    import kgen.runtime.optimizers as optimizers
    import kgen.runtime.schedules as schedules
    import kgen.runtime.tiles as tiles

    offered = {module: names.split() for module, names in target.runtime.items()}
    offered["optimizers"] = _classes(optimizers)
    offered["schedules"] = _classes(schedules)
    own = {name for names in offered.values() for name in names}
    offered["tiles"] = [name for name in tiles.__all__ if name not in own]
    lines = ["import math", ""] if re.search(r"\bmath\.", code) else []
    lines += ["import numpy as np"] if re.search(r"\bnp\.", body) else []
    for module in sorted(offered):
        names = sorted((n for n in offered[module] if n in used), key=_import_order)
        if names:
            lines.append(_import_line(module, names))
    return "\n".join(lines)


def _import_line(module: str, names: Sequence[str]) -> str:
    line = f"from kgen.runtime.{module} import {', '.join(names)}"
    if len(line) <= pycode.WIDTH:
        return line
    return "\n".join(
        [f"from kgen.runtime.{module} import (", *(f"    {name}," for name in names), ")"]
    )


def _import_order(name: str) -> tuple[int, str]:
    """Constants, classes, functions, as isort has them."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


def _classes(module: Any) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]


def _blank_lines(text: str) -> str:
    """No more than two blank lines, none at the end."""
    return re.sub(r"\n{4,}", "\n\n\n", text).rstrip("\n") + "\n"


# --- one model -----------------------------------------------------------------


def _model(phase: Phases, names: Names, precision: str, *, alone: bool) -> dict[str, Any]:
    model = phase.model
    prefix = "" if alone else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.name).lower() + "_"
    functions: list[str] = []
    programs: dict[str, list[str]] = {}

    def add(
        program: Program, calls: Sequence[Entry], role: str, doc: str, *, final: bool = True
    ) -> str:
        name = names.new(prefix + role)
        functions.append(_function(program, calls, name, doc, final=final))
        flops = flops_a_row(calls)
        fixed = (0, 0) if program.is_open else (program.batch_floats, program.fixed_floats)
        how = f", lot={program.lot}" if program.lot else ""
        how += "" if program.by_tiles else ", by_tiles=False"
        return f"Steps({name}, {fixed[0]}, {fixed[1]}, {flops}{how})"

    if phase.train is not None and phase.evaluate is not None:
        forward = add(
            phase.train,
            phase.train.calls,
            "gradients",
            "Forward, loss and backward of one batch of training.",
            final=False,
        )
        update = add(
            phase.train, phase.train.update, "update", "The optimizer's step.", final=False
        )
        evaluate = add(
            phase.evaluate,
            phase.evaluate.calls,
            "evaluate",
            "Loss and metrics of one batch.",
            final=False,
        )
        programs = {"train": [forward, update], "gradient": [forward], "evaluate": [evaluate]}
    if model.predict.outputs:
        programs["predict"] = [
            add(phase.predict, phase.predict.calls, "predict", "The outputs of one batch.")
        ]
    few, many = phase.few, phase.predict
    differs = few.kernels() != many.kernels() or has_strands(few.calls)
    if not phase.states and differs:
        doc = "The outputs of one row, or of a few."
        programs["few"] = [add(phase.few, phase.few.calls, "predict_few", doc)]
    views = {
        view.name: add(program, program.calls, view.name, f"The view `{view.name}` of one batch.")
        for view, program in zip(model.views, phase.views, strict=True)
    }
    spec_name = names.new(prefix.upper() + "SPEC")
    weights_name = names.new(prefix.upper() + "WEIGHTS")
    doc = (model.doc or f"The model `{model.name}` of {basename(model.source.path)}.").strip()
    return {
        "name": model.name,
        "doc": _docstring(doc, 4),
        "functions": functions,
        "spec": specification(phase, spec_name, weights_name, precision),
        "weights": weight_table(phase, weights_name),
        "spec_name": spec_name,
        "programs": pycode.call(
            "Programs",
            [
                *(pycode.sequence(p, "()", 8, f"{name}=") for name, p in programs.items()),
                *([_views(views)] if views else []),
            ],
            4,
            "programs = ",
        ),
    }


def _views(steps: Mapping[str, str]) -> str:
    """The programs of views, by name."""
    items = [
        pycode.sequence([one], "()", 12, f"{pycode.quoted(name)}: ") for name, one in steps.items()
    ]
    return pycode.sequence(items, "{}", 8, "views=")


def _docstring(text: str, indent: int) -> str:
    safe = pycode.printable(text).replace("\\", "\\\\").replace('"', "'")
    lines = [line.rstrip() for line in safe.split("\n")]
    joined = ("\n" + " " * indent).join(lines)
    joined = re.sub(r"[ \t]+\n", "\n", joined)
    return joined if len(lines) == 1 else joined + "\n" + " " * indent


def _function(program: Program, calls: Sequence[Entry], name: str, doc: str, *, final: bool) -> str:
    """A program as a function from memory to its list of calls."""
    kernels = frozenset(call.kernel.name for call in single(calls))
    buffers = dict.fromkeys(buffer for call in calls for buffer in call.arguments)
    feeds = [feed for feed in program.feeds if feed.buffer in buffers] if calls else []
    sizes = _sizes(buffers) if program.is_open else []
    taken = {*OF_PROGRAMS, *_tiles(), *(size for size, _ in sizes)}
    names = Names(kernels | taken)
    local: dict[Buffer, str] = {}
    lines = [f"def {name}(m):", f'    """{doc}"""']
    lines += [f"    {size} = {value}" for size, value in sizes]
    for buffer in buffers:
        if buffer.is_arena:
            local[buffer] = names.new(buffer.name)
            lines.append(pycode.wrap(f"    {local[buffer]} = {_arena(buffer, program)}"))

    def argument(buffer: Buffer) -> str:
        return local.get(buffer) or _place(buffer)

    entries = [
        _copy("feed", feed.name, local[feed.buffer], feed.buffer.row_floats) for feed in feeds
    ]
    entries += ["sync"] if _reads_all({feed.buffer for feed in feeds}, calls) else []
    for index, strands in enumerate(strands_of(calls)):
        if strands[0].sync and index > 0:
            entries.append("sync")
        loops: list[LoopText] = []
        for call in strands:
            if isinstance(call, LoopCall):
                loops.append(LoopText(call, names, argument))
                lines += [""] if lines[-1] == "        ]" else []
                lines += loops[-1].definition()
            else:
                entries.append(call_text(call, argument, 8))
        if len(loops) == 1:
            entries.append(loops[0].calls(8, "*"))
        elif loops:
            entries.append(pycode.call("*side_by_side", [loop.calls(12) for loop in loops], 8))
    if final:
        written = {buffer for call in calls if not call.by_batch for buffer in call.writes}
        entries += ["sync"] if written & set(program.outputs.values()) else []
        entries += [
            _copy("result", output, local[buffer], program.widths[output])
            for output, buffer in program.outputs.items()
        ]
    lines += (
        ["", "    return ["] if any(isinstance(c, LoopCall) for c in calls) else ["    return ["]
    )
    lines += [f"        {entry}," for entry in entries]
    lines.append("    ]")
    return "\n".join(lines)


def _copy(method: str, name: str, buffer: str, width: Size) -> str:
    """The entry that copies rows to or from where the caller has them."""
    return pycode.call(f"m.{method}", [pycode.quoted(name), buffer, expression(width)], 8)


def _reads_all(fed: Collection[Buffer], calls: Sequence[Entry]) -> bool:
    """Whether a call before the first barrier reads rows that other threads copy."""
    for index, call in enumerate(calls):
        if call.sync and index > 0:
            return False
        if not call.by_batch and not set(call.arguments).isdisjoint(fed):
            return True
    return False


def _sizes(buffers: Iterable[Buffer]) -> list[tuple[str, str]]:
    """The open dimensions that a function of a program needs, with what they are."""
    arena = (buffer for buffer in buffers if buffer.is_arena and buffer.space != "parts")
    shapes = [size for buffer in arena for size in buffer.shape]
    found = {base for size in shapes for base in bases(size)}
    lines = [("batch", "m.capacity")] if BATCH in found else []
    named = sorted(found - {BATCH}, key=lambda dim: dim.name)
    return lines + [(symbol(dim), f"m.dim({pycode.quoted(dim.name)})") for dim in named]


@cache
def _tiles() -> frozenset[str]:
    """What kernels import, which no variable of the module may be called."""
    import kgen.runtime.tiles as tiles

    return frozenset(tiles.__all__)


def _arena(buffer: Buffer, program: Program) -> str:
    """A buffer's part of the arena, as an expression."""
    if buffer.space == "parts":
        return f"m.parts({buffer.size})"
    if program.is_open:
        first, last = buffer.life
        return f"m.between({first}, {last}, {expression(buffer.floats)})"
    region = "rows" if buffer.space == "batch" else "fixed"
    return f"m.{region}({buffer.offset}, {buffer.size})"


def _place(buffer: Buffer) -> str:
    """A buffer of the model's flat memory, as an expression."""
    if buffer.space == "slot":
        name, _, path = buffer.key.partition(":")
        return f"m.slot({', '.join(map(pycode.quoted, [name, path] if path else [name]))})"
    if buffer.space in ("weight", "state", "gradient"):
        return f"m.{buffer.space}({pycode.quoted(buffer.key)})"
    if buffer.space == "constant":
        return f"m.constant({buffer.key})"
    if buffer.space in ("weights", "gradients"):
        return f"m.{buffer.space}()"
    if buffer.space == "scalar":
        return f"m.scalar({buffer.offset})"
    return f"m.figure({buffer.offset})"
