"""CSV tables: what is a number, which columns belong together, and what is said of the rest."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from kgen.commands.csvfiles import read_csv, write_csv
from kgen.commands.datafiles import read_data
from kgen.runtime.errors import DataError


def spec(name: str = "x", size: int = 2) -> SimpleNamespace:
    """A model with one input, and a target `y`."""
    return SimpleNamespace(
        inputs=[SimpleNamespace(name=name, dtype="float32", shape=(size,))],
        targets=[SimpleNamespace(output="y", dtype="float32", shape=())],
    )


def read(
    tmp_path: Path, text: str | bytes, model: SimpleNamespace | None = None
) -> dict[str, list]:
    path = tmp_path / "data.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return {name: array.tolist() for name, array in read_csv(path, model or spec()).items()}


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("7", 7.0),
        ("+7", 7.0),
        ("-.5", -0.5),
        ("2.", 2.0),
        ("1e3", 1000.0),
        ("1.5E-2", 0.015),
        (" 7\t", 7.0),
        ('"7"', 7.0),
        (' "7"', 7.0),
        ("007", 7.0),
        ("inf", np.inf),
        ("-Infinity", -np.inf),
    ],
)
def test_numbers(cell: str, number: float, tmp_path: Path) -> None:
    assert read(tmp_path, f"x_0,x_1,y\n{cell},2,0\n")["x"] == [[number, 2.0]]


def test_nan_is_left_to_who_knows_what_the_column_is_for(tmp_path: Path) -> None:
    assert np.isnan(read(tmp_path, "x_0,x_1,y\nNaN, nan,0\n")["x"]).all()


@pytest.mark.parametrize("marks", ["1_000", '"1,5"', '"1,000"', "1 000", "1'000", "1.2.3"])
def test_marks_between_digits_are_refused(marks: str, tmp_path: Path) -> None:
    shown = re.escape(repr(marks.strip('"')))
    with pytest.raises(DataError, match=rf"line 4, column 'x_1': {shown} .*a point: 1234\.5"):
        read(tmp_path, f"x_0,x_1,y\n1,2,0\n\n3,{marks},1\n")


@pytest.mark.parametrize("cell", ["\u0663", "\uff11", "0x10", "12.5%", "e5", "+", "x", "1\u00a0"])
def test_other_texts_are_refused(cell: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 3, column 'x_1': .* is not a number"):
        read(tmp_path, f"x_0,x_1,y\n1,2,0\n3,{cell},1\n")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must begin with a line that names its columns"),
        ("1,2,0\n3,4,1\n", "must begin with a line that names its columns"),
        ("x_0,x_1,y\n", "no rows"),
        ("x_0,x_1,y\n1,,0\n", "line 2, column 'x_1': the cell is empty"),
        ("x_0,x_1,y\n1, ,0\n", "line 2, column 'x_1': the cell is empty"),
        ("x_0,x_1,y\n1,2\n", "line 2 has 2 cells, but the header has 3"),
        ("x_0,x_1,y\n1,5,2,5,0\n", "line 2 has 5 cells, but the header has 3"),
        ("x_0;x_1;y\n1,5;2,5;0\n", "semicolons between its columns"),
        ("x_0\tx_1\ty\n1\t2\t0\n", "tabs between its columns"),
        (",x_0,x_1,y\n0,1,2,0\n", "column 1 has no name"),
        ("x_0,x_1,x_1\n1,2,0\n", "two columns called 'x_1'"),
        ('x_0,x_1,y\n1,"2"3,0\n', "line 2 is no line of CSV"),
        ('x_0,x_1,y\n1,"2,0\n', "line 2 is no line of CSV"),
        ("x_0,x_1,y\n1,2,0\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_tables_that_are_refused(text: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path, text)


def test_lines_are_counted_as_editors_count_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 4, column 'y'"):
        read(tmp_path, 'x_0,"x\n_1",y\r\n\r\n1,2,z\r\n')


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert read(tmp_path, "x_0,x_1,y\n1,2,0\n".encode("utf-8-sig"))["x"] == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "text",
    [
        "x_0,x_1,y\n10,11,2\n",
        "y,x_1,x_0\n2,11,10\n",
        "x[0],x[1],y\n10,11,2\n",
        "x_00,x_01,y\n10,11,2\n",
        "x_2,y,x_1\n11,2,10\n",
        "a,b,y\n10,11,2\n",
        "b_9,y,b_3\n10,2,11\n",
    ],
)
def test_columns_that_make_up_an_array(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text) == {"x": [[10.0, 11.0]], "y": [2.0]}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("x_0,x_2,y", "'x' are numbered from 0 to 2, but 1 is missing"),
        ("x_2,x_3,y", "'x' are numbered from 2 to 3, but 1 is missing"),
        ("x_0,x_1,x_3,y", "'x' are numbered from 0 to 3, but 2 is missing"),
        ("test_x_0,test_x_5,y", "'test_x' are numbered from 0 to 5, but 1 is missing"),
    ],
)
def test_numbers_that_leave_columns_out(header: str, words: str, tmp_path: Path) -> None:
    row = ",".join("1" for _ in header.split(","))
    with pytest.raises(DataError, match=words):
        read(tmp_path, f"{header}\n{row}\n")


def test_digits_of_other_scripts_number_no_columns(tmp_path: Path) -> None:
    found = read(tmp_path, "x_0,x_1,x_\u0662,y\n1,2,3,0\n")
    assert found == {"x": [[1.0, 2.0]], "x_\u0662": [3.0], "y": [0.0]}


def test_a_column_of_the_very_name_goes_before_numbered_ones(tmp_path: Path) -> None:
    found = read(tmp_path, "x_0,x_1,y,y_7\n1,2,0,5\n")
    assert found["y"] == [0.0] and found["y_7"] == [5.0]


def test_a_column_too_few_is_told(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("width,height,y\n1,2,0\n")
    assert set(read_data([str(path)], spec()).train.inputs) == {"x"}  # type: ignore[union-attr]
    with pytest.raises(DataError, match="2 columns could be 'x', which takes 3"):
        read_data([str(path)], spec(size=3))


def test_texts_stand_at_the_end_of_a_table() -> None:
    lines = write_csv({"y": np.array([[1.0, 2.0]])}, {"y_class": ['a "b", c']})
    assert list(lines) == ["y_0,y_1,y_class", '1,2,"a ""b"", c"']
