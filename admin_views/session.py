"""Signing in and out; the session behind it and when it ends (spec §3).

A session names an account by its random key and its session token, so that replacing the token ends every session. It
also carries two moments: when it began and when it was last used, the latter to the minute, so that a session ends in
time without a write to the database at each request. It is signed, so nobody can move them.
"""

from __future__ import annotations

import math
from datetime import timedelta

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError

from admin_views import languages, limiting, security
from admin_views.access import UNSENT, actor_or_none, current_actor, in_words, safe_path, sign_in_first
from admin_views.translating import gettext as _
from models import Account, AuditEvent, clock, db
from workflow import accounts, actors, attempts, audit
from workflow.actors import Actor
from workflow.errors import N_, RuleError
from workflow.transaction import transaction

EXPIRED, UNAUTHORIZED, TOO_MANY, BUSY = 400, 401, 429, 503
TOUCHED_EVERY = 60
"""Seconds: how exactly a session knows when it was last used."""
REMEMBERED = timedelta(days=1)
"""How much longer than the session its cookie is kept, so that the next morning one is told why one is signed out."""

OPEN_FIRST = frozenset({"session", "by_phone", "static", "language", "health"})
"""What an initial password opens: blueprints, by name."""

ENDED = {
    "idle": N_("您已超过%(minutes)s分钟没有操作，为保护账号已自动退出，请重新登录。"),
    "over": N_("本次登录已满%(hours)s小时，为保护账号已自动退出，请重新登录。"),
    "elsewhere": N_("您的登录已失效：密码或账号有变动，或已在别处退出全部登录。请重新登录。"),
    "everywhere": N_("已退出全部登录，所有电脑和手机都需要重新登录。"),
}

pages = Blueprint("session", __name__, url_prefix="/session")
logins = LoginManager()


class SignedIn(UserMixin):
    """Who a session names, for Flask-Login, and what they may do, as it stands at this request."""

    def __init__(self, actor: Actor | None, key: str, session_token: str) -> None:
        self.actor = actor
        self.id = f"{key}:{session_token}"


def set_up(app: Flask) -> None:
    """Register the pages and the session's settings."""
    app.config.update(
        SESSION_COOKIE_NAME="zhuanjie",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=app.config["SESSION_HOURS"]) + REMEMBERED,
    )
    # Flask-Login would put the user into every template, and so ask the database even for the page of an error.
    logins.init_app(app, add_context_processor=False)
    app.register_blueprint(pages)
    limiting.limit(app, "session.sign_in", _must_wait)
    app.before_request(_password_first)


@logins.user_loader
def _named_by_session(user_id: str) -> SignedIn | None:
    ended = _overdue()
    if not ended:
        key, _colon, token = user_id.partition(":")
        actor = actors.signed_in(key, token)
        if actor is not None:
            return SignedIn(actor, key, token)
    _end(ended or "elsewhere")
    return None


def _overdue() -> str:
    """Why the session has ended by itself, "" where it has not; notes that it is used."""
    now = _now()
    used = session.setdefault("used", now)
    if now - session.setdefault("began", now) >= current_app.config["SESSION_HOURS"] * 60 * 60:
        return "over"
    if now - used >= current_app.config["SESSION_IDLE_MINUTES"] * 60:
        return "idle"
    if now - used >= TOUCHED_EVERY:
        session["used"] = now
    return ""


def _now() -> int:
    return int(clock.now().timestamp())


def _end(why: str) -> None:
    """End this session; the sign-in page says why until somebody signs in."""
    _empty()
    session["ended"] = why


def _empty() -> None:
    """Nothing of a session goes over into another but the language."""
    spoken = session.get(languages.KEY)
    session.clear()
    if spoken:
        session[languages.KEY] = spoken


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """登录: username and password; back to where the visitor was going."""
    target = safe_path(request.values.get("next"))
    if request.method == "GET":
        return redirect(target or url_for("admin.index"), 303) if actor_or_none() else _page()
    username = request.form.get("username", "").strip()
    try:
        wait = attempts.begin(username)
        if wait:
            return _must_wait(wait)
        account = accounts.authenticate(username, request.form.get("password", ""))
        if account is None:
            return _page(_failed(attempts.remaining(username)), UNAUTHORIZED)
        attempts.succeeded(username)
    except RuleError as error:
        return _page(in_words(error), BUSY)
    begin_session(account)
    return redirect(target or url_for("admin.index"), 303)


def begin_session(account: Account) -> None:
    """Sign in: a session that knows nothing of what came before."""
    _empty()
    session.permanent = True
    session["began"] = session["used"] = _now()
    note_password(account)


def note_password(account: Account) -> None:
    """Let this session go on under the account's new token, which has ended every other one."""
    login_user(SignedIn(actors.load(account.id), account.key, account.session_token))


def _password_first() -> ResponseReturnValue | None:
    """An initial password opens nothing but the page that replaces it."""
    if request.endpoint is None or request.endpoint.partition(".")[0] in OPEN_FIRST:
        return None
    actor = actor_or_none()
    return redirect(url_for("by_phone.password"), 303) if actor and actor.password_is_initial else None


@pages.route("/sign-out", methods=["POST"])
def sign_out() -> ResponseReturnValue:
    """退出: only by POST, so that no link or picture of somebody else's can do it."""
    if current_user.is_authenticated and actor_or_none() is not None:
        actor = current_actor()
        with transaction():
            audit.record(AuditEvent.SIGNED_OUT, actor, subject=actor.username)
    logout_user()
    _empty()
    return redirect(url_for("session.sign_in"), 303)


@pages.route("/sign-out-everywhere", methods=["POST"])
def sign_out_everywhere() -> ResponseReturnValue:
    """退出全部登录: ends the sessions of this account on every machine, this one among them."""
    actor = actor_or_none()
    if actor is None:
        return sign_in_first()
    with transaction():
        accounts.end_sessions(db.session.get_one(Account, actor.account_id), actor)
    logout_user()
    _end("everywhere")
    return redirect(url_for("session.sign_in"), 303)


@pages.errorhandler(CSRFError)
def _left_open_too_long(error: CSRFError) -> ResponseReturnValue:
    """A sign-in page that was open overnight is shown afresh; any other form is the business of the error pages."""
    if request.endpoint != "session.sign_in":
        return security.page_expired(error)
    return _page(_("这个页面打开得太久，请重新输入。"), EXPIRED)


def _must_wait(wait: timedelta) -> ResponseReturnValue:
    response = _page(_("登录失败次数过多，为保护账号，请在%(wait)s后再试。", wait=limiting.in_words(wait)), TOO_MANY)
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def _failed(wait: timedelta) -> str:
    if not wait:
        return _("用户名或密码不正确，请重新输入。")
    return _("用户名或密码不正确。已连续失败多次，请在%(wait)s后再试。", wait=limiting.in_words(wait))


def _page(error: str = "", status: int = 200) -> Response:
    """The sign-in page: what went wrong or else why one is here; what was typed, but never the password."""
    return make_response(
        render_template(
            "session/sign_in.html",
            target=safe_path(request.values.get("next")),
            username=request.form.get("username", "").strip(),
            error=error,
            notes=[] if error else _why_here(),
            demo_accounts=current_app.config.get("DEMO_ACCOUNTS") or (),
            demo_messages=current_app.config.get("DEMO_MESSAGES"),
        ),
        status,
    )


def _why_here() -> list[str]:
    ended = ENDED.get(session.get("ended", ""))
    if ended is None:
        return []
    settings = current_app.config
    why = _(ended, minutes=settings["SESSION_IDLE_MINUTES"], hours=settings["SESSION_HOURS"])
    return [why, _("刚才提交的内容没有保存。")] if session.get(UNSENT) else [why]
