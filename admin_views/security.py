"""What every answer carries (headers, the Content-Security-Policy), and the pages of what went wrong."""

from __future__ import annotations

import hashlib
import secrets
from functools import cache
from pathlib import Path

from flask import Flask, Response, current_app, g, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from admin_views import logs
from admin_views.access import actor_or_none, sign_in_first
from admin_views.translating import gettext as _
from models import db
from workflow.errors import N_

YEAR = 365 * 24 * 60 * 60
csrf = CSRFProtect()

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS_ONLY = {"Strict-Transport-Security": f"max-age={YEAR}"}
"""Where the session travels by HTTPS only, the browser shall come by HTTPS only."""
WORDS = {
    400: (N_("页面已过期"), N_("这个页面打开得太久，或登录状态已变化，刚才的操作没有执行。请返回重新打开页面后再试。")),
    401: (N_("请先登录"), N_("登录后才能查看这个页面。")),
    403: (N_("没有权限"), N_("您的角色不能打开这个页面或执行这项操作。如有需要，请联系上级组织的联络员。")),
    404: (N_("没有找到"), N_("这条数据不存在、已被删除，或不在您的管理范围内。")),
    405: (N_("不能这样操作"), N_("请从页面上的按钮进行操作。")),
    413: (N_("内容太大"), N_("提交的内容超过了限制，请缩小后再试。")),
    500: (N_("系统出错了"), N_("您的操作没有执行，数据没有改变。请稍后再试；如果一直如此，请联系系统管理员。")),
}
WRONG_HOST = N_("这个网址不是本系统的网址，请从正确的网址打开。")
BAD_REQUEST = (N_("请求有误"), N_("提交的内容无法识别，没有执行任何操作。请返回上一页重试。"))


def guard(app: Flask) -> None:
    """Set headers, CSRF protection and error pages on the application."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # a token ends with its session
    app.before_request(_read_no_more_than_a_form)
    csrf.init_app(app)
    app.after_request(_add_headers)
    app.register_error_handler(CSRFError, page_expired)
    app.register_error_handler(SecurityError, _wrong_host)
    app.register_error_handler(HTTPException, _http_error)
    app.jinja_env.globals["asset"] = asset


def csp_nonce() -> str:
    """This answer's nonce, for Flask-Admin's own script tags."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def content_security_policy() -> str:
    """Scripts and styles from our own files only; no page of ours in a frame; forms go nowhere else."""
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self'{nonce}",
            "style-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
        )
    )


def asset(filename: str) -> str:
    """The address of a static file, with a mark of its content, so that a browser may keep it for long."""
    path = Path(str(current_app.static_folder)) / filename
    return url_for("static", filename=filename, v=_mark(path, path.stat().st_mtime_ns))


@cache
def _mark(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def _read_no_more_than_a_form() -> None:
    """The large limit is for files; Werkzeug would apply it to a plain form too, and hold all of it in memory."""
    if request.mimetype != "multipart/form-data":
        config = current_app.config
        request.max_content_length = min(config["MAX_CONTENT_LENGTH"], config["MAX_FORM_MEMORY_SIZE"])


def _add_headers(response: Response) -> Response:
    https_only = HTTPS_ONLY if current_app.config["SESSION_COOKIE_SECURE"] else {}
    for name, value in {**HEADERS, **https_only}.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_security_policy())
    if request.endpoint == "static" or str(request.endpoint).endswith(".static"):
        if "v" in request.args and response.status_code < 400:
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


def page_expired(_error: CSRFError) -> ResponseReturnValue:
    """The answer to a form without its token."""
    return _answer(400, *WORDS[400])


def _wrong_host(_error: SecurityError) -> ResponseReturnValue:
    """No page: the addresses in it would be built upon the host that nobody trusts."""
    return Response(f"{_(WRONG_HOST)}\n", 400, content_type="text/plain; charset=utf-8")


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    code = error.code or 500
    if code == 401 and not _wants_json():
        return sign_in_first()
    words = BAD_REQUEST if code not in WORDS or code == 400 else WORDS[code]
    return _answer(code, *words, broken=isinstance(error, InternalServerError))


def _wants_json() -> bool:
    return request.path.startswith("/lookup/") or request.accept_mimetypes.best == "application/json"


def _answer(code: int, title: str, words: str, broken: bool = False) -> ResponseReturnValue:
    if broken:
        db.session.rollback()
    if _wants_json():
        return jsonify(error=_(title), message=_(words)), code
    # Where something broke, the frame, which asks the database, could break again.
    framed = not broken and actor_or_none() is not None
    template = "errors/framed.html" if framed else "errors/alone.html"
    name = logs.request_id() if broken else ""
    return render_template(template, code=code, title=_(title), words=_(words), request_id=name), code
