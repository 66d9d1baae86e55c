"""Text to syntax tree: every form of the language, and nothing but diagnostics for the rest."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kgen import syntax
from kgen.diagnostics import KgenError
from kgen.parser import grammar, parse
from kgen.source import read_source

from tests.strategies import programs

MODEL = "model A:\n    {}\n"


def statement(line: str) -> syntax.Statement:
    """The first statement of a model."""
    model = parse(MODEL.format(line), "m.k").declarations[0]
    assert isinstance(model, syntax.ModelDef)
    return model.body[0]


def expression(text: str) -> syntax.Expr:
    assigned = statement(f"v = {text}")
    assert isinstance(assigned, syntax.Assign)
    return assigned.value


def show(node: object) -> object:
    """A tree in brief: class names and values, no spans."""
    if isinstance(node, syntax.Name):
        return node.id
    if isinstance(node, syntax.Constant):
        return node.value
    if isinstance(node, syntax.Tree):
        fields = [name for name in type(node).__match_args__ if name not in ("span", "name_span")]
        return (type(node).__name__, *(show(getattr(node, name)) for name in fields))
    if isinstance(node, tuple):
        return [show(item) for item in node]
    return node


def codes(text: str) -> list[str]:
    with pytest.raises(KgenError) as caught:
        parse(text, "m.k")
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", ("Binary", "+", 1, ("Binary", "*", 2, 3))),
        ("1 - 2 - 3", ("Binary", "-", ("Binary", "-", 1, 2), 3)),
        ("(1 - 2) @ 3", ("Binary", "@", ("Binary", "-", 1, 2), 3)),
        ("-a ** -b", ("Unary", "-", ("Binary", "**", "a", ("Unary", "-", "b")))),
        ("a ** b ** c", ("Binary", "**", "a", ("Binary", "**", "b", "c"))),
        ("a // b % c", ("Binary", "%", ("Binary", "//", "a", "b"), "c")),
        ("not a in b", ("Unary", "not", ("Compare", ["a", "b"], ["in"]))),
        ("a < b <= c", ("Compare", ["a", "b", "c"], ["<", "<="])),
        ("a not in b is not c", ("Compare", ["a", "b", "c"], ["not in", "is not"])),
        ("a or b and c", ("Binary", "or", "a", ("Binary", "and", "b", "c"))),
        ("a if b else c if d else e", ("Conditional", "b", "a", ("Conditional", "d", "c", "e"))),
        ("a + b |> f |> g", ("Pipe", ("Pipe", ("Binary", "+", "a", "b"), "f"), "g")),
        ("a |> f if b else g", ("Pipe", "a", ("Conditional", "b", "f", "g"))),
        ("f(a)(b).c", ("Attribute", ("Call", ("Call", "f", [("Argument", None, "a")]),
                       [("Argument", None, "b")]), "c")),
        ("f(1, a=2,)", ("Call", "f", [("Argument", None, 1), ("Argument", "a", 2)])),
        ("x[..., 1:, ::2]", ("Subscript", "x", [..., ("Slice", 1, None, None),
                             ("Slice", None, None, 2)])),
        ("()", ("TupleExpr", [])),
        ("(1,)", ("TupleExpr", [1])),
        ("1, 2", ("TupleExpr", [1, 2])),
        ("[1, [],]", ("ListExpr", [1, ("ListExpr", [])])),
        ("{'a': 1, b: {}}", ("DictExpr", [["a", 1], ["b", ("DictExpr", [])]])),
        ("[a for a, b in c if d if e for f in g]",
         ("Comprehension", "a", None,
          [("ForClause", ("Target", ["a", "b"]), "c", ["d", "e"]),
           ("ForClause", ("Target", ["f"]), "g", [])])),
        ("{k: v for k in c}",
         ("Comprehension", "v", "k", [("ForClause", ("Target", ["k"]), "c", [])])),
        ("f'a{x:>4}{{{f(y)[1:2]}'",
         ("FString", ["a", ("FStringField", "x", ">4"), "{",
                      ("FStringField", ("Subscript", ("Call", "f", [("Argument", None, "y")]),
                                        [("Slice", 1, 2, None)]), "")])),
        ("None", None),
    ],
)  # fmt: skip
def test_expressions(text: str, tree: object) -> None:
    assert show(expression(text)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("1_000", 1000), ("0x1F", 31), ("0b101", 5), ("0o17", 15), ("1.", 1.0),
        (".5", 0.5), ("1e-3", 1e-3), ("1_0.5E+2", 1050.0), ("True", True), ("False", False),
        ('"a\\n\\x41\\u00e9\\U0001F600\\\\"', "a\nA\u00e9\U0001f600\\"), ("'it\\'s'", "it's"),
        ('"""a\n"b" """', 'a\n"b" '), ("'a\\\nb'", "ab"), ('""', ""), ("...", ...),
    ],
)  # fmt: skip
def test_constants(text: str, value: object) -> None:
    constant = expression(text)
    assert isinstance(constant, syntax.Constant)
    assert constant.value == value
    assert type(constant.value) is type(value)


@pytest.mark.parametrize(
    ("line", "tree"),
    [
        ("a, b = c", ("Assign", ("Target", ["a", "b"]), "c")),
        ("f(x)", ("Expression", ("Call", "f", [("Argument", None, "x")]))),
        ("input x: float32[batch=32, 8, None]",
         ("InputDecl", "x", ("TensorSpec", "float32", [("Dimension", "batch", 32),
                                                      ("Dimension", None, 8),
                                                      ("Dimension", None, None)]))),
        ("input x: int32", ("InputDecl", "x", ("TensorSpec", "int32", []))),
        ("output y", ("OutputDecl", "y", None)),
        ("output y = x", ("OutputDecl", "y", "x")),
        ("dim q, a", ("DimDecl", [("DimBound", "q", []), ("DimBound", "a", [])])),
        ("dim n >= 5, <= 2 * m, k < 3",
         ("DimDecl", [("DimBound", "n", [[">=", 5], ["<=", ("Binary", "*", 2, "m")]]),
                      ("DimBound", "k", [["<", 3]])])),
        ('weight w: float32[n] = "zeros"',
         ("WeightDecl", "weight", "w",
          ("TensorSpec", "float32", [("Dimension", None, "n")]), "zeros", [])),
        ("state s: float32[]",
         ("WeightDecl", "state", "s", ("TensorSpec", "float32", []), None, [])),
        ('weight w: float32 = "ones", trainable=False, regularizer=r',
         ("WeightDecl", "weight", "w", ("TensorSpec", "float32", []), "ones",
          [("Argument", "trainable", False), ("Argument", "regularizer", "r")])),
        ("view v(a, b) = x", ("View", "v", ["a", "b"], "x")),
        ("return x, y", ("Return", ("TupleExpr", ["x", "y"]))),
        ("for i, f in x:\n        y = f",
         ("For", ("Target", ["i", "f"]), "x", [("Assign", ("Target", ["y"]), "f")])),
        ("if a:\n        b\n    elif c:\n        d\n    else:\n        e",
         ("If", "a", [("Expression", "b")],
          [("If", "c", [("Expression", "d")], [("Expression", "e")])])),
        ("def f(x, y=1):\n        'doc'\n        return x",
         ("Def", "f", [("Parameter", "x", None), ("Parameter", "y", 1)],
          [("Return", "x")], "doc")),
        ('train:\n        loss = "mse"', ("Train", [("Assign", ("Target", ["loss"]), "mse")])),
    ],
)  # fmt: skip
def test_statements(line: str, tree: object) -> None:
    assert show(statement(line)) == tree


def test_declarations() -> None:
    module = parse(
        '"""A file."""\n'
        "param n = 3\n"
        'use "std/vgg16.k"\n'
        'use "b.k": tower, Residual\n'
        "sizes = [1, 2]\n"
        "model A(n=1):\n    'doc'\n    output y\n"
        "layer L(units, rate=0.5)(x, y=None):\n    return x\n"
        "loss l(a, b):\n    return a\n"
        "metric m(a, b):\n    return b\n"
        "def f():\n    return 1\n",
        "m.k",
    )
    assert module.doc == "A file."
    assert [type(item).__name__ for item in module.declarations] == [
        "ParamDecl", "Use", "Use", "Assign", "ModelDef", "LayerDecl", "FunctionDecl",
        "FunctionDecl", "Def",
    ]  # fmt: skip
    model, layer = module.declarations[4:6]
    assert isinstance(model, syntax.ModelDef) and isinstance(layer, syntax.LayerDecl)
    assert (model.name_span.text, model.doc, model.span.text) == ("A", "doc", "model A(n=1):")
    assert show(layer.inputs) == [("Parameter", "x", None), ("Parameter", "y", None)]


WORDS = ["param", "use", "model", "layer", "loss", "metric", "input", "output", "dim", "weight",
         "state", "view", "train"]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_statement_words_are_names_elsewhere(word: str) -> None:
    lines = (
        f"{word} = 1\n    y = {word}({word}={word}.{word})[{word}]\n    {word}(x)\n"
        f"    {word} if {word} else {word}\n    {word} not in {word}"
    )
    assert isinstance(statement(lines), syntax.Assign)
    assert show(expression(f"[{word} for {word} in x]"))


def test_pipelines_continue_over_lines_and_comments() -> None:
    text = "x = a\n\n  # why\n    |> f  # here\n\n\n|> g\ny = 1\n"
    module = parse(text, "m.k")
    assert show(module.declarations[0]) == (
        "Assign", ("Target", ["x"]), ("Pipe", ("Pipe", "a", "f"), "g"),
    )  # fmt: skip
    assert len(module.declarations) == 2


@settings(max_examples=50, deadline=None)
@given(programs())
def test_spans_are_the_text_of_their_nodes(program: str) -> None:
    module = parse(program, "m.k")
    pending = list(module.declarations)
    while pending:
        node = pending.pop()
        assert 0 <= node.span.start < node.span.end <= len(program)
        if isinstance(node, syntax.Name):
            assert node.span.text == node.id
        for child in syntax.children(node):
            if not hasattr(node, "body"):
                assert node.span.start <= child.span.start <= child.span.end <= node.span.end
            pending.append(child)


def test_line_ends_and_byte_order_mark_make_no_difference() -> None:
    plain = "model A:\n    x = a\n    |> f\n"
    other = "\ufeff" + plain.replace("\n", "\r\n")
    assert syntax.same(parse(plain, "m.k"), parse(other, "m.k"))
    assert syntax.same(parse(plain, "m.k"), parse(plain.rstrip(), "m.k"))
    assert not syntax.same(parse(plain, "m.k"), parse(plain.replace("a", "b"), "m.k"))


def test_independent_mistakes_are_reported_together_in_order() -> None:
    text = (
        "param = = 3\n"
        "model A:\n"
        "    input x float32[3]\n"
        "    y = f(x\n"
        '    s = "open\n'
        "    if x\n"
        "        z = 1 +\n"
        "    output y = $\n"
        "model B\n"
        "    output z\n"
    )
    assert codes(text) == [
        "K0101", "K0101", "K0107", "K0106", "K0110", "K0101", "K0109", "K0110",
    ]  # fmt: skip


def test_number_of_mistakes_is_bounded() -> None:
    assert len(codes("x = )\n" * 1000)) == 20
    assert len(codes("x = = 1\n" * 1000)) == 20


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x = " + "(" * 5000, "K0616"),
        ("x = " + "-" * 5000 + "1", "K0616"),
        ("x = " + " |> ".join("f" * 5000), "K0616"),
        ("x = " + " + ".join("f" * 5000), "K0616"),
        ("x = " + "f." * 5000 + "g", "K0616"),
        ("x = " + "a if b else " * 5000 + "c", "K0616"),
        (
            "model A:\n" + "".join(" " * (i + 1) + "if a:\n" for i in range(300)) + " " * 301 + "b",
            "K0616",
        ),
        ("x = 1" + "0" * 5000, "K0617"),
        ("x = 0x" + "f" * 5000, "K0617"),
        ("#" * 1_000_001, "K0615"),
        ("x = [" + "1, " * 30_000 + "]", "K0618"),
        ("x = 1\0", "K0109"),
        ("x = \u202e1", "K0109"),
        ("x = 1\r2", "K0109"),
        ("  x = 1", "K0103"),
        ("x = f'{'", "K0116"),
        ("x = f'{}'", "K0116"),
        ("x = f'{a b}'", "K0116"),
        ("x = f'{a:{b}}'", "K0116"),
        ("x = '\\ud800'", "K0111"),
        ("x = '\\N{BULLET}'", "K0111"),
        ("a, = x", "K0113"),
        ("(a, (b, c)) = x", "K0113"),
        ("a, a = x", "K0118"),
        ("def f(a, a):\n    return a", "K0118"),
        ("layer L(a)(a):\n    return a", "K0118"),
    ],
)
def test_refused(text: str, code: str) -> None:
    assert codes(text) == [code]


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab1 \n\t()[]{}:=,.|>+-*'\"#f\\é"), max_size=60))
def test_any_text_parses_or_gets_a_diagnostic(text: str) -> None:
    try:
        parse(text, "m.k")
    except KgenError as error:
        assert error.diagnostics
        assert str(error)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_damaged_programs_parse_or_get_a_diagnostic(data: st.DataObject) -> None:
    program = data.draw(programs())
    start = data.draw(st.integers(0, len(program)))
    length = data.draw(st.integers(0, 5))
    inserted = data.draw(st.sampled_from(["", "(", "]", '"', "model", ":", "\n", "  ", "="]))
    try:
        parse(program[:start] + inserted + program[start + length :], "m.k")
    except KgenError as error:
        assert all(diagnostic.help for diagnostic in error.diagnostics)


def test_grammar_is_built_once() -> None:
    assert grammar() is grammar()


def failure(path: Path) -> str:
    with pytest.raises(KgenError) as caught:
        read_source(path)
    assert caught.value.diagnostics[0].help
    return caught.value.diagnostics[0].code


def test_read_source(tmp_path: Path) -> None:
    file = tmp_path / "m.k"
    file.write_bytes(b"\xef\xbb\xbfx = 'caf\xc3\xa9'\r\n")
    assert read_source(file) == "x = 'caf\u00e9'\n"


def test_unreadable_sources(tmp_path: Path) -> None:
    assert failure(tmp_path) == "K0611"
    assert failure(tmp_path / "none.k") == "K0610"
    assert failure(tmp_path / "a\0b") == "K0612"
    binary = tmp_path / "binary.k"
    binary.write_bytes(b"x = 1\ny = \xff\n")
    assert failure(binary) == "K0613"
    large = tmp_path / "large.k"
    large.write_bytes(b"#" * 4_000_001)
    assert failure(large) == "K0615"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert failure(pipe) == "K0612"


PYTHON = "import os\n\n\nclass Net:\n    pass\n"


def test_a_file_of_another_kind_gets_one_message(tmp_path: Path) -> None:
    with pytest.raises(KgenError) as caught:
        parse(PYTHON, str(tmp_path / "net.py"))
    (found,) = caught.value.diagnostics
    assert found.code == "K0625" and found.span is not None and found.span.line == 1
    assert found.notes == ("`import` is Python's, not `.k`'s",)
    assert found.help.startswith("name a `.k` file")
    (tmp_path / "net.k").write_text("")
    with pytest.raises(KgenError, match=r"did you mean .*net\.k\?"):
        parse(PYTHON, str(tmp_path / "net.py"))
    for path in ("net.k", "NET.K", "-"):
        with pytest.raises(KgenError) as caught:
            parse(PYTHON, path)
        assert {one.code for one in caught.value.diagnostics} == {"K0115"}
        assert len(caught.value.diagnostics) > 1
    assert parse("param width = 8\n", "net.txt").declarations
    weights = tmp_path / "net.safetensors"
    for content in (b"x = 1\ny = \xff\n", b"#" * 4_000_001):
        weights.write_bytes(content)
        assert failure(weights) == "K0625"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_source_without_permission(tmp_path: Path) -> None:
    file = tmp_path / "m.k"
    file.write_text("x = 1\n")
    file.chmod(0)
    assert failure(file) == "K0612"


def test_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "mnist_mlp.k").write_text("")
    with pytest.raises(KgenError, match=r"mnist_mlp\.k"):
        read_source(tmp_path / "mnist_mpl.k")
