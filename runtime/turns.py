"""One thread at a time: what several threads of Python may call lets them take turns."""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

_all_turns: weakref.WeakSet[Any] = weakref.WeakSet()


def new_turn() -> Any:
    """A lock that its holder may take again, and that a forked child finds free."""
    turn = threading.RLock()
    _all_turns.add(turn)
    return turn


def _free_turns() -> None:
    """In a forked child: what other threads of the parent held is held by nobody here."""
    for turn in list(_all_turns):
        if not turn._is_owned():
            turn._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free_turns)
