"""A peer's process: `python -m benchmarks.peers.worker MODE PEER TASK MODULE STEPS`.

Mode `serve` answers requests, a line of JSON each, until its input ends. Mode `start` trains one
step, says so, trains `STEPS` more, and says how much memory that took. Mode `check` tells what the
peer computes from weights that all are given. Answers go to what was standard output; what
libraries print goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from benchmarks.peers.examine import examine
from benchmarks.peers.peer import MORE, Peer, make_peer
from benchmarks.peers.tasks import TASKS

WARM_STEPS = 5
TRIAL_CALLS = 30
TRIAL_SECONDS = 0.3
FEWEST_CALLS = 3
BLOCK_SECONDS = 0.05
MOST_ROWS = 128


def serve(peer: Peer, steps: int, requests: TextIO, say: Callable[[dict[str, Any]], None]) -> None:
    """Answer `{"do": "train"}` and `{"do": "predict", "rows": n}` with seconds for one of it."""
    loss = peer.train(steps)
    chosen: dict[int, tuple[str, Callable[[], Any], int]] = {}
    say({"ready": True, "loss": loss})
    for line in requests:
        request = json.loads(line)
        if request["do"] == "train":
            peer.train(min(WARM_STEPS, steps))
            start = time.perf_counter()
            loss = peer.train(steps)
            say({"seconds": (time.perf_counter() - start) / steps, "loss": loss})
        else:
            rows = request["rows"]
            if rows not in chosen:
                chosen[rows] = quickest(peer.predictors(rows))
            how, predict, calls = chosen[rows]
            mean_call(predict, max(calls // 10, 1))
            say({"seconds": mean_call(predict, calls), "how": how})


def mean_call(call: Callable[[], Any], calls: int) -> float:
    """Seconds for one of `calls` calls in a row."""
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - start) / calls


def quickest(ways: dict[str, Callable[[], Any]]) -> tuple[str, Callable[[], Any], int]:
    """The quickest of some ways to predict, and how many calls fill a timed block.

    A way that its library cannot take for this model (XLA does not compile everything) is left out,
    as long as there is another.
    """
    seconds: dict[str, float] = {}
    for name, call in ways.items():
        try:
            mean_call(call, 2)  # compiles
            once = mean_call(call, 1)
        except Exception as error:
            print(f"{name} left out: {error}", file=sys.stderr)
            if name == list(ways)[-1] and not seconds:
                raise
            continue
        calls = max(1, min(TRIAL_CALLS, int(TRIAL_SECONDS / once)))
        seconds[name] = min(mean_call(call, calls) for _ in range(3))
    best = min(seconds, key=lambda name: seconds[name])
    return best, ways[best], max(FEWEST_CALLS, int(BLOCK_SECONDS / seconds[best]))


def peak_memory() -> int:
    """The most memory this process has held, in bytes.

    Linux hands the parent's peak down to `ru_maxrss` of a child, so its own account goes first.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(mode: str, name: str, task: str, module: str, steps: str) -> None:
    """Make the peer and serve, or start and stop; errors are answers too."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")

    count, one = int(steps), TASKS[task]
    # One batch is enough to start: making data is no part of that.
    rows = max(one.batch * count, MOST_ROWS) if mode == "serve" else one.batch
    try:
        peer = make_peer(name, one, rows, Path(module), dropout=mode != "check")
    except ModuleNotFoundError as error:
        say({"skipped": f"not installed ({error}); {MORE}"})
        return
    if mode == "serve":
        serve(peer, count, sys.stdin, say)
        return
    if mode == "check":
        say(examine(peer, count, Path(module).with_suffix(".npz")))
        return
    peer.train(1)
    say({"first_step": True})
    for _ in range(count):
        loss = peer.train(1)
    say({"memory": peak_memory(), "loss": loss})


if __name__ == "__main__":
    main(*sys.argv[1:])
