"""Sentences in the language of the request. Babel looks for it anew at each sentence; a page has hundreds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import g
from flask_babel import get_domain


def translator() -> Callable[[str], str]:
    """The translation into the language of this request, found once."""
    if "translate" not in g:
        g.translate = get_domain().get_translations().ugettext
    translate: Callable[[str], str] = g.translate
    return translate


def gettext(sentence: str, **variables: Any) -> str:
    """The sentence in the language of this request, its variables filled in."""
    translated = translator()(sentence)
    return translated % variables if variables else translated
