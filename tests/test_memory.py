"""The limit on memory: plans that keep to it compute the same, and what exceeds it is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import kgen
import numpy as np
import pytest
from kgen.budget import Budget, Ceiling, byte_count, usual_sizes
from kgen.cli import main
from kgen.compiler import elaborate_text, lay_out
from kgen.diagnostics import KgenError
from kgen.listing import listing
from kgen.program import Buffer, Program, single
from kgen.render import render_plain
from kgen.runtime.errors import MemoryLimitError
from kgen.schedule import KernelTable

HEAD = """model Deep:
    input x: float32[8, 8, 4]
    y = x
    for _ in range(5):
        y = y |> Conv2D(4, 3, padding="same") |> BatchNormalization() |> Activation("relu")
            |> Dropout(0.2)
"""
TAIL = """    output z = s |> Dense(3, activation="softmax")
    train:
        optimizer = "adam"
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
DEEP = f"{HEAD}    s = y |> GlobalAveragePooling2D()\n{TAIL}"
LOOPS = f"""{HEAD}    s = y |> Reshape((16, 16)) |> LSTM(6, return_sequences=True, dropout=0.1)
        |> GRU(7, return_sequences=True) |> SimpleRNN(5)
{TAIL}"""
ATTENTION = f"""{HEAD}    q = y |> Reshape((16, 16)) |> Dense(16, activation="gelu")
    for _ in range(2):
        a = MultiHeadAttention(num_heads=2, key_dim=8, dropout=0.1)(q, q)
        q = q + a |> LayerNormalization() |> Dense(16, activation="tanh")
    s = q |> Flatten()
{TAIL}"""
OPEN = """model Open:
    input words: int32[None]
    y = words |> Embedding(50, 8)
    for _ in range(3):
        y = y |> Conv1D(8, 3, padding="same", activation="tanh") |> Dropout(0.1)
    output z = y |> GlobalMaxPooling1D() |> Dense(2, activation="softmax")
    train:
        optimizer = "sgd"
        loss = "sparse_categorical_crossentropy"
"""
ROWS = 33
THREADS = 2
TIGHT = 0.65  # of what the plain plan of DEEP takes, weights left out


def laid_out(text: str, limit: int, rows: int = ROWS) -> tuple[Program, Budget]:
    """The program of training, in so many bytes at most, and the budget it had."""
    (model,) = elaborate_text(text, "deep.k")
    ceiling = Ceiling(limit, rows, roles=("train",), threads=THREADS)
    phases = lay_out(model, KernelTable(), ceiling=ceiling)
    assert phases.train is not None
    besides = 4 * (phases.size + (1 + len(phases.slots)) * phases.trainable)
    budget = Budget(limit, rows, usual_sizes(model.predict), besides, THREADS)
    return phases.train, budget


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many on every machine: each has parts of sums."""
    monkeypatch.setenv("KGEN_NUM_THREADS", str(THREADS))


@cache
def needs(text: str) -> tuple[int, int]:
    """Bytes that the plain plan takes: all of them, and those of weights and the like."""
    program, budget = laid_out(text, 1 << 50)
    return budget.besides + budget.arena(program), budget.besides


def repeated(program: Program) -> int:
    return sum(call.again for call in program.calls)


# --- plans -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [DEEP, pytest.param(LOOPS, marks=pytest.mark.slow), OPEN],
    ids=["deep", "loops", "open"],
)
def test_plans_keep_to_the_limit_with_as_little_as_needed(text: str) -> None:
    whole, besides = needs(text)
    plain, _ = laid_out(text, whole)
    assert repeated(plain) == 0
    counts = []
    for part in (0.8, 0.6, 0.5):
        limit = besides + int((whole - besides) * part)
        try:
            program, budget = laid_out(text, limit)
        except KgenError:
            break
        assert budget.besides + budget.arena(program) <= limit
        check_lives(program, budget)
        counts.append(repeated(program))
    assert counts and counts == sorted(counts)


def check_lives(program: Program, budget: Budget) -> None:
    """Everything is made before it is read, and nothing alive lies where another is."""
    made = {feed.buffer for feed in program.feeds}
    once: list[Buffer] = []
    for call in (*program.calls, *program.update):
        for buffer in call.reads:
            assert buffer in made or not buffer.is_arena, buffer.name
        made.update(call.writes)
        assert not getattr(call, "again", False) or all(b.is_arena for b in call.writes)
        once += [b for b in call.writes if b.space in ("totals", "weight", "gradient")]
    assert len(once) == len(set(once)), "a figure, a statistic or a gradient is made twice"
    if program.is_open:
        return
    for space in ("batch", "fixed"):
        region = [b for b in program.buffers if b.space == space]
        for at, a in enumerate(region):
            for b in region[:at]:
                if a.life[0] <= b.life[1] and b.life[0] <= a.life[1]:
                    assert a.offset + a.size <= b.offset or b.offset + b.size <= a.offset


def test_recomputation_is_told_in_the_listing() -> None:
    whole, besides = needs(DEEP)
    program, _ = laid_out(DEEP, besides + int((whole - besides) * TIGHT))
    assert repeated(program) > 0
    assert listing(program, ROWS, {}).count("computed again") == repeated(program)
    assert len({call.kernel.name for call in single(program.calls)}) == len(
        program.kernels()
    ) - len({c.kernel for c in single(program.update)} - {c.kernel for c in single(program.calls)})


def test_what_never_fits_is_refused_with_what_would() -> None:
    whole, besides = needs(DEEP)
    limit = besides + (whole - besides) // 8
    with pytest.raises(KgenError) as caught:
        laid_out(DEEP, limit)
    (found,) = caught.value.diagnostics
    text = render_plain(found)
    assert found.code == "K0801" and found.span is not None
    assert f"training of Deep with a batch of {ROWS} needs" in found.message
    assert re.search(r"`\w+` takes .* KiB, for line 5 of deep.k", text)
    rows = int(re.search(r"a batch of (\d+) fits", found.help)[1])  # type: ignore[index]
    program, budget = laid_out(DEEP, limit, rows)
    assert budget.holds(program)


def test_weights_alone_may_be_too_much() -> None:
    with pytest.raises(KgenError) as caught:
        laid_out(DEEP, needs(DEEP)[1] // 2)
    assert "not even a batch of one row fits" in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("200MB", 200_000_000),
        ("1.5GiB", 3 << 29),
        ("64 KiB", 65536),
        ("5000", 5000),
        ("2 kb", 2000),
    ],
)
def test_sizes(text: str, count: int) -> None:
    assert byte_count(text) == count == byte_count(count)


@pytest.mark.parametrize("text", ["", "MB", "-5MB", "1e9", "200 megs", "0", "0.1B", True])
def test_no_sizes(text: Any) -> None:
    with pytest.raises(ValueError, match="write"):
        byte_count(text)


# --- results -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("memory")


def module(folder: Path, text: str, **options: Any) -> ModuleType:
    source = folder / "deep.k"
    source.write_text(text, encoding="utf-8")
    patch = pytest.MonkeyPatch()
    patch.setenv("KGEN_CACHE_DIR", str(folder / "cache"))
    try:
        return kgen.load(source, batch_size=ROWS, **options)
    finally:
        patch.undo()


def trained(kind: Any, threads: int) -> tuple[Mapping[str, np.ndarray], dict[str, list[float]]]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(70, 8, 8, 4)).astype(np.float32)
    net = kind(seed=2, threads=threads)
    history = net.fit(x, rng.integers(0, 3, 70), batch_size=ROWS, epochs=2, verbose=0)
    return {path: view.copy() for path, view in net.weights.items()}, history.history


def same_as_plain(folder: Path, text: str, part: float) -> None:
    whole, besides = needs(text)
    limit = besides + int((whole - besides) * part)
    plain, lean = module(folder, text), module(folder, text, max_memory=limit)
    assert "_again = m.rows" in Path(str(lean.__file__)).read_text(encoding="utf-8")
    for threads in (1, 2):
        weights, history = trained(plain.Deep, threads)
        others, told = trained(lean.Deep, threads)
        assert history == told
        for path, values in weights.items():
            np.testing.assert_array_equal(values, others[path], err_msg=path)


@pytest.mark.slow
def test_what_is_computed_again_is_the_same_bit_for_bit(folder: Path) -> None:
    """With statistics of batches, which change once a step, and dropout, drawn again."""
    same_as_plain(folder, DEEP, TIGHT)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "part"), [(LOOPS, 0.5), (ATTENTION, 0.34)], ids=["loops", "attention"]
)
def test_loops_and_attention_computed_again_are_the_same(
    tmp_path: Path, text: str, part: float
) -> None:
    same_as_plain(tmp_path, text, part)


def test_larger_batches_are_refused_when_they_come(folder: Path) -> None:
    whole, besides = needs(DEEP)
    limit = besides + int((whole - besides) * TIGHT)
    net = module(folder, DEEP, max_memory=limit).Deep(seed=0)
    x, y = np.zeros((400, 8, 8, 4), np.float32), np.zeros(400, np.int32)
    before = net.engine.weights.copy()
    with pytest.raises(MemoryLimitError, match=r"training with a batch of 100 needs") as caught:
        net.fit(x, y, batch_size=100, verbose=0)
    message = str(caught.value)
    assert re.search(r"\w+ \(line[^)]*\d+\) [\d.]+ KiB", message), message
    np.testing.assert_array_equal(net.engine.weights, before)
    rows = int(re.search(r"batch_size=(\d+)", message)[1])  # type: ignore[index]
    assert rows >= 8
    net.fit(x, y, batch_size=rows, verbose=0)
    with pytest.raises(MemoryLimitError, match="prediction with a batch of 400"):
        net.predict(x, batch_size=400)
    assert net.predict(x, batch_size=32).shape == (400, 3)


def test_an_arena_that_the_machine_does_not_give(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = module(folder, DEEP).Deep(seed=0)
    x, y = np.zeros((400, 8, 8, 4), np.float32), np.zeros(400, np.int32)
    net.fit(x[:8], y[:8], verbose=0)
    before = net.engine.weights.copy()
    device = type(net.engine.device)
    allocate = device.allocate

    def scarce(self: Any, count: int, name: str = "") -> Any:
        if count > 1 << 18:
            raise MemoryError("no more")
        return allocate(self, count, name)

    monkeypatch.setattr(device, "allocate", scarce)
    with pytest.raises(MemoryLimitError, match=r"training with a batch of 400 needs .* at once"):
        net.fit(x, y, batch_size=400, verbose=0)
    with pytest.raises(MemoryLimitError, match=r"largest buffers are .*\w+ \(line[^)]*\d+\) "):
        net.predict(x, batch_size=400)
    np.testing.assert_array_equal(net.engine.weights, before)
    net.fit(x[:8], y[:8], verbose=0)


def test_programs_take_turns_in_one_arena(folder: Path) -> None:
    net = module(folder, DEEP).Deep(seed=0)
    x, y = np.zeros((ROWS, 8, 8, 4), np.float32), np.zeros(ROWS, np.int32)
    net.fit(x, y, batch_size=ROWS, validation_data=(x, y), verbose=0)
    first = net.predict(x, batch_size=ROWS)
    arenas = {id(prepared.memory.arena) for prepared in net.engine.prepared.values()}
    assert len(net.engine.prepared) >= 3 and len(arenas) == 1
    np.testing.assert_array_equal(first, net.predict(x, batch_size=ROWS))


# --- commands -------------------------------------------------------------------------------


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Runs a command and gives its exit status and output."""

    def command(*arguments: object) -> tuple[int, str]:
        status = main([str(argument) for argument in arguments])
        return status, capsys.readouterr().out

    return command


def test_commands_take_the_limit(tmp_path: Path, run: Callable[..., tuple[int, str]]) -> None:
    source = tmp_path / "deep.k"
    source.write_text(DEEP, encoding="utf-8")
    whole, besides = needs(DEEP)
    limit = besides + int((whole - besides) * TIGHT)
    small = ("--batch-size", ROWS, "--max-memory", limit)
    status, out = run("build", source, *small, "--emit", "program")
    assert status == 0 and "computed again" in out
    assert run("check", source, *small)[0] == 0
    status, out = run("check", source, "--max-memory", "20kB", "--format", "concise")
    assert status == 1 and "error[K0801]" in out
    assert run("build", source, "--max-memory", "much")[0] == 2
    module = tmp_path / "deep.py"
    assert run("build", source, *small)[0] == 0
    assert f"max_memory={limit}" in module.read_text(encoding="utf-8")
    assert run("build", source)[0] == 0
    assert "max_memory" not in module.read_text(encoding="utf-8")


# --- parts of sums -----------------------------------------------------------------------

SEQUENCES = """
model Sequences:
    input x: float32[30, 64]
    output y = x |> Dense(256, use_bias=False)
    train:
        optimizer = "sgd"
        loss = "mse"
"""
PART = 4 * 64 * 256


def test_parts_of_sums_count_for_each_thread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When planning for the threads of this machine, and for those that a model has."""
    whole, _ = needs(SEQUENCES)
    most = whole + (5 - THREADS) * PART
    with pytest.raises(KgenError):
        laid_out(SEQUENCES, whole - 1)
    monkeypatch.setenv("KGEN_NUM_THREADS", "5")
    with pytest.raises(KgenError, match="K0801"):
        module(folder, SEQUENCES, max_memory=most - 1)
    built = module(folder, SEQUENCES, max_memory=most)
    x, y = np.zeros((ROWS, 30, 64), np.float32), np.zeros((ROWS, 30, 256), np.float32)
    built.Sequences(seed=0).fit(x, y, batch_size=ROWS, verbose=0)
    with pytest.raises(MemoryLimitError, match=r"384\.0 KiB parts of sums of 6 threads"):
        built.Sequences(seed=0, threads=6).fit(x, y, batch_size=ROWS, verbose=0)
