"""`kgen summary`."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from kgen.commands import options
from kgen.commands.options import show, show_json


@click.command(short_help="A model's layers with shapes, weights, FLOPs and lines.")
@options.source
@options.defines
@options.model
@options.as_json
def summary(source: str, defines: dict[str, str], model: str | None, as_json: bool) -> None:
    """Print the table of each model's layers."""
    from kgen.commands.project import model_class, model_classes, module_in_cache

    module = module_in_cache(source, defines)
    kinds = list(model_classes(module).values())
    if model is not None:
        kinds = [model_class(module, model)]
    if as_json:
        show_json([_facts(kind.spec) for kind in kinds])
        return
    from kgen.runtime.progress import can_encode
    from kgen.runtime.summary import summary_text

    for kind in kinds:
        text = summary_text(kind.spec)
        show(text if can_encode(sys.stdout, text) else summary_text(kind.spec, ascii_only=True))


def _facts(spec: object) -> dict[str, object]:
    facts = asdict(spec)  # type: ignore[call-overload]
    keys = ("name", "source", "inputs", "outputs", "targets", "layers", "weights")
    return {key: facts[key] for key in keys}
