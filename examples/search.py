"""Example 34: scikit-learn searches among the shapes of a convnet: python examples/search.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mnist
from kgen.sklearn import KgenClassifier
from sklearn.model_selection import GridSearchCV

HERE = Path(__file__).parent
GRID = {
    "dense_sizes": [[32], [32, 32]],
    "filters": [8],
    "kernel": [3],
    "pool": [2],
    "epochs": [3, 6],
}


def main(rows: int = 1000, grid: dict[str, list[Any]] = GRID) -> tuple[dict[str, Any], float]:
    """The best setting by cross validation, and its accuracy on the test images."""
    x, y, x_test, y_test = mnist.load()
    search = GridSearchCV(KgenClassifier(HERE / "34_search.k", batch_size=32), grid, cv=3)
    search.fit(x[:rows], y[:rows])
    results = search.cv_results_
    for setting, mean, spread in zip(
        results["params"], results["mean_test_score"], results["std_test_score"], strict=True
    ):
        print(f"{mean:.3f} +- {spread:.3f}  {setting}")
    accuracy = float(search.score(x_test, y_test))
    print(f"best: {search.best_params_}, test accuracy {accuracy:.1%}")
    return search.best_params_, accuracy


if __name__ == "__main__":
    main()
