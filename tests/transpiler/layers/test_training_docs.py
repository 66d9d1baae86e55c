"""The page on training names what there is, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kgen.layers import registry
from kgen.runtime import callbacks

PAGE = (Path(__file__).parents[3] / "docs" / "training.md").read_text(encoding="utf-8")
FAMILIES = {
    "Losses": "loss",
    "Metrics": "metric",
    "Optimizers": "optimizer",
    "Schedules": "schedule",
    "Regularizers": "regularizer",
    "Constraints": "constraint",
    "Initializers": "initializer",
}


def rows(title: str) -> dict[str, set[str]]:
    """The names of a section's table, each with the strings that stand for it."""
    section = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| `(\w+)` \| (.*) ?\|$", section, re.MULTILINE)
    return {name: set(re.findall(r'`"(\w+)"`', strings)) for name, strings in found}


@pytest.mark.parametrize("title", FAMILIES)
def test_every_name_is_listed(title: str) -> None:
    definitions = registry.definitions(FAMILIES[title])
    assert rows(title) == {d.name: set(d.aliases) for d in definitions}


def test_every_callback_is_listed() -> None:
    assert set(rows("Callbacks")) == set(callbacks.__all__)
