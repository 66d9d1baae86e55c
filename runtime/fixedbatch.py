"""Models that fix the rows of a batch, with `input x: float32[batch=32, 8, 16]`."""

from __future__ import annotations

from kgen.runtime.errors import DataError
from kgen.runtime.messages import count_text
from kgen.runtime.spec import Spec


def rows_of_batch(spec: Spec, wish: int | None, usual: int) -> int:
    """Rows of a batch to train and evaluate with.

    Raises:
        DataError: the wish is not what the model fixes.
    """
    if spec.batch is None:
        return usual if wish is None else wish
    if wish not in (None, spec.batch):
        raise DataError(
            f"batch_size is {wish}, but {spec.name} fixes the batch at "
            f"{count_text(spec.batch, 'row')}; leave batch_size out."
        )
    return spec.batch


def check_whole_batches(spec: Spec, rows: int, what: str = "the data") -> None:
    """Refuse rows that leave a batch incomplete.

    Raises:
        DataError: they do.
    """
    if spec.batch is not None and rows % spec.batch:
        whole = rows // spec.batch * spec.batch
        remedy = f"take the first {whole:,}, or add some" if whole else "add some"
        raise DataError(
            f"{what} has {count_text(rows, 'row')}, but {spec.name} fixes the batch at "
            f"{spec.batch:,}, which must divide them; {remedy}."
        )


def rows_to_predict(spec: Spec, wish: int | None, usual: int) -> int:
    """Rows of a batch to predict: any number, unless a layer keeps state for those of a batch.

    Raises:
        DataError: the wish is not what the model fixes.
    """
    if spec.states and wish not in (None, spec.batch):
        raise DataError(
            f"batch_size is {wish}, but {spec.name} keeps states for batches of "
            f"{count_text(spec.batch or 0, 'row')}; with_batch({wish}) gives a model that predicts "
            "in others."
        )
    return wish or spec.batch or usual


def check_stateful_batch(spec: Spec, rows: int) -> None:
    """Refuse anything but one batch where a layer keeps state for its rows.

    Raises:
        DataError: more rows, or fewer.
    """
    if spec.states and rows != spec.batch:
        raise DataError(
            f"a batch of {count_text(rows, 'row')} was given, but {spec.name} keeps states for "
            f"batches of {spec.batch:,}; with_batch({rows}) gives a model that predicts in others."
        )


def check_one_batch(spec: Spec, rows: int) -> None:
    """Refuse anything but one batch.

    Raises:
        DataError: more rows, or fewer.
    """
    if spec.batch not in (None, rows):
        raise DataError(
            f"a batch of {count_text(rows, 'row')} was given, but {spec.name} fixes the batch at "
            f"{spec.batch:,}."
        )
