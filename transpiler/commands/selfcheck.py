"""`kgen selfcheck`."""

from __future__ import annotations

import click
from kgen.commands import options
from kgen.commands.options import say, show, show_json


@click.command(short_help="Check a model's native code against references.")
@options.source
@options.defines
@click.option("--rows", type=click.IntRange(2), default=37, show_default=True, help="Rows to use.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Fixes initial weights and the made-up rows.",
)
@options.device
@options.as_json
@click.pass_context
def selfcheck(
    ctx: click.Context,
    source: str,
    defines: dict[str, str],
    rows: int,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Compare outputs, loss, gradients and update with NumPy, gradients with finite differences.

    Also compares one thread with several (not on a GPU), and a run with itself. The exit status
    is 1 if anything deviates by more than float32 explains.
    """
    from kgen.commands.project import model_classes, module_in_cache
    from kgen.compiler import elaborate_text
    from kgen.selfcheck import THREADS
    from kgen.selfcheck import selfcheck as checks_of
    from kgen.source import read_source
    from kgen.targets import TARGETS

    models = elaborate_text(read_source(source), source, defines)
    kinds = model_classes(module_in_cache(source, defines, device))
    threads = THREADS if TARGETS[device].has_threads else ()
    results = []
    for model in models:
        for check in checks_of(model, kinds[model.name], rows=rows, seed=seed, threads=threads):
            results.append(check)
            if not as_json:
                verdict = "ok    " if check.passed else "FAILED"
                show(
                    f"{verdict} {model.name}: {check.what:<40} "
                    f"off by {check.deviation:.2e}, allowed {check.allowed:.2e}"
                )
    failed = sum(not check.passed for check in results)
    if as_json:
        show_json(
            [
                {
                    "model": check.model,
                    "check": check.what,
                    "deviation": check.deviation,
                    "allowed": check.allowed,
                    "passed": check.passed,
                }
                for check in results
            ]
        )
    say(f"{len(results)} checks, {failed or 'none'} failed")
    if failed:
        ctx.exit(1)
