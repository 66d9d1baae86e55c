"""Views: parts of a model that are used by themselves, with the model's weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kgen.runtime.data import bind_inputs
from kgen.runtime.engine import Engine
from kgen.runtime.evaluation import by_output, output_arrays
from kgen.runtime.fitting import predict_model
from kgen.runtime.memory import Programs
from kgen.runtime.progress import CompileBar
from kgen.runtime.spec import View


class ModelView:
    """A view of a model, an attribute of it: `net.code(x)`, `net.code.predict(x)`.

    It has no weights of its own: what training changes, it follows.
    """

    def __init__(self, model: Any, view: View) -> None:
        self.spec = replace(
            model.spec,
            name=f"{model.spec.name}.{view.name}",
            inputs=view.inputs,
            outputs=view.outputs,
            feeds=view.feeds,
            needs=view.needs,
        )
        self._model = model
        programs = Programs(model.programs.views[view.name])
        self._engine: Engine = model.engine.part(self.spec, programs)
        self._compiled = False

    @property
    def name(self) -> str:
        """The view's name, with the model's in front."""
        return str(self.spec.name)

    @property
    def engine(self) -> Engine:
        """What runs it, at the model's step."""
        self._engine.step, self._engine.seed = self._model.engine.step, self._model.engine.seed
        return self._engine

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

    def __call__(self, x: Any) -> Any:
        """What it gives for the rows of `x` as one batch, values unchecked."""
        inputs = bind_inputs(self.spec, x, finite=False)
        rows = len(inputs[0])
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

    def __repr__(self) -> str:
        inputs = ", ".join(item.name for item in self.spec.inputs)
        return f"<view {self.name}({inputs})>"
