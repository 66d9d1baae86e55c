"""The pages of functions and layers say what the registry says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from kgen.commands.catalogue import functions_page, layers_page

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
