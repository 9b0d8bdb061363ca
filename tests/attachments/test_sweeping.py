"""A crash leaves at worst a file without a row, never the reverse; the sweep deletes what no row needs."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import event

from models import clock, db
from tests.attachments.parts import COUNTY, age, attach, rows, stored, traces
from tests.commands import shell
from tests.database.together import together
from tests.support.databases import ROOT
from tests.world import PHOTO, Person
from workflow import attachments, storage
from workflow.errors import RuleError

DAY = timedelta(days=1)


@pytest.fixture
def run(app):
    return lambda *words: shell.run(app, *words)


@pytest.fixture
def county(fujian):
    return fujian.liaison_of(COUNTY)


# --- Crashes ---


class Crash(BaseException):
    """The end of a process, at a place that the test chooses."""


def crash_at(beginning):
    """Let the process end when it sends a statement that begins so."""

    def crash(_connection, _cursor, statement, *_more):
        if statement.startswith(beginning):
            raise Crash

    return crash


def test_a_crash_between_file_and_row_leaves_a_file_that_the_sweep_deletes(county, leaving, store, folder):
    transfer, crash = leaving(), crash_at("INSERT INTO attachment")
    event.listen(db.engine, "before_cursor_execute", crash)
    with pytest.raises(Crash):
        attach(county, transfer, store)
    event.remove(db.engine, "before_cursor_execute", crash)
    assert (rows(), traces(), len(stored(folder))) == ([], [], 2)
    age(folder)
    assert attachments.sweep(store, DAY).files == 2
    assert stored(folder) == []


def test_a_crash_between_the_file_and_its_thumbnail_too(county, leaving, store, folder, monkeypatch):
    transfer, write = leaving(), storage.Storage.write

    def once(self, content):
        monkeypatch.setattr(storage.Storage, "write", lambda *_: (_ for _ in ()).throw(Crash))
        return write(self, content)

    monkeypatch.setattr(storage.Storage, "write", once)
    with pytest.raises(Crash):
        attach(county, transfer, store)
    assert (rows(), len(stored(folder))) == ([], 1)


# --- Photos for a form that nobody sent (R42) ---


def test_r42_what_is_held_for_long_goes_with_its_row_and_what_is_young_stays(county, store, folder):
    old, young = (attachments.hold(county.actor, name, BytesIO(PHOTO), store) for name in ("旧.jpg", "新.jpg"))
    old.created_at = clock.now() - 2 * DAY
    db.session.commit()
    age(folder)
    assert attachments.sweep(store, DAY, dry_run=True).files == 2
    assert len(rows()) == 2
    assert attachments.sweep(store, DAY).files == 2
    assert [row.key for row in rows()] == [young.key]
    assert attachments.held(county.actor, [old.key, young.key]) == rows()
    assert attachments.read(young, store)


def test_r42_with_one_photo_too_many_the_oldest_that_is_held_goes_at_once(county, store, folder, monkeypatch):
    monkeypatch.setattr(attachments, "MOST_HELD", 2)
    other = attachments.hold(Person("福州市委联络员").actor, "别人的.jpg", BytesIO(PHOTO), store)
    names = ("一.jpg", "二.jpg", "三.jpg")
    first, second, third = (attachments.hold(county.actor, name, BytesIO(PHOTO), store).key for name in names)
    assert [row.key for row in rows()] == [other.key, second, third]
    assert len(stored(folder)) == 6
    assert attachments.held(county.actor, [first]) == []


KILLED = """
import os, signal, sys
from io import BytesIO
from sqlalchemy import event
from models import db
from tests.attachments.parts import attach
from tests.support.databases import open_rules
from tests.world import Fujian
from workflow import loading, storage

with open_rules(sys.argv[1]).app_context():
    def kill(_connection, _cursor, statement, *_more):
        if statement.startswith("INSERT INTO attachment"):
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(db.engine, "after_cursor_execute", kill)
    transfer = loading.locked_transfer(sys.argv[2])
    attach(Fujian().liaison_of("鼓楼区委"), transfer, storage.storage({"ATTACHMENTS_URL": sys.argv[3]}))
"""


def test_a_process_that_is_killed_after_its_row_was_sent_leaves_none(app, leaving, store, folder):
    transfer = leaving()
    words = [sys.executable, "-c", KILLED, app.config["SQLALCHEMY_DATABASE_URI"], transfer.key, str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert (rows(), len(stored(folder))) == ([], 2)
    age(folder)
    assert attachments.sweep(store, DAY).files == 2


# --- Two at once ---


def test_two_at_once_do_not_go_past_the_limit(county, leaving, store, make_app, monkeypatch):
    monkeypatch.setattr(attachments, "LIMIT", 1)
    transfer = leaving()
    told = together(make_app, *[lambda: attach(county, transfer, store)] * 2)
    assert len(rows()) == 1
    assert sorted(isinstance(refusal, RuleError) for refusal in told) == [False, True]


def test_two_who_remove_the_same_leave_one_trace(county, leaving, store, make_app):
    row = attach(county, leaving(), store)
    told = together(make_app, *[lambda: attachments.remove(row.key, county.actor)] * 2)
    assert sorted(isinstance(refusal, RuleError) for refusal in told) == [False, True]
    assert [event for event, *_ in traces()] == ["attachment_added", "attachment_removed"]


# --- The sweep ---


def test_what_a_row_names_stays(county, leaving, store, folder):
    attach(county, leaving(), store)
    age(folder, hours=1000)
    assert attachments.sweep(store, DAY).files == 0
    assert len(stored(folder)) == 2


def test_a_young_file_stays_its_row_may_be_coming(store, folder):
    store.write(b"being uploaded")
    age(folder, hours=23)
    assert attachments.sweep(store, DAY).files == 0
    age(folder, hours=25)
    assert attachments.sweep(store, DAY).files == 1


def test_what_was_removed_goes_when_that_is_long_ago(county, leaving, store, folder):
    row = attach(county, leaving(), store)
    attachments.remove(row.key, county.actor)
    age(folder)
    assert attachments.sweep(store, DAY).files == 0
    rows()[0].removed_at = clock.now() - 2 * DAY
    db.session.commit()
    assert attachments.sweep(store, DAY).files == 2
    assert [row.name for row in rows()] == ["存根.jpg"], "that it was there stays known"


def test_what_others_keep_in_the_folder_is_left_alone(store, folder):
    (folder / "ab").mkdir(parents=True)
    for name in ("README", "ab/letter.jpg", f"ab/{'0' * 29}"):
        (folder / name).write_bytes(b"ours")
    age(folder)
    assert attachments.sweep(store, DAY).files == 0
    assert len(stored(folder)) == 3


def test_more_than_a_batch_is_swept(store, folder, monkeypatch):
    monkeypatch.setattr(attachments, "BATCH", 2)
    for number in range(5):
        store.write(bytes(number + 1))
    age(folder)
    assert attachments.sweep(store, DAY) == attachments.Swept(files=5, size=15)


# --- The command ---


def test_the_command_says_what_it_did(run, store, folder):
    store.write(bytes(3 * 1024 * 1024))
    age(folder)
    counted = run("attachments", "sweep", "--dry-run")
    assert (counted.status, counted.out) == (0, "可清理 1 个文件，共 3.0 MB。\n")
    assert len(stored(folder)) == 1
    assert run("attachments", "sweep", "--older-than", "26").out == "已清理 0 个文件，共 0.0 MB。\n"
    assert run("attachments", "sweep").out == "已清理 1 个文件，共 3.0 MB。\n"
    assert stored(folder) == []


def test_the_command_sweeps_an_empty_store(run, folder):
    assert run("attachments", "sweep").out == "已清理 0 个文件，共 0.0 MB。\n"


def test_it_never_sweeps_what_may_be_coming(run, folder):
    assert run("attachments", "sweep", "--older-than", "0").status == 2


def test_a_store_that_there_is_not_is_told_without_its_address(run, app):
    app.config["ATTACHMENTS_URL"] = "pigeon://user:secret@loft"
    done = run("attachments", "sweep")
    assert done.status == 1 and "ATTACHMENTS_URL" in done.err and "secret" not in done.said


# --- Where the files lie ---


def test_without_a_setting_they_lie_beside_the_database(monkeypatch):
    monkeypatch.delenv("ATTACHMENTS_URL", raising=False)
    beside = storage.storage({"SQLALCHEMY_DATABASE_URI": "sqlite:////srv/zhuanjie/zhuanjie.sqlite"})
    assert beside.root == "/srv/zhuanjie/attachments"
    elsewhere = storage.storage({"SQLALCHEMY_DATABASE_URI": "postgresql://host/zhuanjie"})
    assert elsewhere.root == str(ROOT / "instance" / "attachments")


def test_the_settings_come_before_the_environment(monkeypatch):
    monkeypatch.setenv("ATTACHMENTS_URL", "file:///srv/environment")
    settings = {"SQLALCHEMY_DATABASE_URI": "sqlite://"}
    assert storage.storage(settings).root == "/srv/environment"
    assert storage.storage({**settings, "ATTACHMENTS_URL": "/srv/settings/"}).root == "/srv/settings"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "ab/../cd", "", "ab/" + "g" * 30])
def test_only_names_that_were_drawn_lead_to_files(tmp_path, name):
    store = storage.storage({"ATTACHMENTS_URL": str(tmp_path)})
    with pytest.raises(ValueError, match="no name"):
        store.read(name)
