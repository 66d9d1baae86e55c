"""The pipeline on one page."""

from __future__ import annotations

from collections.abc import Mapping

from kgen.diagnostics import Diagnostic, KgenError, Report
from kgen.elaborate import elaborate
from kgen.model import Model
from kgen.parser import parse


def elaborate_text(
    text: str, path: str, defines: Mapping[str, str] | None = None, model: str | None = None
) -> tuple[Model, ...]:
    """The models of a `.k` file's text; `path` is what messages call it.

    Raises:
        KgenError: with every mistake found.
    """
    report = Report()
    models = elaborate(parse(text, path), report=report, defines=defines, model=model)
    report.raise_if_errors()
    return models


def check_text(text: str, path: str, defines: Mapping[str, str] | None = None) -> list[Diagnostic]:
    """Every mistake in a `.k` file's text, without building it."""
    try:
        report = Report()
        elaborate(parse(text, path), report=report, defines=defines)
    except KgenError as error:
        return list(error.diagnostics)
    return report.diagnostics
