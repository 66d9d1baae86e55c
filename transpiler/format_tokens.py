"""A logical line as the formatter sees it: elements, groups and the comments they own."""

from __future__ import annotations

from dataclasses import dataclass, field

from kgen.scan import Line, Token

_WORD_OPERATORS = frozenset(["and", "or", "not", "in", "is", "if", "else", "for", "return", "elif"])


@dataclass(slots=True)
class Piece:
    """A token as it is printed, and whether a space goes before it."""

    text: str
    space: bool


@dataclass(slots=True)
class Group:
    """A bracket and its elements; `comma` is added after the last one when it is broken."""

    opener: str
    closer: str
    space: bool
    elements: list[Element]
    comma: bool
    single_tuple: bool
    dangling: list[str]


@dataclass(slots=True)
class Segment:
    """A part of an element that may stand on a line of its own.

    Pipelines are cut before `|>`, comprehensions before `for`. `above` are the
    comments on lines before it, `beside` the one at its end; `broken` says
    that the source has it on a new line.
    """

    items: list[Piece | Group] = field(default_factory=list)
    above: list[str] = field(default_factory=list)
    beside: str = ""
    broken: bool = False
    clause: bool = False


Element = list[Segment]


def read_line(line: Line, text: str) -> Element:
    """The element a logical line consists of."""
    reader = _Reader(line.tokens, text)
    elements, _, dangling = reader.elements(None)
    element = elements[0]
    element[0].above += dangling
    return element


@dataclass(slots=True)
class _Reader:
    tokens: list[Token]
    text: str
    position: int = 0

    def elements(self, opener: Token | None) -> tuple[list[Element], bool, list[str]]:
        """Elements up to the closing bracket, whether a comma came last, and comments left over.

        Outside brackets commas separate nothing, so there is one element.
        """
        done: list[Element] = []
        element: Element = [Segment()]
        above: list[str] = []
        previous: Token | None = None
        unary = optional = False
        declares = self.tokens[0].text in ("weight", "state")
        while self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.kind == "close":
                break
            self.position += 1
            if token.kind == "comment":
                self._place(token, previous, element, done, above)
                continue
            if token.text == "," and opener is not None:
                element[0].above += above
                done.append(element)
                above, element, previous, unary = [], [Segment()], token, False
                continue
            first = not element[-1].items and len(element) == 1
            before = None if first else previous
            if (token.text == "|>" or (opener and token.text == "for")) and not first:
                clause = token.text == "for"
                element.append(Segment(broken=self._on_new_line(token), clause=clause))
                element[-1].above, above = above, []
            option = opener is None and optional
            optional = optional or (token.text == "," and declares)
            space = not unary and _space(before, token, opener, option=option)
            unary = token.text in ("-", "+") and not _ends_operand(before)
            segment = element[-1]
            if len(element) == 1 and above and not first:
                segment.above += above
                above = []
            elif first:
                segment.above, above = above, []
            if token.kind == "open":
                segment.items.append(self._group(token, space, _ends_operand(before)))
                previous = self.tokens[self.position - 1]
            else:
                segment.items.append(Piece(_normal(token), space))
                previous = token
        if element[0].items:
            done.append(element)
            return done, False, above
        return done, bool(done), above

    def _group(self, opener: Token, space: bool, applied: bool) -> Group:
        elements, comma, dangling = self.elements(opener)
        closer = self.tokens[self.position]
        self.position += 1
        comprehension = any(segment.clause for element in elements for segment in element)
        single_tuple = opener.text == "(" and not applied and comma and len(elements) == 1
        separable = {
            "(": applied or len(elements) > 1 or single_tuple,
            "[": not applied,
            "{": True,
        }[opener.text]
        return Group(
            opener.text,
            closer.text,
            space,
            elements,
            separable and not comprehension,
            single_tuple,
            dangling,
        )

    def _place(
        self,
        comment: Token,
        previous: Token | None,
        element: Element,
        done: list[Element],
        above: list[str],
    ) -> None:
        """Give a comment to what it stands beside, or leave it in `above` for what follows."""
        text = normal_comment(comment.text)
        owner: Segment | None = None
        if not self._on_new_line(comment):
            if element[-1].items:
                owner = element[-1]
            elif done and previous is not None:
                owner = done[-1][-1]
        if owner is not None and not owner.beside:
            owner.beside = text
        else:
            above.append(text)

    def _on_new_line(self, token: Token) -> bool:
        begin = self.text.rfind("\n", 0, token.start) + 1
        return not self.text[begin : token.start].strip()


def normal_comment(text: str) -> str:
    """A comment with a space after `#`, and none at its end."""
    text = text.rstrip()
    if len(text) > 1 and text[1] not in " #!:":
        return f"# {text[1:]}"
    return text


def _ends_operand(token: Token | None) -> bool:
    if token is None:
        return False
    if token.kind == "name":
        return token.text not in _WORD_OPERATORS
    return token.kind in ("number", "string", "close") or token.text == "..."


def _space(
    before: Token | None, token: Token, opener: Token | None, *, option: bool = False
) -> bool:
    """Whether a space goes between two neighbours; an `option` is `name=value` on its own."""
    if before is None or token.text in (",", ".", ":") or before.text == ".":
        return False
    if before.text == ":":
        return opener is None or opener.text == "{"
    if token.text == "=" or before.text == "=":
        return opener is None and not option
    if token.kind == "open" and token.text != "{":
        return not _ends_operand(before)
    return True


def _normal(token: Token) -> str:
    """A token as printed: strings in double quotes where that needs no escapes."""
    if token.kind != "string":
        return token.text
    prefix = "f" if token.text[0] in "fF" else ""
    body = token.text[len(prefix) :]
    quotes = body[:3] if body[:3] in ('"""', "'''") else body[0]
    inner = body[len(quotes) : -len(quotes)]
    if quotes[0] == "'" and '"' not in inner and "\\" not in inner:
        quotes = '"' * len(quotes)
    return f"{prefix}{quotes}{inner}{quotes}"
