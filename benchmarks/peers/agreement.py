"""Whether all peers learn the same thing: the figures of `--check`, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.session import PeerUnavailable, Session
from benchmarks.peers.tasks import TASKS
from benchmarks.peers.with_kgen import build_task

STEPS = 8
COMPARED = 4  # then rounding has grown: networks with maxima and batch statistics drift apart
# Steps whose losses must agree with PyTorch too, which adds epsilon at other places than Keras:
# RMSprop to the root instead of under it, Adam to the corrected root.
TORCH_STEPS = {"nesterov": COMPARED, "adam": 3, "rmsprop": 1}
CLOSE = 1e-3  # float32 summed in another order, through up to 140 time steps


@dataclass
class Agreement:
    """What each peer answered, and what is wrong with it; why peers were left out."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def check_task(
    task: str, peers: Sequence[str], folder: Path, progress: Callable[[str], None]
) -> Agreement:
    """Give every peer the same weights, and compare with kgen what they make of them.

    Raises:
        PeerUnavailable: kgen itself failed.
    """
    found = Agreement()
    module = build_task(TASKS[task], folder, dropout=False)
    for peer in ("kgen", *peers):
        progress(f"{task}: checking {peer}")
        with Session("check", peer, task, module, STEPS) as session:
            try:
                found.answers[peer] = session.answer()
            except PeerUnavailable as error:
                if peer == "kgen":
                    raise
                found.skipped[peer] = str(error)
    ours = found.answers["kgen"]
    for peer, answer in found.answers.items():
        torch = peer.startswith("torch")
        steps = TORCH_STEPS[TASKS[task].optimizer] if torch else COMPARED
        found.faults[peer] = faults(answer, ours, steps)
    return found


def faults(answer: dict[str, Any], ours: dict[str, Any], steps: int) -> list[str]:
    """In what an answer differs from kgen's; losses are compared for `steps` steps."""
    found = []
    if answer["params"] != ours["params"]:
        found.append(f"{answer['params']} parameters, not {ours['params']}")
    if not close(answer["predictions"], ours["predictions"]):
        found.append("other predictions")
    for step, (theirs, own) in enumerate(zip(answer["losses"], ours["losses"], strict=True)):
        if step < steps and not close([theirs], [own]):
            found.append(f"loss of step {step + 1} is {theirs:.6g}, not {own:.6g}")
            break
    if not answer["losses"][-1] < answer["losses"][0]:
        found.append("the loss does not go down")
    return found


def close(a: Sequence[float], b: Sequence[float]) -> bool:
    """Within what float32 explains, of the largest."""
    first, second = np.asarray(a), np.asarray(b)
    if first.shape != second.shape:
        return False
    return bool(np.abs(first - second).max() <= CLOSE * np.abs(second).max())
