"""`import members`: what cannot be is an error of its row and column, and never shows whose it is (R6, R41, R49)."""

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from commands.importing import members as importing_members
from models import Member, db
from tests.commands.shell import CODE, audited, checked, count, crowd, everything, known_person, person
from tests.world import REGION

SECRET_ID, SECRET_PHONE = person(250)["id_number"], person(250)["phone"]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("id_number", ""),
        ("id_number", "350102800101123"),  # the old kind of 15 digits
        ("id_number", person(100)["id_number"][:17]),
        ("id_number", person(100)["id_number"] + "1"),
        ("id_number", person(100)["id_number"][:17] + "?"),
        ("id_number", "9901021980011510" + "Ⅹ0"),
        ("id_number", checked(f"{REGION}19800230201")),  # 30 February
        ("id_number", checked(f"{REGION}29990101201")),
        ("id_number", f"{REGION}198103152010"),  # the check character is 9 and not 0
        ("name", ""),
        ("name", "林" * 61),
        ("name", "林\n雨"),
        ("gender", ""),
        ("gender", "male"),
        ("gender", "女"),  # the 17th digit says otherwise
        ("ethnicity", ""),
        ("ethnicity", "汉"),
        ("category", ""),
        ("category", "full"),
        ("category", "正式党员"),
        ("org_code", ""),
        ("org_code", "no-such"),
        ("org_code", CODE["东街街道工委"]),
        ("org_code", CODE["军门社区总支"]),
        ("phone", "0591-87001234"),
        ("phone", "1380000"),
        ("phone", "+85291234567"),
        ("phone", "13900000100转8"),
        ("joined_on", "2015/07/01"),
        ("joined_on", "20150701"),
        ("joined_on", "2015-02-29"),
        ("joined_on", "2999-01-01"),
    ],
)
def test_r41_a_cell_that_cannot_be_is_an_error_of_its_column(bring, column, cell):
    outcome = bring("members", person(100), person(101, **{column: cell}))
    assert (outcome.status, outcome.places) == (1, [f"row 3, column {column}"])
    assert count(Member, name="新党员100") == 0


def test_r12_nobody_new_comes_into_a_deactivated_branch(bring, fujian):
    fujian.deactivate("花园弄社区支部")
    outcome = bring("members", person(100, org_code=CODE["花园弄社区支部"]))
    assert outcome.places == ["row 2, column org_code"]


def test_an_id_number_that_stands_twice_is_an_error_of_the_second_row_and_names_the_first(bring):
    outcome = bring("members", person(100), person(101), person(100, phone="13900000999"))
    assert (outcome.status, outcome.places) == (1, ["row 4, column id_number"])
    assert "2" in outcome.err.partition(":")[2]


def test_an_id_number_and_a_phone_are_found_again_a_thousand_rows_further_down(bring):
    first, *rest = crowd(1200)
    last = rest.pop()
    rows = [{**first, "phone": "13900000999"}, *rest, first, {**last, "phone": "13900000999"}]
    outcome = bring("members", *rows)
    assert outcome.places == ["row 1201, column id_number", "row 1202, column phone"]


def test_a_file_of_several_batches_is_all_or_nothing(bring):
    before = everything()
    outcome = bring("members", *crowd(1200), person(100, name=""))
    assert (outcome.status, outcome.places) == (1, ["row 1202, column name"])
    assert everything() == before


def test_r30_who_was_slower_than_another_person_is_told_so_in_one_line(bring, monkeypatch):
    """The phone was free when the import looked, and somebody else's when it wrote."""
    monkeypatch.setattr(importing_members, "_held_by_others", lambda rows: set())
    phone = known_person("林小雨")["phone"]
    outcome = bring("members", person(100, phone=phone))
    assert (outcome.status, len(outcome.errors)) == (1, 1)
    assert phone not in outcome.said
    assert count(Member, name="新党员100") == 0


# --- whose number it was stays hidden, wherever in the file it stood ---


@pytest.mark.parametrize("cell", [SECRET_ID, SECRET_PHONE, "139 0000 0250"])
@pytest.mark.parametrize("column", ["name", "gender", "ethnicity", "category", "org_code", "joined_on"])
def test_r49_a_number_in_the_wrong_column_is_not_shown(bring, column, cell):
    outcome = bring("members", person(100, **{"phone": "x", column: cell}))
    assert outcome.status == 1
    assert cell not in outcome.said


@pytest.mark.parametrize("cell", [SECRET_ID, SECRET_PHONE], ids=["ID number", "phone"])
def test_r49_a_file_without_its_header_shows_nobodys_number(run, csv_file, cell):
    rows = "\n".join(",".join({**person(100), "id_number": cell, "phone": cell}.values()) for _ in range(2))
    outcome = run("import", "members", csv_file(rows))
    assert outcome.status == 1
    assert {place.partition(",")[0] for place in outcome.places} == {"row 1"}
    assert cell not in outcome.said


def test_r49_neither_errors_nor_log_show_an_id_number_or_a_phone(bring, caplog):
    wrong = {"id_number": SECRET_ID[:17] + "?", "phone": "0591-87654321"}
    outcome = bring("members", person(100, **wrong), known_person("林小雨", org_code=CODE["五龙村支部"]))
    said = outcome.said + caplog.text + json.dumps(audited())
    lin = known_person("林小雨")
    assert len(outcome.errors) == 3
    assert not [value for value in (*wrong.values(), lin["id_number"], lin["phone"]) if value in said]


def test_r49_a_database_error_does_not_quote_what_it_was_asked(app):
    """Such an error may end in a log; the statement is enough there."""
    with pytest.raises(DBAPIError) as caught:
        db.session.execute(text("SELECT 1 FROM no_such_table WHERE phone = :phone"), {"phone": SECRET_PHONE})
    db.session.rollback()
    assert SECRET_PHONE not in str(caught.value)
