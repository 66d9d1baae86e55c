"""How precisely modules multiply matrices: the choice that `--precision` and `precision=` give."""

from __future__ import annotations

FLOAT32 = "float32"
# What the operands of large products are rounded to; all else is float32.
PRECISIONS = (FLOAT32, "tf32", "bfloat16")
