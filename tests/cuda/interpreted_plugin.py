"""For `pytest -p interpreted_plugin`: models for GPUs are run by the PTX interpreter.

With `KGEN_TEST_TARGET=cuda`, tests written for native code check a GPU's.
"""

from __future__ import annotations

from interpreted import Interpreted
from kgen.runtime.cuda.model import Model

Model.device_class = Interpreted
