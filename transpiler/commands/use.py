"""`kgen evaluate` and `kgen predict`: saved weights on a data file."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import click
from kgen.commands import options
from kgen.commands.options import say, show, show_json

part = click.option(
    "--part",
    type=click.Choice(["train", "test"]),
    help="Which rows: test_... arrays or the others; test if the data have any.",
)


@click.command(short_help="Loss and metrics of saved weights on data.")
@options.source
@options.weights
@options.data
@part
@options.batch_size
@options.max_memory
@options.device
@options.precision
@options.threads
@options.defines
@options.model
@options.as_json
def evaluate(
    source: str,
    weights: str,
    data: tuple[str, ...],
    part: str | None,
    batch_size: int | None,
    max_memory: int | None,
    device: str,
    precision: str,
    threads: int | None,
    defines: dict[str, str],
    model: str | None,
    as_json: bool,
) -> None:
    """Evaluate the weights on the data: loss and metrics.

    A folder of images has the classes that the weights were trained on, if they know them.
    """
    where = device, precision, threads, max_memory, batch_size
    net, rows = _prepare(source, weights, data, part, *where, defines, model, targets=True)
    logs = net.evaluate(
        rows.inputs,
        rows.targets or None,
        sample_weight=rows.sample_weight,
        batch_size=batch_size,
        verbose=0,
        return_dict=True,
    )
    if as_json:
        show_json({"rows": rows.rows, **logs})
        return
    import numpy as np

    show(f"rows {rows.rows}")
    for name, value in logs.items():
        numbers = np.asarray(value).reshape(-1)
        show(f"{name} {' '.join(f'{number:.6g}' for number in numbers)}")


@click.command(short_help="Outputs of saved weights for data.")
@options.source
@options.weights
@options.data
@part
@options.batch_size
@options.max_memory
@options.device
@options.precision
@options.threads
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=options.OUTPUT_FILE,
    help=".npz, .npy or .csv; CSV to standard output if not given.",
)
@options.defines
@options.model
def predict(
    source: str,
    weights: str,
    data: tuple[str, ...],
    part: str | None,
    batch_size: int | None,
    max_memory: int | None,
    device: str,
    precision: str,
    threads: int | None,
    output: str | None,
    defines: dict[str, str],
    model: str | None,
) -> None:
    """Compute the outputs for the rows of the data; targets are not needed.

    Where the weights come from training on a folder of images, a last column of the CSV names the
    likeliest class.
    """
    suffix = Path(output).suffix.lower() if output is not None else ".csv"
    if suffix not in (".npz", ".npy", ".csv"):
        raise click.UsageError(f"--output {output} ends in none of .npz, .npy and .csv")
    where = device, precision, threads, max_memory, batch_size
    net, rows = _prepare(source, weights, data, part, *where, defines, model, targets=False)
    found = net.predict(rows.inputs, batch_size=batch_size)
    outputs = found if isinstance(found, dict) else {net.spec.outputs[0].name: found}
    if suffix == ".npy" and len(outputs) > 1:
        raise click.UsageError(f"the model has {len(outputs)} outputs; write them as .npz")
    _write(outputs, _classes(net, outputs), output, suffix)
    if output is not None:
        say(f"wrote {output}: {', '.join(f'{n} {list(a.shape)}' for n, a in outputs.items())}")


def _classes(net: Any, outputs: dict[str, Any]) -> dict[str, list[str]]:
    """The name of each row's likeliest class, under a name for the column; {} if not known."""
    names = net.class_names
    if names is None or len(net.spec.targets) != 1:
        return {}
    name = net.spec.targets[0].output
    found = outputs.get(name)
    if found is None or found.ndim != 2 or found.shape[1] != len(names):
        return {}
    return {f"{name}_class": [names[place] for place in found.argmax(1)]}


def _write(
    outputs: dict[str, Any], classes: dict[str, list[str]], output: str | None, suffix: str
) -> None:
    import numpy as np
    from kgen.building import write_whole
    from kgen.commands.csvfiles import write_csv

    if output is None:
        for line in write_csv(outputs, classes):
            show(line)
        return
    stream = io.BytesIO()
    if suffix == ".npz":
        np.savez(stream, **outputs)
    elif suffix == ".npy":
        np.save(stream, next(iter(outputs.values())))
    else:
        stream.write("".join(f"{line}\n" for line in write_csv(outputs, classes)).encode())
    write_whole(Path(output), stream.getvalue())


def _prepare(
    source: str,
    weights: str,
    data: tuple[str, ...],
    part: str | None,
    device: str,
    precision: str,
    threads: int | None,
    max_memory: int | None,
    batch_size: int | None,
    defines: dict[str, str],
    model: str | None,
    *,
    targets: bool,
) -> tuple[Any, Any]:
    """The model with the weights in it, and the rows to use."""
    options.check_threads(threads, device)
    options.check_precision(precision, device)
    from kgen.commands.datafiles import read_data
    from kgen.commands.project import model_class, module_in_cache
    from kgen.runtime.errors import DataError

    role = "evaluate" if targets else "predict"
    module = module_in_cache(source, defines, device, precision, max_memory, batch_size, role)
    kind = model_class(module, model, train=targets)
    net = kind(0, threads=threads)
    net.load_weights(weights)
    found = read_data(data, kind.spec, targets=targets, classes=net.class_names)
    rows = found.held_out or found.train
    if part is not None:
        rows = found.held_out if part == "test" else found.train
    if rows is None:
        raise DataError(f"the data have no rows for --part {part}.")
    return net, rows
