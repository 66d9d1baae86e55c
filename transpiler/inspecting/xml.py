"""Text from model files, fit to stand in SVG and HTML."""

from __future__ import annotations

import unicodedata
from html import escape


def safe(text: object) -> str:
    """Text with marks of XML escaped, and characters that XML does not have made visible."""
    return escape(visible(str(text)))


def visible(text: str) -> str:
    """Text whose characters a page can show, and that it shows in their order."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    code = ord(character)
    if character in "\n\t" or (32 <= code < 127):
        return character
    if code < 32:
        return chr(0x2400 + code)  # the symbol of a control character
    # Marks that turn text around would let a page show another text than the file has.
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Cn", "Co"):
        return "\ufffd"
    return character


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """About how wide a sans-serif text is; rather too much than too little."""
    units = 0.0
    for character in text:
        if unicodedata.east_asian_width(character) in "WF":
            units += 1.05
        elif character in "ijl.,:;|!' ":
            units += 0.34
        elif character.isupper() or character in "mw%\u00d7\u2192":
            units += 0.74
        else:
            units += 0.58
    return units * size * (1.24 if bold else 1.0)


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
