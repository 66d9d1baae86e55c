"""What is written for people: progress lines, the summary, under any terminal and encoding."""

from __future__ import annotations

import io
import os
import re
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from kgen.runtime import modelbase
from kgen.runtime.progress import (
    CompileBar,
    ProgressBar,
    duration_text,
    figure_text,
    say,
    step_time_text,
    verbosity,
    write_text,
)
from kgen.runtime.summary import flop_text, size_text
from linear_engine import LinearEngine, linear_model


class Stream(io.TextIOWrapper):
    """A text stream of some encoding that may claim to be a terminal."""

    def __init__(self, encoding: str = "utf-8", terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    def text(self) -> str:
        self.flush()
        buffer: Any = self.buffer
        content: bytes = buffer.getvalue()
        return content.decode(self.encoding)


@pytest.fixture
def stream(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stream:
    monkeypatch.setattr(modelbase, "Engine", LinearEngine)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    made = Stream(*getattr(request, "param", ()))
    # Not sys.stderr itself, which pytest puts back between a fixture and its test.
    monkeypatch.setattr("kgen.runtime.progress.sys", SimpleNamespace(stderr=made))
    return made


def train(**settings: Any) -> None:
    rng = np.random.default_rng(0)
    net = linear_model()(seed=0)
    x, y = rng.normal(size=(64, 3)), rng.normal(size=(64, 2))
    net.fit(x, y, epochs=2, validation_split=0.5, batch_size=4, **settings)


FIGURES = r"loss: \S+ - root: \S+ - val_loss: \S+ - val_root: \S+"


@pytest.mark.parametrize("verbose", [1, 2, "auto"])
def test_a_line_an_epoch_where_nothing_can_be_redrawn(stream: Stream, verbose: Any) -> None:
    train(verbose=verbose)
    lines = stream.text().splitlines()
    assert lines[:2] == ["compiling 2 kernels (cached from then on)"] * 2
    for number, line in enumerate(lines[2:], 1):
        assert re.fullmatch(rf"Epoch {number}/2 - 8/8 - 0s \S+/step - {FIGURES}", line), line
    assert len(lines) == 4


def test_silence(stream: Stream) -> None:
    train(verbose=0)
    assert stream.text() == ""


@pytest.mark.parametrize("stream", [("utf-8", True)], indirect=True)
def test_a_terminal_is_redrawn_in_colour(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgen.runtime.progress.REDRAW_SECONDS", 0.0)
    monkeypatch.setattr("kgen.runtime.progress.terminal_columns", lambda: 200)
    train(verbose=1)
    text = stream.text()
    assert text.count("\n") == 2 and text.count("\r") > 6 and "\x1b[32m━" in text
    plain = re.sub(r"\x1b\[\d*[mK]", "", text)
    last = plain.split("\r")[-1].strip()
    assert re.fullmatch(rf"Epoch 2/2 - 8/8 ━{{20}} 0s \S+/step - {FIGURES}", last)


@pytest.mark.parametrize("stream", [("ascii", True), ("latin-1", True)], indirect=True)
def test_plain_characters_where_others_cannot_be_shown(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("kgen.runtime.progress.REDRAW_SECONDS", 0.0)
    train(verbose=1)
    assert "Epoch 2/2 - 8/8 ====================" in stream.text()
    assert "\x1b[3" not in stream.text()


@pytest.mark.parametrize("stream", [("utf-8", True)], indirect=True)
def test_lines_fit_a_narrow_terminal(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("kgen.runtime.progress.terminal_columns", lambda: 50)
    bar = ProgressBar(10, 1, "Epoch 1/1")
    bar.finish(10, {f"figure{n}": 1.0 for n in range(20)})
    assert max(len(line) for line in stream.text().replace("\x1b[K", "").split("\r")) <= 50


@pytest.mark.parametrize("stream", [("utf-8", True)], indirect=True)
def test_a_dumb_terminal_gets_lines(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    train(verbose=1)
    assert "\r" not in stream.text() and "\x1b" not in stream.text()


@pytest.mark.parametrize("stream", [("utf-8", True)], indirect=True)
def test_unknown_length_and_an_open_line(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgen.runtime.progress.REDRAW_SECONDS", 0.0)
    bar = ProgressBar(None, 1)
    bar.update(3, {"loss": 1.0})
    bar.close()
    bar.close()
    assert stream.text().endswith("\n") and stream.text().count("\n") == 1


def test_broken_streams_do_not_stop_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelbase, "Engine", LinearEngine)
    closed = Stream()
    closed.close()
    read, write = os.pipe()
    os.close(read)
    piped = open(write, "w")  # noqa: SIM115, PTH123
    for broken in (closed, piped, None):
        monkeypatch.setattr(sys, "stderr", broken)
        train(verbose=1)
        say("hello")
    with pytest.raises(BrokenPipeError):
        piped.close()


@pytest.mark.parametrize("stream", [("ascii",)], indirect=True)
def test_messages_in_any_encoding(stream: Stream) -> None:
    say("Épôch 1")
    assert stream.text() == "?p?ch 1\n"


@pytest.mark.parametrize("stream", [("utf-8", True)], indirect=True)
def test_compile_bar_is_wiped(stream: Stream) -> None:
    bar = CompileBar(1)
    bar.update(1, 3, "forward_dense")
    bar.close()
    text = stream.text()
    assert "compiling 3 kernels (cached from then on) 1/3 forward_dense" in text
    assert text.endswith("\r\x1b[K")


def test_texts() -> None:
    assert [duration_text(s) for s in (0.4, 59, 61, 3725)] == ["0s", "59s", "1:01", "1:02:05"]
    assert [step_time_text(s) for s in (2.0, 0.0123, 8e-5)] == ["2s/step", "12ms/step", "80us/step"]
    assert [figure_text(v) for v in (0.0, 0.5, 1e-5)] == ["0.0000", "0.5000", "1.0000e-05"]
    assert [size_text(n) for n in (12, 2048, 5 << 20)] == ["12 B", "2.00 KB", "5.00 MB"]
    assert [flop_text(n) for n in (12, 2500, 3_400_000)] == ["12", "2.5 k", "3.4 M"]
    assert [verbosity(v) for v in ("auto", 0, 1, 2, True)] == [1, 0, 1, 2, 1]
    write_text(None, "nowhere")


SUMMARY = """\
Model: "Linear" (linear.k)
┏━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━┳━━━━━━┓
┃ Layer (type)    ┃ Output Shape ┃ Param # ┃ FLOPs ┃ Line ┃
┡━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━╇━━━━━━┩
│ y_dense (Dense) │ (None, 2)    │       8 │    12 │    7 │
└─────────────────┴──────────────┴─────────┴───────┴──────┘
 Total params: 17 (68 B)
 Trainable params: 8 (32 B)
 Non-trainable params: 1 (4 B)
 Optimizer params: 8 (32 B)
 Forward FLOPs a row: 12
"""


def test_summary(stream: Stream) -> None:
    net = linear_model()(seed=0)
    net.summary(file=stream)
    assert stream.text() == SUMMARY
    texts: list[str] = []
    net.summary(print_fn=texts.append)
    assert texts == [SUMMARY.rstrip()]


@pytest.mark.parametrize("stream", [("ascii",), ("latin-1",), ("cp1251",)], indirect=True)
def test_summary_in_ascii(stream: Stream) -> None:
    linear_model()(seed=0).summary(file=stream)
    lines = stream.text().splitlines()
    assert lines[2] == "| Layer (type)    | Output Shape | Param # | FLOPs | Line |"
    assert all(len(line) == len(lines[1]) for line in lines[1:6])
