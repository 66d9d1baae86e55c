"""Train a model in a process of its own: `run_model.py MODEL DATA RESULT`, arrays as .npz.

The environment chooses the instruction set or the emulation.
"""

from __future__ import annotations

import sys

import numpy as np
from native import build


def main(file: str, name: str, data: str, result: str) -> None:
    arrays = dict(np.load(data))
    net = getattr(build(file), name)(seed=0, threads=2)
    for path, view in net.weights.items():
        view[...] = arrays[path]
    outputs = net.predict(arrays["x"], batch_size=7)
    net.fit(arrays["x"], arrays["y"], batch_size=5, epochs=2, shuffle=False, verbose=0)
    found = {path: np.array(view) for path, view in net.weights.items()}
    np.savez(result, allow_pickle=False, outputs=outputs, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
