"""How a value stands in a table."""

from samplechop.offline.evaluate.rows import Row, compared, share


def test_a_value_nobody_else_has_is_not_the_best():
    row = Row("F", "f", share)
    assert compared(row, [0.5, None]) == [(".500", False), ("–", False)]
    assert compared(row, [0.5, 0.25, None]) == [(".500", True), (".250", False), ("–", False)]


def test_the_standard_error_stands_behind_a_share():
    row = Row("F", "f", share)
    assert compared(row, [0.5, 0.25, None], [0.0123, None, None]) == [
        (".500±.012", True),
        (".250", False),
        ("–", False),
    ]
    assert compared(Row("n", "n", str), [1.0], [0.5]) == [("1.0", False)]
