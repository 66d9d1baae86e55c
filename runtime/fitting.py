"""`fit`, `evaluate` and `predict`: arguments checked, data bound, loops started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from kgen.runtime.backups import BackupAndRestore, Resumed
from kgen.runtime.batches import BatchStream, is_stream, unpack_batch
from kgen.runtime.callback import CallbackList, each_of
from kgen.runtime.classweights import weight_classes
from kgen.runtime.data import Dataset, bind_data, bind_inputs, whole_number
from kgen.runtime.errors import DataError
from kgen.runtime.evaluation import by_output, evaluate_parts, predict_batches, predict_rows
from kgen.runtime.fixedbatch import check_whole_batches, rows_of_batch, rows_to_predict
from kgen.runtime.history import History
from kgen.runtime.messages import count_text, rows_text
from kgen.runtime.progress import ProgressBar, verbosity
from kgen.runtime.training import ArrayFeed, StreamFeed, Training, ValidationPlan, validations

BATCH_SIZE = 32


def fit_model(
    model: Any,
    *,
    x: Any,
    y: Any,
    batch_size: int | None,
    epochs: int,
    verbose: Any,
    callbacks: Any,
    validation_split: float,
    validation_data: Any,
    shuffle: bool,
    class_weight: Mapping[Any, Any] | None,
    sample_weight: Any,
    initial_epoch: int,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
    validation_freq: Any,
) -> History:
    """See `Model.fit`."""
    spec, engine = model.spec, model.engine
    model._require("train")
    loud = verbosity(verbose)
    epochs = whole_number(epochs, "epochs", 0)
    initial_epoch = whole_number(initial_epoch, "initial_epoch", 0)
    size = rows_of_batch(spec, optional_number(batch_size, "batch_size"), BATCH_SIZE)
    steps = optional_number(steps_per_epoch, "steps_per_epoch")
    if not isinstance(shuffle, bool | np.bool_):
        raise DataError(f"shuffle must be True or False, not {shuffle!r}.")
    validation_split = checked_fraction(validation_split)
    if class_weight is not None and sample_weight is not None:
        raise DataError("class_weight and sample_weight cannot be given together.")
    check_frequency(validation_freq)

    resumed = resume(model, callbacks)
    initial_epoch = initial_epoch if resumed is None else resumed.epoch
    held_out: Dataset | BatchStream | None = None
    feed: ArrayFeed | StreamFeed
    if is_stream(x):
        refuse_with_stream(
            y=y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            validation_split=validation_split or None,
        )
        stream = BatchStream(
            spec, x, steps=steps, class_weight=class_weight, epochs=epochs - initial_epoch
        )
        feed = StreamFeed(stream, bool(shuffle), engine)
    else:
        data = bind_data(spec, x, y, sample_weight, lazy=True)
        if validation_split and validation_data is None:
            data, held_out = data.split(validation_split)
        data = weight_classes(spec, data, class_weight)
        check_whole_batches(spec, data.rows, "x")
        rows = min(size, data.rows)
        batches = data.batches(rows)
        if steps is not None and steps > batches:
            raise DataError(
                f"steps_per_epoch={steps}, but {count_text(data.rows, 'row')} make only "
                f"{batches} batches of {size}."
            )
        base = engine.step - initial_epoch * (steps or batches)
        base -= resumed.batch if resumed is not None else 0
        feed = ArrayFeed(data, rows, steps or batches, bool(shuffle), base, model.seed)
    validation = None
    if validation_data is not None:
        times = validations(validation_freq, initial_epoch, epochs)
        held_out = bind_validation(spec, validation_data, validation_steps, times)
    if held_out is not None:
        if isinstance(held_out, Dataset):
            check_whole_batches(spec, held_out.rows, "validation_data")
        validation = ValidationPlan(
            held_out,
            rows_of_batch(
                spec, optional_number(validation_batch_size, "validation_batch_size"), size
            ),
            optional_number(validation_steps, "validation_steps"),
            validation_freq,
        )

    model.compile_program("train", loud)
    if validation is not None:
        model.compile_program("evaluate", loud)
    history = History()
    everyone = CallbackList(
        [callbacks, history],
        model,
        {"verbose": loud, "epochs": epochs, "steps": feed.steps},
    )
    model.history = history
    Training(model, feed, everyone, validation, epochs, initial_epoch, loud, resumed).run()
    return history


def resume(model: Any, callbacks: Any) -> Resumed | None:
    """Where a callback that keeps backups lets training go on, if one does."""
    for callback in each_of(callbacks):
        if isinstance(callback, BackupAndRestore):
            return callback.resume(model)
    return None


def evaluate_model(
    model: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    verbose: Any,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
) -> dict[str, float]:
    """See `Model.evaluate`; gives the figures by name."""
    spec = model.spec
    model._require("evaluate")
    loud = verbosity(verbose)
    steps = optional_number(steps, "steps")
    size: int | None = rows_of_batch(spec, optional_number(batch_size, "batch_size"), BATCH_SIZE)
    parts: Any
    if is_stream(x):
        refuse_with_stream(y=y, sample_weight=sample_weight, batch_size=batch_size)
        stream = BatchStream(spec, x, steps=steps, anew=True, bound="steps")
        parts, size, total = stream.epoch(0, 0, shuffle=False), None, stream.steps
    else:
        data = bind_data(spec, x, y, sample_weight, lazy=True)
        assert size is not None
        check_whole_batches(spec, data.rows, "x")
        parts, total = [data], min(data.batches(size), steps or data.rows)
    model.compile_program("evaluate", loud)
    watchers = CallbackList(callbacks, model, {"verbose": loud, "epochs": 1, "steps": total})
    bar = ProgressBar(total, loud)
    return evaluate_parts(model.engine, spec, parts, size, steps, bar, watchers)


def predict_model(
    model: Any, x: Any, batch_size: int | None, verbose: Any, steps: int | None, callbacks: Any
) -> Any:
    """See `Model.predict`."""
    spec = model.spec
    loud = verbosity(verbose)
    steps = optional_number(steps, "steps")
    size = rows_to_predict(spec, optional_number(batch_size, "batch_size"), BATCH_SIZE)
    streams = is_stream(x)
    if streams:
        refuse_with_stream(batch_size=batch_size)
        stream = BatchStream(spec, x, steps=steps, anew=True, bound="steps")
        total = stream.steps
    else:
        inputs = bind_inputs(spec, x, lazy=True)
        if spec.states:
            check_whole_batches(spec, len(inputs[0]), "x")
        total = -(-len(inputs[0]) // size)
        total = total if steps is None else min(steps, total)
    model.compile_program("predict", loud)
    watchers = CallbackList(callbacks, model, {"verbose": loud, "epochs": 1, "steps": total})
    bar = ProgressBar(total, loud)
    if not streams:
        outputs = predict_rows(model.engine, spec, inputs, size, steps, bar, watchers)
        return by_output(spec, outputs)
    pieces = predict_batches(model.engine, spec, stream.inputs(), bar, watchers)
    joined = [
        _joined(output.name, parts)
        for output, parts in zip(spec.outputs, zip(*pieces, strict=True), strict=True)
    ]
    return by_output(spec, joined)


def _joined(name: str, parts: Sequence[np.ndarray]) -> np.ndarray:
    """The outputs of all batches as one array.

    Raises:
        DataError: the batches' open dimensions differ.
    """
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise DataError(
            f"output '{name}' cannot be one array, because its sizes differ from batch to batch: "
            f"{' and '.join(rows_text(shape) for shape in sorted(shapes)[:3])}; "
            "call predict with each batch."
        )
    return np.concatenate(parts)


def bind_validation(
    spec: Any, validation_data: Any, steps: int | None, times: int
) -> Dataset | BatchStream:
    """Validation data as rows, or as batches, to be gone through so many times.

    Raises:
        DataError: neither, or a generator that cannot serve every time.
    """
    if is_stream(validation_data):
        return BatchStream(
            spec,
            validation_data,
            steps=optional_number(steps, "validation_steps"),
            epochs=times,
            anew=True,
            what="validation_data",
            bound="validation_steps",
        )
    try:
        x, y, weight = unpack_batch(validation_data)
        if is_stream(x):
            raise DataError("it must be (x, y), (x, y, sample_weight) or batches of them.")
        return bind_data(spec, x, y, weight, lazy=True)
    except DataError as error:
        raise DataError(f"validation_data: {error}") from error


def refuse_with_stream(**arguments: Any) -> None:
    """Refuses what only makes sense for rows.

    Raises:
        DataError: an argument is not None.
    """
    remedies = {
        "batch_size": "let the batches have the size wanted",
        "validation_split": "pass other batches, or rows, as validation_data",
    }
    for name, value in arguments.items():
        if value is not None:
            remedy = remedies.get(name, "let the batches be (x, y) or (x, y, sample_weight)")
            raise DataError(f"{name} cannot be given when x yields batches: {remedy}.")


def optional_number(value: Any, name: str) -> int | None:
    """A count of at least 1, or None.

    Raises:
        DataError: neither.
    """
    return None if value is None else whole_number(value, name, 1)


def checked_fraction(value: Any) -> float:
    """`validation_split` as a float; 0 if it is None.

    Raises:
        DataError: no number from 0 to below 1.
    """
    try:
        fraction = float(value or 0.0)
    except (TypeError, ValueError):
        fraction = -1.0
    if not 0.0 <= fraction < 1.0:
        raise DataError(f"validation_split must be at least 0 and below 1, not {value!r}.")
    return fraction


def check_frequency(frequency: Any) -> None:
    """Checks `validation_freq`.

    Raises:
        DataError: neither a positive int nor a list of epochs.
    """
    if isinstance(frequency, list | tuple | set):
        for epoch in frequency:
            whole_number(epoch, "an epoch in validation_freq", 1)
    else:
        whole_number(frequency, "validation_freq, unless it is a list of epochs,", 1)
