"""`.k` files as scikit-learn estimators."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen import KgenError
from kgen.runtime.errors import DataError

pytest.importorskip("sklearn")

from kgen.sklearn import KgenClassifier, KgenRegressor
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

TEXT = """
param width = 4
param act = "tanh"
param rates = [0.1]

model Net:
    input x: float32[2, 3]
    y = x |> Flatten() |> Dense(width, activation=act)
    for rate in rates:
        y = y |> Dropout(rate)
    output label = y |> Dense({last})
    train:
        optimizer = Adam(0.05)
        loss = "{loss}"
"""
HEADS = {
    "sparse": ('3, activation="softmax"', "sparse_categorical_crossentropy"),
    "one-hot": ('3, activation="softmax"', "categorical_crossentropy"),
    "binary": ('1, activation="sigmoid"', "binary_crossentropy"),
    "logits": ("3", "mse"),
    "numbers": ("1", "mse"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    folder = tmp_path_factory.mktemp("estimators")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGEN_CACHE_DIR", str(folder / "cache"))
        found = {}
        for name, (last, loss) in HEADS.items():
            path = folder / f"{name.replace('-', '_')}.k"
            path.write_text(TEXT.format(last=last, loss=loss))
            found[name] = str(path)
        yield found


def flowers(classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    x, y = make_classification(
        150, 6, n_informative=4, n_classes=classes, class_sep=2.0, random_state=0
    )
    return x, np.array(["ash", "birch", "cedar"])[y]


def test_a_search_over_parameters_and_epochs(files: dict[str, str]) -> None:
    x, y = flowers()
    search = GridSearchCV(
        KgenClassifier(files["sparse"], threads=1),
        {"width": [2, 8], "epochs": [1, 20]},
        cv=3,
    )
    search.fit(x, y)
    assert search.best_params_["epochs"] == 20 and search.best_score_ > 0.8
    assert set(search.best_estimator_.classes_) == set(y)
    weights = search.best_estimator_.net_.weights
    assert weights["dense/kernel"].shape == (6, search.best_params_["width"])


@pytest.mark.parametrize("kind", ["one-hot", "binary"])
def test_targets_follow_the_loss(files: dict[str, str], kind: str) -> None:
    x, y = flowers(2 if kind == "binary" else 3)
    model = KgenClassifier(files[kind], epochs=30, act="relu", rates=(0.0,))
    model.fit(x.reshape(-1, 2, 3), y, sample_weight=np.ones(len(y)))
    assert model.score(x, y) > 0.85
    chances = model.predict_proba(x)
    assert chances.shape == (150, len(model.classes_))
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, atol=1e-6)
    assert len(model.history_["loss"]) == 30


def test_pipelines_and_cross_validation(files: dict[str, str]) -> None:
    x, y = flowers()
    chain = make_pipeline(StandardScaler(), KgenClassifier(files["sparse"], epochs=10, width=8))
    assert cross_val_score(chain, x * 50, y, cv=3).mean() > 0.7
    chain.set_params(kgenclassifier__width=3)
    assert chain.get_params()["kgenclassifier__width"] == 3


def test_clones_are_equal_and_independent(files: dict[str, str]) -> None:
    x, y = flowers()
    model = KgenClassifier(files["sparse"], width=8, epochs=2, seed=3)
    twin = clone(model)
    assert twin.get_params() == model.get_params() and twin is not model
    np.testing.assert_array_equal(model.fit(x, y).predict_proba(x), twin.fit(x, y).predict_proba(x))
    twin.set_params(width=9)
    assert model.params == {"width": 8}
    assert "width=8" in repr(model)


def test_pickles_keep_the_weights(files: dict[str, str]) -> None:
    x, y = flowers()
    model = KgenClassifier(files["sparse"], width=8).fit(x, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(x), model.predict_proba(x))


@pytest.mark.slow
def test_regression(files: dict[str, str]) -> None:
    x, _ = flowers()
    y = x[:, 0] * 2 - x[:, 1]
    model = KgenRegressor(files["numbers"], epochs=60, width=16, rates=[0.0]).fit(x, y)
    assert model.predict(x).shape == y.shape and model.score(x, y) > 0.9


def refused(kind: type[Exception], call: Any, text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_mistakes(files: dict[str, str], tmp_path: Path) -> None:
    x, y = flowers()
    refused(NotFittedError, lambda: KgenClassifier(files["sparse"]).predict(x), "not fitted")
    refused(KgenError, lambda: KgenClassifier(files["sparse"], wide=3).fit(x, y), "did you mean")
    refused(DataError, lambda: KgenClassifier(files["binary"]).fit(x, y), "3 classes.*2 apart")
    refused(
        DataError, lambda: KgenClassifier(files["sparse"], model="X").fit(x, y), "no model X.*Net"
    )
    logits = KgenClassifier(files["logits"]).fit(x, y)
    refused(DataError, lambda: logits.predict(x * 100), "not probabilities")
    path = tmp_path / "two.k"
    path.write_text("model A:\n    input x: float32[3]\n    output y = x |> Dense(1)\n")
    refused(DataError, lambda: KgenRegressor(path).fit(x, x[:, 0]), "0 models to train")
