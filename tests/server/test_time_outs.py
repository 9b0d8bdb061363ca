"""When a session ends by itself, what is then said, where one lands, and what keeping time costs; 退出全部登录."""

import pytest

from models import Account, clock, db
from tests.server.conftest import SIGN_IN
from tests.views.panel import audited
from tests.views.transfer_panel import TOKEN, statements, text_of
from tests.world import PASSWORD

MEMBER, LIAISON = "林小雨", "东街街道工委联络员"
EVERYWHERE = "/session/sign-out-everywhere"
IDLE = "您已超过30分钟没有操作，为保护账号已自动退出，请重新登录。"
OVER = "本次登录已满8小时，为保护账号已自动退出，请重新登录。"
ELSEWHERE = "您的登录已失效"
UNSENT = "刚才提交的内容没有保存。"


def is_in(client):
    return client.get("/").status_code == 200


def why(client):
    return text_of(client.get(SIGN_IN))


def token_of(client):
    return TOKEN.search(client.get("/").text)[1]


# --- Two time-outs ---


def test_who_does_nothing_for_half_an_hour_is_signed_out(client, sign_in, time):
    sign_in(MEMBER)
    time.passes(minutes=29, seconds=59)
    assert is_in(client)
    time.passes(minutes=30)
    assert client.get("/").location == SIGN_IN
    assert IDLE in why(client)


def test_who_goes_on_working_stays_signed_in_until_eight_hours_are_over(client, sign_in, time):
    sign_in(MEMBER)
    for _quarter in range(31):
        time.passes(minutes=15)
        assert is_in(client)
    time.passes(minutes=15)
    assert not is_in(client)
    assert OVER in why(client)


def test_both_are_settings(make_app, sign_in, time):
    client = make_app(SESSION_IDLE_MINUTES=5, SESSION_HOURS=1).test_client()
    sign_in(MEMBER, by=client)
    time.passes(minutes=5)
    assert not is_in(client) and "超过5分钟" in why(client)
    sign_in(MEMBER, by=client)
    for _minutes in range(14):
        time.passes(minutes=4)
        assert is_in(client)
    time.passes(minutes=4)
    assert not is_in(client) and "已满1小时" in why(client)


def test_the_next_morning_one_is_still_told_why(app, client, sign_in, time):
    sign_in(MEMBER)
    cookie = client.get_cookie("zhuanjie")
    assert cookie.expires.timestamp() - clock.now().timestamp() > 16 * 60 * 60
    time.passes(hours=16)
    assert not is_in(client) and OVER in why(client)


def test_a_session_that_is_copied_ends_with_its_own_clock(app, client, sign_in, time):
    sign_in(MEMBER)
    copied = client.get_cookie("zhuanjie").value
    time.passes(minutes=29)
    assert is_in(client)
    time.passes(minutes=29)
    thief = app.test_client()
    thief.set_cookie("zhuanjie", copied)
    assert is_in(client) and not is_in(thief)


@pytest.mark.parametrize(("name", "typed"), [("SESSION_IDLE_MINUTES", "45"), ("SESSION_HOURS", "10")])
def test_the_settings_come_from_the_environment(make_app, monkeypatch, name, typed):
    monkeypatch.setenv(name, typed)
    assert make_app().config[name] == int(typed)


# --- Keeping time ---


def test_the_time_is_written_into_the_session_once_a_minute(client, sign_in, time):
    sign_in(MEMBER)
    client.get("/")  # the first page with a form puts its token there
    time.passes(seconds=59)
    assert "Set-Cookie" not in client.get("/").headers
    time.passes(seconds=1)
    assert "Set-Cookie" in client.get("/").headers
    assert "Set-Cookie" not in client.get("/").headers


def test_no_request_writes_to_the_database_for_it(client, sign_in, time):
    sign_in(MEMBER)
    time.passes(minutes=10)
    with statements() as sent:
        assert is_in(client)
    assert [statement for statement in sent if not statement.lstrip().startswith(("SELECT", "BEGIN", "WITH"))] == []


# --- Where one lands ---


def test_one_comes_back_to_where_one_was(client, sign_in, time):
    sign_in(LIAISON)
    time.passes(minutes=30)
    sent_away = client.get("/transfers/?tab=in")
    page = client.get(sent_away.location)
    assert IDLE in text_of(page) and UNSENT not in text_of(page)
    assert 'name="next" value="/transfers/?tab=in"' in page.text
    assert sign_in(LIAISON, next="/transfers/?tab=in").location == "/transfers/?tab=in"


def test_a_form_that_was_sent_too_late_leads_back_to_its_page_and_says_it_was_not_saved(client, sign_in, time):
    sign_in(LIAISON)
    token = token_of(client)
    time.passes(minutes=30)
    before = audited()
    answer = client.post(
        "/transfers/search", data={"csrf_token": token}, headers={"Referer": "http://localhost/transfers/?tab=in"}
    )
    assert answer.status_code == 303 and answer.location == f"{SIGN_IN}?next=/transfers/?tab%3Din"
    assert IDLE in why(client) and UNSENT in why(client)
    assert audited() == before


@pytest.mark.parametrize(
    "referrer", ["", "http://evil.example/x", "//evil.example/", "http://localhost//evil.example", "nonsense"]
)
def test_a_form_leads_to_no_page_of_others(client, sign_in, time, referrer):
    sign_in(LIAISON)
    token = token_of(client)
    time.passes(minutes=30)
    answer = client.post("/transfers/search", data={"csrf_token": token}, headers={"Referer": referrer})
    assert answer.location == SIGN_IN


def test_a_look_up_that_comes_too_late_is_told_in_json(client, sign_in, time):
    sign_in(LIAISON)
    time.passes(minutes=30)
    assert client.get("/lookup/tree").status_code == 401
    assert IDLE in why(client)


def test_the_reason_is_gone_after_signing_in(client, sign_in, time):
    sign_in(MEMBER)
    time.passes(minutes=30)
    client.get("/")
    assert IDLE in why(client) and IDLE in why(client), "a second look says it again"
    sign_in(MEMBER)
    client.post("/session/sign-out", data={"csrf_token": token_of(client)})
    assert 'role="status"' not in client.get(SIGN_IN).text


def test_the_language_outlives_the_session(client, sign_in, time):
    client.post("/language/", data={"csrf_token": TOKEN.search(client.get(SIGN_IN).text)[1], "language": "en"})
    sign_in(MEMBER)
    time.passes(minutes=30)
    client.get("/")
    assert 'lang="en"' in client.get(SIGN_IN).text


def test_a_sign_in_page_that_was_left_open_is_shown_afresh(client):
    answer = client.post(SIGN_IN, data={"csrf_token": "of yesterday", "username": MEMBER, "password": PASSWORD})
    assert answer.status_code == 400
    assert "这个页面打开得太久，请重新输入。" in text_of(answer) and 'name="password"' in answer.text
    assert MEMBER in answer.text and PASSWORD not in answer.text


# --- 退出全部登录 ---


def test_signing_out_everywhere_ends_every_session_of_the_account_and_no_other(app, fujian, sign_in):
    office, phone, colleague = (app.test_client() for _ in range(3))
    for client, who in ((office, MEMBER), (phone, MEMBER), (colleague, LIAISON)):
        sign_in(who, by=client)
    answer = office.post(EVERYWHERE, data={"csrf_token": token_of(office)})
    assert answer.status_code == 303 and answer.location == SIGN_IN
    assert "已退出全部登录，所有电脑和手机都需要重新登录。" in why(office)
    assert not is_in(office) and not is_in(phone) and is_in(colleague)
    assert ELSEWHERE in why(phone)
    assert sign_in(MEMBER, by=office).status_code == 303 and is_in(office)


def test_it_is_audited(client, sign_in):
    sign_in(MEMBER)
    client.post(EVERYWHERE, data={"csrf_token": token_of(client)})
    assert audited()[-1] == ("sessions_ended", MEMBER, "", MEMBER)


def test_only_the_button_does_it(client, fujian, sign_in):
    sign_in(MEMBER)
    token = fujian.account(MEMBER).session_token
    assert client.get(EVERYWHERE).status_code == 405
    assert client.post(EVERYWHERE).status_code == 400
    assert client.post(EVERYWHERE, data={"csrf_token": "made up"}).status_code == 400
    db.session.expire_all()
    assert db.session.get(Account, fujian.account(MEMBER).id).session_token == token
    assert is_in(client)


def test_who_is_not_signed_in_is_asked_to_first(client):
    token = TOKEN.search(client.get(SIGN_IN).text)[1]
    assert client.post(EVERYWHERE, data={"csrf_token": token}).location == SIGN_IN
    assert audited() == []


def test_an_account_that_was_closed_is_told_so(client, fujian, sign_in):
    sign_in(MEMBER)
    fujian.account(MEMBER).is_active = False
    assert not is_in(client) and ELSEWHERE in why(client)
