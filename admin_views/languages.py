"""Which language the panel speaks: Chinese, or English for a session that asked for it.

Also what is said in it beside whole sentences: lists of words, and the names in the database that are words of ours.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Flask, has_request_context, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext

from admin_views.access import safe_path
from admin_views.translating import gettext
from models import PermissionLevel
from workflow.actors import VIRTUAL_ADMIN
from workflow.errors import N_

LANGUAGES = {"zh_Hans_CN": "中文", "en": "English"}
"""Locale -> its own name; the first is the source language."""
KEY = "language"
LEVEL_NAMES = {
    1: N_("省级党委"),
    2: N_("省级直属党（工）委"),
    3: N_("市级党委"),
    4: N_("市级直属党（工）委"),
    5: N_("县（市、区）级党委"),
    6: N_("一级党（工）委"),
    7: N_("一级党（工）委以下级别"),
}
"""What the permission levels are called until somebody calls them otherwise (migration 0002)."""

pages = Blueprint("language", __name__, url_prefix="/language")


def set_up(app: Flask) -> None:
    """Register the switch, and let templates translate without calling the result safe.

    Babel's own callables for Jinja mark what they return as HTML and take a `%` in it for a placeholder: a name from
    the database that comes by `_(name)` would be neither escaped nor left alone.
    """
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]
    app.jinja_env.globals["other_languages"] = others
    app.jinja_env.filters.update(joined=joined, level_name=level_name, person_name=person_name)
    app.register_blueprint(pages)


def joined(words: Iterable[object], separator: str = N_("、")) -> str:
    """Words as a list in the language of this request: 甲、乙 or A, B. `separator`: a marked sentence, such as “；”."""
    return gettext(separator).join(map(str, words))


def level_name(level: PermissionLevel) -> str:
    """The name of a level: ours in the language of this request, another one as it stands."""
    return gettext(level.name) if LEVEL_NAMES.get(level.rank) == level.name else level.name


def person_name(name: str) -> str:
    """Who somebody is, by `actors.name_of` or `liaison_names`: for a virtual admin account that is a word of ours."""
    if name == VIRTUAL_ADMIN:
        return gettext(VIRTUAL_ADMIN)
    organization = name.removesuffix(f"（{VIRTUAL_ADMIN}）")
    return name if organization == name else gettext("%(organization)s（虚拟管理员）", organization=organization)


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
