"""Numbers and dates in the words of the letter's form (R35a)."""

from __future__ import annotations

from datetime import date

_ORDINARY = "〇一二三四五六七八九", ("", "十", "百")
_CAPITAL = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰")


def capital_figures(number: int) -> str:
    """Figure by figure, so that none can be altered: 2026 is 贰零贰陆."""
    return "".join(_CAPITAL[0][int(figure)] for figure in str(number))


def capital_month(month: int) -> str:
    """壹 to 壹拾贰."""
    return _counted(month, *_CAPITAL)


def capital_days(days: int) -> str:
    """A validity of 1 to 180 days: 90 is 玖拾, 105 is 壹佰零伍."""
    return _counted(days, *_CAPITAL)


def ordinary(number: int) -> str:
    """An age or a day: 34 is 三十四, 10 is 十, 105 is 一百零五."""
    words = _counted(number, *_ORDINARY).replace("〇", "零")
    return words.removeprefix("一") if words.startswith("一十") else words


def ordinary_date(day: date) -> str:
    """二〇二六年十一月二十四日."""
    year = "".join(_ORDINARY[0][int(figure)] for figure in str(day.year))
    return f"{year}年{ordinary(day.month)}月{ordinary(day.day)}日"


def _counted(number: int, figures: str, places: tuple[str, ...]) -> str:
    """0 to 999 as it is counted; a gap within it is one zero, one at its end is none."""
    if not 0 <= number < 1000:
        raise ValueError(f"{number} is not counted on a letter")
    digits = [int(figure) for figure in str(number)]
    named = [
        figures[digit] + places[len(digits) - 1 - index] if digit else figures[0] for index, digit in enumerate(digits)
    ]
    words = "".join(named).rstrip(figures[0]).replace(figures[0] * 2, figures[0])
    return words or figures[0]
