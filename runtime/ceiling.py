"""Limits of memory, `--max-memory`'s and the machine's, and what is said where they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from kgen.runtime.errors import MemoryLimitError
from kgen.runtime.kernels import Buffer, Command, Sync
from kgen.runtime.memory import Memory
from kgen.runtime.messages import byte_text
from kgen.runtime.spec import Spec

_SHOWN = 4
_DOES = {"train": "training", "gradient": "gradients", "evaluate": "evaluation"}


def besides(spec: Spec, program: str) -> int:
    """Bytes of weights, and of what else a program has that lasts for more than a batch."""
    copies = {"train": 1 + len(spec.slots), "gradient": 1}.get(program, 0)
    states = (spec.batch or 0) * sum(prod(state.shape) for state in spec.states)
    return 4 * (spec.size + copies * spec.trainable + states)


def check_room(
    spec: Spec, program: str, memory: Memory, commands: Sequence[Command | Sync], rows: int
) -> None:
    """Refuse batches of so many rows if a program does not fit.

    Raises:
        MemoryLimitError: it does not; the message says what is largest, and what fits.
    """
    if spec.max_memory is None:
        return
    fixed = besides(spec, program) + 4 * memory.unscaled
    scaled = 4 * memory.floats - 4 * memory.unscaled
    if fixed + scaled <= spec.max_memory:
        return
    fitting = (spec.max_memory - fixed) * memory.capacity // max(scaled, 1) // 8 * 8
    remedy = (
        f"Give batch_size={fitting} at most, or build the module for batches of {rows}"
        if fitting > 0
        else f"No batch fits: build the module for batches of {rows}"
    )
    raise MemoryLimitError(
        f"{_DOES.get(program, 'prediction')} with a batch of {rows} needs "
        f"{byte_text(fixed + scaled)}, but {spec.name} was built for {byte_text(spec.max_memory)} "
        f"(--max-memory). Of that {byte_text(besides(spec, program))} are weights, gradients and "
        f"the optimizer's buffers{_in_parts(memory)}; the largest others are "
        f"{_largest(memory, commands)}. "
        f"{remedy} (--batch-size), so that it computes values again instead of keeping them, or "
        "raise the limit."
    )


def no_room(
    spec: Spec, program: str, memory: Memory, commands: Sequence[Command | Sync], rows: int
) -> MemoryLimitError:
    """What is raised where the machine does not give an arena for batches of so many rows."""
    return MemoryLimitError(
        f"{_DOES.get(program, 'prediction')} with a batch of {rows} needs "
        f"{byte_text(4 * memory.floats)} at once, more than this machine gives. The largest "
        f"buffers are {_largest(memory, commands)}. Give a smaller batch_size, or build the module "
        "with --max-memory, for a plan that takes less."
    )


def _in_parts(memory: Memory) -> str:
    """What is said of the parts of sums, which fewer threads have fewer of."""
    if memory.in_parts == 0:
        return ""
    return f" and {byte_text(4 * memory.in_parts)} parts of sums of {memory.threads} threads"


def spare(spec: Spec, program: str, memory: Memory) -> int | None:
    """Floats that are left of the limit when a program has its own; None if there is no limit."""
    if spec.max_memory is None:
        return None
    return (spec.max_memory - besides(spec, program)) // 4 - memory.floats


def _largest(memory: Memory, commands: Sequence[Command | Sync]) -> str:
    """The largest buffers of the arena by the kernels that write them, with their lines."""
    makers: dict[int, tuple[str, Any]] = {}
    for command in commands:
        if isinstance(command, Command):
            for buffer in command.buffers:
                makers.setdefault(id(_whole(buffer)), (command.kernel.__name__, command.kernel))
    sizes = {id(place): floats for place, floats in memory.sizes()}
    top = sorted((one for one in sizes if one in makers), key=lambda one: -sizes[one])[:_SHOWN]
    return ", ".join(f"{_told(*makers[one])} {byte_text(4 * sizes[one])}" for one in top)


def _whole(buffer: Buffer) -> Buffer:
    return _whole(buffer.whole) if hasattr(buffer, "whole") else buffer


def _told(name: str, kernel: Any) -> str:
    """A kernel with its lines, which its module knows."""
    lines = getattr(kernel.function, "__globals__", {}).get("SOURCE_MAP", {}).get(name, ())
    place = f" (line {', '.join(map(str, lines))})" if lines else ""
    return f"{name}{place}"
