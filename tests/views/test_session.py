"""登录 and 退出: who gets in, what the session is worth and when it ends, where one lands, what is never kept."""

import logging

import pytest
from sqlalchemy import select

from models import Account, AuditEntry, db
from tests.views.panel import audited, snapshot
from tests.views.transfer_panel import TOKEN, text_of
from tests.world import PASSWORD
from workflow import accounts

SIGN_IN, SIGN_OUT = "/session/sign-in", "/session/sign-out"
MEMBER, LIAISON = "林小雨", "东街街道工委联络员"
WRONG = "用户名或密码不正确，请重新输入。"
ELSEWHERE = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example/",
    "/\t/evil.example",
    "javascript:alert(1)",
    "\\\\evil.example",
    "\x00//evil.example",
    " //evil.example",
    "evil.example",
]


def token_of(client, **more):
    return TOKEN.search(client.get(SIGN_IN, **more).text)[1]


def sign_in(client, username=MEMBER, password=PASSWORD, **form):
    return client.post(
        SIGN_IN, data={"csrf_token": token_of(client), "username": username, "password": password, **form}
    )


def is_signed_out(client):
    return client.get("/").location == SIGN_IN


def events():
    return [event for event, *_rest in audited()]


# --- Getting in ---


def test_the_right_password_opens_the_desk_and_is_audited(client, fujian):
    response = sign_in(client)
    assert response.status_code == 303 and response.location == "/"
    assert "林小雨" in text_of(client.get("/"))
    assert audited() == [("signed_in", MEMBER, "", MEMBER)]
    assert fujian.account(MEMBER).last_signed_in_at is not None


def test_blanks_around_a_username_do_not_matter(client):
    assert sign_in(client, f"  {MEMBER} ").status_code == 303


@pytest.mark.parametrize(
    ("username", "password", "changes"),
    [
        (MEMBER, "wrong-password", {}),
        (MEMBER, "", {}),
        ("", PASSWORD, {}),
        ("' OR 1=1 --", PASSWORD, {}),
        ("林小雨\x00", PASSWORD, {}),
        ("长" * 3000, "长" * 3000, {}),
        (MEMBER, PASSWORD, {"is_active": False}),
        (MEMBER, PASSWORD, {"password_hash": None}),
    ],
)
def test_nobody_else_gets_in_and_all_are_told_the_same(client, fujian, username, password, changes):
    account = fujian.account(MEMBER)
    for name, value in changes.items():
        setattr(account, name, value)
    response = sign_in(client, username, password)
    assert response.status_code == 401 and WRONG in text_of(response)
    assert is_signed_out(client)
    assert events() == ["sign_in_failed"]


def test_signing_in_needs_the_token(client):
    before = snapshot()
    for form in ({}, {"csrf_token": "made up"}):
        assert client.post(SIGN_IN, data={"username": MEMBER, "password": PASSWORD, **form}).status_code == 400
    assert is_signed_out(client) and snapshot() == before


def test_what_was_typed_is_shown_again_harmlessly_but_never_the_password(client):
    page = sign_in(client, '"><script>alert(1)</script>', "typed-and-wrong").text
    assert "&#34;&gt;&lt;script&gt;" in page and "<script>alert" not in page
    assert "typed-and-wrong" not in page


# --- The cookie ---


@pytest.mark.parametrize("secure", [False, True])
def test_the_cookie_is_for_the_panel_alone(make_app, secure):
    client = make_app(SESSION_COOKIE_SECURE=secure).test_client()
    response = client.get(SIGN_IN)
    name, *flags = response.headers["Set-Cookie"].split("; ")
    assert name.startswith("zhuanjie=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert ("Secure" in flags) is secure


@pytest.mark.parametrize(("setting", "secure"), [("1", True), ("0", False), ("", False)])
def test_the_environment_says_whether_the_cookie_travels_by_https_alone(make_app, monkeypatch, setting, secure):
    monkeypatch.setenv("SESSION_COOKIE_SECURE", setting)
    assert make_app().config["SESSION_COOKIE_SECURE"] is secure


def test_a_session_is_made_anew_on_signing_in(client):
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    before = token_of(client)
    sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session and session.permanent
    assert client.post(SIGN_OUT, data={"csrf_token": before}).status_code == 400


def test_signing_in_again_is_being_somebody_else(client, visit):
    sign_in(client)
    client.post(SIGN_IN, data={"csrf_token": TOKEN.search(client.get("/").text)[1], "username": LIAISON})
    assert "林小雨" in text_of(client.get("/")), "a failed attempt ends nobody's session"
    form = {"csrf_token": TOKEN.search(client.get("/").text)[1], "username": LIAISON, "password": PASSWORD}
    assert client.post(SIGN_IN, data=form).status_code == 303
    assert "东街街道工委（虚拟管理员）" in text_of(client.get("/"))


def test_a_session_needs_the_key_and_the_token(app, fujian):
    account, other = fujian.account(MEMBER), fujian.account(LIAISON)
    right = f"{account.key}:{account.session_token}"
    wrong = [account.key, f"{account.key}:", f"{account.key}:wrong", f":{account.session_token}", account.session_token]
    wrong += [f"1:{account.session_token}", f"{other.key}:{account.session_token}", f"{right}:", right.upper()]
    clients = {forged: app.test_client() for forged in [right, *wrong]}
    for forged, client in clients.items():
        with client.session_transaction() as session:
            session["_user_id"] = forged
    assert [forged for forged, client in clients.items() if not is_signed_out(client)] == [right]


# --- The end of a session ---


def test_a_new_password_signs_out_everywhere(app, fujian):
    home, office, colleague = (app.test_client() for _ in range(3))
    for client, who in ((home, MEMBER), (office, MEMBER), (colleague, LIAISON)):
        sign_in(client, who)
    accounts.set_password(fujian.account(MEMBER), "another-password")
    db.session.commit()
    assert is_signed_out(home) and is_signed_out(office) and not is_signed_out(colleague)
    assert sign_in(home, password="another-password").status_code == 303


def test_a_closed_account_is_signed_out(visit, fujian):
    visitor = visit(MEMBER)
    assert visitor.get("/").status_code == 200
    fujian.account(MEMBER).is_active = False
    assert is_signed_out(visitor.client)


def test_signing_out_by_post_ends_the_session_and_is_audited(client):
    sign_in(client)
    response = client.post(SIGN_OUT, data={"csrf_token": TOKEN.search(client.get("/").text)[1]})
    assert response.status_code == 303 and response.location == SIGN_IN
    with client.session_transaction() as session:
        assert "_user_id" not in session
    assert is_signed_out(client) and events() == ["signed_in", "signed_out"]


def test_no_link_and_no_form_of_others_signs_out(visit):
    client = visit(MEMBER).client
    assert client.get(SIGN_OUT).status_code == 405
    assert client.post(SIGN_OUT).status_code == 400
    assert not is_signed_out(client) and audited() == []


def test_signing_out_twice_is_no_error(client):
    assert client.post(SIGN_OUT, data={"csrf_token": token_of(client)}).location == SIGN_IN
    assert audited() == []


# --- Where one lands ---


def test_nobody_lands_elsewhere_after_signing_in(app):
    pages = [app.test_client().get(SIGN_IN, query_string={"next": elsewhere}) for elsewhere in ELSEWHERE]
    assert [page for page in pages if 'name="next" value=""' not in page.text] == []
    answers = [sign_in(app.test_client(), next=elsewhere) for elsewhere in ELSEWHERE[:5]]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/")}


def test_nobody_who_is_signed_in_is_sent_elsewhere(visit):
    visitor = visit(MEMBER)
    answers = [visitor.get(SIGN_IN, query_string={"next": elsewhere}) for elsewhere in ELSEWHERE]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/")}


def test_a_percent_sign_in_a_path_of_ours_is_a_letter(visit):
    assert visit(MEMBER).get(f"{SIGN_IN}?next=/%2509/evil.example").location == "/%09/evil.example"
    assert visit(MEMBER).get(f"{SIGN_IN}?next=/%09/evil.example").location == "/"


def test_one_lands_where_one_was_going(client):
    sent_away = client.get("/transfers/?tab=in&name=林")
    assert sent_away.status_code == 303
    page = client.get(sent_away.location).text
    target = page.split('name="next" value="')[1].split('"')[0].replace("&amp;", "&")
    assert target == "/transfers/?tab=in&name=林"
    assert sign_in(client, next=target).location == "/transfers/?tab=in&name=%E6%9E%97"


def test_a_form_that_was_sent_signed_out_is_not_sent_again(client):
    response = client.post("/members/delete/", data={"csrf_token": token_of(client), "id": "1"})
    assert response.status_code == 303 and response.location == SIGN_IN


# --- What is never kept ---


@pytest.mark.parametrize(("username", "password"), [("990102198001150011", "typed-secret"), (MEMBER, "typed-secret")])
def test_what_was_typed_stands_in_no_log_and_no_audit_entry(client, caplog, username, password):
    caplog.set_level(logging.DEBUG)
    sign_in(client, username, password)
    entry = db.session.scalars(select(AuditEntry)).one()
    kept = caplog.text + repr({column.name: getattr(entry, column.name) for column in AuditEntry.__table__.columns})
    assert password not in kept and "990102198001150011" not in kept


def test_a_right_password_stands_in_no_log_and_no_audit_entry(client, caplog):
    caplog.set_level(logging.DEBUG)
    sign_in(client)
    assert PASSWORD not in caplog.text + repr(snapshot())


def test_no_address_carries_a_password(client):
    before = db.session.scalar(select(Account.last_signed_in_at).where(Account.username == MEMBER))
    assert client.get(SIGN_IN, query_string={"username": MEMBER, "password": PASSWORD}).status_code == 200
    assert is_signed_out(client)
    assert db.session.scalar(select(Account.last_signed_in_at).where(Account.username == MEMBER)) == before


# --- The demo ---


def test_demo_accounts_are_named_where_they_are_set(make_app):
    demo = {"username": "linxiaoyu", "password": "demo-password", "who": "党员 林小雨", "what": "自己申请"}
    page = make_app(DEMO_ACCOUNTS=[demo]).test_client().get(SIGN_IN)
    assert "演示账号" in page.text and 'data-password="demo-password"' in page.text


def test_demo_accounts_are_named_nowhere_else(make_app):
    for settings in ({}, {"DEMO_ACCOUNTS": ()}, {"DEMO_ACCOUNTS": None}):
        page = make_app(**settings).test_client().get(SIGN_IN).text
        assert "演示账号" not in page and "data-password" not in page
