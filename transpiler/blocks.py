"""Indentation as the grammar sees it."""

from __future__ import annotations

from lark.indenter import Indenter


class Blocks(Indenter):
    """Turns the indentation after `_NEWLINE` into `_INDENT` and `_DEDENT`."""

    NL_type = "_NEWLINE"
    OPEN_PAREN_types = ["_LPAR", "_LSQB", "_LBRACE"]  # noqa: RUF012
    CLOSE_PAREN_types = ["_RPAR", "_RSQB", "_RBRACE"]  # noqa: RUF012
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8
