"""Who is asking, and whether a view opens for them: the guard that every view of the panel stands behind.

Also the two small translations of the edge: a refusal into words, an address typed by somebody into one of our own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView
from flask_login import current_user

from admin_views.translating import gettext
from workflow.actors import Actor
from workflow.errors import RuleError, spoken

SAFE_METHODS = frozenset({"GET", "HEAD"})
UNSENT = "unsent"
"""The mark in a session that ended while a form was being sent."""


def actor_or_none() -> Actor | None:
    """Who is signed in, loaded once a request; None where nobody is, or the account has been closed."""
    return current_user.actor if current_user.is_authenticated else None


def current_actor() -> Actor:
    """Who is signed in; 401 where nobody is (a guarded view has sent them to the sign-in page before)."""
    actor = actor_or_none()
    if actor is None:
        abort(401)
    return actor


def in_words(error: RuleError) -> str:
    """A refusal in the user's language."""
    return spoken(error.template, error.params, gettext)


def told(words: str | RuleError) -> str:
    """What a page says where a name or a refusal may stand."""
    return in_words(words) if isinstance(words, RuleError) else words


def safe_path(target: str | None) -> str:
    """`target` where it is a path of our own, else "": nobody is sent elsewhere by an address made by others."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return ""
    if any(character < " " or character == "\x7f" for character in target):
        return ""
    parts = urlsplit(target)
    return "" if parts.scheme or parts.netloc else target


def sign_in_first() -> ResponseReturnValue:
    """To the sign-in page, and back afterwards to here, or to the page whose form was sent: it is not sent again."""
    if request.method in SAFE_METHODS:
        here = request.full_path.rstrip("?")
    else:
        here = _page_before()
        session[UNSENT] = True
    asked = here if here and here != url_for("admin.index") else None
    return redirect(url_for("session.sign_in", next=asked), 303)


def _page_before() -> str:
    """The path of the page of ours that led to this request; "" where that is not known."""
    try:
        before = urlsplit(request.referrer or "")
    except ValueError:
        return ""
    if before.netloc != request.host:
        return ""
    return safe_path(f"{before.path}?{before.query}".rstrip("?"))


def everybody(_actor: Actor) -> bool:
    """Shown to, or open for, everybody who is signed in."""
    return True


class Guarded:
    """Mixed into every view: open for whoever `may_open` says, in the menu of whoever `shown` says."""

    shown: Callable[[Actor], bool] = staticmethod(everybody)

    def may_open(self, actor: Actor) -> bool:
        """Whether the view opens for this actor at all; what they reach inside is its scope's business."""
        return True

    def is_accessible(self) -> bool:
        actor = actor_or_none()
        return actor is not None and self.may_open(actor)

    def is_visible(self) -> bool:
        actor = actor_or_none()
        return actor is not None and self.shown(actor)

    def inaccessible_callback(self, name: str, **kwargs: Any) -> ResponseReturnValue:
        return sign_in_first() if actor_or_none() is None else abort(403)

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin calls a view a second time, with other arguments, where it raised a TypeError.
        return fn(self, *args, **kwargs)


class PanelView(Guarded, BaseView):
    """A guarded view that is no list of rows."""
