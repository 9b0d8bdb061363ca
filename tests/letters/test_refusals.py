"""What a letter must not do: print a box, obey markup, open a file (R35a)."""

from __future__ import annotations

import pytest

from tests.letters.reading import letter, only_page, text
from workflow.errors import RuleError
from workflow.fonts import serif
from workflow.letter_pdf import render
from workflow.letter_sheet import set_places

RARE = "㛃䶮喆堃龑赟𬭩"


def test_rare_characters_print_and_read_back() -> None:
    page = only_page(render(letter(name=RARE, destination_words=RARE)))
    assert text(page).count(RARE) == 5


@pytest.mark.parametrize(
    ("character", "named"),
    [("\U00020000", "“𠀀”（U+20000）"), ("\u200b", "U+200B"), ("\n", "U+000A"), ("😀", "U+1F600")],
)
@pytest.mark.parametrize("field", ["name", "source_words", "committee_address", "number"])
def test_a_character_without_a_glyph_is_named_not_boxed(field: str, character: str, named: str) -> None:
    with pytest.raises(RuleError) as refusal:
        render(letter(**{field: f"林{character}雨"}))
    assert named in str(refusal.value)
    assert (refusal.value.rule, refusal.value.field) == ("R35a", field)


@pytest.mark.parametrize(
    "markup",
    [
        "<img src=file:///etc/passwd>",
        "<img src=https://example.org/x.png>",
        "<pdf:toc/>",
        "</div><pdf:nextframe>",
        "<style>@import 'file:///etc/passwd'</style>",
        "&amp;lt;&#65;",
        "{{ 7*7 }}",
    ],
)
def test_markup_prints_as_text(markup: str) -> None:
    said = text(only_page(render(letter(name=markup, addressee=markup))))
    assert said.count("".join(markup.split())) == 4


@pytest.mark.parametrize(
    "html",
    [
        "<img src='file:///etc/passwd'>",
        "<img src='/etc/hostname'>",
        "<img src='http://127.0.0.1:9/x.png'>",
        "<link rel='stylesheet' href='file:///etc/passwd'>",
        "<style>@font-face { font-family: x; src: url('/etc/passwd') }</style>",
    ],
)
def test_a_form_can_open_nothing(html: str) -> None:
    with pytest.raises(ValueError, match="opens nothing"):
        set_places(f"<html><head></head><body>{html}<p>x</p></body></html>")


def test_a_face_that_is_not_there_is_an_error() -> None:
    serif()
    with pytest.raises(ValueError, match="cannot be set"):
        set_places("<html><head></head><body style='font-family: Nowhere'><p>x</p></body></html>")


@pytest.mark.parametrize("picture", [b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40), b"<svg/>"])
def test_a_seal_that_is_no_picture_is_refused(picture: bytes) -> None:
    with pytest.raises(RuleError, match="印章图片") as refusal:
        render(letter(seal=picture))
    assert refusal.value.field == "seal"
