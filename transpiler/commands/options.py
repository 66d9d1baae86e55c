"""Options that several commands share, and what they print with."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import click
from kgen.precision import FLOAT32, PRECISIONS

Function = TypeVar("Function", bound=Callable[..., Any])


def say(text: str) -> None:
    """A message: to standard error, so that results can be piped."""
    click.echo(text, err=True)


@contextmanager
def writing_results() -> Iterator[None]:
    """Whatever keeps what is written within from reaching standard output is said to be there.

    Raises:
        OSError: a full disk, a closed stream, and the like.
    """
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), "standard output")
    try:
        yield
    except OSError as error:
        error.filename = "standard output"
        raise


def show(text: str, nl: bool = True) -> None:
    """A result: to standard output."""
    with writing_results():
        click.echo(text, nl=nl)


def json_text(value: Any) -> str:
    """A value as JSON that any reader takes: arrays as lists, NaN and infinities as null."""
    return json.dumps(_plain(value), indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def show_json(value: Any) -> None:
    """A result for scripts."""
    show(json_text(value))


def _read_defines(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    defines: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter(f"{value!r} is not of the form name=value", ctx, param)
        if name in defines:
            raise click.BadParameter(f"{name} is given twice", ctx, param)
        defines[name] = text
    return defines


class Place(click.Path):
    """A path on the command line: what is wrong with what lies there is no wrong command line."""

    def fail(
        self,
        message: str,
        param: click.Parameter | None = None,
        ctx: click.Context | None = None,
    ) -> NoReturn:
        """Refuse the path with exit status 1."""
        raise click.ClickException(message)


# What cannot be read is refused by who reads it, with more to say.
INPUT = Place(readable=False)
OUTPUT_FILE = Place(dir_okay=False, readable=False)
OUTPUT_FOLDER = Place(file_okay=False, readable=False)

source = click.argument("source", metavar="MODEL.k", type=INPUT)
sources = click.argument("sources", metavar="MODEL.k...", type=INPUT, nargs=-1, required=True)
defines = click.option(
    "-D",
    "defines",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_read_defines,
    help="Value of a param of the file; may be repeated.",
)
target = click.option(
    "--target",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="The machine that the module is for: cuda is an NVIDIA GPU.",
)
device = click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where to compute: cuda is an NVIDIA GPU, the first that CUDA_VISIBLE_DEVICES names.",
)
precision = click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default=FLOAT32,
    show_default=True,
    help="What a GPU rounds the operands of large products to, on its tensor cores; sums, weights "
    "and all else stay float32.",
)
directory = click.option(
    "-o",
    "--output",
    "directory",
    metavar="DIR",
    type=OUTPUT_FOLDER,
    help="Folder to write to, instead of the one the source is in.",
)
model = click.option("--model", metavar="NAME", help="Which model of the file.")
as_json = click.option("--json", "as_json", is_flag=True, help="Results as JSON.")
data = click.option(
    "--data",
    "data",
    metavar="FILE",
    multiple=True,
    required=True,
    help="Data as .npz, .npy, .csv, .parquet, .h5 or .hdf5, a folder of images, or NAME=FILE for "
    "a file with one array; may be repeated.",
)
weights = click.option(
    "--weights",
    metavar="FILE",
    required=True,
    type=INPUT,
    help="Weights that `kgen train`, a model's save, or Keras (.weights.h5, .keras, .h5) wrote.",
)
# Rows of a batch where neither the command nor the model says.
USUAL_BATCH = 32
batch_size = click.option(
    "--batch-size",
    type=click.IntRange(1),
    help="Rows in a batch; if not given 32, or as many as the model fixes.",
)


def _read_size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    from kgen.budget import byte_count

    try:
        return byte_count(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None


max_memory = click.option(
    "--max-memory",
    metavar="SIZE",
    callback=_read_size,
    help="What a batch may take with all weights, as 200MB or 1.5GiB: values that do not fit are "
    "computed again.",
)
threads = click.option("--threads", type=click.IntRange(1), help="Threads; all cores if not given.")


def check_threads(threads: int | None, device: str) -> None:
    """Refuse a number of threads where none compute.

    Raises:
        click.UsageError: both are given.
    """
    if threads is None:
        return
    from kgen.targets import TARGETS

    if not TARGETS[device].has_threads:
        raise click.UsageError(f"--threads is for --device cpu; {device} uses all of the GPU")


def check_precision(precision: str, machine: str, option: str = "--device") -> None:
    """Refuse to round operands where nothing gains from it; `option` chooses the machine.

    Raises:
        click.UsageError: the machine has no tensor cores.
    """
    if precision == FLOAT32:
        return
    from kgen.targets import TARGETS

    if not TARGETS[machine].has_tensor_cores:
        raise click.UsageError(
            f"--precision {precision} is for the tensor cores of GPUs; add {option} cuda, or leave "
            f"it at {FLOAT32}"
        )
