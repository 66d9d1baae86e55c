"""Operations and their gradients in GPU code, run by the PTX interpreter, beside the references."""

from __future__ import annotations

from unittest import mock

import pytest
from interpreted import interpreted
from kgen.targets import CUDA
from op_checks import CASES, check

QUICK = {"argsort", "cumsum", "add_along"}


@pytest.mark.parametrize(
    "case",
    [
        case if case.split(":")[0] in QUICK else pytest.param(case, marks=pytest.mark.slow)
        for case in CASES
    ],
)
def test_operation(case: str) -> None:
    name, index = case.split(":")
    with mock.patch("native.TARGET", CUDA), interpreted():
        check(name, int(index))
