"""The form of one row: which fields an actor gets, what was typed, and where a refusal is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import url_for
from flask_babel import get_locale, lazy_gettext
from wtforms import DateField, Form, HiddenField, IntegerField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.i18n import get_translations
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget, TextArea

from models import LabelledEnum

LARGEST_ID = 2**31 - 1


def read_id(text: Any) -> int | None:
    """A row's id as a URL or a form says it; None for what no row can have."""
    digits = str(text or "").strip()
    usable = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(LARGEST_ID))
    return int(digits) if usable and int(digits) <= LARGEST_ID else None


def labels(kind: type[LabelledEnum]) -> list[SelectChoice]:
    """A closed set as the choices of a field."""
    return [SelectChoice(item.value, lazy_gettext(item.label)) for item in kind]


class Needed:
    """Marks a field as required for the eye and the browser; the workflow says so in its own words."""

    field_flags = {"required": True}

    def __call__(self, form: Form, field: Any) -> None:
        """Whether it is filled in is the workflow's to check."""


class TextField(StringField):
    """One line of text, without NUL characters, which no database takes."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = valuelist[0].replace("\x00", "")


class Picked:
    """Mixed into the fields that are searched for (macros.html, `picker`)."""

    picked = ("", "")

    def show(self, picked: tuple[str, str]) -> None:
        """The name of what is chosen, and the quieter words beside it: the names above it."""
        self.picked = picked


class LongTextField(TextField):
    """Several lines of text."""

    widget = TextArea()


class SecretField(TextField):
    """What is typed in but never shown: the stored value does not reach the page."""

    def process_data(self, value: Any) -> None:
        self.data = ""


class PickerField(Picked, IntegerField):
    """An organization that is searched for; `purpose` is one of `lookups.PURPOSES`, `within` the id of one above it."""

    within = ""

    def __init__(self, label: Any = None, validators: Any = None, *, purpose: str, **kwargs: Any) -> None:
        super().__init__(label, validators, **kwargs)
        self.purpose = purpose

    @property
    def lookup_url(self) -> str:
        return (
            url_for("lookup.organizations", org=self.within or None)
            + f"{'&' if self.within else '?'}for={self.purpose}"
        )

    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            self.data = read_id(valuelist[0])


class KeyPickerField(Picked, TextField):
    """A member or an account that is searched for, named by its key."""

    lookup_url = ""

    def look_in(self, endpoint: str, **arguments: Any) -> None:
        """Say which look-up finds it: one of `lookups`."""
        self.lookup_url = url_for(endpoint, **arguments)


class ChecksField(SelectMultipleField):
    """Several of few, each with a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ReadableDate:
    """A date that cannot be read is an error in words, before anything else looks at the field."""

    def __init__(self, message: Any) -> None:
        self.message = message

    def __call__(self, form: Form, field: Any) -> None:
        if field.raw_data and field.raw_data[0] and field.data is None:
            field.errors = []
            raise StopValidation(str(self.message))


class DayField(DateField):
    """A day, typed or picked as YYYY-MM-DD; without the parser's English error beside our own."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist:
            return
        text = valuelist[0].strip()
        try:
            self.data = date.fromisoformat(text) if text else None
        except ValueError:
            self.data = None


class RowForm(Form):
    """Declares the fields of a row; `version` is the row's version as the page showed it."""

    class Meta:
        def get_translations(self, form: Form) -> Any:
            """WTForms' own few sentences in the user's language."""
            return get_translations([get_locale().language if get_locale() else "zh"])

    version = HiddenField()
    aliases: Mapping[str, str] = {}
    """What the workflow calls a field -> what the form calls it."""

    def __init__(self, formdata: Any = None, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(formdata, obj, **kwargs)
        self.page_errors: list[str] = []

    def prepare(self, row: Any) -> None:
        """Fill in what depends on the database: choices, the words beside a picker."""

    def fill_from(self, args: Mapping[str, str]) -> None:
        """Fill a new row's form with what the link that led here says."""

    def keep(self, *names: str) -> None:
        """Take away every field but these: what may not be changed is not in the form."""
        for name in [field.name for field in self if field.name not in names]:
            del self[name]

    def drop(self, name: str) -> None:
        """Take one field away."""
        del self[name]

    def values(self) -> dict[str, Any]:
        """What was typed, for the workflow."""
        return {field.name: field.data for field in self if field.name != "version"}

    def refuse(self, name: str | None, words: str) -> None:
        """Show a refusal at its field, or above the form where it belongs to none."""
        known = self.aliases.get(name or "", name or "")
        if known in self:
            self[known].errors = [*self[known].errors, words]
        else:
            self.page_errors.append(words)
