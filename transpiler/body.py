"""From a group's nodes to the statements of its kernel.

The one place that prints expressions: precedence, names, loads and stores.
Nothing here loops or splits work; that is the kernel's text (`kernels.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Literal, TypeAlias

from kgen.access import FULL, Access, count, factor, operand, product_text, split_at
from kgen.fuse import Fusion, Group, root, squeezed
from kgen.graph import Node, Value
from kgen.reserved import RESERVED
from kgen.tidy import tidy

MAX_IDENTIFIER = 80

# How many rows of the batch a kernel is written for: those of training, of any other use, or few.
Rows: TypeAlias = Literal["training", "many", "few"]


def identifier(text: str) -> str:
    """A Python identifier made from any text; it also fits into a file's name."""
    name = re.sub(r"\W", "_", text[:MAX_IDENTIFIER], flags=re.ASCII)
    return f"_{name}" if not name or name[0].isdigit() else name


class Names:
    """Hands out identifiers, none twice and none that a kernel needs itself.

    `anonymous` ones take no hints: two kernels that do the same read the same.
    """

    def __init__(self, reserved: frozenset[str] = RESERVED, *, anonymous: bool = False) -> None:
        self.reserved = reserved
        self.anonymous = anonymous
        self.taken: set[str] = set()

    def new(self, hint: str) -> str:
        name = "v" if self.anonymous else identifier(hint)
        if name in self.reserved or iskeyword(name):
            name = f"{name}_"
        number, unique = 1, name
        while unique in self.taken or unique in self.reserved:
            number += 1
            unique = f"{name}_{number}"
        self.taken.add(unique)
        return unique


@dataclass(frozen=True, slots=True)
class View:
    """A kernel argument: the buffer of `base`, as a matrix of `rows` by `cols`.

    Rows follow one another unless `step` says how far apart they start.
    """

    base: Value
    name: str
    rows: str
    cols: str
    integer: bool
    step: str = ""
    start: int = 0

    def definition(self, index: int) -> str:
        """The statement that makes the matrix of argument `index`."""
        kind = "imatrix" if self.integer else "matrix"
        sizes = [self.rows, self.cols, *([self.step] if self.step else [])]
        return f"{self.name} = {kind}(args, {index}, {', '.join(sizes)})"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a tile is: its row and column expressions, and its size in rows and vectors.

    In a kernel that walks blocks of `block` rows, row i is `o * block + i`. Where tiles may
    overhang what they compute, `limit` is how many of their rows count. Where a tile holds every
    `apart`-th row, i counts those, and the first of all is row `offset`.
    """

    i: str
    j: str
    rows: str
    vectors: str
    block: str = ""
    limit: str = ""
    apart: int = 1
    offset: int = 0

    def mapped(self, rows: str) -> str:
        """The row that an expression in `{i}` gives."""
        assert self.apart == 1
        if self.block:
            own = re.escape(factor(self.block))
            rows = re.sub(rf"\{{i\}} // {own}(?!\w)", "o", rows)
            rows = re.sub(rf"\{{i\}} % {own}(?!\w)", "i", rows)
        return rows.format(i=_operand(self.i))


def number(value: float) -> str:
    """A float32 constant in the fewest digits that give it back."""
    import numpy as np

    single = np.float32(value)
    if np.isposinf(single):
        return "np.inf"
    if np.isneginf(single):
        return "-np.inf"
    if np.isnan(single):
        return "np.nan"
    text = np.format_float_positional(single, unique=True, trim="0")
    short = np.format_float_scientific(single, unique=True, trim="0")
    if len(text) <= len(short):
        return text
    mantissa, exponent = short.split("e")
    power = int(exponent)
    return f"{mantissa.removesuffix('.0')}e{power if power > 0 else f'{power:03d}'}"


class Body:
    """Prints the statements that compute a group's members at a cursor."""

    def __init__(
        self,
        fusion: Fusion,
        group: Group,
        stored: frozenset[Value],
        in_place: Mapping[Value, Value],
        *,
        rows: Rows,
        anonymous: bool = False,
    ) -> None:
        self.fusion = fusion
        self.lanes = fusion.lanes
        self.precision = fusion.precision
        self.has_blocks = fusion.has_blocks
        self.group = group
        self.stored = stored
        self.in_place = in_place
        self.rows = rows
        self.names = Names(anonymous=anonymous)
        self.names.taken |= set(fusion.dims)
        self.views: dict[tuple[Value, str, str, str, int], View] = {}
        self.keys: dict[int, str] = {}
        self.written: list[Value] = []
        self.lines: list[str] = []
        self._passing: set[str] = set()
        self._text: dict[tuple[Value, Access], str] = {}
        self._scope: list[dict[tuple[Value, Access], str]] = []
        self._known_spans: dict[tuple[Value, int, Access], tuple[bool, bool]] = {}

    # --- arguments -----------------------------------------------------------

    def view(
        self, value: Value, rows: str, cols: int | str, step: int | str = "", start: int = 0
    ) -> str:
        """The name of a stored value's matrix in this kernel; it begins `start` floats on."""
        base = root(value)
        base = self.in_place.get(base, base)
        if base in self.fusion.strides:
            each = rows in ("batch", str(base.shape[0]))
            whole = each or str(cols) == str(base.shape[-1])
            assert whole, f"%{value.name} is read as {rows} rows of {cols}"
            step = self.fusion.strides[base]
        key = (base, rows, str(cols), str(step), start)
        if key not in self.views:
            path = base.node.attrs.get("path")
            name = self.names.new(str(path).replace("/", "_") if path else base.name)
            self.views[key] = View(
                base, name, rows, str(cols), base.dtype == "int32", str(step), start
            )
        return self.views[key].name

    def random_key(self, stream: int) -> str:
        """The name of the key of a random stream, made once per kernel."""
        if stream not in self.keys:
            self.keys[stream] = self.names.new("key")
        return self.keys[stream]

    # --- scopes: what is known inside a loop is unknown after it ---------------

    def open(self) -> None:
        self._scope.append(dict(self._text))

    def close(self) -> None:
        self._text = self._scope.pop()

    def take(self, *, closed: bool = True) -> list[str]:
        """The statements printed so far; `closed` if no later block uses their variables."""
        lines, self.lines = self.lines, []
        return tidy(lines, self._passing) if closed else lines

    # --- values ---------------------------------------------------------------

    def know(self, value: Value, access: Access, text: str) -> None:
        """Say that a value is in a variable."""
        self._text[value, access] = text

    def assign(self, value: Value, access: Access, text: str, hint: str = "") -> str:
        """Print `name = text` and remember it."""
        hint = hint or (f"{value.name}_tile" if value in self.stored else value.name)
        name = self.names.new(hint)
        if hint.endswith("_tile") or re.search(rf"{value.node.op.name}(_\d+)*$", value.name):
            self._passing.add(name)
        self.lines.append(f"{name} = {text}")
        self._text[value, access] = name
        return name

    def read(self, value: Value, split: int, access: Access, cursor: Cursor) -> str:
        """An atom (a name, a call or a number) that holds a value at the cursor."""
        key = (value, access)
        found = self._text.get(key)
        if found is not None:
            return found
        if value in self.fusion.inline and not self._is_stored(value):
            return self._inline(value, split, access, cursor)
        if value in self.fusion.group_of and value not in self.stored:
            own = self.fusion.group_of[value]
            assert own is self.group, f"%{value.name} is not stored"
            return self.compute(value, split, access, cursor)
        text = self._load(value, split, access, cursor)
        if value.dtype == "bool":  # stored as ones and zeros
            text = f"{text} > 0.5"
        return self.assign(value, access, text, f"{root(value).name}_tile")

    def _is_stored(self, value: Value) -> bool:
        return value.node.op.name == "reshape" and self.fusion.is_alias(value)

    def compute(self, value: Value, split: int, access: Access, cursor: Cursor) -> str:
        """Print the statement that computes an elementwise member."""
        text = self.expression(value.node, split, access, cursor)
        return self.assign(value, access, text)

    def _inline(self, value: Value, split: int, access: Access, cursor: Cursor) -> str:
        node = value.node
        if node.op.name == "reshape":
            source = node.inputs[0]
            inner = split_at(source.shape, count(value.shape[:split]))
            assert inner is not None and squeezed(source.shape) == squeezed(value.shape)
            return self.read(source, inner, access, cursor)
        if node.op.name == "slice_axis":
            return self.assign(value, access, self._load(value, split, access, cursor))
        if node.op.name == "constant":
            return number(node.attrs["value"])
        text = self.expression(node, split, access, cursor)
        if node.op.name == "broadcast_to":
            return text
        return self.assign(value, access, text)

    def expression(self, node: Node, split: int, access: Access, cursor: Cursor) -> str:
        """The node's scalar expression over its operands."""
        special = self._special(node, access, cursor)
        if special is not None:
            return special
        operands: list[str] = []
        for value in node.inputs:
            placed = operand(value.shape, node.output.shape, split, access)
            assert placed is not None
            operands.append(self.read(value, *placed, cursor))
        assert node.op.scalar is not None
        if all(_is_number(text) for text in operands):
            operands[0] = f"full(1, 1, {operands[0]})"
        if node.op.name == "as_float":
            source = node.inputs[0]
            return operands[0] if source.dtype != "bool" else f"select({operands[0]}, 1.0, 0.0)"
        if node.op.name == "where":
            return self._selection(operands)
        return node.op.scalar.format(*(_operand(text) for text in operands))

    def _selection(self, operands: list[str]) -> str:
        condition, a, b = operands
        return f"select({condition}, {a}, {b})"

    def _special(self, node: Node, access: Access, cursor: Cursor) -> str | None:
        """Ops whose expression needs the place, not operands."""
        rows = cursor.rows if access.rows == "each" else "1"
        if node.op.name == "constant":
            return f"full(1, 1, {number(node.attrs['value'])})"
        if node.op.name == "batch_size":
            return "full(1, 1, batch)"
        if node.op.name == "size_of":
            size = node.inputs[0].shape[node.attrs["axis"]]
            return f"full(1, 1, {product_text((size,))})"
        if node.op.name == "index":
            return f"lane_index({cursor.j}, {cursor.vectors})"
        if node.op.name == "scalar_input":
            name = self.view(node.output, "1", 1)
            return f"load_scalar({name}, 0, 0)"
        if node.op.name in ("random_uniform", "random_normal"):
            key = self.random_key(node.attrs["stream"])
            if access.cols != "each":  # one number a row, for all lanes of it
                place = f"{cursor.i}, {cursor.offset}, {cursor.apart}, {rows}, 1"
                drawn = f"{node.op.scalar}({key}[0], {key}[1], {place})"
                return f"row_sum(keep_columns({drawn}, 0, 1, 0.0))"
            cols, j = product_text(self.group.domain.cols), cursor.j
            if cursor.apart > 1:
                width = int(cols)
                cols, j = str(width * cursor.apart), f"{width * cursor.offset} + {cursor.j}"
            place = f"{cursor.i}, {j}, {cols}, {rows}, {cursor.vectors}"
            return f"{node.op.scalar}({key}[0], {key}[1], {place})"
        return None

    def _load(self, value: Value, split: int, access: Access, cursor: Cursor) -> str:
        rows, cols = self.matrix_shape(value, split, access)
        if value.node.op.name == "slice_axis" and value in self.fusion.inline:
            whole = value.node.inputs[0]
            step, start = product_text(whole.shape[split:]), value.node.attrs["start"]
            name = self.view(whole, rows, cols, step, start)
        else:
            name = self._matrix(value, rows, cols, access, cursor)
        i, tile_rows = cursor.i, cursor.rows
        if access.rows == "one":
            i, tile_rows = "0", "1"
        elif access.rows != "each":
            i = cursor.mapped(access.rows)
        if access.cols == "each":
            return f"load({name}, {i}, {cursor.j}, {tile_rows}, {cursor.vectors})"
        if access.rows == "one":
            return f"load_scalar({name}, 0, 0)"
        return f"load_column({name}, {i}, {tile_rows})"

    def store(self, value: Value, split: int, access: Access, cursor: Cursor) -> None:
        """Print the store of a member."""
        rows, cols = self.matrix_shape(value, split, access)
        name = self._matrix(value, rows, cols, access, cursor)
        text = _stored(self._text[value, access], value)
        text = self.spread(text, value, split, access, cursor)
        self.written.append(value)
        if access.cols == "each":
            self.lines.append(_store(name, text, cursor))
        else:
            limit = f", 0, {cursor.limit}" if cursor.limit else ""
            self.lines.append(f"store_column({name}, {cursor.i}, {text}{limit})")

    def _matrix(self, value: Value, rows: str, cols: str, access: Access, cursor: Cursor) -> str:
        """The name of the matrix of the rows that a cursor counts."""
        if cursor.apart == 1 or access.rows != "each":
            return self.view(value, rows, cols)
        step, start = int(cols) * cursor.apart, int(cols) * cursor.offset
        return self.view(value, f"{rows} // {cursor.apart}", cols, step, start)

    def store_joined(self, node: Node, cursor: Cursor) -> None:
        """Print the stores of what is joined, side by side in the rows of the joined value."""
        value, start = node.output, 0
        split = value.type.rank - 1
        rows, whole = self.matrix_shape(value, split, FULL)
        self.written.append(value)
        for part in node.inputs:
            text = _stored(self.read(part, split, FULL, cursor), part)
            text = self.spread(text, part, split, FULL, cursor)
            width = count(part.shape[split:])[1]
            name = self.view(value, rows, width, whole, start)
            self.lines.append(_store(name, text, cursor))
            start += width

    def spread(self, text: str, value: Value, split: int, access: Access, cursor: Cursor) -> str:
        """The expression of a value, made as large as the cursor if it is all broadcast."""
        rows, cols = self._spans(value, split, access)
        vectors = cursor.vectors if access.cols == "each" else "1"
        if (rows or cursor.rows == "1") and (cols or vectors == "1"):
            return text
        return f"{text} + zeros({cursor.rows}, {vectors})"

    def _spans(self, value: Value, split: int, access: Access) -> tuple[bool, bool]:
        """Whether the tile of a value has a row for each of the cursor's, and all its columns."""
        key = (value, split, access)
        if key not in self._known_spans:
            self._known_spans[key] = self._find_spans(value, split, access)
        return self._known_spans[key]

    def _find_spans(self, value: Value, split: int, access: Access) -> tuple[bool, bool]:
        node = value.node
        if node.op.name == "index":
            return False, True
        if node.op.name in ("random_uniform", "random_normal"):
            return access.rows == "each", True
        inside = value in self.fusion.inline or self.fusion.group_of.get(value) is self.group
        if inside and node.op.name == "reshape" and not self._is_stored(value):
            source = node.inputs[0]
            inner = split_at(source.shape, count(value.shape[:split]))
            return (False, False) if inner is None else self._spans(source, inner, access)
        if not (inside and node.op.elementwise):
            return access.rows != "one", access.cols == "each"
        parts = []
        for source in node.inputs:
            placed = operand(source.shape, node.output.shape, split, access)
            parts.append((False, False) if placed is None else self._spans(source, *placed))
        return any(rows for rows, _ in parts), any(cols for _, cols in parts)

    def matrix_shape(self, value: Value, split: int, access: Access) -> tuple[str, str]:
        """A value's rows (an expression) and columns in this kernel."""
        return product_text(value.shape[:split]), product_text(value.shape[split:])


def _store(name: str, text: str, cursor: Cursor) -> str:
    place = f"{name}, {cursor.i}, {cursor.j}, {text}"
    return f"store_rows({place}, {cursor.limit})" if cursor.limit else f"store({place})"


def _stored(text: str, value: Value) -> str:
    """What is written to memory: truth values become ones and zeros."""
    return f"select({text}, 1.0, 0.0)" if value.dtype == "bool" else text


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?(\d+(\.\d*)?(e[+-]?\d+)?|np\.\w+)", text) is not None


def _operand(text: str) -> str:
    """Parenthesised where it is not an atom."""
    atom = re.fullmatch(r"[\w.]+|\w+\(.*\)(\[\d\])?", text)
    return text if atom or _is_number(text) else f"({text})"
