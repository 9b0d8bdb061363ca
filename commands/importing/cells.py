"""Reading the cells of one record: every mistake becomes an error of its column, and the rest is still read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from commands.importing.reporting import RowErrors, shown
from workflow.errors import RuleError
from workflow.people_data import has_control_characters

T = TypeVar("T")
_WORDS_LISTED = 12


class Cells:
    """One record. `bad` once anything in it was wrong."""

    def __init__(self, row: int, values: Mapping[str, str], errors: RowErrors) -> None:
        self.row = row
        self.bad = False
        self._values = values
        self._errors = errors

    def fail(self, column: str, reason: str) -> None:
        """Report an error of this row."""
        self.bad = True
        self._errors.add(self.row, column, reason)

    def text(self, column: str, limit: int, *, required: bool = False) -> str:
        """A cell as it is, at most `limit` characters and without line breaks."""
        value = self._values[column]
        if required and not value:
            self.fail(column, "必须填写")
        elif len(value) > limit:
            self.fail(column, f"内容过长：最多{limit}个字，实有{len(value)}个")
        elif has_control_characters(value):
            self.fail(column, "含有换行或控制字符")
        return value

    def word(self, column: str, words: Mapping[str, T]) -> T | None:
        """The meaning of a cell that must hold one of a few words."""
        value = self._values[column]
        if value in words:
            return words[value]
        given = f"“{shown(value)}”" if value else "空"
        self.fail(column, f"不能是{given}，应为：{'、'.join(list(words)[:_WORDS_LISTED])}")
        return None

    def checked(self, column: str, check: Callable[[str], T]) -> T | None:
        """The cell as a rule reads it; the rule's refusal is the reason."""
        return self.obeys(column, check, self._values[column])

    def obeys(self, column: str, check: Callable[..., T], *values: object) -> T | None:
        """What a rule makes of `values`; its refusal becomes an error of `column`."""
        try:
            return check(*values)
        except RuleError as error:
            self.fail(column, str(error))
            return None

    def obeys_all(self, columns: Mapping[str, str], check: Callable[..., None], **values: object) -> None:
        """A rule over several columns: its refusal names a field, and `columns` the column of each field."""
        try:
            check(**values)
        except RuleError as error:
            self.fail(columns[error.field or ""], str(error))

    def __getitem__(self, column: str) -> str:
        return self._values[column]
