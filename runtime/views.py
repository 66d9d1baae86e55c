"""Views: parts of a model that are used by themselves, with the model's weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, Self

from kgen.runtime.data import bind_inputs
from kgen.runtime.engine import Engine
from kgen.runtime.evaluation import by_output, output_arrays
from kgen.runtime.fitting import predict_model
from kgen.runtime.fixedbatch import check_stateful_batch
from kgen.runtime.memory import Programs
from kgen.runtime.progress import CompileBar
from kgen.runtime.settled import check_attribute, refuse_attribute_of_part, refuse_training
from kgen.runtime.spec import Spec, View
from kgen.runtime.states import States


class ModelView:
    """A view of a model, an attribute of it: `net.code(x)`, `net.code.predict(x)`.

    It has no weights of its own: what training changes, it follows.
    """

    def __init__(self, model: Any, spec: Spec, engine: Engine) -> None:
        self.spec = spec
        self._model = model
        self._engine = engine
        self._compiled = False

    @classmethod
    def named(cls, model: Any, view: View) -> Self:
        """A view that the `.k` file declares."""
        spec = replace(
            model.spec,
            name=f"{model.spec.name}.{view.name}",
            inputs=view.inputs,
            outputs=view.outputs,
            feeds=view.feeds,
            needs=view.needs,
        )
        programs = Programs(model.programs.views[view.name])
        return cls(model, spec, model.engine.part(spec, programs))

    @classmethod
    def rebatched(cls, model: Any, rows: int) -> Self:
        """All of a model, with states for batches of so many rows."""
        name = f"{model.spec.name}.with_batch({rows})"
        feeds = tuple(item.name for item in model.spec.inputs)
        spec = replace(model.spec, name=name, batch=rows, feeds=feeds)
        programs = Programs(model.programs.predict)
        return cls(model, spec, model.engine.rebatched(spec, programs))

    @property
    def name(self) -> str:
        """The view's name, with the model's in front."""
        return str(self.spec.name)

    @property
    def engine(self) -> Engine:
        """What runs it, at the model's step."""
        self._engine.step, self._engine.seed = self._model.engine.step, self._model.engine.seed
        return self._engine

    @property
    def states(self) -> States:
        """What its layers keep from batch to batch: the model's, or of other batches its own."""
        return self._engine.carried

    def reset_states(self, layer: str | None = None) -> None:
        """Forgets what layers carry from batch to batch; see `Model.reset_states`."""
        self.states.reset(layer)

    def compile_program(self, program: str = "predict", verbose: int = 0) -> None:
        """Compiles the view now instead of when first needed."""
        if self._compiled:
            return
        bar = CompileBar(verbose)
        try:
            self._engine.compile(program, bar.update if verbose else None)
        finally:
            bar.close()
        self._compiled = True

    def __call__(self, x: Any, training: bool | None = False) -> Any:
        """What it gives for the rows of `x` as one batch, values unchecked.

        Raises:
            DataError: `x` does not fit the inputs.
            KgenRuntimeError: `training` is true.
        """
        if training:
            refuse_training(self)
        inputs = bind_inputs(self.spec, x, finite=False)
        rows = len(inputs[0])
        check_stateful_batch(self.spec, rows)
        outputs = output_arrays(self.spec, inputs, rows)
        self.compile_program()
        if rows:
            self.engine.predict(inputs, 0, rows, outputs)
        return by_output(self.spec, outputs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = 0,
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """What it gives for all rows of `x`, or batches of it, as `Model.predict` does.

        Raises:
            DataError: unusable arguments or data.
        """
        return predict_model(self, x, batch_size, verbose, steps, callbacks)

    def __setattr__(self, name: str, value: Any) -> None:
        check_attribute(self, name, value)
        super().__setattr__(name, value)

    if not TYPE_CHECKING:  # which would take it that there is every attribute

        def __getattr__(self, name: str) -> NoReturn:
            whole = vars(self).get("_model")
            refuse_attribute_of_part(self, getattr(whole, "name", "a model"), name)

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self.name} cannot be pickled or copied apart from its model.")

    def __repr__(self) -> str:
        inputs = ", ".join(item.name for item in self.spec.inputs)
        return f"<view {self.name}({inputs})>"
