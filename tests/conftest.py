"""Keras, the reference of many tests, runs on JAX on the processor."""

import os

from hypothesis import settings

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# No time limits on examples, as machines differ; the same examples every time where CI decides.
settings.register_profile("kgen", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("kgen")
