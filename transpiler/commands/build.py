"""`kgen build`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from kgen.commands import options
from kgen.commands.options import show, show_json

if TYPE_CHECKING:
    from kgen.building import Built
    from kgen.graph import Graph
    from kgen.targets import Target

STAGES = ("tokens", "ast", "graph", "passes", "program", "py", "ptx")


def _read_stages(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(",")) if value is not None else ()
    for name in names:
        if name not in STAGES:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(STAGES)}", ctx, param)
    return names


def _read_capability(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    if value is None:
        return None
    major, dot, minor = value.partition(".")
    if not (dot and major.isdecimal() and minor.isdecimal()):
        raise click.BadParameter(f"{value!r} is not of the form 8.0", ctx, param)
    return int(major), int(minor)


@click.command(short_help="Write a model's Python module.")
@options.source
@options.directory
@options.defines
@click.option(
    "--standalone", is_flag=True, help="Write the runtime into the module: it needs no kgen."
)
@options.target
@options.precision
@click.option("--warm", is_flag=True, help="Compile the kernels now, for a quick first step.")
@click.option("--watch", is_flag=True, help="Build again whenever a .k file there changes.")
@click.option(
    "--emit",
    "stages",
    metavar="STAGE,...",
    callback=_read_stages,
    help=f"Print stages of the pipeline instead of building: {', '.join(STAGES)}.",
)
@click.option(
    "--capability",
    metavar="N.N",
    callback=_read_capability,
    help="The compute capability that --emit ptx is for, 8.0 if not given.",
)
@options.batch_size
@options.max_memory
@options.as_json
def build(
    source: str,
    directory: str | None,
    defines: dict[str, str],
    standalone: bool,
    target: str,
    precision: str,
    warm: bool,
    watch: bool,
    stages: tuple[str, ...],
    capability: tuple[int, int] | None,
    batch_size: int | None,
    max_memory: int | None,
    as_json: bool,
) -> None:
    """Write the module of MODEL.k beside it, or in DIR; a module that stays the same is left alone.

    It is model.py, and for NVIDIA GPUs model_cuda.py. Tells each model's weights, arithmetic and
    peak memory for a batch of --batch-size rows.
    """
    from kgen.targets import target_named

    options.check_precision(precision, target, "--target")
    machine = target_named(target, precision)
    if "ptx" in stages and not machine.has_ptx:
        raise click.UsageError("--emit ptx is what --target cuda compiles to; add that")
    if capability is not None and "ptx" not in stages:
        raise click.UsageError("--capability says what --emit ptx is for; add that")
    if stages:
        given = {"-o": directory, "--standalone": standalone, "--warm": warm, "--watch": watch}
        given |= {"--json": as_json}
        useless = [name for name, value in given.items() if value]
        if useless:
            raise click.UsageError(
                f"--emit prints stages instead of building: leave out {' and '.join(useless)}"
            )
        _print_stages(source, defines, stages, machine, batch_size, max_memory)
        if "ptx" in stages:
            from kgen.commands.ptx import print_ptx

            print_ptx(source, defines, precision, capability or (8, 0))
        return
    if standalone and not machine.has_standalone:
        raise click.UsageError(
            "--standalone writes the runtime of processors into a module; one for a GPU imports "
            "kgen.runtime.cuda, so leave it out with --target cuda"
        )
    from kgen.building import build as build_file

    def once() -> None:
        built = build_file(
            source,
            directory,
            params=defines,
            standalone=standalone,
            target=target,
            precision=precision,
            max_memory=max_memory,
            batch_size=batch_size,
        )
        _report(built, batch_size, as_json)
        if warm:
            compile_all(built)

    if watch:
        from kgen.commands.watching import watch_folder

        watch_folder(Path(source).parent, once)
    else:
        once()


def _report(built: Built, batch_size: int | None, as_json: bool) -> None:
    from kgen.inspecting.figures import figures, fixed_batch

    rows = [batch_size or fixed_batch(phase) or options.USUAL_BATCH for phase in built.phases]
    models = [figures(*both) for both in zip(built.phases, rows, strict=True)]
    if as_json:
        show_json({"module": str(built.path), "changed": built.changed, "models": models})
        return
    show(f"{'wrote' if built.changed else 'unchanged'} {built.path}")
    for model, size in zip(models, rows, strict=True):
        sizes = "".join(f", {name} {size}" for name, size in model["dims"].items())
        show(f"{model['name']}: {model['weights']:,} weights")
        for name, facts in model["programs"].items():
            show(
                f"    {name:<8} {facts['kernels']:>3} kernels {facts['flops']:>13,} FLOPs and "
                f"{facts['peak_bytes']:>11,} bytes for a batch of {size}{sizes}"
            )


def compile_all(built: Built) -> dict[str, int]:
    """Compile every kernel of the module into the cache; how many there were for each model."""
    from kgen.commands.project import model_classes
    from kgen.loading import import_file

    kinds = model_classes(import_file(built.path))
    return {name: kind(0).warm(1) for name, kind in kinds.items()}


def _print_stages(
    source: str,
    defines: dict[str, str],
    stages: tuple[str, ...],
    machine: Target,
    batch_size: int | None,
    max_memory: int | None,
) -> None:
    """Print what the pipeline passes on, stage by stage."""
    from kgen.budget import ceiling_of, usual_sizes
    from kgen.compiler import lay_out_text, write_module
    from kgen.listing import listing
    from kgen.parser import parse
    from kgen.source import read_source

    text = read_source(source)
    if "tokens" in stages:
        show("\n".join(_tokens(text, source)))
    if "ast" in stages:
        from kgen.commands.tree import draw

        show("\n".join(draw(parse(text, source))))
    if not {"graph", "passes", "program", "py"} & set(stages):
        return

    def observe(name: str, graph: Graph) -> None:
        if ("graph" in stages and name == "elaborate") or "passes" in stages:
            show(f"# after {name}\n{graph}")

    ceiling = ceiling_of(max_memory, batch_size)
    phases, kernels = lay_out_text(
        text, source, defines, observe=observe, target=machine, ceiling=ceiling
    )
    if "program" in stages:
        for phase in phases:
            fixed = next((i.batch for i in phase.model.inputs if i.batch is not None), None)
            rows = batch_size or fixed or options.USUAL_BATCH
            for program in filter(None, (phase.train, phase.evaluate, phase.predict)):
                show(listing(program, rows, usual_sizes(phase.model.predict)))
    if "py" in stages:
        show(write_module(phases, kernels, machine).text)


def _tokens(text: str, path: str) -> Iterator[str]:
    from kgen.diagnostics import Source
    from kgen.scan import scan

    source = Source(path, text)
    for line in scan(source).lines:
        for token in line.tokens:
            place = ":".join(map(str, source.position(token.start)))
            yield f"{place:<8} {token.kind:<10} {token.text}"
