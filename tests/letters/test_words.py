"""Capital and ordinary figures (R35a)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.letter_words import capital_days, capital_figures, capital_month, ordinary, ordinary_date

_CAPITAL = "零壹贰叁肆伍陆柒捌玖"
_ORDINARY = "零一二三四五六七八九"


def _read(words: str, figures: str, ten: str, hundred: str) -> int:
    """The number that a Chinese reader reads."""
    hundreds, _, rest = words.rpartition(hundred)
    tens, _, ones = rest.rpartition(ten)
    figure = {character: value for value, character in enumerate(figures)} | {"": 0}
    tens_read = figure[tens.lstrip(figures[0])] or int(ten in rest)
    return 100 * figure[hundreds] + 10 * tens_read + figure[ones.lstrip(figures[0])]


@given(st.integers(1, 180))
def test_days_read_back_as_what_they_were(days: int) -> None:
    assert _read(capital_days(days), _CAPITAL, "拾", "佰") == days


@given(st.integers(1, 180))
def test_no_two_validities_and_no_lengthened_one_look_alike(days: int) -> None:
    words = capital_days(days)
    assert not words.startswith("零") and not words.endswith("零")
    assert "零零" not in words
    assert words not in {capital_days(other) for other in range(1, 181) if other != days}


@given(st.integers(0, 150))
def test_an_age_reads_back_as_what_it_was(age: int) -> None:
    assert _read(ordinary(age), _ORDINARY, "十", "百") == age


@given(st.integers(1000, 9999))
def test_figures_stand_one_by_one(number: int) -> None:
    assert [_CAPITAL.index(character) for character in capital_figures(number)] == [int(one) for one in str(number)]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (1, "壹"),
        (10, "壹拾"),
        (15, "壹拾伍"),
        (20, "贰拾"),
        (90, "玖拾"),
        (100, "壹佰"),
        (101, "壹佰零壹"),
        (110, "壹佰壹拾"),
        (180, "壹佰捌拾"),
    ],
)
def test_days_as_on_a_cheque(days: int, words: str) -> None:
    assert capital_days(days) == words


@pytest.mark.parametrize(("month", "words"), [(1, "壹"), (9, "玖"), (10, "壹拾"), (11, "壹拾壹"), (12, "壹拾贰")])
def test_months(month: int, words: str) -> None:
    assert capital_month(month) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(8, "八"), (10, "十"), (18, "十八"), (34, "三十四"), (100, "一百"), (105, "一百零五"), (110, "一百一十")],
)
def test_ages(number: int, words: str) -> None:
    assert ordinary(number) == words


def test_a_date_in_words() -> None:
    assert ordinary_date(date(2026, 11, 24)) == "二〇二六年十一月二十四日"
    assert ordinary_date(date(2030, 1, 10)) == "二〇三〇年一月十日"


@pytest.mark.parametrize("number", [-1, 1000])
def test_what_no_letter_counts_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="not counted"):
        capital_days(number)
