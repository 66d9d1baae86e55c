"""What the PTX interpreter raises."""

from __future__ import annotations


class PtxError(Exception):
    """A PTX text, an instruction or a launch that the interpreter cannot execute."""

    def __init__(self, message: str, line: int = 0, text: str = "") -> None:
        self.line = line
        place = f"line {line}: " if line else ""
        super().__init__(f"{place}{message}" + (f"\n    {text}" if text else ""))


class MemoryFault(PtxError):
    """A load or store outside every bound array, or at a misaligned address."""


class DataRace(PtxError):
    """Two threads used the same memory, at least one wrote, and nothing ordered them."""
