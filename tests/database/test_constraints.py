"""What the database itself refuses, whatever the program asks for: R1, R19, R20, R26 and the closed sets."""

import pytest
import sqlalchemy as sa

from models import AuditEvent, LabelledEnum, db
from workflow import audit
from workflow.transaction import transaction

DUES = "UPDATE transfer SET dues_paid_until = :month"


@pytest.fixture
def transfer(fujian):
    return fujian.transfer("林小雨", "军门第一支部", to="五龙村支部", at="东街街道工委")


def refused(statement: str, constraint: str = "", **values) -> None:
    """The statement breaks a rule of the database, the one of that name."""
    with pytest.raises(sa.exc.IntegrityError, match=constraint or None):
        db.session.execute(sa.text(statement), values)
    db.session.rollback()


def accepted(statement: str, **values) -> None:
    """The statement changes something."""
    assert db.session.execute(sa.text(statement), values).rowcount > 0
    db.session.commit()


# --- R20 ---


@pytest.mark.parametrize("state", ["withdrawn", "rejected"])
def test_r20_a_second_open_transfer_of_a_member_is_refused(fujian, transfer, state):
    other = fujian.apply("陈国强", to="五龙村支部")
    accepted(f"UPDATE transfer SET state = '{state}', current_organization_id = NULL WHERE id = :id", id=transfer.id)
    refused("UPDATE transfer SET member_id = :member WHERE id = :id", member=transfer.member_id, id=other.id)


@pytest.mark.parametrize("state", ["completed", "voided"])
def test_r20_beside_one_that_ended_it_is_not(fujian, transfer, state):
    other = fujian.apply("陈国强", to="五龙村支部")
    accepted(f"UPDATE transfer SET state = '{state}', current_organization_id = NULL WHERE id = :id", id=transfer.id)
    accepted("UPDATE transfer SET member_id = :member WHERE id = :id", member=transfer.member_id, id=other.id)


# --- a transfer ---


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "2026-1", "2026/11", "202611", "", "2026-ab"])
def test_r19_dues_are_a_month(transfer, month):
    refused(DUES, "dues_month", month=month)


def test_r19_every_month_is_one(transfer):
    for month in range(1, 13):
        accepted(DUES, month=f"2026-{month:02d}")


def test_r13_both_ends_are_not_the_same(transfer):
    refused("UPDATE transfer SET destination_id = source_id", "ends")


@pytest.mark.parametrize("state", ["withdrawn", "rejected", "completed", "voided"])
def test_s6_only_a_running_transfer_stands_at_an_organization(transfer, state):
    refused("UPDATE transfer SET state = :state", "current", state=state)


def test_s6_a_running_transfer_stands_at_one(transfer):
    refused("UPDATE transfer SET current_organization_id = NULL", "current")


def test_r24_one_step_waits_at_a_time(transfer):
    refused("UPDATE step SET state = 'current'")


def test_r31_two_entries_of_one_record_have_different_numbers(transfer):
    columns = [column.name for column in db.metadata.tables["history_entry"].columns if column.name != "id"]
    names = ", ".join(columns)
    refused(f"INSERT INTO history_entry ({names}) SELECT {names} FROM history_entry WHERE sequence = 1")


# --- organizations, members, accounts ---


@pytest.mark.parametrize("name", ["省外组织", "特殊组织", "未知党组织", "临时党组织"])
@pytest.mark.parametrize("column", ["parent_id", "level_rank"])
def test_r1_a_holding_organization_has_neither_parent_nor_level(fujian, name, column):
    refused(f"UPDATE organization SET {column} = 1 WHERE name = :name", "holding", name=name)


def test_r1_no_organization_stands_directly_under_itself(fujian):
    refused("UPDATE organization SET parent_id = id WHERE name = '五龙村支部'", "own_parent")


def test_r6_no_phone_no_activation(fujian):
    refused("UPDATE member SET phone = '' WHERE name = '林小雨'", "activated_phone")


def test_r7_one_phone_activates_one_formal_account(fujian):
    refused("UPDATE member SET phone = (SELECT phone FROM member WHERE name = '林小雨') WHERE name = '陈国强'")


def test_r7_a_phone_that_is_not_activated_may_stand_twice(fujian):
    accepted("UPDATE member SET phone = (SELECT phone FROM member WHERE name = '林小雨') WHERE name = '吴建平'")


def test_r41_one_id_number_one_member(fujian):
    index = "(SELECT id_number_index FROM member WHERE name = '林小雨')"
    refused(f"UPDATE member SET id_number_index = {index} WHERE name = '陈国强'")


def test_s3_an_account_is_not_formal_and_virtual_at_once(fujian):
    refused("UPDATE account SET organization_id = 1 WHERE username = '林小雨'", "owner")


def test_s3_one_member_one_account(fujian):
    member = "(SELECT id FROM member WHERE name = '林小雨')"
    refused(f"UPDATE account SET member_id = {member} WHERE username = '陈国强'")


@pytest.mark.parametrize("role", ["liaison", "secretary", "auditor"])
def test_r10_only_a_provincial_admin_is_granted_on_no_organization(fujian, role):
    refused("UPDATE role_grant SET organization_id = NULL WHERE role_code = :role", "organization", role=role)


def test_r10_a_role_is_granted_once(fujian):
    columns = "account_id, organization_id, role_code, granted_at"
    refused(
        f"INSERT INTO role_grant ({columns}) SELECT {columns} FROM role_grant WHERE organization_id IS NOT NULL",
    )


# --- what refers to what ---


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfer SET member_id = 999999",
        "UPDATE transfer SET current_organization_id = 999999",
        "UPDATE member SET organization_id = 999999 WHERE name = '林小雨'",
        "UPDATE organization SET level_rank = 99 WHERE name = '五龙村支部'",
        "UPDATE organization SET parent_id = 999999 WHERE name = '五龙村支部'",
        "DELETE FROM organization WHERE name = '五龙村支部'",
        "DELETE FROM member WHERE name = '林小雨'",
        "DELETE FROM account WHERE username = '林小雨'",
        "DELETE FROM transfer",
        "DELETE FROM permission_level",
    ],
)
def test_nothing_refers_to_what_is_not_there(transfer, statement):
    refused(statement, "(?i)foreign key")


# --- closed sets ---


def closed_sets() -> list[sa.Column]:
    """Every column that holds one of a set of words."""
    return [
        column
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.Enum) and issubclass(column.type.enum_class, LabelledEnum)
    ]


def words(column: sa.Column) -> set[str]:
    """The words that the migrated database allows in a column."""
    checks = sa.inspect(db.engine).get_check_constraints(column.table.name)
    text = next(check["sqltext"] for check in checks if check["name"] == f"ck_{column.table.name}_{column.type.name}")
    return set(text.split("'")[1::2])


def test_each_closed_set_holds_exactly_the_words_of_the_program(empty_app):
    said = {str(column): {member.value for member in column.type.enum_class} for column in closed_sets()}
    assert {str(column): words(column) for column in closed_sets()} == said
    assert len(said) > 20


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("organization", "kind"),
        ("member", "status"),
        ("role_grant", "role_code"),
        ("transfer", "state"),
        ("step", "stage"),
    ],
)
def test_a_closed_set_refuses_any_other_word(transfer, table, column):
    refused(f"UPDATE {table} SET {column} = 'nonsense'", f"ck_{table}")


@pytest.mark.parametrize(("table", "column"), [("history_entry", "action"), ("audit_entry", "event")])
def test_r31_what_history_and_audit_may_say_is_a_closed_set(transfer, table, column):
    with transaction():
        audit.record(AuditEvent.EXPORTED, None, subject="林小雨")
    names = [each.name for each in db.metadata.tables[table].columns if each.name != "id"]
    values = [{column: "'nonsense'", "sequence": "sequence + 99"}.get(name, name) for name in names]
    refused(f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}", f"ck_{table}")
