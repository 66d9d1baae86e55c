"""Files drawn at random: right ones build and compute right, spoilt ones are refused politely."""

from __future__ import annotations

import ast
import importlib.util
import itertools
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kgen.compiler import compile_text, elaborate_text
from kgen.diagnostics import KgenError
from kgen.selfcheck import selfcheck

from tests.safety.drawn_models import model_files, spoilt
from tests.strategies import programs

TESTS = Path(__file__).parents[1]
FILES = sorted([*TESTS.glob("models/*/*.k"), *TESTS.parent.glob("examples/*.k")])
QUICK = settings(
    deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), max_examples=60
)
THOROUGH = settings(QUICK, derandomize=False, max_examples=2000)
_numbers = itertools.count()


def built_or_refused(text: str, path: str) -> bool:
    """Whether a file builds; if not, there is a diagnostic with place and remedy."""
    try:
        module = compile_text(text, path).text
    except KgenError as error:
        assert any(d.span is not None and d.help for d in error.diagnostics), text
        for diagnostic in error.diagnostics:
            span = diagnostic.span
            assert diagnostic.message and diagnostic.code.startswith("K0")
            assert span is None or 0 <= span.start <= span.end <= len(span.source.text)
        assert str(error)
        return False
    ast.parse(module)
    return True


def must_build(text: str) -> None:
    module = compile_text(text, "drawn.k").text
    compile(module, "drawn.py", "exec")
    assert module == compile_text(text, "drawn.k").text
    assert module.isascii() and "\0" not in module


@given(model_files())
@QUICK
def test_right_files_build(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGEN_VERIFY", "1")
        must_build(text)


@pytest.mark.slow
@given(model_files(max_steps=14))
@settings(THOROUGH, max_examples=500)
def test_right_files_build_thoroughly(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGEN_VERIFY", "1")
        must_build(text)


def load(text: str, folder: Path) -> ModuleType:
    name = f"drawn_{next(_numbers)}"
    path = folder / f"{name}.py"
    path.write_text(compile_text(text, "drawn.k").text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def must_compute(text: str, folder: Path) -> None:
    """Native results against the references: outputs, loss, gradients, the optimizer's step."""
    model = elaborate_text(text, "drawn.k")[-1]
    failed = [c for c in selfcheck(model, load(text, folder).Drawn, rows=9) if not c.passed]
    assert not failed, f"{failed}\n{text}"


@given(text=model_files(max_steps=3, trained=True))
@settings(QUICK, max_examples=2, phases=[Phase.generate])
def test_right_files_compute(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    must_compute(text, tmp_path_factory.getbasetemp())


@pytest.mark.slow
@given(text=model_files(max_steps=9))
@settings(THOROUGH, max_examples=40, phases=[Phase.generate])
def test_right_files_compute_thoroughly(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    must_compute(text, tmp_path_factory.getbasetemp())


@given(data=st.data())
@settings(QUICK, max_examples=150)
def test_spoilt_files(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    text = data.draw(model_files())
    built_or_refused(data.draw(spoilt(text)), str(tmp_path_factory.getbasetemp() / "spoilt.k"))


@given(data=st.data(), file=st.sampled_from(FILES))
@settings(QUICK, max_examples=150)
def test_spoilt_examples(data: st.DataObject, file: Path) -> None:
    text = file.read_text().replace("784", "12")
    built_or_refused(data.draw(spoilt(text)), str(file))


@given(text=programs())
@settings(QUICK, max_examples=100)
def test_files_without_sense(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    built_or_refused(text, str(tmp_path_factory.getbasetemp() / "senseless.k"))


@pytest.mark.slow
@given(data=st.data())
@THOROUGH
def test_spoilt_files_thoroughly(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = data.draw(st.one_of(model_files(), st.sampled_from(FILES).map(Path.read_text)))
    built_or_refused(data.draw(spoilt(text)), str(tmp_path_factory.getbasetemp() / "spoilt.k"))


@pytest.mark.slow
@given(text=programs())
@THOROUGH
def test_files_without_sense_thoroughly(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    built_or_refused(text, str(tmp_path_factory.getbasetemp() / "senseless.k"))
