"""`import orgs`: making organizations and bringing known ones to their rows (R1, R5, R12)."""

import json

import pytest
from sqlalchemy import select

from models import Account, AuditEntry, AuditEvent, Member, Organization, OrganizationKind, Transfer, db
from tests.commands.shell import CODE, audited, count, everything, known_org, one, org, run, table

STREET, GENERAL = CODE["东街街道工委"], CODE["军门社区总支"]


def found(code: str) -> Organization:
    return one(Organization, code=code)


# --- new organizations ---


def test_r1_a_new_organization_is_all_that_its_row_says(bring, fujian):
    assert bring("orgs", org("n1", name="新支部", contact_name="林干事", contact_phone="0591-87001234")).status == 0
    made = found("n1")
    assert (made.name, made.kind, made.level_rank) == ("新支部", OrganizationKind.BRANCH, 7)
    assert (made.contact_name, made.contact_phone, made.is_active) == ("林干事", "0591-87001234", True)
    assert made.parent_id == fujian.org("东街街道工委").id
    assert made.path == f"{fujian.org('东街街道工委').path}{made.id:08d}"


@pytest.mark.parametrize("kind", ["committee", "working_committee", "general_branch", "branch"])
def test_r3_an_organization_may_come_without_level_and_contact(bring, kind):
    assert bring("orgs", org("n1", kind=kind, level="")).status == 0
    made = found("n1")
    assert (made.kind, made.level_rank, made.contact_name, made.contact_phone) == (kind, None, "", "")


@pytest.mark.parametrize("kind", ["out_of_province", "special", "unknown", "temporary"])
def test_r1_a_holding_organization_has_neither_parent_nor_level(bring, kind):
    assert bring("orgs", org("h1", kind=kind, parent_code="", level="")).status == 0
    made = found("h1")
    assert (made.kind, made.parent_id, made.path) == (kind, None, f"{made.id:08d}")


def test_a_whole_tree_comes_into_an_empty_database_with_parents_after_their_children(empty_app, csv_file):
    rows = [known_org(name) for name in reversed(CODE)]
    outcome = run(empty_app, "import", "orgs", csv_file(table("orgs", *rows)))
    assert outcome.status == 0
    paths = dict(db.session.execute(select(Organization.name, Organization.path)).all())
    parents = dict(db.session.execute(select(Organization.id, Organization.parent_id)).all())
    assert len(paths) == len(CODE)
    assert paths["军门第一支部"] == "".join(
        paths[name][-8:]
        for name in ("福建省委", "福州市委", "鼓楼区委", "东街街道工委", "军门社区总支", "军门第一支部")
    )
    assert {int(path[-8:]): int(path[:-8][-8:] or 0) or None for path in paths.values()} == parents


def test_the_second_run_changes_nothing(bring):
    rows = org("n2", parent_code="n1", level=""), org("n1", kind="general_branch"), known_org("古田镇党委", level="")
    bring("orgs", *rows)
    before = everything()
    outcome = bring("orgs", *rows)
    assert outcome.status == 0
    assert "未变3" in outcome.out
    assert everything() == before


def test_the_summary_counts_what_is_new_changed_and_unchanged(bring):
    outcome = bring("orgs", org("n1"), known_org("古田镇党委", name="古田镇委"), known_org("上杭县委"))
    assert "共3行，新增1，更新1，未变1" in outcome.out
    assert outcome.err == ""


# --- known organizations ---


def test_a_known_code_is_brought_to_its_row(bring, fujian):
    identity = fujian.org("军门社区总支").id
    row = known_org("军门社区总支", name="军门党总支", contact_name="许干事", contact_phone="0591-1", level="")
    assert bring("orgs", row).status == 0
    changed = found(GENERAL)
    assert changed.id == identity
    assert (changed.name, changed.contact_name, changed.contact_phone) == ("军门党总支", "许干事", "0591-1")


def test_an_organization_that_the_file_does_not_name_stays_as_it_was(bring):
    before = [row for row in everything()["organization"] if row.code != STREET]
    bring("orgs", known_org("东街街道工委", level=""))
    assert [row for row in everything()["organization"] if row.code != STREET] == before


def test_r5_an_empty_level_unsets_it(bring):
    assert bring("orgs", known_org("东街街道工委", level="")).status == 0
    assert found(STREET).level_rank is None


def test_a_move_takes_the_subtree_its_members_accounts_and_transfers_along(bring, fujian):
    key = fujian.apply("林小雨", "五龙村支部").key
    assert bring("orgs", known_org("军门社区总支", parent_code=CODE["古田镇党委"])).status == 0
    branch = found(CODE["军门第一支部"])
    town, general = fujian.org("古田镇党委"), found(GENERAL)
    assert branch.path == f"{town.path}{general.id:08d}{branch.id:08d}"
    members = db.session.scalars(select(Member.org_path).where(Member.organization_id == branch.id))
    assert set(members) == {branch.path}
    accounts = {one(Account, username=name).org_path for name in ("林小雨", "军门第一支部联络员")}
    assert accounts == {branch.path}
    assert one(Transfer, key=key).source_path == branch.path
    assert one(Transfer, key=key).destination_path == fujian.org("五龙村支部").path


def test_r12_a_deactivated_organization_stays_deactivated(bring, fujian):
    fujian.deactivate("花园弄社区支部")
    assert bring("orgs", known_org("花园弄社区支部", name="花园弄支部")).status == 0
    changed = found(CODE["花园弄社区支部"])
    assert (changed.name, changed.is_active) == ("花园弄支部", False)


# --- R5: on the final tree ---

UNSET_COUNTY = known_org("鼓楼区委", level="")
RAISED_STREET = known_org("东街街道工委", level="5")


@pytest.mark.parametrize("rows", [(UNSET_COUNTY, RAISED_STREET), (RAISED_STREET, UNSET_COUNTY)])
def test_r5_what_would_collide_halfway_is_right_when_the_final_tree_is(bring, rows):
    assert bring("orgs", *rows).status == 0
    assert (found(CODE["鼓楼区委"]).level_rank, found(STREET).level_rank) == (None, 5)


def test_r5_two_organizations_change_places(bring):
    rows = (
        known_org("军门社区总支", parent_code=CODE["古田镇党委"]),
        known_org("古田镇党委", parent_code=CODE["鼓楼区委"]),
        known_org("东街街道工委", parent_code=CODE["上杭县委"]),
    )
    assert bring("orgs", *rows).status == 0
    assert found(GENERAL).path.startswith(found(CODE["古田镇党委"]).path)
    assert found(CODE["古田镇党委"]).path.startswith(found(CODE["鼓楼区委"]).path)
    assert found(STREET).path.startswith(found(CODE["上杭县委"]).path)


# --- the audit log ---


def test_r5_each_change_of_a_level_or_a_parent_is_an_audit_entry(bring, fujian):
    old, new = fujian.org("东街街道工委").id, fujian.org("古田镇党委").id
    bring("orgs", known_org("军门社区总支", parent_code=CODE["古田镇党委"], level="", name="军门总支"))
    assert sorted((event, details["changes"]) for event, _, details in audited() if "changes" in details) == [
        (AuditEvent.LEVEL_SET, {"level_rank": [7, None]}),
        (AuditEvent.ORGANIZATION_CHANGED, {"name": ["军门社区总支", "军门总支"]}),
        (AuditEvent.ORGANIZATION_MOVED, {"parent_id": [old, new]}),
    ]


def test_a_new_organization_is_an_audit_entry_with_its_values(bring):
    bring("orgs", org("n1"))
    event, name, details = audited()[0]
    assert (event, name) == (AuditEvent.ORGANIZATION_CREATED, "新建组织n1")
    assert (details["values"]["code"], details["values"]["level_rank"]) == ("n1", 7)


def test_the_audit_log_says_which_file_the_command_line_brought(bring):
    bring("orgs", org("n1"))
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.event, entry.actor_id, entry.actor_name) == (AuditEvent.DATA_IMPORTED, None, "命令行")
    assert "rows.csv" in entry.subject
    assert entry.details == {"counts": {"rows": 1, "created": 1, "updated": 0}}


def test_r49_no_audit_entry_holds_the_phone_of_a_contact_person(bring):
    bring("orgs", org("n1", contact_phone="13912345678"), known_org("上杭县委", contact_phone="13812345678"))
    log = json.dumps([details for *_, details in audited()], ensure_ascii=False)
    assert count(AuditEntry, event=AuditEvent.ORGANIZATION_CREATED) == 1
    assert "13912345678" not in log
    assert "13812345678" not in log
