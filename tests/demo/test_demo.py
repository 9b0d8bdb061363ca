"""The demo: a believable Fujian, the same everywhere, in an empty database only, behind accounts that work."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import aliased
from stdnum import numdb

from commands.demo import keys, loading, phone
from commands.demo.people import PASSWORD, REGION, SIGN_INS, people
from commands.demo.places import UNSET, places
from models import (
    COMMITTEE_KINDS,
    HistoryAction,
    HistoryEntry,
    Member,
    MessageKind,
    Organization,
    OrganizationKind,
    RoleCode,
    Transfer,
    TransferKind,
    TransferState,
    clock,
    db,
)
from tests.support.databases import ROOT, SETTINGS
from workflow import accounts, actors, desk, history, outbox, planning, tree
from workflow.errors import RuleError
from workflow.people_data import check_id_number
from workflow.tree import Place

R17 = {
    "军门第一支部": "军门社区总支",
    "军门社区总支": "东街街道工委",
    "东街街道工委": "鼓楼区委",
    "鼓楼区委": "福州市委",
    "福州市委": "福建省委",
    "五龙村支部": "古田镇党委",
    "古田镇党委": "上杭县委",
    "上杭县委": "龙岩市委",
}


@pytest.fixture(scope="module")
def demo(backend, new_app):
    """The loaded demo, one for all tests that only read it."""
    with new_app(backend, "empty") as app, app.app_context():
        loading.load()
        yield app


def test_it_is_the_same_on_every_machine():
    assert places() == places()
    assert people(places()) == people(places())


def test_the_id_numbers_are_right_in_form_and_belong_to_nobody():
    numbers = [person.id_number for person in people(places())]
    assert len(set(numbers)) == len(numbers) > 300
    assert {check_id_number(number).known_region for number in numbers} == {False}
    assert not any("county" in found for _, found in numdb.get("cn/loc").info(REGION))


def test_the_tree_is_right_and_holds_the_places_of_the_manual():
    by_code = {place.code: place for place in places()}
    checked = {
        code: Place(place.name, OrganizationKind(place.kind), place.parent or None, place.level)
        for code, place in by_code.items()
    }
    assert list(tree.check_tree(checked, subordinate=7)) == []
    parents = {place.name: by_code[place.parent].name for place in by_code.values() if place.name in R17}
    assert parents == R17


def test_every_city_and_county_is_there_and_some_levels_are_deliberately_unset():
    levels = Counter(place.level for place in places())
    assert (levels[1], levels[2], levels[3]) == (1, 3, 9)
    assert levels[4] == 27
    assert levels[5] == 83 - len({code for code in UNSET if len(code) == 6})
    assert {place.code for place in places() if place.level is None and place.kind.endswith("committee")} == UNSET


def test_everything_loads_and_transfers_stand_in_every_state(demo):
    told = {tuple(row) for row in db.session.execute(select(Transfer.kind_code, Transfer.state))}
    kinds = db.session.scalars(select(TransferKind.code)).all()
    assert told == {(kind, state) for kind in kinds for state in TransferState}
    actions = set(db.session.scalars(select(HistoryEntry.action)))
    assert actions >= set(HistoryAction) - {HistoryAction.REPLAN}
    assert list(history.verify()) == []


def test_what_happened_happened_in_order_and_is_past(demo):
    following = aliased(HistoryEntry)
    out_of_order = (
        select(HistoryEntry.id)
        .join(following, HistoryEntry.transfer_id == following.transfer_id)
        .where(following.sequence == HistoryEntry.sequence + 1, following.at <= HistoryEntry.at)
    )
    assert db.session.scalars(out_of_order).all() == []


def test_one_ready_account_for_each_role_and_level(demo):
    granted = {sign_in.role for sign_in in SIGN_INS}
    assert granted == {"member", *(role.value for role in RoleCode)}
    levels = {
        db.session.scalar(select(Organization.level_rank).where(Organization.code == sign_in.organization))
        for sign_in in SIGN_INS
        if sign_in.role == "liaison"
    }
    assert levels == {1, 2, 3, 4, 5, 6, 7}


@pytest.mark.parametrize("username", [sign_in.username for sign_in in SIGN_INS])
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_accounts_that_the_page_names_can_sign_in(demo, username):
    account = accounts.authenticate(username, PASSWORD)
    assert account is not None and actors.load(account.id) is not None


def test_the_desks_of_the_manual_have_something_to_do(demo):
    waiting = {}
    for username in ("junmen1", "dongjie", "gulou", "gutian", "wulong"):
        actor = actors.load(accounts.authenticate(username, PASSWORD).id)
        waiting[username] = desk.todo_count(actor)
    assert min(waiting.values()) > 0, waiting


def test_r17_林小雨_is_free_to_apply(demo):
    member = db.session.scalars(select(Member).where(Member.name == "林小雨")).one()
    kind = planning.kind_by_code("intra")
    source = db.session.get(Organization, member.organization_id)
    destination = db.session.scalars(select(Organization).where(Organization.name == "五龙村支部")).all()
    gutian = next(place for place in destination if place.code.startswith("350823106"))
    stops, lookup = planning.plan_route(kind, source, gutian)
    names = [lookup[stop.organization_id].name for stop in stops]
    assert names == ["军门第一支部", "军门社区总支", "东街街道工委", "古田镇党委", "五龙村支部", "五龙村支部"]


def test_an_unset_committee_makes_somebodys_way_longer(demo):
    passed = select(Organization.kind).join(Transfer, Transfer.current_organization_id == Organization.id)
    unset = passed.where(Transfer.steps.any(level_unset=True))
    assert set(db.session.scalars(unset)) <= COMMITTEE_KINDS | {OrganizationKind.BRANCH}
    assert db.session.scalars(unset).first() is not None


def test_a_second_start_changes_nothing(demo):
    before = db.session.scalars(select(HistoryEntry.hash).order_by(HistoryEntry.id)).all()
    assert loading.is_loaded()
    assert db.session.scalars(select(HistoryEntry.hash).order_by(HistoryEntry.id)).all() == before


def test_a_database_with_anything_else_in_it_is_left_alone(app):
    with pytest.raises(RuleError, match="已有其他数据"):
        loading.is_loaded()


def test_a_start_that_was_broken_off_is_told(empty_app, monkeypatch):
    monkeypatch.setattr(loading.stories, "tell_all", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        loading.load()
    with pytest.raises(RuleError, match="没有完成"):
        loading.is_loaded()


# --- keys ---


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path):
    first, second = (Flask(__name__, instance_path=str(tmp_path)) for _ in range(2))
    keys.ensure(first)
    keys.ensure(second)
    assert first.config["SECRET_KEY"] == second.config["SECRET_KEY"]
    assert (tmp_path / keys.FILE).stat().st_mode & 0o777 == 0o600


def test_keys_of_the_environment_come_first(tmp_path):
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="given", DATA_KEYS="k:given")
    keys.ensure(app)
    assert app.config["SECRET_KEY"] == "given"
    assert list(tmp_path.iterdir()) == []


def test_one_missing_key_is_filled_in_beside_the_given_one(tmp_path):
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "given"
    keys.ensure(app)
    assert app.config["SECRET_KEY"] == "given"
    assert app.config["DATA_KEYS"] == json.loads((tmp_path / keys.FILE).read_text())["DATA_KEYS"]


# --- serving ---


@pytest.fixture
def served(tmp_path):
    """`flask demo up` on a free port and a database of its own: the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'demo.sqlite'}",
        "SECRET_KEY": SETTINGS["SECRET_KEY"],
        "DATA_KEYS": SETTINGS["DATA_KEYS"],
    }
    command = [sys.executable, "-m", "flask", "--app", "app", "demo", "up", "--port", str(port)]
    with Path(tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=20)


def answer(address: str) -> str:
    """What the address answers, as soon as there is one."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address) as response:
                return response.read().decode()
        except OSError:
            assert time.monotonic() < deadline, "the demo does not answer"
            time.sleep(0.2)


@pytest.mark.slow
def test_the_served_sign_in_page_names_the_accounts(served):
    page = answer(f"{served}/session/sign-in")
    assert [sign_in.username for sign_in in SIGN_INS if f">{sign_in.username}<" not in page] == []


# --- What the demo's phones receive ---


def test_what_the_phones_receive_is_printed_and_shown_on_a_page(make_app, capsys, monkeypatch):
    monkeypatch.setattr(phone, "_send", lambda _app, _phones: None)  # here it is sent by hand
    served = make_app()
    gateway = phone.set_up(served)
    with served.app_context():
        outbox.put(MessageKind.CODE, "13800000001", code="123456", minutes=5, until=clock.now() + timedelta(minutes=5))
        db.session.commit()
        assert outbox.send_due(gateway).sent == 1
    assert "短信 13800000001：您的验证码是123456" in capsys.readouterr().out
    page = served.test_client().get("/demo/messages")
    assert page.status_code == 200 and "您的验证码是123456" in page.text and "13800000001" in page.text


def test_only_the_demo_shows_messages(app):
    assert app.test_client().get("/demo/messages").status_code == 404
    assert "演示短信" not in app.test_client().get("/session/sign-in").text
