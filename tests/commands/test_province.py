"""The whole province: the real divisions of Fujian (tests/data), imported as organizations, and routes across it.

The divisions become committees of their level, each village a branch. Some villages have no level, some towns and
counties neither, so that routes climb. What a route must be is worked out here once more, from the file alone.
"""

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from models import AuditEntry, AuditEvent, Organization, db
from tests.commands.shell import Row, count, everything, org, run, table

pytestmark = pytest.mark.slow

DIVISIONS = Path(__file__).parents[1] / "data" / "fujian-divisions.csv"
SIZE = 18_762
PAIRS = 40
KIND = {"village": "branch"}  # every other division is a committee
LEVEL = {"province": "1", "city": "3", "county": "5", "township": "6", "village": "7"}
LEVEL_BY_LENGTH = {2: "1", 4: "3", 6: "5", 9: "6", 12: "7"}
"""The same by the length of a code."""
UNSET = {"county": 0.2, "township": 0.4, "village": 0.5}
"""How many of a division come without a level."""


def rows() -> list[Row]:
    """The file in the form of an import, in a random order: parents before and after their children."""
    chance = random.Random(2024)
    with DIVISIONS.open(encoding="utf-8", newline="") as file:
        made = [
            org(
                division["code"],
                name=f"{division['name']}党组织",
                kind=KIND.get(division["level"], "committee"),
                parent_code=division["parent_code"],
                level=LEVEL[division["level"]] * (chance.random() >= UNSET.get(division["level"], 0)),
            )
            for division in csv.DictReader(file)
        ]
    chance.shuffle(made)
    return made


ROWS = rows()
BY_CODE = {row["code"]: row for row in ROWS}
VILLAGES = sorted(code for code, row in BY_CODE.items() if row["kind"] == "branch")
TOWNS = sorted({BY_CODE[code]["parent_code"] for code in VILLAGES})


@dataclass(frozen=True)
class Province:
    """The application on a database that holds the whole province, and the file that it came from."""

    app: Flask
    file: str
    first_words: str


@pytest.fixture(scope="module")
def province(backend, new_app, tmp_path_factory) -> Iterator[Province]:
    file = tmp_path_factory.mktemp("province") / "orgs.csv"
    holding = org("out", name="省外组织", kind="out_of_province", parent_code="", level="")
    file.write_text(table("orgs", *ROWS, holding), encoding="utf-8")
    with new_app(backend, "empty") as app, app.app_context():
        yield Province(app, str(file), run(app, "import", "orgs", str(file)).out)


# --- the same rules a second time, from the file ---


def chain(code: str, qualified: str) -> list[str]:
    """R12: from an organization up to the first with one of the `qualified` levels."""
    level, parent = BY_CODE[code]["level"], BY_CODE[code]["parent_code"]
    return [code] if level and level in qualified else [code, *chain(parent, qualified)]


def stop(stage: str, code: str) -> tuple[str, str, bool]:
    """(stage, code, without a level although a committee): R17a."""
    return stage, code, BY_CODE[code]["kind"] == "committee" and not BY_CODE[code]["level"]


def expected(source: str, destination: str) -> list[tuple[str, str, bool]]:
    """R13: up to the first committee that may approve, down from the other side's, the same one only once."""
    up, down = chain(source, "123456"), chain(destination, "123456")[::-1]
    shared = up[-1] == down[0]
    middle = [stop("committee", up[-1])] * shared
    return [
        stop("source_branch", source),
        *(stop("source_committee", code) for code in up[1 : len(up) - shared]),
        *middle,
        *(stop("destination_committee", code) for code in down[shared:-1]),
        stop("destination_branch", destination),
        stop("confirmation", destination),
    ]


def expected_out(source: str) -> list[tuple[str, str, bool]]:
    """R14: up to the first committee that may let somebody leave the province, which confirms."""
    *way, last = chain(source, "1235")[1:]
    return [
        stop("source_branch", source),
        *(stop("source_committee", code) for code in way),
        stop("leaving_approval", last),
        stop("leaving_confirmation", last),
    ]


def told(province: Province, kind: str, source: str, destination: str) -> list[tuple[str, str, bool]]:
    """What `flask route` says."""
    outcome = run(province.app, "route", "--kind", kind, "--from", source, "--to", destination, "--json")
    return [(step["stage"], step["org_code"], step["level_unset"]) for step in json.loads(outcome.out)["route"]]


def pairs(seed: int) -> list[tuple[str, str]]:
    """Random pairs of villages, as many again of one county, and of one town."""
    chance = random.Random(seed)
    anywhere = [tuple(chance.sample(VILLAGES, 2)) for _ in range(PAIRS)]
    near = [tuple(chance.sample(below(chance.choice(TOWNS)[:6]), 2)) for _ in range(PAIRS)]
    same_town = [tuple(chance.sample(below(town), 2)) for town in chance.sample(TOWNS, PAIRS) if len(below(town)) > 1]
    return anywhere + near + same_town


def below(prefix: str) -> list[str]:
    return [code for code in VILLAGES if code.startswith(prefix)]


# --- the import ---


def test_the_whole_province_is_imported(province):
    assert f"共{SIZE + 1}行，新增{SIZE + 1}，更新0，未变0" in province.first_words
    assert count(Organization) == SIZE + 1
    assert count(Organization, kind="branch") == len(VILLAGES) == 17_498


def test_each_organization_is_what_its_row_says(province):
    codes = dict(db.session.execute(select(Organization.id, Organization.code)).all())
    stands = {
        found.code: (found.name, found.kind, codes.get(found.parent_id, ""), str(found.level_rank or ""))
        for found in db.session.scalars(select(Organization).where(Organization.code != "out"))
    }
    assert stands == {row["code"]: (row["name"], row["kind"], row["parent_code"], row["level"]) for row in ROWS}


def test_every_path_is_the_path_of_the_parent_and_the_own_id(province):
    places = select(Organization.id, Organization.path, Organization.parent_id)
    paths = {identity: (path, parent) for identity, path, parent in db.session.execute(places)}
    wrong = [
        identity
        for identity, (path, parent) in paths.items()
        if path != (paths[parent][0] if parent else "") + f"{identity:08d}"
    ]
    assert wrong == []


def test_r5_each_new_organization_is_an_audit_entry(province):
    assert count(AuditEntry, event=AuditEvent.ORGANIZATION_CREATED) == SIZE + 1


def test_the_second_run_changes_nothing(province):
    before = everything()
    outcome = run(province.app, "import", "orgs", province.file)
    assert (outcome.status, outcome.err) == (0, "")
    assert f"共{SIZE + 1}行，新增0，更新0，未变{SIZE + 1}" in outcome.out
    assert everything() == before


# --- routes across it ---


def test_the_sample_holds_long_and_short_ways():
    lengths = {len(expected(*ends)) for ends in pairs(1)}
    assert min(lengths) <= 4
    assert max(lengths) >= 8
    assert any(step[0] == "committee" for ends in pairs(1) for step in expected(*ends))


def test_r13_the_routes_between_villages_are_right(province):
    planned = {ends: told(province, "intra", *ends) for ends in pairs(1)}
    assert planned == {ends: expected(*ends) for ends in pairs(1)}


def test_r14_the_routes_out_of_the_province_are_right(province):
    villages = random.Random(3).sample(VILLAGES, PAIRS)
    planned = {village: told(province, "out", village, "out") for village in villages}
    assert planned == {village: expected_out(village) for village in villages}


def test_r12_where_a_second_file_unsets_two_towns_the_way_goes_over_their_counties(backend, new_app, csv_file):
    source, destination = VILLAGES[0], VILLAGES[-1]
    full = [{**row, "level": row["level"] or LEVEL_BY_LENGTH[len(row["code"])]} for row in ROWS]
    towns = [{**row, "level": ""} for row in full if row["code"] in (source[:9], destination[:9])]
    with new_app(backend, "empty") as app, app.app_context():
        run(app, "import", "orgs", csv_file(table("orgs", *full)))
        here = Province(app, "", "")
        before = [code for _, code, _ in told(here, "intra", source, destination)]
        outcome = run(app, "import", "orgs", csv_file(table("orgs", *towns)))
        after = [code for _, code, _ in told(here, "intra", source, destination)]
    assert "更新2" in outcome.out
    assert before == [source, source[:9], destination[:9], destination, destination]
    assert after == [source, source[:9], source[:6], destination[:6], destination[:9], destination, destination]
