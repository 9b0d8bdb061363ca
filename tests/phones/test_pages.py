"""R6-R9 at the pages: 【点击激活】 at its three places, signing in by phone, a forgotten and an initial password."""

import re

import pytest
from sqlalchemy import select

from models import Account, Message, MessageKind, PhoneCode, clock, db
from tests.support.databases import open_app
from tests.views.panel import flashed, post, snapshot
from tests.views.transfer_panel import TOKEN, text_of, visit
from tests.world import PASSWORD, fujian
from workflow import accounts
from workflow.transaction import transaction

__all__ = ["fujian", "visit"]

NEW, TAKEN, BRANCH = "13912345678", "13800000001", "军门第一支部"
PHONE, SIGN_IN, CHANGE = "/phone/", "/session/phone", "/session/password"


@pytest.fixture(scope="session")
def opened():
    """These tests need the panel."""
    return open_app


def codes():
    db.session.commit()
    sent = select(Message).where(Message.kind == MessageKind.CODE).order_by(Message.id)
    return [(message.phone, message.params["code"]) for message in db.session.scalars(sent)]


# --- The three places of R9 ---


@pytest.mark.parametrize(
    ("who", "page", "button"),
    [
        ("赖福生", "/me/", "点击激活"),
        ("赖福生", "/identity/", "点击激活"),
        ("林小雨", "/identity/", "点击修改"),
        ("龙车村支部联络员", "/members/details/?id={key}", "点击激活"),
        ("龙车村支部联络员", "/members/edit/?id={key}", "点击激活"),
        ("省级管理员", "/identity/", "点击激活"),
    ],
)
def test_r9_the_button_stands_at_each_place(fujian, visit, who, page, button):
    answer = visit(who).get(page.format(key=fujian.member("赖福生").key))
    assert answer.status_code == 200 and button in text_of(answer)


@pytest.mark.parametrize("who", ["审计员", "军门第一支部联络员"])
def test_r9_nobody_else_sees_or_uses_it(fujian, visit, who):
    key, visitor = fujian.member("赖福生").key, visit(who)
    assert "点击激活" not in visitor.get(f"/members/details/?id={key}").text
    before = snapshot()
    answers = [visitor.get(f"{PHONE}?of={key}"), *(post(visitor, PHONE + door, of=key, phone=NEW) for door in DOORS)]
    assert {answer.status_code for answer in answers} <= {403, 404}
    assert snapshot() == before


DOORS = ("code", "bind", "clear")


def test_r9_a_liaison_binds_with_the_code_that_the_member_tells_them(fujian, visit):
    liaison, key = visit("龙车村支部联络员"), fujian.member("赖福生").key
    asked = post(liaison, f"{PHONE}code", of=key, phone=NEW)
    assert "验证码已发送到139****5678，5分钟内有效" in text_of(asked)
    assert "请填写赖福生收到后告知您的6位数字" in text_of(asked)
    ((phone, code),) = codes()
    answer = post(liaison, f"{PHONE}bind", of=key, phone=phone, code=code)
    assert (answer.status_code, answer.location) == (303, f"/members/details/?id={key}")
    shown = liaison.get(answer.location)
    assert flashed(shown) == {"success": "已激活手机号码139****5678。"} and "点击修改" in text_of(shown)


def test_r7_it_is_said_that_somebody_lost_it_only_once_the_code_was_right(fujian, visit):
    visitor = visit("陈国强")
    asked = post(visitor, f"{PHONE}code", phone=TAKEN)
    assert "解绑" not in text_of(asked).replace("再次绑定时，原来激活的账号会自动解绑", "")
    wrong = post(visitor, f"{PHONE}bind", phone=TAKEN, code="x")
    assert wrong.status_code == 422 and "验证码不正确或已失效" in text_of(wrong)
    right = post(visitor, f"{PHONE}bind", phone=TAKEN, code=codes()[0][1])
    assert "原来激活的账号已自动解绑" in flashed(visitor.get(right.location))["success"]


@pytest.mark.parametrize("phone", ["0591-87001234", "139", ""])
def test_r6_what_is_no_mobile_number_is_told_at_its_field(visit, phone):
    answer = post(visit("林小雨"), f"{PHONE}code", phone=phone)
    assert answer.status_code == 422 and 'id="phone-error"' in answer.text
    assert codes() == []


def test_r6_a_number_entered_by_mistake_is_cleared_by_its_button(fujian, visit):
    liaison, member = visit("旗汛口社区支部联络员"), fujian.member("吴建平")
    assert "清空" in text_of(liaison.get(f"/members/details/?id={member.key}"))
    post(liaison, f"{PHONE}clear", of=member.key)
    assert fujian.member("吴建平").phone == ""


def test_the_way_back_is_never_another_site(visit):
    visitor = visit("林小雨")
    post(visitor, f"{PHONE}code", phone=NEW)
    answer = post(visitor, f"{PHONE}bind", phone=NEW, code=codes()[0][1], back="https://example.org/")
    assert answer.location == "/identity/"


# --- How often ---


def test_r6_one_code_a_minute_and_the_user_is_told_how_long_to_wait(visit):
    visitor = visit("林小雨")
    post(visitor, f"{PHONE}code", phone=NEW)
    again = post(visitor, f"{PHONE}code", phone=NEW)
    assert again.status_code == 429 and "请在1分钟后再试" in text_of(again)
    assert len(codes()) == 1


def test_r6_counted_for_the_account_whatever_the_number(visit):
    visitor = visit("林小雨")
    post(visitor, f"{PHONE}code", phone=NEW)
    assert post(visitor, f"{PHONE}code", phone="13912345679").status_code == 429


def test_r6_counted_for_the_phone_whoever_asks(visit):
    post(visit("林小雨"), f"{PHONE}code", phone=NEW)
    assert post(visit("陈国强"), f"{PHONE}code", phone=NEW).status_code == 429
    assert post(visit("陈国强"), f"{PHONE}code", phone="13912345679").status_code == 200


def test_r6_ten_codes_a_day(visit, monkeypatch):
    from limits import parse

    from admin_views import limiting

    monkeypatch.setattr(limiting, "CODES", (parse("1000 per minute"), limiting.CODES[1]))
    visitor = visit("林小雨")
    answers = [post(visitor, f"{PHONE}code", phone=NEW).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]


def test_r6_an_address_cannot_have_codes_sent_to_phones_without_end(stranger):
    phones = [f"139{number:08d}" for number in range(61)]
    answers = [stranger(f"{SIGN_IN}/code", phone=phone).status_code for phone in phones]
    assert answers == [200] * 60 + [429]


# --- Own particulars ---


def test_a_member_keeps_the_declared_fields_and_no_other(fujian, visit):
    visitor, member = visit("林小雨"), fujian.member("林小雨")
    page = visitor.get("/me/")
    fields = r'<(?:input|select)[^>]* name="(ethnicity|joined_on|name|status|phone)"'
    assert set(re.findall(fields, page.text)) == {"ethnicity", "joined_on"}
    form = {"version": member.version, "ethnicity": "畲族", "joined_on": "2011-07-01"}
    forged = {"name": "林大雨", "status": "expelled", "phone": NEW, "organization_id": "1", "gender": "male"}
    answer = post(visitor, "/me/", **form, **forged)
    changed = fujian.member("林小雨")
    assert answer.status_code == 303
    assert (changed.ethnicity, changed.joined_on.isoformat()) == ("畲族", "2011-07-01")
    assert (changed.name, changed.status, changed.phone, changed.gender) == ("林小雨", "normal", TAKEN, "female")


def test_a_page_of_particulars_that_is_out_of_date_changes_nothing(fujian, visit):
    answer = post(visit("林小雨"), "/me/", version=0, ethnicity="畲族", joined_on="2011-07-01")
    assert answer.status_code == 303 and fujian.member("林小雨").ethnicity == "汉族"


@pytest.mark.parametrize("day", ["2999-01-01", "31.12.2010"])
def test_what_cannot_be_is_told_at_its_field(fujian, visit, day):
    member = fujian.member("林小雨")
    answer = post(visit("林小雨"), "/me/", version=member.version, ethnicity="汉族", joined_on=day)
    assert answer.status_code == 422 and "help bad" in answer.text


def test_who_is_no_member_has_no_particulars(visit):
    assert visit(f"{BRANCH}联络员").get("/me/").status_code == 403
    assert visit(f"{BRANCH}联络员").get("/identity/").status_code == 200


# --- Signing in by phone ---


@pytest.fixture
def stranger(client):
    """`stranger("/session/phone/code", phone=…)`: a form of the pages before signing in, sent."""

    def send(path, **form):
        token = TOKEN.search(client.get(SIGN_IN).text)
        return client.post(path, data={"csrf_token": token[1] if token else "", **form})

    return send


def test_one_signs_in_by_phone_and_code(client, stranger, fujian):
    stranger(f"{SIGN_IN}/code", phone=TAKEN)
    answer = stranger(SIGN_IN, phone=TAKEN, code=codes()[0][1], next="/mine/")
    assert (answer.status_code, answer.location) == (303, "/mine/")
    assert "林小雨" in client.get("/").text
    assert db.session.scalars(select(Account.last_signed_in_at).where(Account.username == "林小雨")).one()


def test_whether_a_phone_serves_an_account_nobody_learns(stranger):
    known, unknown = (stranger(f"{SIGN_IN}/code", phone=phone) for phone in (TAKEN, NEW))
    assert known.status_code == unknown.status_code == 200
    assert text_of(known).replace("138****0001", "…") == text_of(unknown).replace("139****5678", "…")
    assert [phone for phone, _code in codes()] == [TAKEN]
    wrong = [stranger(SIGN_IN, phone=phone, code="000000x") for phone in (TAKEN, NEW)]
    assert {answer.status_code for answer in wrong} == {422}
    assert len({text_of(answer) for answer in wrong}) == 1


def test_a_phone_that_is_not_activated_signs_nobody_in(fujian, stranger):
    stranger(f"{SIGN_IN}/code", phone=fujian.member("吴建平").phone)
    assert codes() == []


def test_r8_where_a_phone_serves_two_accounts_one_is_asked_which(client, stranger, fujian):
    account = fujian.account(f"{BRANCH}联络员")
    account.phone, account.phone_activated_at = TAKEN, clock.now()
    db.session.commit()
    stranger(f"{SIGN_IN}/code", phone=TAKEN)
    choice = stranger(SIGN_IN, phone=TAKEN, code=codes()[0][1])
    assert "该手机号码激活了两个账号" in text_of(choice)
    assert client.get("/").status_code == 303  # not signed in yet
    other = stranger(f"{SIGN_IN}/choose", account=fujian.account("黄志明").key)
    assert other.status_code == 303 and "/session/phone" in other.location
    chosen = stranger(f"{SIGN_IN}/choose", account=account.key)
    assert (chosen.status_code, chosen.location) == (303, "/")
    assert f"{BRANCH}（虚拟管理员）" in text_of(client.get("/"))


def test_without_the_code_nothing_is_chosen(stranger, fujian):
    answer = stranger(f"{SIGN_IN}/choose", account=fujian.account("林小雨").key)
    assert (answer.status_code, answer.location) == (303, SIGN_IN)


# --- Passwords ---


def test_a_forgotten_password_is_replaced_by_the_activated_phone(client, stranger, fujian):
    stranger(f"{SIGN_IN}/code", phone=TAKEN, then="password")
    answer = stranger(SIGN_IN, phone=TAKEN, code=codes()[0][1], then="password")
    assert answer.location == CHANGE
    page = client.get(CHANGE)
    assert "当前密码" not in text_of(page)
    form = {"csrf_token": TOKEN.search(page.text)[1], "password": "a new long one", "again": "a new long one"}
    assert client.post(CHANGE, data=form).location == "/"
    assert client.get("/").status_code == 200
    assert accounts.authenticate("林小雨", "a new long one") and not accounts.authenticate("林小雨", PASSWORD)


def test_the_proof_by_phone_ends_after_ten_minutes(client, stranger, fujian):
    stranger(f"{SIGN_IN}/code", phone=TAKEN, then="password")
    stranger(SIGN_IN, phone=TAKEN, code=codes()[0][1], then="password")
    with client.session_transaction() as session:
        session["proved"] = {**session["proved"], "at": session["proved"]["at"] - 601}
    assert "当前密码" in text_of(client.get(CHANGE))


def test_r6_no_phone_stands_in_clear_in_a_cookie(client, stranger, fujian):
    stranger(f"{SIGN_IN}/code", phone=TAKEN, then="password")
    stranger(SIGN_IN, phone=TAKEN, code=codes()[0][1], then="password")
    with client.session_transaction() as session:
        assert TAKEN not in repr(dict(session))


@pytest.mark.parametrize(
    ("current", "new", "again", "field"),
    [
        ("wrong", "a new long one", "a new long one", "current"),
        (PASSWORD, "short", "short", "password"),
        (PASSWORD, PASSWORD, PASSWORD, "password"),
        (PASSWORD, "a new long one", "another long one", "again"),
    ],
)
def test_a_password_is_changed_by_the_current_one(visit, current, new, again, field):
    visitor = visit("林小雨")
    answer = post(visitor, CHANGE, current=current, password=new, again=again)
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text
    assert accounts.authenticate("林小雨", PASSWORD)


def test_a_changed_password_ends_every_other_session_and_goes_on_here(visit):
    here, elsewhere = visit("林小雨"), visit("林小雨")
    assert post(here, CHANGE, current=PASSWORD, password="a new long one", again="a new long one").status_code == 303
    assert here.get("/mine/").status_code == 200
    assert elsewhere.get("/mine/").status_code == 303


@pytest.fixture
def initial(fujian):
    """The password of 林小雨 that a provincial admin has set."""
    with transaction():
        return accounts.set_initial_password(fujian.actor_of("省级管理员"), fujian.account("林小雨"))


def test_the_first_sign_in_forces_a_new_password(initial, fujian, visit):
    visitor = visit("林小雨")
    for path in ("/", "/mine/", "/transfers/apply", "/phone/"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.location) == (303, CHANGE), path
    page = visitor.get(CHANGE)
    assert "请先设置自己的密码" in text_of(page)
    visitor.token = TOKEN.search(page.text)[1]
    assert post(visitor, "/transfers/apply", member="x").location == CHANGE
    post(visitor, CHANGE, current=initial, password="a new long one", again="a new long one")
    assert visitor.get("/").status_code == 200


def test_one_s_own_password_is_not_initial(fujian, visit):
    visitor = visit("林小雨")
    post(visitor, CHANGE, current=PASSWORD, password="a new long one", again="a new long one")
    assert not fujian.account("林小雨").password_is_initial


def test_no_code_is_kept_once_it_was_used(stranger):
    stranger(f"{SIGN_IN}/code", phone=TAKEN)
    stranger(SIGN_IN, phone=TAKEN, code=codes()[0][1])
    assert db.session.scalars(select(PhoneCode)).all() == []
