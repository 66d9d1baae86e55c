"""What `kgen plot` draws and `kgen inspect` tells: whole, safe, the same every time."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from kgen.cli import main
from kgen.compiler import elaborate_text
from kgen.inspecting.diagram import Box, Diagram, diagrams, shape_text
from kgen.inspecting.drawing import draw
from kgen.inspecting.facts import Inspected, inspect_text
from kgen.inspecting.layered import arrange
from kgen.inspecting.mermaid import mermaid
from kgen.inspecting.page import kernel_shares, page
from kgen.inspecting.xml import safe, visible
from kgen.targets import CPU, CUDA

EXAMPLES = Path(__file__).parent.parent / "examples"
DRAWN = (
    "01_first_mlp",
    "09_functional_mlp",
    "14_inception_block",
    "15_residual_block",
    "17_visual_question",
    "30_contrastive_siamese",
    "45_gan",
    "45_vae",
    "two_inputs",
)
SVG = "{http://www.w3.org/2000/svg}"

HOSTILE = """\
# <script>alert("1")</script> & <!-- \x01 \u202e
model Small:
    \"\"\"</code></pre><b>\"\"\"
    input x: float32[4]
    h = x |> Dense(5, activation="tanh", name="a.b-c")
    output y = h |> Dense(3)
    train:
        loss = "mse"
"""
SHARED = """\
model Tower:
    input x: float32[6]
    output code = x |> Dense(4) |> Dropout(0.5)

model Pair:
    input a: float32[6]
    input b: float32[6]
    tower = Tower()
    one = tower(a)
    other = tower(b)
    output gap = sum(square(one - other), axis=-1, keepdims=True)
    output first = Sequential([Dense(3), Dense(2)])(one)
    view code(a) = one
"""
OPEN = """\
model Sequences:
    dim length
    input words: int32[length]
    output y = words |> Embedding(50, 8) |> LSTM(6) |> Dense(2)
"""


@cache
def drawings(name: str) -> dict[str, Diagram]:
    path = EXAMPLES / f"{name}.k"
    return diagrams(elaborate_text(path.read_text(encoding="utf-8"), str(path)))


def inspected(text: str, target: Any = CPU) -> Inspected:
    return inspect_text(text, "model.k", {}, target, None, 32)


@cache
def small() -> Inspected:
    return inspected(HOSTILE)


# --- drawings --------------------------------------------------------------------


def rectangles(svg: str) -> list[tuple[ET.Element, list[Any]]]:
    """Boxes with those inside them."""
    root = ET.fromstring(svg)

    def below(element: ET.Element) -> list[tuple[ET.Element, list[Any]]]:
        return [
            (child, below(child))
            for child in element
            if child.tag == f"{SVG}g" and "box" in child.attrib["class"].split()
        ]

    return below(root)


def area(box: ET.Element) -> tuple[float, float, float, float]:
    found = box.find(f"{SVG}rect")
    assert found is not None
    x, y, w, h = (float(found.attrib[key]) for key in ("x", "y", "width", "height"))
    return x, y, x + w, y + h


def check_apart(boxes: list[tuple[ET.Element, list[Any]]]) -> int:
    """Boxes side by side do not overlap; those inside another lie within; how many there are."""
    for place, (box, inner) in enumerate(boxes):
        left, top, right, bottom = area(box)
        for other, _ in boxes[:place]:
            a, b, c, d = area(other)
            assert right <= a or c <= left or bottom <= b or d <= top
        for part, _ in inner:
            a, b, c, d = area(part)
            assert left <= a and c <= right and top <= b and d <= bottom
    return len(boxes) + sum(check_apart(inner) for _, inner in boxes)


def boxes_of(drawn: Diagram) -> list[Box]:
    inner = [box.inside for box in drawn.boxes if box.inside is not None]
    return [*drawn.boxes, *(box for one in inner for box in boxes_of(one))]


@pytest.mark.parametrize("name", DRAWN)
def test_drawings_are_whole(name: str) -> None:
    drawn = drawings(name)
    svg = draw(drawn, name)
    assert svg == draw(drawn, name)
    boxes = [box for one in drawn.values() for box in boxes_of(one)]
    assert check_apart(rectangles(svg)) == len(boxes)
    text = mermaid(drawn)
    assert text.startswith("flowchart TB\n")
    for box in boxes:
        assert f">{safe(box.title)}<" in svg or "…<" in svg
        assert f" {box.id}" in text
    path = EXAMPLES / f"{name}.k"
    models = elaborate_text(path.read_text(encoding="utf-8"), str(path))
    for model in models:
        if model.name not in drawn:
            continue
        titles = {box.title for box in boxes_of(drawn[model.name])}
        assert titles >= {info.name.split("/")[-1] for info in model.layers}
        assert titles >= {*model.predict.inputs, *model.predict.outputs}
        counted = sum(
            box.weights for box in drawn[model.name].boxes if box.role in ("layer", "model")
        )
        graph = model.train or model.predict
        sizes = [w.value.type for w in graph.weights.values() if not w.carried]
        total = 0
        for one in sizes:
            size = 1
            for length in one.shape:
                assert isinstance(length, int)
                size *= length
            total += size
        assert counted == total


def test_drawings_are_the_same_in_another_process_of_elaboration() -> None:
    path = EXAMPLES / "45_vae.k"
    again = diagrams(elaborate_text(path.read_text(encoding="utf-8"), str(path)))
    assert draw(again, "45_vae") == draw(drawings("45_vae"), "45_vae")


def test_shared_models_views_and_chains() -> None:
    (drawn,) = diagrams(elaborate_text(SHARED, "model.k")).values()
    towers = [box for box in drawn.boxes if box.kind == "Tower"]
    assert [box.call for box in towers] == [(1, 2), (2, 2)]
    assert towers[0].inside is not None and towers[1].inside is None
    assert "28 weights" in towers[0].remark and "call 2 of 2" in towers[1].remark
    assert towers[0].weights == 28 and towers[1].weights == 0
    kinds = [box.kind for box in boxes_of(towers[0].inside) if box.role == "layer"]
    assert kinds == ["Dense", "Dropout"]
    by_title = {box.title: box for box in drawn.boxes}
    edges = {tuple(next(b.title for b in drawn.boxes if b.id == i) for i in e) for e in drawn.edges}
    assert ("tower", "view code") in edges
    assert ("a", "tower") in edges and ("b", "tower") in edges
    chain = next(box for box in drawn.boxes if box.kind == "Sequential")
    assert chain.inside is not None and chain.weights == 4 * 3 + 3 + 3 * 2 + 2
    assert by_title["view code"].role == "end"
    assert "subtract \u2192 square \u2192 sum" in by_title


def test_what_leads_nowhere_is_not_drawn() -> None:
    text = SHARED.replace("    view code", "    unused = exp(a)\n    view code")
    (drawn,) = diagrams(elaborate_text(text, "model.k")).values()
    assert "exp" not in {box.title for box in drawn.boxes}


def test_one_model_by_name() -> None:
    assert list(diagrams(elaborate_text(SHARED, "model.k"), "Tower")) == ["Tower"]


def test_shapes_of_integers_and_open_dimensions() -> None:
    (model,) = elaborate_text(OPEN, "model.k")
    (drawn,) = diagrams([model]).values()
    assert drawn.boxes[0].shape == shape_text(model.predict.inputs["words"]) == "int32 length"


def test_arrangement_of_many_boxes() -> None:
    names = [str(number) for number in range(60)]
    edges = [
        (names[i], names[j])
        for i in range(60)
        for j in range(i + 1, 60)
        if (i * 7 + j * 5) % 23 == 0
    ]
    sizes = {name: (20.0 + 7 * (int(name) % 9), 10.0 + int(name) % 5) for name in names}
    placed = arrange(sizes, edges)
    for place, one in enumerate(names):
        x, y = placed.corners[one]
        w, h = sizes[one]
        assert x >= -0.1 and x + w <= placed.width + 0.2 and y + h <= placed.height + 0.2
        for other in names[:place]:
            a, b = placed.corners[other]
            v, u = sizes[other]
            assert x + w <= a or a + v <= x or y + h <= b or b + u <= y
    for source, target in edges:
        route = placed.routes[source, target]
        assert route[0][1] < route[-1][1]
        assert [y for _, y in route] == sorted(y for _, y in route)


# --- the page --------------------------------------------------------------------

VOID = {"meta", "br", "link", "input", "hr", "img"}


class Page(HTMLParser):
    """Text and attributes of a page; every element must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.code: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "code":
            self.code.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.code[-1] += data


def check_page(found: Inspected) -> Page:
    """Every line and kernel is there, and nothing from elsewhere."""
    text = page(found)
    assert text == page(found)
    seen = Page(text)
    lines = found.facts["lines"]
    shown = [attrs for _, attrs in seen.tags if attrs.get("class") == "line"]
    assert len(shown) == len(lines) - (lines[-1] == "")
    assert seen.code[: len(shown)] == [visible(line) for line in lines[: len(shown)]]
    kernels = {a["data-kernel"]: a for _, a in seen.tags if a.get("class") == "kernel"}
    assert list(kernels) == [kernel["name"] for kernel in found.facts["kernels"]]
    for kernel in found.facts["kernels"]:
        assert visible(kernel["code"]) in seen.code
        numbers = (kernels[kernel["name"]]["data-lines"] or "").split()
        assert numbers == [str(number) for number in kernel["lines"]]
    for tag, attrs in seen.tags:
        assert tag not in ("link", "img", "iframe"), attrs
        assert not {"src", "onload", "onclick"} & set(attrs)
        assert (attrs.get("href") or "#").startswith("#")
    assert sum(tag == "script" for tag, _ in seen.tags) == 1
    maps = [a for tag, a in seen.tags if tag == "svg" and a.get("class") == "arena"]
    assert len(maps) == sum(len(model["programs"]) for model in found.facts["models"])
    return seen


def test_hostile_text_stays_text() -> None:
    found = small()
    check_page(found)
    text = page(found)
    assert "alert" in text and "<script>alert" not in text and "\u202e" not in text
    assert safe('<a b="c">&\x00') == "&lt;a b=&quot;c&quot;&gt;&amp;\u2400"


def test_a_file_of_several_models_with_views() -> None:
    found = inspected(SHARED)
    check_page(found)
    assert [model["name"] for model in found.facts["models"]] == ["Tower", "Pair"]
    pair = found.facts["models"][1]
    assert {"predict", "view code", "view tower"} <= set(pair["programs"])
    assert pair["main"] == "predict" and "train" not in pair["programs"]


def test_open_dimensions_and_loops() -> None:
    found = inspected(OPEN)
    check_page(found)
    (model,) = found.facts["models"]
    assert model["dims"] == {"length": 64}
    loops = [call for call in model["programs"]["predict"]["calls"] if call["loop"]]
    assert loops and all(call["times"] == 64 for call in loops)


def test_json_agrees_with_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.k"
    path.write_text(HOSTILE, encoding="utf-8")
    assert main(["inspect", str(path), "--json", "--batch-size", "24"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert not path.with_suffix(".html").exists()
    assert main(["build", str(path), "--json", "--batch-size", "24"]) == 0
    (built,) = json.loads(capsys.readouterr().out)["models"]
    (model,) = facts["models"]
    assert {key: model[key] for key in ("name", "weights", "dims")} == {
        key: built[key] for key in ("name", "weights", "dims")
    }
    for name, figures in built["programs"].items():
        program = model["programs"][name]
        assert {key: program[key] for key in figures} == figures
        assert sum(call["flops"] for call in program["calls"]) == figures["flops"]
        assert len({call["kernel"] for call in program["calls"]}) == figures["kernels"]
        lasting = figures["peak_bytes"] - program["arena"]["bytes"]
        assert lasting >= 0 and lasting % 4 == 0
        for buffer in program["arena"]["buffers"]:
            assert buffer["offset"] + buffer["bytes"] <= program["arena"]["bytes"]
    assert sum(kernel_shares(facts).values()) == pytest.approx(1.0)


def test_buffers_that_live_together_lie_apart() -> None:
    (model,) = small().facts["models"]
    buffers = model["programs"]["train"]["arena"]["buffers"]
    for place, one in enumerate(buffers):
        for other in buffers[:place]:
            together = one["first"] <= other["last"] and other["first"] <= one["last"]
            above = one["offset"] >= other["offset"] + other["bytes"]
            assert not together or above or other["offset"] >= one["offset"] + one["bytes"]


def test_launches_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    from kgen.inspecting import launches
    from numba import cuda

    monkeypatch.setattr(cuda, "is_available", lambda: False)
    found = inspected(HOSTILE, CUDA)
    launches.enter_launches(found)
    launch = found.facts["kernels"][0]["launch"]
    assert launch["registers"] is None and launch["threads_a_block"] % 32 == 0
    assert "unknown without a device" in page(found)
    monkeypatch.setattr(launches, "_grid", lambda: (None, None, False))
    launches.enter_launches(found)
    assert "unknown without the package" in page(found)


# --- the commands ----------------------------------------------------------------


def test_plot_writes_what_the_ending_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pair.k"
    path.write_text(SHARED, encoding="utf-8")
    for ending, start in ((".svg", "<svg "), (".mmd", "flowchart")):
        output = path.with_suffix(ending)
        assert main(["plot", str(path), "-o", str(output)]) == 0
        assert capsys.readouterr().out == f"wrote {output}\n"
        assert output.read_text(encoding="utf-8").startswith(start)
        assert main(["plot", str(path), "-o", str(output)]) == 0
        assert capsys.readouterr().out == f"unchanged {output}\n"
    assert main(["plot", str(path), "--format", "mermaid", "--model", "Tower"]) == 0
    assert capsys.readouterr().out.startswith("flowchart TB\n")


def test_mistakes_of_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pair.k"
    path.write_text(SHARED, encoding="utf-8")
    for arguments, words in (
        (["plot", str(path), "-o", "graph.png"], ".svg nor in .mmd"),
        (["plot", str(path), "--model", "Towre"], "did you mean"),
        (["inspect", str(path), "--model", "Towre"], "did you mean"),
        (["inspect", str(path), "--profile", "--target", "cuda"], "--profile times"),
        (["inspect", str(path), "--json", "--open"], "exclude"),
    ):
        assert main(arguments) == 2
        assert words in capsys.readouterr().err
    path.write_text("model M:\n    input x: float32[3]\n    output y = z\n", encoding="utf-8")
    for command in ("plot", "inspect"):
        assert main([command, str(path)]) == 1
        assert "K0201" in capsys.readouterr().err


def test_the_page_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.k"
    path.write_text(HOSTILE, encoding="utf-8")
    assert main(["inspect", str(path)]) == 0
    written = path.with_suffix(".html")
    assert capsys.readouterr().out == f"wrote {written}\n"
    assert main(["inspect", str(path), "-o", str(written)]) == 0
    assert capsys.readouterr().out == f"unchanged {written}\n"
    Page(written.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_profile_times_every_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pair.k"
    path.write_text(HOSTILE + OPEN.replace("model", "\nmodel", 1), encoding="utf-8")
    page_file = tmp_path / "page.html"
    arguments = ["inspect", str(path), "--profile", "--json", "-o", str(page_file)]
    assert main([*arguments, "--threads", "1"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["profile"]["flops_per_second"] > 0 and facts["profile"]["streams"]
    for model in facts["models"]:
        program = model["programs"][model["main"]]
        assert program["seconds"] > 0
        calls = program["calls"] + program["runtime"]
        assert all(call["seconds"] > 0 for call in calls)
        assert sum(call["share"] for call in calls) == pytest.approx(1.0)
    Page(page_file.read_text(encoding="utf-8"))
