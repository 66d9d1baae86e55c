"""Where the formatter breaks lines."""

from __future__ import annotations

from kgen.format_tokens import Element, Group, Piece, Segment

WIDTH = 100
INDENT = 4


class Layout:
    """Lays out the element of one logical line; remembers groups it has laid out."""

    def __init__(self) -> None:
        self._groups: dict[tuple[int, int], list[str]] = {}

    def statement(self, element: Element, indent: int) -> list[str]:
        """The lines of a statement; breaks before `|>` in the source are kept."""
        return self._element(element, indent, "", keep_breaks=True)

    def _element(
        self, element: Element, indent: int, suffix: str, *, keep_breaks: bool = False
    ) -> list[str]:
        lines = [" " * indent + comment for comment in element[0].above]
        chunks = _chunks(element, keep_breaks)
        if len(chunks) == 1 and not _flat_fits(chunks[0], indent, suffix):
            chunks = [[segment] for segment in element]
        for number, chunk in enumerate(chunks):
            last = number == len(chunks) - 1
            deeper = 0 if number == 0 or chunk[0].clause else INDENT
            if number:
                lines += [" " * (indent + deeper) + comment for comment in chunk[0].above]
            lines += self._chunk(chunk, indent + deeper, suffix if last else "")
        return lines

    def _chunk(self, chunk: list[Segment], indent: int, suffix: str) -> list[str]:
        """Segments that share a line if they fit on one."""
        if len(chunk) == 1 or _flat_fits(chunk, indent, suffix):
            items = [item for segment in chunk for item in segment.items]
            return _beside(self._items(items, indent, suffix), chunk[-1].beside)
        lines: list[str] = []
        for segment in chunk:
            deeper = 0 if segment is chunk[0] or segment.clause else INDENT
            if chunk[0].items and _is_pipe(chunk[0]):
                deeper = 0
            end = suffix if segment is chunk[-1] else ""
            lines += _beside(self._items(segment.items, indent + deeper, end), segment.beside)
        return lines

    def _items(self, items: list[Piece | Group], indent: int, suffix: str) -> list[str]:
        """One segment, with as few of its groups broken as will do."""
        groups = [item for item in items if isinstance(item, Group) and item.elements]
        forced = {id(item) for item in items if isinstance(item, Group) and _has_comments(item)}
        attempts = [forced]
        if groups:
            attempts += [forced | {id(groups[-1])}, forced | {id(groups[0])}]
            attempts.append(forced | {id(group) for group in groups})
        for broken in attempts:
            lines = self._with_broken(items, broken, indent, suffix)
            if all(len(part) <= WIDTH for line in lines for part in line.split("\n")):
                break
        return lines

    def _with_broken(
        self, items: list[Piece | Group], broken: set[int], indent: int, suffix: str
    ) -> list[str]:
        lines = [" " * indent]
        for position, item in enumerate(items):
            space = " " if position and item.space else ""
            if isinstance(item, Group) and id(item) in broken:
                lines[-1] += space + item.opener
                lines += self._group(item, indent)
                lines.append(" " * indent + item.closer)
            else:
                lines[-1] += space + flat_item(item)
        lines[-1] += suffix
        return lines

    def _group(self, group: Group, indent: int) -> list[str]:
        """What stands between the brackets of a broken group, one element a line."""
        key = (id(group), indent)
        if key not in self._groups:
            lines: list[str] = []
            for element in group.elements:
                last = element is group.elements[-1]
                lines += self._element(
                    element, indent + INDENT, "," if group.comma or not last else ""
                )
            lines += [" " * (indent + INDENT) + comment for comment in group.dangling]
            self._groups[key] = lines
        return self._groups[key]


def flat_item(item: Piece | Group) -> str:
    """An item on one line, whatever its length."""
    if isinstance(item, Piece):
        return item.text
    inner = ", ".join(_flat(element) for element in item.elements)
    return f"{item.opener}{inner}{',' if item.single_tuple else ''}{item.closer}"


def _flat(segments: list[Segment]) -> str:
    items = [item for segment in segments for item in segment.items]
    return "".join(
        (" " if position and item.space else "") + flat_item(item)
        for position, item in enumerate(items)
    )


def _flat_fits(chunk: list[Segment], indent: int, suffix: str) -> bool:
    if any(_has_comments(item) for s in chunk for item in s.items if isinstance(item, Group)):
        return False
    return indent + len(_flat(chunk)) + len(suffix) <= WIDTH


def _chunks(element: Element, keep_breaks: bool) -> list[list[Segment]]:
    """Segments that may share a line: cut at comments and, if kept, at the source's breaks."""
    chunks: list[list[Segment]] = [[element[0]]]
    for segment in element[1:]:
        cut = segment.above or chunks[-1][-1].beside or (keep_breaks and segment.broken)
        if cut:
            chunks.append([segment])
        else:
            chunks[-1].append(segment)
    return chunks


def _is_pipe(segment: Segment) -> bool:
    first = segment.items[0]
    return isinstance(first, Piece) and first.text == "|>"


def _has_comments(group: Group) -> bool:
    if group.dangling:
        return True
    for element in group.elements:
        for segment in element:
            if segment.above or segment.beside:
                return True
            if any(isinstance(item, Group) and _has_comments(item) for item in segment.items):
                return True
    return False


def _beside(lines: list[str], comment: str) -> list[str]:
    if comment:
        lines[-1] += f"  {comment}"
    return lines
