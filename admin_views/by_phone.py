"""Signing in by phone and code, a forgotten password, and replacing one's password (R6-R8, spec §3).

A code that is right proves the phone. Where it serves two accounts, a formal and a virtual one, one is asked which.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from admin_views import limiting
from admin_views.access import actor_or_none, current_actor, in_words, safe_path, sign_in_first
from admin_views.phones import masked
from admin_views.session import begin_session, note_password
from admin_views.translating import gettext as _
from models import Account, CodePurpose, clock
from models.crypto import keyring
from workflow import accounts, phones
from workflow.errors import RuleError
from workflow.transaction import transaction

PROVED, PROVED_FOR = "proved", 10 * 60
"""The session's note of which phone has been proved and when; for so many seconds it opens what it opens."""
FORGOTTEN = "password"
UNPROCESSABLE, TOO_MANY, GONE = 422, 429, 400

pages = Blueprint("by_phone", __name__, url_prefix="/session")


@pages.route("/phone", methods=["GET"])
def phone() -> ResponseReturnValue:
    """手机验证码登录, and 忘记密码 (`then=password`)."""
    if actor_or_none() is not None:
        return redirect(url_for("admin.index"), 303)
    return _page()


@pages.route("/phone/code", methods=["POST"])
def code() -> ResponseReturnValue:
    """【获取验证码】: the answer is the same whether the phone serves an account or not."""
    typed = request.form.get("phone", "")
    try:
        number = phones.check_mobile(typed)
    except RuleError as error:
        return _page(typed=typed, error=error), UNPROCESSABLE
    wait = limiting.wait_for_code(number)
    if wait:
        words = _("验证码发送过于频繁，请在%(wait)s后再试。", wait=limiting.in_words(wait))
        return _page(typed=number, said=words), TOO_MANY
    with transaction():
        phones.send_sign_in_code(number)
    return _page(sent_to=number)


@pages.route("/phone", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    """【登录】 by the code; where the phone serves two accounts, on to the choice."""
    typed = request.form.get("phone", "")
    try:
        number = phones.check_mobile(typed)
        phones.redeem(CodePurpose.SIGN_IN, number, request.form.get("code", ""))
    except RuleError as error:
        return _page(typed=typed, sent_to=typed if error.field == "code" else "", error=error), UNPROCESSABLE
    session[PROVED] = {"phone": keyring().seal(number), "at": _now()}
    served = phones.accounts_of(number)
    if len(served) == 1:
        return _signed_in(served[0])
    return _choice(served) if served else redirect(url_for(".phone", **_then()), 303)


@pages.route("/phone/choose", methods=["POST"])
def choose() -> ResponseReturnValue:
    """Which of the accounts of the proved phone."""
    account = next((one for one in _proved_accounts() if one.key == request.form.get("account")), None)
    if account is None:
        flash(_("验证已过期，请重新获取验证码。"), "error")
        return redirect(url_for(".phone", **_then()), 303)
    return _signed_in(account)


@pages.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """【修改密码】: by the current one, or by the phone that was just proved; asked of all at the first sign-in."""
    actor = actor_or_none()
    if actor is None:
        return sign_in_first()
    proved = actor.account_id in {account.id for account in _proved_accounts()}
    if request.method == "GET":
        return _password_page(proved)
    new, again = request.form.get("password", ""), request.form.get("again", "")
    if new != again:
        return _password_page(proved, {"again": _("两次输入的新密码不一致，请重新输入。")}), UNPROCESSABLE
    current = None if proved else request.form.get("current", "")
    try:
        account = accounts.change_password(actor, new, current=current)
    except RuleError as error:
        return _password_page(proved, {error.field or "": in_words(error)}), UNPROCESSABLE
    session.pop(PROVED, None)
    note_password(account)
    flash(_("密码已修改；其他设备上的登录已退出。"), "success")
    return redirect(url_for("admin.index"), 303)


def _signed_in(account: Account) -> ResponseReturnValue:
    proved = session[PROVED]
    with transaction():
        accounts.sign_in_by_phone(account)
    begin_session(account)
    session[PROVED] = proved
    if request.form.get("then") == FORGOTTEN:
        return redirect(url_for(".password"), 303)
    session.pop(PROVED)
    return redirect(safe_path(request.form.get("next")) or url_for("admin.index"), 303)


def _proved_accounts() -> list[Account]:
    proved: dict[str, Any] = session.get(PROVED) or {}
    if not proved or _now() - proved["at"] > PROVED_FOR:
        return []
    return phones.accounts_of(keyring().open(proved["phone"]))


def _now() -> int:
    return int(clock.now().timestamp())


def _then() -> dict[str, Any]:
    return {"then": FORGOTTEN} if request.values.get("then") == FORGOTTEN else {}


def _page(*, typed: str = "", sent_to: str = "", said: str = "", error: RuleError | None = None) -> str:
    forgotten = bool(_then())
    return render_template(
        "session/phone.html",
        then=FORGOTTEN if forgotten else "",
        title=_("重设密码") if forgotten else _("手机验证码登录"),
        target=safe_path(request.values.get("next")),
        typed=typed,
        sent_to=sent_to,
        sent_words=_("如该号码已激活账号，验证码已发送到%(phone)s，5分钟内有效。", phone=masked(sent_to)),
        said=said,
        errors={error.field or "": in_words(error)} if error else {},
    )


def _choice(served: list[Account]) -> str:
    return render_template(
        "session/choose.html",
        accounts=served,
        then=FORGOTTEN if _then() else "",
        target=safe_path(request.values.get("next")),
    )


def _password_page(proved: bool, errors: dict[str, str] | None = None) -> str:
    return render_template(
        "session/password.html",
        proved=proved,
        initial=current_actor().password_is_initial,
        errors=errors or {},
        least=accounts.PASSWORD_MIN,
        signed_in=current_user.is_authenticated,
    )
