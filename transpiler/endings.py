"""One diagnostic, not one for each line, for a file that was never meant to be a `.k` file."""

from __future__ import annotations

from pathlib import Path

from kgen.diagnostics import Diagnostic, KgenError


def as_named(error: KgenError, path: str) -> KgenError:
    """Why a file cannot be read: that it is no `.k` file (K0625), if its name says so too.

    Such a file is at fault as a whole, and the first mistake tells enough. Standard input, `-`, has
    no name that says what it should be.
    """
    named = Path(path)
    if path == "-" or named.suffix.lower() == ".k":
        return error
    first = error.diagnostics[0]
    meant = named.with_suffix(".k") if named.name else named
    remedy = "name a `.k` file; if this is one, rename it so that it ends in `.k`"
    return KgenError(
        [
            Diagnostic(
                "K0625",
                f"{path} is not a `.k` file, and does not read as one",
                first.span,
                notes=(first.message,),
                help=f"did you mean {meant}?" if _is_file(meant) else remedy,
            )
        ]
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
