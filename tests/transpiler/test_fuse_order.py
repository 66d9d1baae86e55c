"""The order of groups: who needs whose results, kept up as members are added and taken back."""

from __future__ import annotations

import random

from kgen.access import Domain
from kgen.fuse import Group, Order


def reaches(reads: list[tuple[Group, list[Group]]], later: Group, earlier: Group) -> bool:
    """The same from scratch."""
    stack, seen = [later], set()
    while stack:
        group = stack.pop()
        if group is earlier and group is not later:
            return True
        if group not in seen:
            seen.add(group)
            stack += [p for reader, producers in reads if reader is group for p in producers]
    return False


def test_order_of_groups() -> None:
    for seed in range(20):
        rng = random.Random(seed)
        order, groups = Order(), []
        reads: list[tuple[Group, list[Group]]] = []
        for _ in range(60):
            if reads and rng.random() < 0.25:
                order.undo()
                group, _ = reads.pop()
                if all(reader is not group for reader, _ in reads):
                    groups.remove(group)
                continue
            producers = rng.sample(groups, min(len(groups), rng.randrange(3)))
            group = Group("rows", Domain((), ()))
            older = [g for g in groups if not any(reaches(reads, p, g) for p in producers)]
            if older and rng.random() < 0.4:
                group = rng.choice(older)
            else:
                groups.append(group)
            order.add(group, producers)
            reads.append((group, producers))
        for later in groups:
            assert order.number(later) == groups.index(later)
            for earlier in groups:
                if later is not earlier:
                    assert order.depends(later, earlier) == reaches(reads, later, earlier)
