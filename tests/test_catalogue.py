"""The pages of functions and layers say what the registry says."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from kgen.commands.catalogue import functions_page, layers_page
from kgen.runtime import tiles
from kgen.runtime.memory import Memory

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize(
    ("name", "page"), [("functions.md", functions_page), ("layers.md", layers_page)]
)
def test_the_page_is_up_to_date(name: str, page: Callable[[], str]) -> None:
    """`KGEN_UPDATE_GOLDENS=1` writes it anew."""
    path = DOCS / name
    if os.environ.get("KGEN_UPDATE_GOLDENS"):
        path.write_text(page(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == page()


def test_the_page_on_emitted_code_names_what_there_is() -> None:
    text = (DOCS / "emitted_code.md").read_text(encoding="utf-8")
    table = "\n".join(line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`(\w+)\(", table))
    assert len(named) >= 14
    assert named <= set(tiles.__all__)
    assert set(re.findall(r"`m\.(\w+)", text)) <= set(dir(Memory))
