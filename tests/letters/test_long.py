"""Long names and addresses take several lines, then a smaller type; never a second page, never a cut (R35a)."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.letters.reading import LIN, letter, only_page, text
from workflow.errors import RuleError
from workflow.fonts import serif
from workflow.letter_pdf import render

#: As long as the tables allow.
WIDEST = {
    "name": 60,
    "ethnicity": 20,
    "source_words": 200,
    "destination_words": 200,
    "addressee": 120,
    "receipt_addressee": 120,
    "member_phone": 40,
    "committee_address": 200,
    "committee_phone": 40,
    "committee_fax": 40,
    "committee_postcode": 10,
}
#: How often each stands on the sheet.
TIMES = {"name": 3, "source_words": 2, "destination_words": 2}
_PLACE = "福建省福州市鼓楼区东街街道军门社区"


def _words(length: int) -> str:
    return (_PLACE * length)[:length]


def _says_all(page_text: str, said: dict[str, str]) -> bool:
    return all(page_text.count("".join(value.split())) >= TIMES.get(name, 1) for name, value in said.items() if value)


def test_a_name_of_60_and_organizations_of_120_characters() -> None:
    said = {
        "name": "欧阳龑" * 20,
        **{name: _words(120) for name in ("source_words", "destination_words", "addressee", "receipt_addressee")},
    }
    assert _says_all(text(only_page(render(letter(**said)))), said)


def test_as_much_as_the_tables_allow_in_every_field() -> None:
    said = {name: _words(length) for name, length in WIDEST.items()}
    assert _says_all(text(only_page(render(letter(**said)))), said)


def test_latin_letters_break_too() -> None:
    said = {"name": "W" * 60, "source_words": "M" * 200, "addressee": "@" * 120}
    assert _says_all(text(only_page(render(letter(**said)))), said)


def test_what_fits_on_no_page_is_refused() -> None:
    with pytest.raises(RuleError, match="一页放不下") as refusal:
        render(letter(source_words=_words(3000)))
    assert refusal.value.rule == "R35a"


_CHARACTERS = st.sampled_from([chr(code) for code in serif().face.charToGlyph if chr(code).isprintable()])
_SAID = st.fixed_dictionaries({name: st.text(_CHARACTERS, max_size=length) for name, length in WIDEST.items()})


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(_SAID)
def test_whatever_can_be_printed_stands_on_one_page(said: dict[str, str]) -> None:
    only_page(render(letter(**said)))


def test_every_text_of_a_letter_is_checked() -> None:
    texts = {field.name for field in fields(LIN) if isinstance(getattr(LIN, field.name), str)}
    assert texts - {"gender", "category", "number", "id_number", "verify_url"} == set(WIDEST)
