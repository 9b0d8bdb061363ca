"""Signing in and out; the session behind it (spec §3).

A session names an account by its random key and its session token, so that replacing the token ends every session.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import select

from admin_views.access import actor_or_none, current_actor, safe_path
from models import Account, AuditEvent, db
from workflow import accounts, audit
from workflow.transaction import transaction

LIFETIME = timedelta(hours=8)
UNAUTHORIZED = 401

pages = Blueprint("session", __name__, url_prefix="/session")
logins = LoginManager()


class SignedIn(UserMixin):
    """Who a session names, for Flask-Login; what they may do is asked of `policy.Actor`."""

    def __init__(self, account_id: int, key: str, session_token: str) -> None:
        self.account_id = account_id
        self.id = f"{key}:{session_token}"


def set_up(app: Flask) -> None:
    """Register the pages and the session's settings."""
    app.config.update(
        SESSION_COOKIE_NAME="zhuanjie",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=LIFETIME,
    )
    logins.init_app(app)
    app.register_blueprint(pages)


@logins.user_loader
def _named_by_session(user_id: str) -> SignedIn | None:
    key, _colon, token = user_id.partition(":")
    account_id = db.session.scalar(
        select(Account.id).where(Account.key == key, Account.session_token == token, Account.is_active.is_(True))
    )
    return SignedIn(account_id, key, token) if account_id is not None else None


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """登录: username and password; back to where the visitor was going."""
    target = safe_path(request.values.get("next"))
    if request.method == "GET":
        if actor_or_none() is not None:
            return redirect(target or url_for("admin.index"), 303)
        return _page(target)
    username = request.form.get("username", "").strip()
    account = accounts.authenticate(username, request.form.get("password", ""))
    if account is None:
        return _page(target, username, _("用户名或密码不正确，请重新输入。")), UNAUTHORIZED
    session.clear()
    session.permanent = True
    login_user(SignedIn(account.id, account.key, account.session_token))
    return redirect(target or url_for("admin.index"), 303)


@pages.route("/sign-out", methods=["POST"])
def sign_out() -> ResponseReturnValue:
    """退出: only by POST, so that no link or picture of somebody else's can do it."""
    if current_user.is_authenticated and actor_or_none() is not None:
        actor = current_actor()
        with transaction():
            audit.record(AuditEvent.SIGNED_OUT, actor, subject=actor.username)
    logout_user()
    session.clear()
    return redirect(url_for("session.sign_in"), 303)


def _page(target: str, username: str = "", error: str = "") -> str:
    return render_template(
        "session/sign_in.html",
        target=target,
        username=username,
        error=error,
        demo_accounts=current_app.config.get("DEMO_ACCOUNTS") or (),
    )
