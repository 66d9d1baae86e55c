"""`kgen train`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kgen.commands import options
from kgen.commands.options import json_text, say, show, show_json

if TYPE_CHECKING:
    from kgen.commands.checkpoints import Checkpoints
    from kgen.commands.datafiles import Part


@click.command(short_help="Train a model on data files; save weights and history.")
@options.source
@options.data
@click.option(
    "--epochs",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="Epochs in all, with those before --resume.",
)
@options.batch_size
@click.option(
    "--validation-split",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.0,
    help="Part of the rows, taken from the end, to validate with.",
)
@click.option(
    "--validation-data",
    metavar="FILE",
    multiple=True,
    help="Data to validate with, as --data; may be repeated.",
)
@click.option(
    "--checkpoint",
    metavar="DIR",
    type=options.OUTPUT_FOLDER,
    help="Folder to save to after each epoch.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint, if there is one.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    help="Fixes initial weights, shuffling and dropout.",
)
@options.max_memory
@options.device
@options.precision
@options.threads
@options.directory
@options.defines
@options.model
@options.as_json
@click.option("-q", "--quiet", is_flag=True, help="No progress bar.")
def train(
    source: str,
    data: tuple[str, ...],
    epochs: int,
    batch_size: int | None,
    validation_split: float,
    validation_data: tuple[str, ...],
    checkpoint: str | None,
    resume: bool,
    seed: int,
    max_memory: int | None,
    device: str,
    precision: str,
    threads: int | None,
    directory: str | None,
    defines: dict[str, str],
    model: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Build MODEL.k if it changed, train the model, save weights, history and a plot of it.

    Arrays of the data go to inputs and outputs by name. Those named test_... are held out:
    the trained model is evaluated on them. The module and the results are written beside
    MODEL.k, or in the folder given with -o. Weights and checkpoints of one device are good for
    the other. When an epoch leaves weights that are NaN or infinite, training stops, no weights
    are written, and the exit status is 1. With --epochs 0 nothing is trained, and neither
    weights nor history are written.
    """
    if resume and checkpoint is None:
        raise click.UsageError("--resume needs --checkpoint DIR")
    if validation_split and validation_data:
        raise click.UsageError("--validation-split and --validation-data exclude each other")
    options.check_threads(threads, device)
    options.check_precision(precision, device)
    from kgen.commands.checkpoints import Checkpoints, StopWhenLost
    from kgen.commands.datamark import mark_of
    from kgen.commands.project import model_class, module_beside, stem_of
    from kgen.runtime.errors import KgenRuntimeError
    from kgen.runtime.finite import has_finite_weights

    built, module = module_beside(
        source, directory, defines, device, precision, max_memory, batch_size
    )
    kind = model_class(module, model, train=True)
    part, validation, held_out, classes = _data(kind.spec, data, validation_data)
    settings = {
        "classes": list(classes or ()),
        "batch_size": batch_size or kind.spec.batch or options.USUAL_BATCH,
        "validation_split": validation_split,
        "rows": part.rows,
        "seed": seed,
        "data": mark_of(part, kind.spec) if checkpoint is not None else None,
    }
    keeper = Checkpoints(Path(checkpoint), settings) if checkpoint is not None else None
    net = keeper.resumed(kind, threads) if keeper is not None and resume else None
    if net is None:
        net = kind(seed, threads=threads)
    net.class_names = classes
    history = net.fit(
        part.inputs,
        part.targets or None,
        sample_weight=part.sample_weight,
        batch_size=batch_size,
        epochs=epochs,
        initial_epoch=min(net.epoch, epochs),
        validation_split=validation_split,
        validation_data=validation,
        verbose=0 if quiet else 1,
        callbacks=[StopWhenLost(), *([keeper] if keeper is not None else [])],
    )
    figures = keeper.history if keeper is not None else history.history
    stem = stem_of(source, built.path)
    results: dict[str, Any] = {"module": str(built.path)}
    lost = not has_finite_weights(net)
    if net.epoch:
        results |= _save(net, figures, stem, weights=not lost)
    else:
        results |= {"weights": None, "history": None}
        say("warning: --epochs 0 trains nothing: no weights and no history are written")
    if history.nonfinite is not None:
        results["nonfinite"] = history.nonfinite
    if lost:
        _report(results, as_json)
        raise KgenRuntimeError(_lost_text(net, keeper, stem))
    if held_out is not None:
        logs = net.evaluate(
            held_out.inputs,
            held_out.targets or None,
            sample_weight=held_out.sample_weight,
            batch_size=batch_size,
            verbose=0,
            return_dict=True,
        )
        results["held_out"] = {"rows": held_out.rows, **logs}
    _report(results, as_json)


def _data(
    spec: Any, files: tuple[str, ...], validation_files: tuple[str, ...]
) -> tuple[Part, Any, Part | None, tuple[str, ...] | None]:
    """Rows to train on, to validate with as `fit` takes them, and held out; names of classes."""
    from kgen.commands.datafiles import read_data
    from kgen.runtime.errors import DataError

    data = read_data(files, spec)
    if data.ignored:
        say(f"warning: the model has no use for {', '.join(data.ignored)} of the data")
    if data.train is None:
        raise DataError("the data are all held out (test_...): there is nothing to train on.")
    validation: tuple[Any, ...] | None = None
    if validation_files:
        try:
            found = read_data(validation_files, spec, classes=data.classes)
        except DataError as error:
            raise DataError(f"validation data: {error}") from error
        part = found.train or found.held_out
        assert part is not None
        validation = (part.inputs, part.targets or None)
        if part.sample_weight is not None:
            validation = (*validation, part.sample_weight)
    if data.held_out is not None:
        _check_held_out(spec, data.held_out)
    return data.train, validation, data.held_out, data.classes


def _check_held_out(spec: Any, part: Part) -> None:
    """Refuse before training what cannot be evaluated after it.

    Raises:
        DataError: see `bind_data`; arrays are called test_..., as in the files.
    """
    from kgen.commands.datafiles import HELD_OUT
    from kgen.runtime.data import bind_data
    from kgen.runtime.errors import DataError
    from kgen.runtime.fixedbatch import check_whole_batches

    def renamed(arrays: Mapping[str, Any] | None) -> dict[str, Any] | None:
        return {HELD_OUT + name: array for name, array in (arrays or {}).items()} or None

    as_named = replace(
        spec,
        inputs=tuple(replace(item, name=HELD_OUT + item.name) for item in spec.inputs),
        targets=tuple(replace(item, output=HELD_OUT + item.output) for item in spec.targets),
    )
    weights = renamed(part.sample_weight)
    try:
        found = bind_data(as_named, renamed(part.inputs), renamed(part.targets), weights, lazy=True)
        check_whole_batches(spec, found.rows, f"input '{as_named.inputs[0].name}'")
    except DataError as error:
        raise DataError(f"held-out data: {error}") from error


def _lost_text(net: Any, keeper: Checkpoints | None, stem: Path) -> str:
    """That there are no weights to save, and where some are."""
    from kgen.runtime.finite import not_finite
    from kgen.runtime.nonfinite import weights_text

    weights = stem.with_suffix(".safetensors")
    kept = "left as an earlier run wrote it" if weights.exists() else "not written"
    lost = weights_text(net.spec, not_finite(net.weights))
    text = f"after epoch {net.epoch} {lost} are NaN or infinite: training stopped, "
    text += f"and {weights} is {kept}."
    if keeper is not None and keeper.saved is not None:
        text += f" {keeper.weights} has the weights after epoch {keeper.saved}."
    return text


def _save(
    net: Any, figures: dict[str, list[float]], stem: Path, *, weights: bool
) -> dict[str, Any]:
    """Write weights (if wanted), history and, with matplotlib, its plot; gives their paths."""
    from importlib.util import find_spec

    from kgen.building import write_if_changed
    from kgen.runtime.errors import MissingPackageError

    results: dict[str, Any] = {"weights": None}
    if weights:
        path = stem.with_suffix(".safetensors")
        net.save(path)
        results["weights"] = str(path)
    history = stem.with_suffix(".history.json")
    write_if_changed(history, json_text(figures) + "\n")
    results["history"] = str(history)
    plot = stem.with_suffix(".history.png")
    if find_spec("matplotlib") is None:
        if plot.exists():
            say(f"warning: {plot} shows an earlier run: matplotlib is not installed")
    elif figures:
        net.history.history = figures
        net.history.epoch = list(range(max(map(len, figures.values()))))
        try:
            net.history.plot(plot)
        except MissingPackageError as error:  # it is there, and cannot be imported
            say(f"warning: no plot is written: {error}")
        else:
            results["plot"] = str(plot)
    return results


def _report(results: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(results)
        return
    held_out = results.pop("held_out", None)
    if held_out is not None:
        rows = held_out.pop("rows")
        logs = ", ".join(f"{name} {_figure(name, value)}" for name, value in held_out.items())
        show(f"held out   {rows} rows: {logs}")
    results.pop("nonfinite", None)  # which was said when it was noticed
    for name, path in results.items():
        if path is None:
            continue
        show(f"{name:<10} {path}")


def _figure(name: str, value: Any) -> str:
    from kgen.runtime.progress import figure_text

    share = "accuracy" in name and isinstance(value, float)
    return f"{value:.2%}" if share else figure_text(value)
