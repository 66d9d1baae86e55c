"""`use` takes declarations from files below the main one's folder, and from nowhere else."""

from pathlib import Path

import pytest
from kgen.compiler import check_text, elaborate_text

MAIN = """
model M:
    input x: float32[4]
    output y = x |> block |> Dense(size)
"""
BLOCKS = """
param size = 3

def block(x):
    return x |> Dense(size, activation="relu")
"""


def check(folder: Path, text: str) -> list[str]:
    return [d.code for d in check_text(text, str(folder / "main.k"))]


def test_names_and_whole_files(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "blocks.k").write_text(BLOCKS)
    (tmp_path / "parts" / "more.k").write_text('use "blocks.k": block, size\n')
    for line in ('use "parts/blocks.k": block, size', 'use "parts/blocks.k"', 'use "parts/more.k"'):
        (model,) = elaborate_text(f"{line}\n{MAIN}", str(tmp_path / "main.k"))
        assert [layer.shape for layer in model.layers] == [(3,), (3,)]
        assert model.predict.nodes[-1].span is not None


def test_missing_names_and_files(tmp_path: Path) -> None:
    (tmp_path / "blocks.k").write_text(BLOCKS)
    assert check(tmp_path, f'use "blocks.k": blok\n{MAIN}')[0] == "K0622"
    (problem, *_) = check_text(f'use "blokcs.k": block, size\n{MAIN}', str(tmp_path / "main.k"))
    assert problem.code == "K0610"
    assert problem.span is not None and problem.span.line == 1
    (tmp_path / "bad.k").write_text("a = = 1\n")
    assert check(tmp_path, f'use "bad.k": block, size\n{MAIN}') == ["K0101"]


def test_circles(tmp_path: Path) -> None:
    (tmp_path / "a.k").write_text('use "b.k"\n')
    (tmp_path / "b.k").write_text('use "a.k"\n')
    (tmp_path / "c.k").write_text('use "main.k"\n')
    plain = "model M:\n    input x: float32[4]\n    output y = x |> Dense(2)\n"
    assert check(tmp_path, f'use "a.k"\n{plain}') == ["K0621"]
    assert check(tmp_path, f'use "main.k"\n{plain}') == ["K0621"]
    assert check(tmp_path, f'use "c.k"\n{plain}') == ["K0621"]


def test_a_long_chain_of_files_is_refused(tmp_path: Path) -> None:
    for i in range(200):
        (tmp_path / f"f{i}.k").write_text(f'use "f{i + 1}.k"\n')
    (tmp_path / "f200.k").write_text("a = 1\n")
    assert check(tmp_path, f'use "f0.k"\n{MAIN}') == ["K0605"]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/tmp/a.k", "../a.k", "a/../../a.k", "a.txt", "", "c:\\\\a.k", "a"]
)
def test_paths_outside_the_folder(tmp_path: Path, path: str) -> None:
    assert check(tmp_path, f'use "{path}": block, size\n{MAIN}')[0] == "K0620"


def test_links_that_lead_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "secret.k").write_text(BLOCKS)
    (inside / "link.k").symlink_to(outside / "secret.k")
    (inside / "folder").symlink_to(outside)
    (inside / "loop.k").symlink_to(inside / "loop.k")
    assert check(inside, f'use "link.k": block, size\n{MAIN}')[0] == "K0620"
    assert check(inside, f'use "folder/secret.k": block, size\n{MAIN}')[0] == "K0620"
    assert check(inside, f'use "loop.k": block, size\n{MAIN}')[0].startswith("K06")


def test_models_of_a_used_file_are_layers_and_not_built(tmp_path: Path) -> None:
    (tmp_path / "parts.k").write_text(
        "model Head:\n    input x: float32[4]\n    output y = x |> Dense(2)\n"
    )
    text = 'use "parts.k": Head\nmodel M:\n    input x: float32[4]\n    output y = x |> Head()\n'
    models = elaborate_text(text, str(tmp_path / "main.k"))
    assert [model.name for model in models] == ["M"]
    assert list(models[0].predict.weights) == ["head/dense/kernel", "head/dense/bias"]
