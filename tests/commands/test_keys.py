"""SECRET_KEY and DATA_KEYS: who needs them, and what is said where they are missing or malformed."""

import io
import json

import pytest

from models import Member, Organization
from tests.commands import shell
from tests.commands.shell import CODE, count, everything, flask, grant, known_org, known_person, org, person, table
from tests.support.databases import SETTINGS

GOOD = SETTINGS["DATA_KEYS"]
NOT_ASCII = "k1:" + "密" * 44
ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
MISSING = [
    ({"SECRET_KEY": None}, "SECRET_KEY"),
    ({"SECRET_KEY": ""}, "SECRET_KEY"),
    ({"DATA_KEYS": None}, "DATA_KEYS"),
    ({"DATA_KEYS": ""}, "DATA_KEYS"),
    ({"SECRET_KEY": None, "DATA_KEYS": None}, "SECRET_KEY and DATA_KEYS"),
]
MALFORMED = [
    "nonsense",
    "k1:",
    "k1:AAAA",  # too short
    f"k1:{GOOD.partition(':')[2][:-1]}",  # not base64 any more
    GOOD.partition(":")[2],  # no name
    f":{GOOD.partition(':')[2]}",
    f"{GOOD},",
    f"{GOOD},k2:AAAA",
    NOT_ASCII,
    GOOD.replace(":", "："),
]


# --- serving ---


@ON_SQLITE
def test_with_both_keys_the_panel_is_served(make_app):
    assert make_app().test_client().get("/", follow_redirects=True).status_code == 200


@ON_SQLITE
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/static/icon.svg", "/no-such-page"])
@pytest.mark.parametrize(("settings", "named"), MISSING)
def test_without_a_key_every_request_is_refused_in_one_line(make_app, settings, named, method, path):
    log = io.StringIO()
    response = make_app(**settings).test_client().open(path, method=method, errors_stream=log)
    assert response.status_code == 503
    assert named in response.text
    assert len(response.text.splitlines()) == 1
    assert log.getvalue() == response.text


@ON_SQLITE
@pytest.mark.parametrize("keys", MALFORMED)
def test_with_malformed_data_keys_every_request_is_refused_in_one_line(make_app, keys):
    log = io.StringIO()
    response = make_app(DATA_KEYS=keys).test_client().get("/", errors_stream=log)
    assert response.status_code == 503
    assert "DATA_KEYS" in response.text
    assert len(response.text.splitlines()) == 1
    assert keys not in response.text + log.getvalue()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DATA_KEYS": GOOD}, "SECRET_KEY"),
        ({"SECRET_KEY": "a secret"}, "DATA_KEYS"),
        ({"SECRET_KEY": "a secret", "DATA_KEYS": "nonsense"}, "DATA_KEYS"),
        ({"SECRET_KEY": "a secret", "DATA_KEYS": NOT_ASCII}, "DATA_KEYS"),
    ],
)
def test_flask_run_refuses_in_one_line(tmp_path, settings, named):
    outcome = flask("run", "--port", "0", DATABASE_URL=f"sqlite:///{tmp_path / 'none.sqlite'}", **settings)
    assert (outcome.status, len(outcome.errors)) == (1, 1)
    assert named in outcome.err


# --- imports ---


@ON_SQLITE
@pytest.mark.parametrize("keys", [None, *MALFORMED])
def test_importing_members_refuses_in_one_line(make_app, csv_file, keys):
    outcome = shell.run(make_app(DATA_KEYS=keys), "import", "members", csv_file(table("members", person(100))))
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert "DATA_KEYS" in outcome.err


@ON_SQLITE
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
@pytest.mark.parametrize("content", ["", "nonsense"])
def test_without_data_keys_members_are_refused_whatever_the_file_holds(make_app, csv_file, content, options):
    outcome = shell.run(make_app(DATA_KEYS=None), "import", "members", csv_file(content), *options)
    assert outcome.status == 1
    assert "DATA_KEYS" in outcome.err


@ON_SQLITE
def test_without_data_keys_a_grant_to_a_member_refuses_in_one_line_and_saves_nothing(make_app, app, csv_file):
    rows = grant("卫健局管理员", "鼓楼区卫健局党委"), grant("林小雨", "军门第一支部", member="林小雨")
    before = everything()
    outcome = shell.run(make_app(DATA_KEYS=None), "import", "grants", csv_file(table("grants", *rows)))
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert everything() == before


@ON_SQLITE
@pytest.mark.parametrize(("what", "row"), [("orgs", org("n1")), ("grants", grant("卫健局管理员", "鼓楼区卫健局党委"))])
def test_what_brings_no_personal_data_needs_no_key(make_app, csv_file, what, row):
    app = make_app(SECRET_KEY=None, DATA_KEYS=None)
    assert shell.run(app, "import", what, csv_file(table(what, row))).status == 0


@ON_SQLITE
def test_another_newest_key_still_finds_the_members_of_the_old_one(make_app, app, csv_file):
    newer = f"k2:{'A' * 43}=,{GOOD}"
    file = csv_file(table("members", known_person("林小雨", name="林晓雨")))
    assert "更新1" in shell.run(make_app(DATA_KEYS=newer), "import", "members", file).out
    assert count(Member, name="林晓雨") == 1


# --- real processes ---


def test_a_new_installation_needs_no_key_for_its_tables_its_organizations_and_its_routes(tmp_path, csv_file):
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'new' / 'zhuanjie.sqlite'}"}
    rows = [known_org(name) for name in CODE]
    ends = ["--from", CODE["军门第一支部"], "--to", CODE["五龙村支部"]]
    assert flask("db", "upgrade", **settings).status == 0
    assert flask("import", "orgs", csv_file(table("orgs", *rows)), **settings).status == 0
    outcome = flask("route", "--kind", "intra", *ends, "--json", **settings)
    assert (outcome.status, outcome.err) == (0, "")
    assert len(json.loads(outcome.out)["route"]) == 6
    refused = flask("import", "members", csv_file(table("members", person(100))), **settings)
    assert (refused.status, len(refused.errors)) == (1, 1)


def test_a_real_process_keeps_its_errors_off_standard_output(app, csv_file):
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    rows = org("n1"), org("n2", level="9")
    outcome = flask("import", "orgs", csv_file(table("orgs", *rows)), DATABASE_URL=url)
    assert (outcome.status, outcome.out, outcome.places) == (1, "", ["row 3, column level"])
    assert count(Organization, code="n1") == 0


def test_a_real_process_answers_with_one_json_object_also_where_there_is_no_route(app):
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    words = ["route", "--kind", "out", "--from", CODE["军门第一支部"], "--to", CODE["五龙村支部"], "--json"]
    outcome = flask(*words, DATABASE_URL=url)
    assert (outcome.status, outcome.err) == (1, "")
    assert json.loads(outcome.out)["rule"] == "R14"
