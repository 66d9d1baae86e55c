"""What a peer computes from given weights, with dropout switched off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.peer import Peer
from benchmarks.peers.with_kgen import KgenPeer

ROWS = 4


def examine(peer: Peer, steps: int, weights: Path) -> dict[str, Any]:
    """Parameter count, predictions, and the loss of each of `steps` steps on one batch.

    kgen writes the weights that all start from, others read them.
    """
    if isinstance(peer, KgenPeer):
        np.savez(weights, *disturbed(peer.get_weights()))
    with np.load(weights) as held:
        values = [held[f"arr_{place}"] for place in range(len(held.files))]
    peer.set_weights(values)
    predict = next(iter(peer.predictors(ROWS).values()))
    predictions = np.asarray(predict(), np.float32)
    if predictions.ndim == 4 and getattr(peer.task.written(), "MIRRORED", False):
        predictions = predictions + predictions[:, ::-1, ::-1]  # the same either way round
    return {
        "params": peer.count_params(),
        "predictions": predictions.ravel()[:: max(predictions.size // 500, 1)].tolist(),
        "losses": [peer.train(1) for _ in range(steps)],
    }


def disturbed(weights: list[Any]) -> list[Any]:
    """Weights none of which is still zero or one, so that no two could be mixed up unseen."""
    rng = np.random.default_rng(2)
    return [
        one + 0.05 * np.abs(rng.standard_normal(one.shape, dtype=np.float32))
        if one.ndim < 2 or np.ptp(one) == 0
        else one
        for one in weights
    ]
