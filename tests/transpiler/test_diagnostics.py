"""Every mistake has its message, its page and its example."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kgen.compiler import check_text
from kgen.diagnostics import Diagnostic, KgenError, Report, Source, Span
from kgen.explain import codes, explain, title
from kgen.render import (
    print_diagnostics,
    render_concise,
    render_github,
    render_json,
    render_plain,
    render_rich,
)
from kgen.suggest import closest, suggest

ROOT = Path(__file__).parents[2]
INVALID = ROOT / "tests" / "models" / "invalid"
INVALID_FILES = sorted(INVALID.glob("K*.k"))
# About files themselves (test_parser.py, test_use.py), overrides (test_elaborate.py), or memory
# (test_memory.py).
NO_FILE = {
    "K0204",
    "K0302",
    "K0610",
    "K0611",
    "K0612",
    "K0613",
    "K0615",
    "K0618",
    "K0622",
    "K0623",
    "K0624",
    "K0625",
    "K0801",
}


@pytest.mark.parametrize("file", INVALID_FILES, ids=lambda file: file.stem)
def test_invalid_model_gets_its_message(file: Path) -> None:
    diagnostics = check_text(file.read_text(encoding="utf-8"), file.name)
    assert file.stem[:5] in [diagnostic.code for diagnostic in diagnostics]
    for diagnostic in diagnostics:
        assert diagnostic.help, diagnostic.message
        assert diagnostic.span is not None, diagnostic.message
    message = "\n\n".join(map(render_plain, diagnostics)) + "\n"
    golden = file.with_suffix(".expected")
    if os.environ.get("KGEN_UPDATE_GOLDENS") == "1":
        golden.write_text(message, encoding="utf-8")
    assert message == golden.read_text(encoding="utf-8")


def used_codes() -> set[str]:
    sources = (ROOT / "transpiler").rglob("*.py")
    return {code for path in sources for code in re.findall(r"\bK0\d{3}\b", path.read_text())}


def test_every_code_has_a_page_and_an_example() -> None:
    used = used_codes()
    assert used - set(codes()) == set()
    shown = {file.stem[:5] for file in INVALID_FILES}
    assert used - shown - NO_FILE == set()


def test_no_page_without_a_use() -> None:
    assert set(codes()) - used_codes() == set()


@pytest.mark.parametrize("code", codes())
def test_page_is_complete(code: str) -> None:
    page = explain(code.lower())
    assert page.startswith(f"# {code}: ")
    assert "\n## Remedy\n" in page
    assert title(code)


@pytest.mark.parametrize("code", codes())
def test_example_on_the_page_provokes_its_code(code: str) -> None:
    for example in re.findall(r"^```k\n(.*?)^```$", explain(code), re.DOTALL | re.MULTILINE):
        assert code in [diagnostic.code for diagnostic in check_text(example, "example.k")]


def test_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no diagnostic K9999"):
        explain("K9999")


def diagnostic(text: str, part: str, **fields: object) -> Diagnostic:
    start = text.index(part)
    span = Span(Source("m.k", text), start, start + len(part))
    return Diagnostic("K0999", "a message", span, **fields)  # type: ignore[arg-type]


def test_plain_message_in_full() -> None:
    message = render_plain(
        diagnostic("a = 1\nb = f(x)\n", "f(x)", label="here", notes=("one\ntwo",), help="mend it")
    )
    assert message.splitlines() == [
        "error[K0999]: a message",
        " --> m.k:2:5",
        "  |",
        "2 | b = f(x)",
        "  |     ^^^^ here",
        "  = note: one",
        "          two",
        "  = help: mend it",
    ]


def test_underline_counts_terminal_columns() -> None:
    lines = render_plain(diagnostic('s = "日本"\t+ é́x\n', "x", label="here")).splitlines()
    assert lines[3] == '1 | s = "日本"    + é́x'
    # 4 + one quote + two wide characters + quote + tab + `+ ` + one accented letter
    assert lines[4] == "  | " + " " * (4 + 1 + 4 + 1 + 4 + 2 + 1) + "^ here"


def test_span_over_lines_is_underlined_on_each() -> None:
    lines = render_plain(diagnostic("a = f(\n    x,\n)\n", "f(\n    x,\n)")).splitlines()
    assert lines[3:] == ["1 | a = f(", "  |     ^^", "2 |     x,", "  |     ^^", "3 | )", "  | ^"]


def test_long_spans_and_lines_are_shortened() -> None:
    text = "".join(f"line{i}\n" for i in range(50)) + "y" * 500 + "\n"
    assert len(render_plain(diagnostic(text, text[3:400])).splitlines()) < 16
    assert max(map(len, render_plain(diagnostic(text, "y" * 300)).splitlines())) < 170


def test_place_without_width_at_the_end_of_a_file() -> None:
    span = Span(Source("m.k", "a"), 1, 1)
    assert render_plain(Diagnostic("K0999", "gone", span)).splitlines()[-1] == "  |  ^"


@given(st.text(), st.integers(0, 40), st.integers(0, 40))
def test_rendering_never_fails(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    span = Span(Source("m.k", text), start, min(start + length, len(text)))
    message = Diagnostic("K0999", "m", span, "label", ("note",), "help")
    assert "K0999" in render_plain(message)
    assert render_rich(message).plain.startswith("error[K0999]: m")
    assert render_github(message).count("\n") == 0


def test_machine_formats() -> None:
    message = diagnostic("a = 1\nb = f(x)\n", "f(x)", notes=("100%",), help="mend it")
    assert render_concise(message) == "m.k:2:5: error[K0999] a message"
    assert render_json(message) == {
        "code": "K0999",
        "severity": "error",
        "message": "a message",
        "location": {"path": "m.k", "line": 2, "column": 5, "end_line": 2, "end_column": 9},
        "label": "",
        "notes": ["100%"],
        "help": "mend it",
    }
    assert render_github(message) == (
        "::error file=m.k,line=2,col=5,endLine=2,endColumn=9,title=kgen K0999"
        "::a message%0A100%25%0Ahelp: mend it"
    )


def test_no_colours_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_diagnostics([diagnostic("a = 1\n", "1")])
    assert "\x1b[" not in capsys.readouterr().err


def test_report_keeps_each_diagnostic_once() -> None:
    report = Report()
    report.add(Diagnostic("K0999", "m"))
    report.add(Diagnostic("K0999", "m"))
    with pytest.raises(KgenError) as caught:
        report.raise_if_errors()
    assert str(caught.value) == "error[K0999]: m"


def test_did_you_mean() -> None:
    names = ["Dense", "Dropout", "Conv2D", "conv2d_transpose"]
    assert suggest("dense", names) == "did you mean `Dense`?"
    assert suggest("Drpout", names) == "did you mean `Dropout`?"
    assert closest("Conv2DTranspose", names) == "conv2d_transpose"
    assert suggest("Quux", names) == ""
    for wanted in ("HeNormal", "he_normal"):
        assert closest(wanted[:-2], ["HeNormal", "he_normal"]) == wanted
