"""Steps and predictions in the long run: all peers alive, asked in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.peers.session import PeerUnavailable, Session
from benchmarks.peers.tasks import TASKS
from benchmarks.statistics import best_other, median, round_ratios

REST = 0.05  # between turns: threads of the last peer stop spinning
ASKED: dict[str, dict[str, object]] = {
    "train": {"do": "train"},
    "predict 1": {"do": "predict", "rows": 1},
    "predict 128": {"do": "predict", "rows": 128},
}


@dataclass
class Steady:
    """Seconds by question and peer, one figure a round; why peers were left out."""

    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    ways: dict[str, dict[str, str]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def median(self, question: str, peer: str) -> float:
        """Seconds of a peer's median round."""
        return median(self.seconds[question][peer])

    def ratio_of_medians(self, question: str, peer: str) -> float:
        """How many times kgen's median time the peer's is."""
        return self.median(question, peer) / self.median(question, "kgen")

    def ratios(self, question: str, peer: str) -> list[float]:
        """The same for each round by itself."""
        return round_ratios(self.seconds[question][peer], self.seconds[question]["kgen"])

    def best(self, question: str) -> str | None:
        """The peer with the least median, kgen aside; None where there is none."""
        return best_other(self.seconds[question])

    def record(self) -> dict[str, Any]:
        """The figures for `--json`: seconds of every round, and the ratios made of them."""
        record: dict[str, Any] = {"skipped": self.skipped}
        for question, times in self.seconds.items():
            others = [peer for peer in times if peer != "kgen"]
            record[question] = {
                "seconds": times,
                "calls": self.ways[question],
                "best_peer": self.best(question),
                "ratio_of_medians": {
                    peer: self.ratio_of_medians(question, peer) for peer in others
                },
                "median_of_ratios": {peer: median(self.ratios(question, peer)) for peer in others},
            }
        return record


def measure_steady(
    task: str,
    peers: Sequence[str],
    rounds: int,
    steps: int | None,
    module: Path,
    progress: Callable[[str], None],
) -> Steady:
    """Ask kgen and the peers for blocks of each kind in interleaved rounds.

    A peer that fails is left out from then on, with the reason.

    Raises:
        PeerUnavailable: kgen itself failed.
    """
    found = Steady()
    with ExitStack() as stack:
        sessions: dict[str, Session] = {}
        for peer in ("kgen", *peers):
            progress(f"{task}: starting {peer}")
            count = steps or TASKS[task].steps
            sessions[peer] = stack.enter_context(Session("serve", peer, task, module, count))
            _try(found, sessions, peer, "start", sessions[peer].answer)
        for question, request in ASKED.items():
            times: dict[str, list[float]] = {peer: [] for peer in sessions}
            ways: dict[str, str] = {}
            for number in range(-1, rounds):  # the first turn warms up
                progress(f"{task}: {question}, round {number + 1} of {rounds}")
                for peer, session in list(sessions.items()):
                    time.sleep(REST)
                    ask = partial(session.ask, **request)
                    answer = _try(found, sessions, peer, question, ask)
                    if answer is None:
                        del times[peer]
                    elif number >= 0:
                        times[peer].append(answer["seconds"])
                        ways[peer] = answer.get("how", "")
            found.seconds[question] = times
            found.ways[question] = ways
    return found


def _try(
    found: Steady,
    sessions: dict[str, Session],
    peer: str,
    question: str,
    ask: Callable[[], dict[str, Any]],
) -> dict[str, Any] | None:
    """A peer's answer; None, and the peer struck off, where it has none."""
    try:
        return ask()
    except PeerUnavailable as error:
        if peer == "kgen":
            raise
        found.skipped[peer] = str(error) if question == "start" else f"{question}: {error}"
        del sessions[peer]
        return None
