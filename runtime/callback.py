"""The callback protocol, and the list that calls it.

Callbacks are called by name: anything with some of these methods will do, Keras's own included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from kgen.runtime.errors import DataError

Logs = Mapping[str, float]
Hook = TypeVar("Hook", bound=Callable[..., None])


def unused_hook(method: Hook) -> Hook:
    """Marks a hook that does nothing, with the mark that Keras uses: batches need not call it."""
    method._is_default = True  # type: ignore[attr-defined]
    return method


class Callback:
    """Base of callbacks: override what is of interest.

    `model` is the model in training and `params` has `epochs`, `steps` and `verbose`. `logs` maps
    names of figures to floats; what a callback adds to it at the end of an epoch is recorded.
    A batch hook makes every batch a call of its own, which costs speed on small models.
    """

    def __init__(self) -> None:
        self.model: Any = None
        self.params: dict[str, Any] = {}

    def set_model(self, model: Any) -> None:
        """Called before training with the model."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before training with `epochs`, `steps` and `verbose`."""
        self.params = params

    @unused_hook
    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch."""

    @unused_hook
    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last epoch; not called when training ends with an exception."""

    @unused_hook
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before epoch `epoch`, counted from 0."""

    @unused_hook
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """After the epoch and its validation, with the figures of both."""

    @unused_hook
    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name for `on_train_batch_begin`."""

    @unused_hook
    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name for `on_train_batch_end`."""

    @unused_hook
    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a training step, counted from 0 in its epoch."""

    @unused_hook
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a training step, with the epoch's figures so far."""

    @unused_hook
    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before an evaluation."""

    @unused_hook
    def on_test_end(self, logs: Logs | None = None) -> None:
        """After an evaluation, with its figures."""

    @unused_hook
    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of an evaluation."""

    @unused_hook
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of an evaluation."""

    @unused_hook
    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before a prediction."""

    @unused_hook
    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After a prediction."""

    @unused_hook
    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of a prediction."""

    @unused_hook
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of a prediction."""


BATCH_ALIASES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList:
    """Calls each callback in turn, skipping the hooks that it does not have.

    Args:
        callbacks: one callback, a list, or None; lists may nest.
    """

    def __init__(self, callbacks: Any, model: Any, params: dict[str, Any]) -> None:
        self.callbacks = list(each_of(callbacks))
        self._hooks: dict[str, list[Callable[..., Any]]] = {}
        for callback in self.callbacks:
            for setter, value in (("set_params", params), ("set_model", model)):
                if hasattr(callback, setter):
                    getattr(callback, setter)(value)

    def hooks(self, event: str) -> list[Callable[..., Any]]:
        """The methods that `event` has to call."""
        if event not in self._hooks:
            found = (_hook(callback, event) for callback in self.callbacks)
            self._hooks[event] = [hook for hook in found if hook is not None]
        return self._hooks[event]

    def call(self, event: str, *arguments: Any) -> None:
        """Calls `event` on every callback that has it."""
        for hook in self.hooks(event):
            hook(*arguments)

    def watches_batches(self, phase: str) -> bool:
        """Whether any callback wants to be called around each batch of `train`, `test` ..."""
        return bool(self.hooks(f"on_{phase}_batch_begin") or self.hooks(f"on_{phase}_batch_end"))


def _hook(callback: Any, event: str) -> Callable[..., Any] | None:
    for name in (event, BATCH_ALIASES.get(event, event)):
        method: Callable[..., Any] | None = getattr(callback, name, None)
        if method is not None and not hasattr(method, "_is_default"):
            return method
    return None


def each_of(callbacks: Any) -> Iterator[Any]:
    """One callback, or all of a list that may nest.

    Raises:
        DataError: one is none, having no hooks.
    """
    if callbacks is None:
        return
    if isinstance(callbacks, list | tuple):
        for item in callbacks:
            yield from each_of(item)
    elif isinstance(callbacks, type):
        raise DataError(
            f"callbacks has the class {callbacks.__name__}, not an object of it: "
            f"write {callbacks.__name__}(...)."
        )
    elif not any(name.startswith("on_") for name in dir(callbacks)):
        raise DataError(
            f"callbacks has {callbacks!r}, which is no callback: it has no method on_epoch_end or "
            "the like."
        )
    else:
        yield callbacks
