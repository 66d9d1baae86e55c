"""Syntax tree to models: declarations first, then each model in its phases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kgen import syntax
from kgen.bodies import Elaborator
from kgen.declarations import Files
from kgen.diagnostics import KgenError, Report, Span, fail
from kgen.limits import Budget
from kgen.model import Model
from kgen.names import Names
from kgen.phases import elaborate_model
from kgen.run import Stop, collect
from kgen.suggest import suggest
from kgen.values import ModelClass


def elaborate(
    module: syntax.Module,
    *,
    report: Report,
    defines: Mapping[str, str] | None = None,
    model: str | None = None,
    needs_model: bool = True,
) -> tuple[Model, ...]:
    """The models of a file, in order, or the one called `model`.

    Models with parameters that have no default are layers only. `defines`
    override the file's parameters. Mistakes are added to `report`; models that
    have some are left out. Unless it `needs_model`, a file may have none, and only
    declare parts for others.
    """
    elaborator = Elaborator(Budget(), report)
    try:
        files = Files(elaborator, Path(module.source.path).parent)
        names = files.declare(module, defines or {})
        declared = [d for d in module.declarations if isinstance(d, syntax.ModelDef)]
        needed = needs_model or not count_parts(module)
        found = _exported(module, declared, names, model, report, needed)
        models = [elaborate_model(elaborator, m) for m in found]
    except Stop:
        return ()
    return tuple(m for m in models if m is not None)


def count_parts(module: syntax.Module) -> int:
    """How many parts a file declares for others, if it has no model to build; else 0."""
    models = [d for d in module.declarations if isinstance(d, syntax.ModelDef)]
    return 0 if any(map(_is_complete, models)) else len(module.declarations)


def _is_complete(model: syntax.ModelDef) -> bool:
    return all(parameter.default is not None for parameter in model.parameters)


def _exported(
    module: syntax.Module,
    declared: list[syntax.ModelDef],
    names: Names,
    wanted: str | None,
    report: Report,
    needed: bool,
) -> list[ModelClass]:
    own = {id(declaration) for declaration in declared}
    found = {
        name: value
        for name, value in names.own.items()
        if isinstance(value, ModelClass) and id(value.declaration) in own
    }
    complete = {name: v for name, v in found.items() if _is_complete(v.declaration)}
    first_line = module.source.text.partition("\n")[0]
    start = Span(module.source, 0, len(first_line))
    try:
        if wanted is not None and wanted not in complete:
            listed = ", ".join(complete) or "none"
            fail(
                "K0512",
                f"{module.source.path} has no model `{wanted[:40]}` to build",
                start,
                help=suggest(wanted, complete) or f"its models are {listed}",
            )
        if needed and not complete and not report.has_errors:
            help = "declare one: model Name:"
            if found:
                help = f"give the parameters of {next(iter(found))} defaults"
            fail("K0512", f"{module.source.path} has no model to build", start, help=help)
    except KgenError as error:
        collect(report, error)
        return []
    return [complete[wanted]] if wanted is not None else list(complete.values())
