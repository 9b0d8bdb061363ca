"""The English of the panel: complete, nothing left over, and fit to be shown (translations/en)."""

import re
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
KEYWORDS = {**DEFAULT_KEYWORDS, "N_": None, "_l": None, "lazy_gettext": None}
PLACEHOLDER = re.compile(r"%\(\w+\)\w|%[\w%]|\{\w+\}")
CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""Characters of Chinese and its full-width punctuation."""


@pytest.fixture(scope="module")
def used():
    """The messages of code and templates as they are today, each with its context."""
    with (ROOT / "translations/babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = extract_from_dir(ROOT, methods, options, KEYWORDS)
    return {(context, message) for _file, _line, message, _comments, context in found}


@pytest.fixture(scope="module")
def catalogue():
    with (ROOT / "translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


@pytest.fixture(scope="module")
def messages(catalogue):
    _header, *messages = catalogue
    return messages


def test_every_message_has_an_english_one(used, messages):
    assert used - {(message.context, message.id) for message in messages} == set()
    assert "" not in [message.string for message in messages]


def test_no_english_is_left_over_from_a_message_that_is_gone(used, catalogue, messages):
    assert {(message.context, message.id) for message in messages} - used == set()
    assert not catalogue.obsolete


def test_no_translation_is_a_guess(messages):
    assert not any(message.fuzzy for message in messages)


def test_the_placeholders_of_both_languages_are_the_same(messages):
    assert {message.id: _placeholders(message.id) for message in messages} == {
        message.id: _placeholders(message.string) for message in messages
    }


def test_what_babel_checks_of_a_translation_holds(catalogue, messages):
    assert [str(error) for message in messages for error in message.check(catalogue)] == []


def test_the_english_holds_no_chinese(messages):
    assert CHINESE.findall("\n".join(str(message.string) for message in messages)) == []


def test_the_catalogue_compiles(catalogue):
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    assert GNUTranslations(compiled).gettext("确认报到") == "Confirm registration"


def _placeholders(text):
    return sorted(PLACEHOLDER.findall(str(text)))
