"""R32a, R49: correcting where a member belongs, with a reason, while nothing is open; reading an ID number in clear."""

import json

import pytest
from sqlalchemy import select

from models import Account, AuditEntry, AuditEvent, Member, Transfer, db
from tests.database.together import overtaken, together
from tests.scenarios.telling import everything, refused
from tests.world import fujian
from workflow import members, organizations
from workflow.transaction import transaction

__all__ = ["fujian"]

HERE, THERE, FAR = "军门第一支部", "军门第二支部", "五龙村支部"
WHY = "录入时选错支部"


def correct(fujian, who, member, to, reason=WHY):
    """One click on 【更正】 of whoever has this username; `to` None chooses nothing."""
    actor = fujian.actor_of(who)
    with transaction():
        members.correct_organization(actor, fujian.member(member), fujian.org(to).id if to else None, reason)


def entries(event):
    db.session.commit()
    return db.session.scalars(select(AuditEntry).where(AuditEntry.event == event)).all()


def paths(fujian, name):
    """Where the database says that a member and the member's account stand."""
    db.session.commit()
    query = select(Member.org_path, Account.org_path).join(Account, Account.member_id == Member.id)
    return tuple(db.session.execute(query.where(Member.name == name)).one())


# --- R32a ---


@pytest.mark.parametrize("to", [THERE, FAR, "省外组织", "未知党组织", "特殊组织", "临时党组织"])
def test_r32a_a_provincial_admin_corrects_where_a_member_belongs(fujian, to):
    correct(fujian, "省级管理员", "林小雨", to)
    assert fujian.member("林小雨").organization.name == to
    assert paths(fujian, "林小雨") == (fujian.org(to).path, fujian.org(to).path)


def test_r32a_also_out_of_a_holding_organization(fujian):
    correct(fujian, "省级管理员", "孙丽娜", HERE)
    assert paths(fujian, "孙丽娜") == (fujian.org(HERE).path, fujian.org(HERE).path)


def test_r32a_from_then_on_others_reach_the_member_and_the_account(fujian):
    correct(fujian, "省级管理员", "林小雨", FAR)
    actor, name = fujian.actor_of("古田镇党委联络员"), "林小雨"
    with transaction():
        members.change_member(actor, fujian.member(name), ethnicity="畲族")
    with refused("R33"):
        members.change_member(fujian.actor_of("东街街道工委联络员"), fujian.member(name), ethnicity="汉族")


def test_r32a_the_audit_entry_says_from_where_to_where_and_why(fujian):
    correct(fujian, "省级管理员", "林小雨", FAR, f"  {WHY}  ")
    (entry,) = entries(AuditEvent.MEMBER_CORRECTED)
    assert (entry.actor_name, entry.organization_name, entry.subject) == ("省级管理员", FAR, "林小雨")
    assert entry.details["changes"] == {"organization": [HERE, FAR]}
    assert entry.details["organization_ids"] == [fujian.org(HERE).id, fujian.org(FAR).id]
    assert entry.details["reason"] == WHY


@pytest.mark.parametrize("who", ["福建省委联络员", "东街街道工委联络员", "陈国强", "审计员", "林小雨"])
def test_r32a_nobody_else_does(fujian, who):
    before = everything()
    with refused("R32a", "只有省级管理员"):
        correct(fujian, who, "林小雨", THERE)
    assert everything() == before


@pytest.mark.parametrize(
    ("to", "reason", "rule", "field", "words"),
    [
        (THERE, "", "R32a", "reason", "请填写更正原因"),
        (THERE, "  \n ", "R32a", "reason", "请填写更正原因"),
        (THERE, "长" * 501, "R32a", "reason", "过长"),
        (None, WHY, "R32a", "organization_id", "请选择应在的组织"),
        (HERE, WHY, "R32a", "organization_id", "现在所在的组织"),
        ("军门社区总支", WHY, "R1", "organization_id", "党员只能属于党支部"),
        ("东街街道工委", WHY, "R1", "organization_id", "党员只能属于党支部"),
    ],
)
def test_r32a_what_cannot_be_is_refused_at_its_field_and_changes_nothing(fujian, to, reason, rule, field, words):
    before = everything()
    with refused(rule, words, field=field):
        correct(fujian, "省级管理员", "林小雨", to, reason)
    assert everything() == before


def test_r1_a_deactivated_branch_gets_nobody(fujian):
    fujian.deactivate(THERE)
    with refused("R1", "已停用", field="organization_id"):
        correct(fujian, "省级管理员", "林小雨", THERE)


# --- R32a: while no transfer is open ---


def on_its_way(fujian):
    fujian.apply("林小雨", to=FAR)


def withdrawn(fujian):
    fujian.person("林小雨").withdraw(fujian.apply("林小雨", to=FAR))


def rejected(fujian):
    fujian.liaison_of(HERE).reject(fujian.apply("林小雨", to=FAR))


def voided(fujian):
    transfer = fujian.apply("林小雨", to=FAR)
    fujian.person("林小雨").withdraw(transfer)
    fujian.person("林小雨").void(transfer)


def completed(fujian):
    fujian.complete(fujian.apply("林小雨", to=FAR))


@pytest.mark.parametrize("prepare", [on_its_way, withdrawn, rejected], ids=lambda prepare: prepare.__name__)
def test_r32a_an_open_transfer_forbids_it(fujian, prepare):
    prepare(fujian)
    before = everything()
    with refused("R32a", "林小雨有未办结的转接.*先办结或作废"):
        correct(fujian, "省级管理员", "林小雨", THERE)
    assert everything() == before


@pytest.mark.parametrize("prepare", [voided, completed], ids=lambda prepare: prepare.__name__)
def test_r32a_one_that_has_ended_does_not(fujian, prepare):
    prepare(fujian)
    correct(fujian, "省级管理员", "林小雨", THERE)
    assert fujian.member("林小雨").organization.name == THERE


def test_r28_a_completed_transfer_takes_the_account_along(fujian):
    completed(fujian)
    assert paths(fujian, "林小雨") == (fujian.org(FAR).path, fujian.org(FAR).path)


def test_moving_an_organization_takes_the_accounts_of_its_members_along(fujian):
    with transaction():
        organizations.change_organization(
            fujian.admin.actor, fujian.org("军门社区总支"), parent_id=fujian.org("古田镇党委").id
        )
    assert paths(fujian, "林小雨") == (fujian.org(HERE).path, fujian.org(HERE).path)
    assert fujian.account(f"{HERE}联络员").org_path == fujian.org(HERE).path


# --- At the same moment ---


@pytest.fixture(params=["at the same moment", "correcting first", "applying first"])
def both(request, make_app):
    """`both(correcting, applying)`: what each was told, None where they succeeded."""
    ways = {
        "at the same moment": lambda correcting, applying: together(make_app, correcting, applying),
        "correcting first": lambda correcting, applying: overtaken(
            make_app, correcting, applying, once="INSERT INTO audit_entry"
        ),
        "applying first": lambda correcting, applying: list(
            reversed(overtaken(make_app, applying, correcting, once="INSERT INTO history_entry"))
        ),
    }
    return ways[request.param]


def test_r32a_an_application_and_a_correction_never_cross(fujian, both):
    """Who comes second sees what the first one did: no transfer is open from where the member no longer belongs."""
    told = both(
        lambda: correct(fujian, "省级管理员", "林小雨", THERE),
        lambda: fujian.apply("林小雨", to=FAR),
    )
    db.session.commit()
    transfer = db.session.scalars(select(Transfer)).one()
    assert (transfer.source_id, transfer.source_path) == (
        fujian.member("林小雨").organization_id,
        fujian.member("林小雨").org_path,
    )
    corrected = told[0] is None
    assert fujian.member("林小雨").organization.name == (THERE if corrected else HERE)
    assert corrected or told[0].rule == "R32a"


def test_r32a_two_corrections_never_cross(fujian, make_app):
    """Each starts from where the one before it ended; who was overtaken after looking is told so (R30)."""
    told = together(
        make_app,
        lambda: correct(fujian, "省级管理员", "林小雨", THERE),
        lambda: correct(fujian, "省级管理员", "林小雨", FAR),
    )
    steps = [entry.details["changes"]["organization"] for entry in entries(AuditEvent.MEMBER_CORRECTED)]
    assert {refusal.rule for refusal in told if refusal is not None} <= {"R30"}
    assert len(steps) == told.count(None) >= 1
    assert [before for before, _after in steps] == [HERE, *(after for _before, after in steps[:-1])]
    home = fujian.org(steps[-1][1])
    assert paths(fujian, "林小雨") == (home.path, home.path)


@pytest.mark.parametrize("first", ["correcting", "moving"])
def test_a_branch_that_moves_meanwhile_takes_who_is_put_there_along(fujian, make_app, first):
    def correcting():
        correct(fujian, "省级管理员", "林小雨", FAR)

    def moving():
        with transaction():
            organizations.change_organization(
                fujian.admin.actor, fujian.org(FAR), parent_id=fujian.org("军门社区总支").id
            )

    deeds = {
        "correcting": (correcting, moving, "UPDATE member"),
        "moving": (moving, correcting, "UPDATE organization"),
    }
    one, other, once = deeds[first]
    assert overtaken(make_app, one, other, once=once) == [None, None]
    db.session.commit()
    assert fujian.org(FAR).path.startswith(fujian.org("军门社区总支").path)
    assert paths(fujian, "林小雨") == (fujian.org(FAR).path, fujian.org(FAR).path)


# --- R49 ---


@pytest.mark.parametrize("who", ["省级管理员", "东街街道工委联络员", "陈国强"])
def test_r49_who_needs_it_reads_an_id_number_and_the_audit_log_says_so(fujian, who):
    number, actor = fujian.member("林小雨").id_number, fujian.actor_of(who)
    with transaction():
        assert members.read_id_number(actor, fujian.member("林小雨")) == number
    (entry,) = entries(AuditEvent.ID_NUMBER_READ)
    assert (entry.actor_name, entry.organization_name, entry.subject) == (actor.name, HERE, "林小雨")
    assert number not in json.dumps([entry.subject, entry.details, entry.organization_name])


@pytest.mark.parametrize("who", ["审计员", "古田镇党委联络员", "吴建平", "林小雨", "郑晓东"])
def test_r49_nobody_else_does(fujian, who):
    with refused("R49"), transaction():
        members.read_id_number(fujian.actor_of(who), fujian.member("林小雨"))
    assert entries(AuditEvent.ID_NUMBER_READ) == []
