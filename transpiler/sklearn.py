"""Models of `.k` files as scikit-learn estimators: for pipelines, cross validation and searches.

    search = GridSearchCV(KgenClassifier("net.k", epochs=5), {"width": [32, 64], "epochs": [5, 10]})

Arguments besides the fixed ones are values for the file's `param` declarations.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from kgen.loading import load
from kgen.runtime.errors import DataError

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError(
        "kgen.sklearn needs the package scikit-learn: pip install 'kgen-compiler[sklearn]'."
    ) from error

Array = npt.NDArray[Any]


class _KgenEstimator(BaseEstimator):  # type: ignore[misc]
    """What classifier and regressor share.

    Args:
        path: the `.k` file; its model has one output and a `train:` block.
        model: the model's name, if the file has several that can be trained.
        epochs, batch_size, verbose: as in the model's `fit`.
        seed: fixes initial weights, shuffling and dropout.
        threads: threads to compute with; None for all cores.
        params: values for the file's `param` declarations.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        model: str | None = None,
        epochs: int = 1,
        batch_size: int = 32,
        seed: int = 0,
        threads: int | None = None,
        verbose: int = 0,
        **params: Any,
    ) -> None:
        self.path = path
        self.model = model
        self.epochs = epochs
        self.batch_size = batch_size
        self.seed = seed
        self.threads = threads
        self.verbose = verbose
        self.params = params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The fixed arguments, and the values given for the file's parameters."""
        return {**super().get_params(deep), **self.params}

    def set_params(self, **params: Any) -> Self:
        """Sets arguments; those that are not fixed are values for the file's parameters.

        A name that the file does not declare is refused when the model is built, in `fit`.
        """
        fixed = self._get_param_names()
        for name, value in params.items():
            if name in fixed:
                setattr(self, name, value)
            else:
                self.params = {**self.params, name: value}
        return self

    def _new(self) -> Any:
        """A fresh model.

        Raises:
            KgenError: the file, or a value for a parameter, is wrong.
            DataError: the file has not exactly one model of that kind.
        """
        module = load(self.path, **self.params)
        kinds: list[Any] = [kind for kind in vars(module).values() if isinstance(kind, type)]
        found = {
            kind.spec.name: kind
            for kind in kinds
            if "spec" in vars(kind) and "programs" in vars(kind)
        }
        if self.model is not None:
            chosen = [kind for name, kind in found.items() if name == self.model]
        else:
            chosen = [kind for kind in found.values() if kind.programs.train]
        if len(chosen) != 1:
            wanted = f"no model {self.model}" if self.model else f"{len(chosen)} models to train"
            raise DataError(
                f"{self.path} has {wanted}; its models are {', '.join(found)}. "
                "Give model= the name of one that has a train: block."
            )
        spec = chosen[0].spec
        if not len(spec.inputs) == len(spec.outputs) == len(spec.targets) == 1:
            raise DataError(
                f"model {spec.name} has {len(spec.inputs)} inputs, {len(spec.outputs)} outputs "
                f"and {len(spec.targets)} targets; an estimator needs one of each."
            )
        return chosen[0](self.seed, threads=self.threads)

    def _rows(self, net: Any, x: Any) -> Any:
        """`x` with rows of the model's shape: features may come flat."""
        shape = net.spec.inputs[0].shape
        table = np.asarray(x)
        flat = None not in shape and table.ndim == 2 and table.shape[1] == int(np.prod(shape))
        return table.reshape(-1, *shape) if flat else table

    def _fit(self, net: Any, x: Any, y: Any, sample_weight: Any) -> Self:
        history = net.fit(
            self._rows(net, x),
            y,
            batch_size=self.batch_size,
            epochs=self.epochs,
            verbose=self.verbose,
            sample_weight=sample_weight,
        )
        self.net_ = net
        self.history_ = history.history
        self.n_features_in_ = int(np.prod(np.shape(x)[1:]))
        return self

    def _outputs(self, x: Any) -> Array:
        check_is_fitted(self)
        found: Array = self.net_.predict(self._rows(self.net_, x), batch_size=self.batch_size)
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Pickling keeps the weights; the model is built from its file again."""
        state: dict[str, Any] = dict(super().__getstate__())
        if "net_" in state:
            state["net_"] = self.net_.get_weights()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "net_" in state:
            self.net_ = self._new()
            self.net_.set_weights(state["net_"])


class KgenClassifier(ClassifierMixin, _KgenEstimator):  # type: ignore[misc]
    """A classifier: the model's output is a probability for each class, or one of two.

    `y` may hold labels of any kind. The loss decides what the model is given: class numbers, rows
    of zeros and a one, or 0 and 1.

    Attributes:
        classes_: the labels, in the order of the outputs.
        net_: the trained model.
        history_: its figures by epoch.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Trains a fresh model.

        Raises:
            KgenError: the file, or a value for a parameter, is wrong.
            DataError: the data do not fit the model.
        """
        net = self._new()
        self.classes_, numbers = np.unique(np.asarray(y), return_inverse=True)
        target = net.spec.targets[0]
        outputs = target.classes or int(np.prod([size or 1 for size in target.shape]))
        binary = target.dtype == "float32" and outputs == 1
        room = 2 if binary else outputs
        if len(self.classes_) > room:
            raise DataError(
                f"y has {len(self.classes_)} classes, but the model's output '{target.output}' "
                f"tells {room} apart."
            )
        one_hot = target.dtype == "float32" and not binary
        labels = np.eye(outputs, dtype=np.float32)[numbers] if one_hot else numbers
        return self._fit(net, X, labels, sample_weight)

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, in the order of `classes_`.

        Raises:
            DataError: the model's outputs are no probabilities.
        """
        outputs = self._outputs(X)
        outputs = outputs.reshape(len(outputs), -1)
        if outputs.size and not (outputs.min() >= 0.0 and outputs.max() <= 1.0):
            raise DataError(
                "the model's outputs are not probabilities: end it in a softmax or a sigmoid, "
                "and leave out from_logits=True."
            )
        if outputs.shape[1] == 1:
            return np.concatenate([1.0 - outputs, outputs], axis=1)[:, : len(self.classes_)]
        return outputs[:, : len(self.classes_)]

    def predict(self, X: Any) -> Array:
        """The likeliest label of each row."""
        best = self.predict_proba(X).argmax(axis=1)
        found: Array = self.classes_[best]
        return found


class KgenRegressor(RegressorMixin, _KgenEstimator):  # type: ignore[misc]
    """A regressor: the model's outputs are the predictions.

    Attributes:
        net_: the trained model.
        history_: its figures by epoch.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Trains a fresh model; errors as in `KgenClassifier.fit`."""
        return self._fit(self._new(), X, np.asarray(y), sample_weight)

    def predict(self, X: Any) -> Array:
        """The output for each row; a lone one as a flat array."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs
