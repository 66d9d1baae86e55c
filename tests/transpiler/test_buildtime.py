"""Build-time expressions give Python's results, and never run away."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kgen import syntax
from kgen.buildtime import Evaluator
from kgen.diagnostics import KgenError
from kgen.limits import MAX_BITS, MAX_STEPS, Budget
from kgen.names import Names
from kgen.parser import parse


def evaluate(expression: str, **names: Any) -> Any:
    (declaration,) = parse(f"param value = {expression}\n", "test.k").declarations
    assert isinstance(declaration, syntax.ParamDecl)
    return Evaluator(Budget()).evaluate(declaration.default, Names(own=dict(names)))


def refusal(expression: str, **names: Any) -> str:
    with pytest.raises(KgenError) as caught:
        evaluate(expression, **names)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    return diagnostic.code


EXPRESSIONS = [
    "1 + 2 * 3 - 4",
    "2 ** 10",
    "2 ** -2",
    "-7 // 2",
    "-7 % 3",
    "7 / 2",
    "1e-3",
    "0x1F",
    "not 0",
    "1 < 2 <= 2 < 3",
    "1 < 2 < 2",
    "3 in [1, 2, 3]",
    "'b' not in 'abc'",
    "'k' in {'k': 1}",
    "None is None",
    "1 == 1.0",
    "[1, [2, 3]] == [1, [2, 3]]",
    "(1, 2) == [1, 2]",
    "1 or 1 / 0",
    "0 and 1 / 0",
    "0 or '' or 'last'",
    "'yes' if 3 > 2 else 1 / 0",
    "[1, 2] + [3]",
    "(1,) + (2, 3)",
    "'ab' * 3",
    "2 * [0, 1]",
    "[x * x for x in range(5) if x % 2]",
    "[(x, y) for x in range(3) for y in range(x)]",
    "{str(n): n for n in range(3)}",
    "[a + b for a, b in zip([1, 2], [3, 4])]",
    "list_[1:]",
    "list_[::-1]",
    "list_[-1]",
    "'hello'[1:3]",
    "{'a': 1, 'b': 2}['b']",
    "len([1, 2, 3]) + len('ab') + len({'k': 1})",
    "str(1.5) + str([1, 'a', (2,)]) + str({'a': None})",
    "int('42') + int(3.9) + int(True)",
    "float('1.5') + float(2)",
    "min(3, 1, 2) + max([4, 6, 5])",
    "sum([1, 2, 3]) + sum([0.5], 1)",
    "abs(-3) + round(2.6) + round(2.345, 2)",
    "round(1.0)",
    "list_[0] if list_ else None",
    "enumerate_",
    "range(10, 0, -3)",
    "range(5, 5)",
    "True + 1",
    "f'{1 + 1} {2.5:.2f} {7:03d} {\"x\":>4} {[1, 2]}'",
    "f'{{literal}}'",
    "0 == False",
    "'a' < 'b'",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_same_as_python(expression: str) -> None:
    names = {"list_": [10, 20, 30], "enumerate_": list(enumerate("ab", 1))}
    expected = eval(expression, {}, dict(names))
    if isinstance(expected, range | zip | enumerate):
        expected = list(expected)
    found = evaluate(expression, **names)
    assert found == expected
    assert type(found) is type(expected)


@given(
    st.recursive(
        st.integers(-50, 50).map(str)
        | st.floats(-9, 9, allow_nan=False).map(lambda x: repr(round(x, 3))),
        lambda inner: st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        max_leaves=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_arithmetic_agrees_with_python(expression: str) -> None:
    try:
        expected = eval(expression)
    except ZeroDivisionError:
        assert refusal(expression) == "K0306"
        return
    assert evaluate(expression) == expected


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("unknown", "K0201"),
        ("1 / 0", "K0306"),
        ("1 % 0", "K0306"),
        ("(-8) ** 0.5", "K0306"),
        ("1e300 * 1e300", "K0306"),
        ("1 + 'a'", "K0303"),
        ("[1] + (2,)", "K0303"),
        ("'%s' % 1", "K0303"),
        ("3 @ 4", "K0303"),
        ("-'a'", "K0303"),
        ("[1] < [2]", "K0303"),
        ("1 is 1", "K0303"),
        ("1 in 5", "K0303"),
        ("{[1]: 2}", "K0303"),
        ("[1][5]", "K0307"),
        ("{'a': 1}['b']", "K0307"),
        ("[1]['a']", "K0303"),
        ("5[0]", "K0303"),
        ("'abc'[::0]", "K0306"),
        ("3(4)", "K0305"),
        ("[x for x in 3]", "K0308"),
        ("[a for a, b in [1, 2]]", "K0308"),
        ("len(3)", "K0301"),
        ("len(1, 2)", "K0301"),
        ("int('12x')", "K0301"),
        ("float('nan')", "K0306"),
        ("range(1.5)", "K0301"),
        ("range(0, 1, 0)", "K0301"),
        ("max([])", "K0301"),
        ("sum(start=1)", "K0301"),
        ("round(5, -1000000000)", "K0301"),
        ("f'{1:999999999d}'", "K0310"),
        ("f'{1.5:d}'", "K0310"),
        ("'abc'.upper", "K0203"),
        ("(1).__class__", "K0203"),
        ("str(len)", "K0303"),
        ("10 ** 1000000000", "K0603"),
        ("2 ** 256", "K0603"),
        ("(2 ** 200) * (2 ** 200)", "K0603"),
        ("'a' * 10 ** 12", "K0604"),
        ("[0] * 10 ** 12", "K0602"),
        ("range(10 ** 18)", "K0602"),
        ("range(10 ** 60)", "K0602"),
        ("[[0] * 100000 for _ in range(100000)]", "K0601"),
        ("[x for x in range(90000) for y in range(90000) if False]", "K0601"),
        ("[" * 80 + "]" * 80, "K0605"),
    ],
)
def test_refused(expression: str, code: str) -> None:
    assert refusal(expression) == code


@pytest.mark.parametrize(
    ("expression", "help"),
    [
        ("value.append", "value = value + [...]"),
        ("value.extend", "value = value + ..."),
        ("[1].append", "items = items + [...]"),
        ("{'a': 1}.items", "items[key]"),
        ("{'a': 1}.keys", "for key in items:"),
        ("'{}'.format", 'write f"{value}"'),
        ("'abc'.upper", "nothing else has attributes"),
    ],
)
def test_what_to_write_instead_of_methods(expression: str, help: str) -> None:
    with pytest.raises(KgenError) as caught:
        evaluate(expression, value=[1])
    assert help in caught.value.diagnostics[0].help


def test_the_largest_integer_fits() -> None:
    assert evaluate(f"2 ** {MAX_BITS - 1} + 2 ** {MAX_BITS - 2}").bit_length() == MAX_BITS


def test_shared_structure_is_counted_each_time() -> None:
    """Forty doublings of a list of one make a value of 2^40 leaves in forty lists."""
    value: list[Any] = [1]
    for _ in range(40):
        value = [value, value]
    for expression in ("value == other", "str(value)"):
        assert refusal(expression, value=value, other=[value[0], value[1]]) in {
            "K0601",
            "K0604",
        }


def test_steps_are_counted_before_the_work() -> None:
    budget = Budget()
    (declaration,) = parse(
        "param value = sum([sum(range(100)) for _ in range(100000)])\n", "test.k"
    ).declarations
    assert isinstance(declaration, syntax.ParamDecl)
    with pytest.raises(KgenError):
        Evaluator(budget).evaluate(declaration.default, Names())
    assert MAX_STEPS < budget.steps < MAX_STEPS + 200_000


def test_long_chains_do_not_recurse() -> None:
    assert evaluate(" + ".join(["1"] * 90)) == 90
