"""The parent's side of a peer's process."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.modules import ROOT
from benchmarks.peers.peer import BACKENDS


class PeerUnavailable(Exception):
    """A peer cannot take part; the message says why."""


class Session:
    """A peer's process, as a context manager."""

    def __init__(
        self,
        mode: str,
        peer: str,
        task: str,
        module: Path,
        steps: int,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.peer = peer
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed on exit)
        command = [sys.executable, "-m", "benchmarks.peers.worker"]
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, mode, peer, task, str(module), str(steps)],
            cwd=ROOT,
            env={
                **os.environ,
                "KERAS_BACKEND": BACKENDS.get(peer, "jax"),
                "TF_CPP_MIN_LOG_LEVEL": "3",
                **(environment or {}),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process: it leaves when its input does."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def answer(self) -> dict[str, Any]:
        """The next answer.

        Raises:
            PeerUnavailable: the process has left, or its loss is not a number any more.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise PeerUnavailable(f"its process ended: {error_line(self.errors.read())}")
        found: dict[str, Any] = json.loads(line)
        if "skipped" in found:
            raise PeerUnavailable(found["skipped"])
        if not math.isfinite(found.get("loss", 0.0)):
            raise PeerUnavailable(f"its loss is {found['loss']}")
        return found

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for the answer; raises PeerUnavailable."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return self.answer()
        return self.answer()


def error_line(text: str) -> str:
    """The line of a process's last words that names the exception, else the last one."""
    lines = text.strip().splitlines() or ["no message"]
    named = [line for line in lines if re.match(r"[\w.]+(Error|Exception|Interrupt)\b", line)]
    return (named or lines)[-1]
