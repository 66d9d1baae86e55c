"""Steps and predictions in the long run: all peers alive, asked in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.session import PeerUnavailable, Session
from benchmarks.peers.tasks import TASKS
from benchmarks.statistics import median

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
        pairs = zip(self.seconds[question][peer], self.seconds[question]["kgen"], strict=True)
        return [theirs / ours for theirs, ours in pairs]

    def best(self, question: str) -> str | None:
        """The peer with the least median, kgen aside; None where there is none."""
        others = [peer for peer in self.seconds[question] if peer != "kgen"]
        return min(others, key=lambda peer: self.median(question, peer)) if others else None


def measure_steady(
    task: str,
    peers: Sequence[str],
    rounds: int,
    steps: int | None,
    module: Path,
    progress: Callable[[str], None],
) -> Steady:
    """Ask kgen and the peers for blocks of each kind in interleaved rounds.

    Raises:
        PeerUnavailable: kgen itself failed, or a peer that had worked.
    """
    found = Steady()
    with ExitStack() as stack:
        sessions: dict[str, Session] = {}
        for peer in ("kgen", *peers):
            progress(f"{task}: starting {peer}")
            count = steps or TASKS[task].steps
            session = stack.enter_context(Session("serve", peer, task, module, count))
            try:
                session.answer()
            except PeerUnavailable as error:
                if peer == "kgen":
                    raise
                found.skipped[peer] = str(error)
            else:
                sessions[peer] = session
        for question, request in ASKED.items():
            for peer, session in list(sessions.items()):
                try:
                    session.ask(**request)
                except PeerUnavailable as error:
                    if peer == "kgen":
                        raise
                    found.skipped[peer] = f"{question}: {error}"
                    del sessions[peer]
            times: dict[str, list[float]] = {peer: [] for peer in sessions}
            ways: dict[str, str] = {}
            for number in range(rounds):
                progress(f"{task}: {question}, round {number + 1} of {rounds}")
                for peer, session in sessions.items():
                    time.sleep(REST)
                    answer = session.ask(**request)
                    times[peer].append(answer["seconds"])
                    ways[peer] = answer.get("how", "")
            found.seconds[question] = times
            found.ways[question] = ways
    return found
