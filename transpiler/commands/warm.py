"""`kgen warm`."""

from __future__ import annotations

import time

import click
from kgen.commands import options
from kgen.commands.build import compile_all
from kgen.commands.options import show, show_json


@click.command(short_help="Build a model and compile its kernels ahead, on all cores.")
@options.source
@options.directory
@options.device
@options.precision
@options.defines
@options.as_json
def warm(
    source: str,
    directory: str | None,
    device: str,
    precision: str,
    defines: dict[str, str],
    as_json: bool,
) -> None:
    """Build MODEL.k and compile every kernel that its models could need, on all cores.

    What was compiled before is not compiled again, and models share what is the same. With
    --device cuda kernels are compiled for the GPU that is there, one after another.
    """
    options.check_precision(precision, device)
    from kgen.building import build

    begun = time.perf_counter()
    built = build(source, directory, params=defines, target=device, precision=precision)
    compiled = compile_all(built)
    seconds = round(time.perf_counter() - begun, 1)
    if as_json:
        show_json({"module": str(built.path), "compiled": compiled, "seconds": seconds})
        return
    for name, kernels in compiled.items():
        show(f"{name}: compiled {kernels or 'no'} {'kernel' if kernels == 1 else 'kernels'}")
    show(f"ready in {seconds} s")
