"""Which language the panel speaks: Chinese, or English for a session that asked for it."""

from __future__ import annotations

from flask import Blueprint, Flask, has_request_context, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext, ngettext

from admin_views.access import safe_path

LANGUAGES = {"zh_Hans_CN": "中文", "en": "English"}
"""Locale -> its own name; the first is the source language."""
KEY = "language"

pages = Blueprint("language", __name__, url_prefix="/language")


def set_up(app: Flask) -> None:
    """Register the switch, and let templates translate without calling the result safe.

    Babel's own callables for Jinja mark what they return as HTML and take a `%` in it for a placeholder: a name from
    the database that comes by `_(name)` would be neither escaped nor left alone.
    """
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]
    app.jinja_env.globals["other_languages"] = others
    app.register_blueprint(pages)


def chosen() -> str | None:
    """The locale of this request; None for the default."""
    asked = session.get(KEY) if has_request_context() else None
    return asked if asked in LANGUAGES else None


def others() -> dict[str, str]:
    """What the switch offers: the languages that the panel does not speak just now."""
    return {code: name for code, name in LANGUAGES.items() if code != str(get_locale())}


@pages.route("/", methods=["POST"])
def choose() -> ResponseReturnValue:
    """Keep the choice in the session, and back to where one was."""
    asked = request.form.get(KEY, "")
    if asked in LANGUAGES:
        session[KEY] = asked
    return redirect(safe_path(request.form.get("back")) or "/", 303)
