"""`kgen summary`."""

from __future__ import annotations

from dataclasses import asdict

import click
from kgen.commands import options
from kgen.commands.options import show_json


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
    from kgen.runtime.summary import print_summary

    for kind in kinds:
        print_summary(kind.spec, None, None)


def _facts(spec: object) -> dict[str, object]:
    facts = asdict(spec)  # type: ignore[call-overload]
    keys = ("name", "source", "inputs", "outputs", "targets", "layers", "weights")
    return {key: facts[key] for key in keys}
