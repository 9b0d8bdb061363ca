"""What failing to sign in costs: a delay of the account that grows, a limit of the address, and no hash for nothing."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import click
import pytest
from sqlalchemy import select

from admin_views import limiting
from models import SignInFailures, db
from tests.server.conftest import SIGN_IN
from tests.views.panel import audited
from tests.views.transfer_panel import TOKEN, text_of
from tests.world import PASSWORD
from workflow import accounts, attempts

MEMBER, LIAISON, NOBODY = "林小雨", "东街街道工委联络员", "没有这个人"
NEW_PASSWORD = "another-password"
WRONG = "用户名或密码不正确，请重新输入。"
WAIT = "登录失败次数过多，为保护账号，请在{}后再试。"


@pytest.fixture(autouse=True)
def looked_at(monkeypatch):
    """The passwords that would have been hashed; here looking at one costs nothing."""
    seen, right = [], {PASSWORD, NEW_PASSWORD}

    def look(password, password_hash):
        seen.append(password)
        return password in right and password_hash is not None

    monkeypatch.setattr(accounts, "verify_password", look)
    return seen


@pytest.fixture
def fail(sign_in):
    """`fail("林小雨", 5)`: so many wrong passwords, each from an address of its own; the last answer."""

    def send(username, times=1, **more):
        answers = [sign_in(username, "wrong", address=f"192.0.2.{number}", **more) for number in range(1, times + 1)]
        return answers[-1]

    return send


# --- The delay of an account ---


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60), (12, 60), (10**6, 60)],
)
def test_the_delay_doubles_from_the_fifth_failure_to_an_hour(failures, minutes):
    assert attempts.delay(failures) == timedelta(minutes=minutes)


@pytest.mark.parametrize("username", [MEMBER, NOBODY])
def test_after_five_failures_one_waits_longer_each_time_whether_the_account_exists_or_not(fail, time, username):
    assert WRONG in text_of(fail(username, 4))
    for minutes in (1, 2, 4, 8, 16, 32):
        failed = fail(username)
        assert failed.status_code == 401
        assert f"用户名或密码不正确。已连续失败多次，请在{minutes}分钟后再试。" in text_of(failed)
        refused = fail(username)
        assert refused.status_code == 429 and WAIT.format(f"{minutes}分钟") in text_of(refused)
        assert refused.headers["Retry-After"] == str(minutes * 60)
        time.passes(minutes=minutes)
    fail(username)
    assert WAIT.format("1小时") in text_of(fail(username))


def test_the_time_left_is_told_in_whole_minutes(fail, time):
    fail(MEMBER, 8)
    time.passes(minutes=1)
    fail(MEMBER)
    time.passes(seconds=61)
    assert WAIT.format("1分钟") in text_of(fail(MEMBER))


def test_known_and_unknown_accounts_are_told_the_same(fail, time):
    told = {who: [text_of(fail(who)).replace(who, "") for _attempt in range(7)] for who in (MEMBER, NOBODY)}
    assert told[MEMBER] == told[NOBODY]


def test_while_one_waits_even_the_right_password_is_refused_unhashed(client, sign_in, fail, time, looked_at):
    fail(MEMBER, 5)
    events = audited()
    for password in (PASSWORD, "wrong"):
        assert sign_in(MEMBER, password).status_code == 429
    assert len(looked_at) == 5 and audited() == events
    assert client.get("/").location == SIGN_IN
    time.passes(minutes=1)
    assert sign_in(MEMBER).status_code == 303


def test_impatience_makes_no_delay_longer(fail, time):
    fail(MEMBER, 5)
    time.passes(seconds=50)
    assert fail(MEMBER, 20).status_code == 429
    time.passes(seconds=10)
    assert fail(MEMBER).status_code == 401


def test_a_success_forgets_the_failures(app, sign_in, fail, time):
    fail(MEMBER, 4)
    assert sign_in(MEMBER, by=app.test_client()).status_code == 303
    assert WRONG in text_of(fail(MEMBER, 4))


def test_a_day_without_failures_forgets_them_too(fail, time):
    fail(MEMBER, 5)
    time.passes(days=1)
    assert WRONG in text_of(fail(MEMBER, 4))


def test_one_account_does_not_wait_for_another(sign_in, fail, time):
    fail(MEMBER, 5)
    assert sign_in(LIAISON, address="192.0.2.1").status_code == 303


def test_a_new_password_opens_the_account_at_once(fujian, sign_in, fail, time):
    fail(MEMBER, 9)
    accounts.set_password(fujian.account(MEMBER), NEW_PASSWORD)
    db.session.commit()
    assert sign_in(MEMBER, NEW_PASSWORD).status_code == 303


def test_blanks_around_the_username_are_no_other_account(fail, time):
    fail(f" {MEMBER} ", 5)
    assert fail(MEMBER).status_code == 429


def test_all_processes_count_together(make_app, fail, time):
    clients = [make_app().test_client() for _process in range(3)]
    answers = [fail(MEMBER, by=clients[number % 3]).status_code for number in range(8)]
    assert answers == [401] * 5 + [429] * 3


def test_of_attempts_that_arrive_at_once_one_is_hashed(app, fail, looked_at):
    fail(MEMBER, 4)
    clients = [app.test_client() for _attempt in range(8)]
    tokens = [TOKEN.search(client.get(SIGN_IN).text)[1] for client in clients]

    def attempt(number):
        form = {"csrf_token": tokens[number], "username": MEMBER, "password": f"guess {number}"}
        return clients[number].post(SIGN_IN, data=form).status_code

    db.session.commit()
    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(attempt, range(len(clients))))
    assert sorted(answers) == [401] + [429] * 7
    assert len(looked_at) == 5


# --- What is kept ---


def test_nothing_that_was_typed_is_kept(fail):
    fail("990102198001150011")
    kept = db.session.scalars(select(SignInFailures)).one()
    assert kept.count == 1 and "990102" not in kept.mark and len(kept.mark) == 64


def test_what_is_worth_nothing_any_more_is_deleted(sign_in, fail, time):
    for username in ("a", "b", "c"):
        fail(username)
    time.passes(days=1)
    fail("d")
    sign_in(MEMBER)
    assert len(db.session.scalars(select(SignInFailures)).all()) == 1


# --- The limit of an address ---


def test_an_address_has_thirty_failures_whatever_the_accounts(sign_in, looked_at):
    answers = [sign_in(f"account {number}", "Summer2026!").status_code for number in range(31)]
    assert answers == [401] * 30 + [429]
    count, events, refused = len(looked_at), audited(), sign_in(MEMBER)
    assert refused.status_code == 429 and re.search(r"请在1\d分钟后再试", text_of(refused))
    assert 0 < int(refused.headers["Retry-After"]) <= 15 * 60
    assert len(looked_at) == count == 30 and audited() == events, "no hash and no entry for who is refused"
    assert sign_in(MEMBER, address="192.0.2.2").status_code == 303, "another address is let through"


def test_an_office_that_signs_in_rightly_is_not_limited(app, sign_in):
    answers = {sign_in(MEMBER, by=app.test_client()).status_code for _colleague in range(40)}
    assert answers == {303}


@pytest.mark.parametrize(
    ("remote", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_is_what_one_place_has(app, remote, counted):
    with app.test_request_context(environ_base={"REMOTE_ADDR": remote}):
        assert limiting.address() == counted


@pytest.mark.parametrize(("proxies", "believed"), [(0, "192.0.2.1"), (1, "198.51.100.9"), (2, "203.0.113.5")])
def test_a_proxy_is_believed_where_it_is_trusted(make_app, monkeypatch, proxies, believed):
    seen = []
    monkeypatch.setattr(limiting, "address", lambda: "")
    app = make_app(TRUSTED_PROXIES=proxies)
    app.before_request(lambda: seen.append(limiting.request.remote_addr))
    forwarded = {"X-Forwarded-For": "203.0.113.5, 198.51.100.9"}
    app.test_client().get(SIGN_IN, headers=forwarded, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert seen == [believed]


def test_a_store_that_is_down_does_not_keep_people_out(make_app, sign_in):
    client = make_app(RATE_LIMIT_URL="redis://127.0.0.1:1").test_client()
    assert sign_in(MEMBER, "wrong", by=client).status_code == 401
    assert sign_in(MEMBER, by=client).status_code == 303


def test_a_store_that_does_not_exist_is_said_in_one_line(make_app):
    with pytest.raises(click.ClickException, match="RATE_LIMIT_URL"):
        make_app(RATE_LIMIT_URL="nonsense://x")


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1分钟"), (60, "1分钟"), (61, "2分钟"), (3599, "1小时"), (3600, "1小时")]
)
def test_a_wait_in_words(app, seconds, words):
    with app.test_request_context():
        assert limiting.in_words(timedelta(seconds=seconds)) == words
