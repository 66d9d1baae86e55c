"""docs/examples.md beside the files it lists."""

from __future__ import annotations

import re
from itertools import pairwise
from math import prod
from pathlib import Path

import pytest
from native import elaborated

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
FOLDER = Path(__file__).parent
PAGE = (ROOT / "docs" / "examples.md").read_text()


def rows() -> list[list[str]]:
    """The cells of the table of models: row, model, what, parameters, beside Keras, result."""
    lines = [
        line for line in PAGE.splitlines() if re.match(r"\| (\[\d\d\]|)\(?.*\| `\w+` \|", line)
    ]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    for before, row in pairwise(found):
        row[0] = row[0] or before[0]
    return found


ROWS = rows()


def file_of(row: list[str]) -> Path:
    match = re.fullmatch(r"\[(\d\d)\]\(\.\./examples/((\d\d)_\w+\.k)\)", row[0])
    assert match is not None, row[0]
    assert match[1] == match[3], row[0]
    return EXAMPLES / match[2]


def test_every_file_has_a_row() -> None:
    assert {file_of(row).name for row in ROWS} == {p.name for p in EXAMPLES.glob("[0-9]*.k")}


def test_every_row_is_complete() -> None:
    for row in ROWS:
        assert len(row) == 6, row
        assert all(row), f"an empty cell: {row}"


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0][1:3]}-{row[1].strip('`')}")
def test_numbers_of_parameters(row: list[str]) -> None:
    model = elaborated(str(file_of(row)))[row[1].strip("`")]
    weights = (model.train or model.predict).weights | model.predict.weights
    own = [prod(weight.shape) for weight in weights.values() if not weight.carried]
    assert sum(own) == int(row[3].replace(",", ""))


def test_comparisons_and_trainings_exist() -> None:
    """The file of tests names the row's file; the script trains it, by itself or by its helper."""
    texts = {p.name: p.read_text() for p in [*FOLDER.glob("test_*.py"), *EXAMPLES.glob("*.py")]}
    texts["learn.py"] += texts["trials.py"]
    texts["every_row.py"] += texts["rows.py"]
    for row in ROWS:
        tests = re.findall(r"`(test_\w+\.py)`", row[4])
        assert tests, row
        for name in tests + re.findall(r"`(\w+\.py)`", row[5]):
            assert file_of(row).name in texts[name], f"{name} says nothing of {row[0]}"


def test_every_script_is_listed() -> None:
    helpers = {"mnist.py", "corpora.py", "rivals.py", "trials.py", "rows.py"}
    helpers |= {"tasks.py", "picture_tasks.py", "text_tasks.py"}
    scripts = {p.name for p in EXAMPLES.glob("*.py")} - helpers
    assert scripts == set(re.findall(r"^\| `(\w+\.py)` \|", PAGE, re.MULTILINE))
