"""Keras, the reference of many tests, runs on JAX on the processor."""

import gc
import os
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# Whoever runs this in the background has interrupts ignored, and children inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No time limits on examples, as machines differ; the same examples every time where CI decides.
settings.register_profile("kgen", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("kgen")


@pytest.fixture(autouse=True, scope="module")
def tidied() -> Iterator[None]:
    """One process runs hundreds of files: what JAX compiled for one of them would stay."""
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    gc.collect()
