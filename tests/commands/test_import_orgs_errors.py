"""`import orgs`: what cannot be is an error of its row and column (R1, R5, R12)."""

import pytest

from models import Organization
from tests.commands.shell import CODE, everything, known_org, one, org

HOLDING = ["out_of_province", "special", "unknown", "temporary"]
STREET, GENERAL = CODE["东街街道工委"], CODE["军门社区总支"]


# --- R5: levels in the final tree ---


@pytest.mark.parametrize(
    "row",
    [
        org("n1", level="6"),
        org("n1", kind="general_branch", level="6"),
        org("n1", kind="special", parent_code="", level="7"),
        org("n1", kind="committee", level="6"),
        org("n1", kind="committee", level="5", parent_code=CODE["鼓楼区委"]),
        org("n1", kind="committee", level="4", parent_code=CODE["安泰街道工委"]),
        known_org("鼓楼区委", level="7"),
        known_org("鼓楼区委", level="6"),
        known_org("福州市委", level="1"),
    ],
    ids=lambda row: f"{row['kind']} {row['level']}",
)
def test_r5_a_level_that_does_not_fit_is_an_error_of_its_column(bring, row):
    outcome = bring("orgs", row)
    assert (outcome.status, set(outcome.places)) == (1, {"row 2, column level"})


def test_r5_two_new_organizations_that_collide_are_one_error_on_the_lower_one(bring):
    rows = org("n2", kind="committee", level="6", parent_code="n1"), org("n1", kind="committee", level="7")
    outcome = bring("orgs", *rows)
    assert (outcome.status, outcome.places) == (1, ["row 2, column level"])


def test_r5_a_move_under_an_organization_of_the_same_level_is_an_error_of_its_row(bring):
    before = everything()
    outcome = bring("orgs", known_org("上杭县委"), known_org("东街街道工委", parent_code=CODE["古田镇党委"]))
    assert outcome.status == 1
    assert [place.partition(",")[0] for place in outcome.places] == ["row 3"]
    assert "东街街道工委" in outcome.err
    assert "古田镇党委" in outcome.err
    assert everything() == before


# --- R1: the shape of the tree ---


@pytest.mark.parametrize(
    "row",
    [
        org("n1", kind="committee", parent_code="", level="2"),  # a second root
        org("n1", parent_code=""),
        org("n1", kind="general_branch", parent_code=""),
        org("n1", parent_code="no-such"),
        org("n1", parent_code=CODE["旗汛口社区支部"]),
        org("n1", parent_code=CODE["特殊组织"]),
        org("n1", kind="committee", parent_code=GENERAL),
        org("n1", kind="working_committee", parent_code=GENERAL),
        *(org("n1", kind=kind, level="") for kind in HOLDING),
        org("n1", parent_code="n1"),
        known_org("东街街道工委", parent_code=GENERAL),  # under its own child
        known_org("东街街道工委", parent_code=""),
    ],
    ids=lambda row: f"{row['kind']} under {row['parent_code'] or 'none'}",
)
def test_r1_a_place_that_cannot_be_is_an_error_of_the_parent(bring, row):
    outcome = bring("orgs", row)
    assert outcome.status == 1
    assert set(outcome.places) == {"row 2, column parent_code"}


def test_r1_each_row_of_a_cycle_is_an_error_and_what_hangs_below_is_none(bring):
    rows = (
        org("n1", kind="committee", level="", parent_code="n2"),
        org("n2", kind="committee", level="", parent_code="n1"),
        org("n3", parent_code="n2"),
    )
    outcome = bring("orgs", *rows)
    assert (outcome.status, outcome.places) == (1, ["row 2, column parent_code", "row 3, column parent_code"])


@pytest.mark.parametrize(
    ("name", "kind"), [("军门社区总支", "branch"), ("军门第一支部", "general_branch"), ("军门第一支部", "committee")]
)
def test_r1_the_kind_of_one_with_children_or_members_cannot_become_just_any(bring, name, kind):
    outcome = bring("orgs", known_org(name, kind=kind))
    assert outcome.status == 1
    assert "row 2, column kind" in outcome.places


def test_r1_a_branch_without_members_can_become_a_general_branch(bring):
    assert bring("orgs", known_org("花园弄社区支部", kind="general_branch")).status == 0
    assert one(Organization, code=CODE["花园弄社区支部"]).kind == "general_branch"


def test_r12_nothing_new_comes_under_a_deactivated_organization(bring, fujian):
    fujian.deactivate("东街街道工委")
    outcome = bring("orgs", org("n1"), known_org("花园弄社区支部", parent_code=STREET))
    assert (outcome.status, outcome.places) == (1, ["row 2, column parent_code", "row 3, column parent_code"])


# --- cells ---


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("code", ""),
        ("code", "x" * 41),
        ("code", "n\t1"),
        ("name", ""),
        ("name", "支" * 121),
        ("name", "新\n支部"),
        ("kind", ""),
        ("kind", "党支部"),
        ("kind", "Branch"),
        ("level", "0"),
        ("level", "8"),
        ("level", "07"),
        ("level", "7.0"),
        ("level", "七"),
        ("contact_name", "王" * 61),
        ("contact_phone", "0" * 41),
        ("contact_phone", "0591\x00"),
    ],
)
def test_a_cell_that_cannot_be_is_an_error_of_its_column(bring, column, cell):
    outcome = bring("orgs", org("n1", **{column: cell}))
    assert (outcome.status, outcome.places) == (1, [f"row 2, column {column}"])


def test_a_code_that_stands_twice_is_an_error_of_the_second_row_and_names_the_first(bring):
    outcome = bring("orgs", org("n1"), org("n2"), org("n1"))
    assert (outcome.status, outcome.places) == (1, ["row 4, column code"])
    assert "2" in outcome.err.partition(":")[2]


def test_every_error_of_every_row_is_told_in_the_order_of_the_file(bring):
    outcome = bring("orgs", org("n1", name="", level="9"), org("n2"), org("n3", parent_code="no-such"))
    assert outcome.places == ["row 2, column name", "row 2, column level", "row 4, column parent_code"]
