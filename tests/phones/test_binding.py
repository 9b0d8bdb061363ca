"""R6-R9: a phone is bound by the code that it received; the last one wins, and who loses it is told."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from models import AuditEntry, AuditEvent, CodePurpose, Member, Message, MessageKind, PhoneCode, clock, db
from tests.database.together import together
from tests.scenarios.telling import everything, refused
from workflow import phones
from workflow.transaction import transaction

NEW, TAKEN = "13912345678", "13800000001"
"""A number of nobody's, and that of 林小雨."""
BRANCH = "军门第一支部"


def ask(fujian, who, holder, phone=NEW):
    with transaction():
        return phones.ask(fujian.actor_of(who), holder, phone)


@pytest.fixture
def bind(fujian, received):
    """`bind("林小雨", holder, phone)`: ask for a code, read it from the phone, and bind."""

    def bound(who, holder, phone=NEW):
        ask(fujian, who, holder, phone)
        return phones.bind(fujian.actor_of(who), holder, phone, received(phone))

    return bound


def stands(fujian, name):
    member = fujian.member(name)
    return member.phone, member.phone_activated_at is not None


def told(kind):
    db.session.commit()
    found = select(Message).where(Message.kind == kind).order_by(Message.id)
    return [(message.phone, message.params) for message in db.session.scalars(found)]


def audited():
    db.session.commit()
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(entry.event, entry.actor_name, entry.subject) for entry in entries]


# --- The three ways of R9 ---


@pytest.mark.parametrize("who", ["赖福生", "龙车村支部联络员", "漳平市委联络员", "省级管理员"])
def test_r9_the_member_a_liaison_above_or_an_admin_activates_a_phone(fujian, bind, who):
    bind(who, fujian.member("赖福生"))
    assert stands(fujian, "赖福生") == (NEW, True)
    assert audited() == [(AuditEvent.PHONE_BOUND, fujian.actor_of(who).name, "赖福生")]


@pytest.mark.parametrize("who", ["林小雨", "军门第一支部联络员", "审计员"])
def test_r9_nobody_else_does(fujian, who):
    with refused("R9"):
        ask(fujian, who, fujian.member("赖福生"))
    with refused("R9"):
        phones.bind(fujian.actor_of(who), fujian.member("赖福生"), NEW, "000000")


def test_r6_a_new_number_takes_the_place_of_the_old_one(fujian, bind):
    bind("林小雨", fujian.member("林小雨"))
    assert stands(fujian, "林小雨") == (NEW, True)


@pytest.mark.parametrize("typed", ["0591-87001234", "12345678901", "+1 202 555 0123", "139", "一三八", ""])
def test_r6_what_is_no_mainland_mobile_number_gets_no_code(fujian, typed):
    before = everything()
    with refused("R6", field="phone"):
        ask(fujian, "林小雨", fujian.member("林小雨"), typed)
    assert everything() == before


def test_r6_a_number_may_be_written_as_people_write_it(fujian, bind, received):
    ask(fujian, "林小雨", fujian.member("林小雨"), "+86 139 1234 5678")
    phones.bind(fujian.actor_of("林小雨"), fujian.member("林小雨"), "139-1234-5678", received(NEW))
    assert stands(fujian, "林小雨") == (NEW, True)


# --- The code ---


def test_r6_a_code_has_six_digits_and_is_kept_hashed(fujian, received):
    ask(fujian, "林小雨", fujian.member("林小雨"))
    code = received(NEW)
    assert len(code) == 6 and code.isdecimal()
    kept = db.session.scalars(select(PhoneCode)).one()
    assert kept.code_hash != code and code not in kept.code_hash and len(kept.code_hash) == 64


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06d}"


def test_r6_a_wrong_code_binds_nothing_and_counts(fujian, received):
    ask(fujian, "林小雨", fujian.member("林小雨"))
    with refused("R6", "验证码不正确或已失效", "code"):
        phones.bind(fujian.actor_of("林小雨"), fujian.member("林小雨"), NEW, wrong(received(NEW)))
    assert stands(fujian, "林小雨") == (TAKEN, True)
    assert db.session.scalars(select(PhoneCode.wrong)).all() == [1]


@pytest.mark.parametrize(("tries", "accepted"), [(4, True), (5, False)])
def test_r6_five_wrong_tries_end_a_code(fujian, received, tries, accepted):
    ask(fujian, "林小雨", fujian.member("林小雨"))
    actor, code = fujian.actor_of("林小雨"), received(NEW)
    for _ in range(tries):
        with refused("R6", field="code"):
            phones.bind(actor, fujian.member("林小雨"), NEW, wrong(code))
    outcome = attempt(lambda: phones.bind(actor, fujian.member("林小雨"), NEW, code))
    assert (outcome is None, stands(fujian, "林小雨")[0] == NEW) == (accepted, accepted)


def attempt(deed):
    """The refusal, None where it succeeded."""
    try:
        deed()
    except phones.RuleError as refusal:
        return refusal
    return None


@pytest.mark.parametrize(("minutes", "accepted"), [(4.9, True), (5.1, False)])
def test_r6_a_code_is_valid_for_five_minutes(fujian, received, minutes, accepted):
    ask(fujian, "林小雨", fujian.member("林小雨"))
    actor, code = fujian.actor_of("林小雨"), received(NEW)
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        outcome = attempt(lambda: phones.bind(actor, fujian.member("林小雨"), NEW, code))
    assert (outcome is None) == accepted


def test_r6_a_code_works_once(fujian, received, bind):
    bind("林小雨", fujian.member("林小雨"))
    with refused("R6", field="code"):
        phones.bind(fujian.actor_of("林小雨"), fujian.member("林小雨"), NEW, received(NEW))


def test_r6_a_new_code_ends_the_one_before(fujian, received):
    ask(fujian, "林小雨", fujian.member("林小雨"))
    ask(fujian, "林小雨", fujian.member("林小雨"))
    assert db.session.scalar(select(PhoneCode.id).where(PhoneCode.phone == NEW).offset(1)) is None
    kept = db.session.scalars(select(PhoneCode.code_hash)).one()
    expected = {phones._hash(CodePurpose.BIND, NEW, phones.mark_of(fujian.member("林小雨")), received(NEW))}
    assert {kept} == expected


def test_r6_the_code_for_one_is_none_for_another_nor_for_signing_in(fujian, received):
    ask(fujian, "林小雨", fujian.member("林小雨"))
    with refused("R6", field="code"):
        phones.bind(fujian.actor_of("陈国强"), fujian.member("陈国强"), NEW, received(NEW))
    with refused("R6", field="code"):
        phones.redeem(CodePurpose.SIGN_IN, NEW, received(NEW))


@pytest.mark.parametrize("phone", [NEW, "13800000002"])
def test_r7_before_the_code_is_right_nothing_says_whose_phone_it_is(fujian, phone):
    ask(fujian, "林小雨", fujian.member("林小雨"), phone)
    with refused("R6", "^验证码不正确或已失效，请核对；连续输错5次或超过5分钟请重新获取。$"):
        phones.bind(fujian.actor_of("林小雨"), fujian.member("林小雨"), phone, "x")


# --- R7, R8: one phone, one formal account, and one virtual one ---


def test_r7_binding_it_elsewhere_unbinds_it_and_tells_who_lost_it(fujian, bind):
    bound = bind("陈国强", fujian.member("陈国强"), TAKEN)
    assert bound.unbound == ("林小雨",)
    assert (stands(fujian, "陈国强"), stands(fujian, "林小雨")) == ((TAKEN, True), (TAKEN, False))
    assert told(MessageKind.UNBOUND) == [(TAKEN, {"username": "林小雨"})]
    assert [entry[0] for entry in audited()] == [AuditEvent.PHONE_UNBOUND, AuditEvent.PHONE_BOUND]


def test_r7_who_loses_it_keeps_their_grants_which_sleep(fujian, bind):
    bind("林小雨", fujian.member("林小雨"), fujian.member("陈国强").phone)
    actor = fujian.actor_of("陈国强")
    assert actor.sleeping and [post.organization_name for post in actor.posts] == [BRANCH]
    bind("陈国强", fujian.member("陈国强"), NEW)
    assert fujian.actor_of("陈国强").liaison_paths == {fujian.org(BRANCH).id: fujian.org(BRANCH).path}


def test_r8_a_virtual_account_shares_the_phone_of_a_formal_one(fujian, bind):
    account = fujian.account(f"{BRANCH}联络员")
    bound = bind(f"{BRANCH}联络员", account, TAKEN)
    db.session.refresh(account)
    assert bound.unbound == () and account.phone_activated_at is not None
    assert stands(fujian, "林小雨") == (TAKEN, True)
    assert {one.username for one in phones.accounts_of(TAKEN)} == {"林小雨", f"{BRANCH}联络员"}


def test_r8_one_virtual_account_takes_it_from_another(fujian, bind):
    first, second = fujian.account(f"{BRANCH}联络员"), fujian.account("五龙村支部联络员")
    bind(f"{BRANCH}联络员", first)
    assert bind("五龙村支部联络员", second).unbound == (f"{BRANCH}联络员",)
    assert [one.username for one in phones.accounts_of(NEW)] == ["五龙村支部联络员"]


def test_r8_a_virtual_account_s_phone_is_its_own_or_an_admin_s_to_bind(fujian, bind):
    account = fujian.account(f"{BRANCH}联络员")
    with refused("R9"):
        ask(fujian, "鼓楼区委联络员", account)
    bind("省级管理员", account)
    assert [one.username for one in phones.accounts_of(NEW)] == [f"{BRANCH}联络员"]


def test_r7_a_closed_account_is_none_that_a_phone_serves(fujian):
    fujian.account("林小雨").is_active = False
    db.session.commit()
    assert phones.accounts_of(TAKEN) == []


# --- 【清空】 ---


def test_r6_a_number_entered_by_mistake_is_cleared(fujian):
    member = fujian.member("吴建平")
    with transaction():
        phones.clear(fujian.actor_of("旗汛口社区支部联络员"), member)
    assert stands(fujian, "吴建平") == ("", False)
    assert audited() == [(AuditEvent.PHONE_CLEARED, "旗汛口社区支部（虚拟管理员）", "吴建平")]


def test_r6_an_activated_number_is_changed_and_not_cleared(fujian):
    before = everything()
    with refused("R6", "点击修改"), transaction():
        phones.clear(fujian.actor_of("林小雨"), fujian.member("林小雨"))
    assert everything() == before


def test_r9_nobody_clears_another_s_number(fujian):
    with refused("R9"), transaction():
        phones.clear(fujian.actor_of("林小雨"), fujian.member("吴建平"))


# --- At the same moment ---


def test_r7_of_two_who_bind_one_phone_at_once_exactly_one_holds_it(fujian, received, make_app):
    codes = {}
    for name in ("林小雨", "陈国强", "黄志明"):
        ask(fujian, name, fujian.member(name))
        codes[name] = received(NEW)

    def bind_as(name):
        return lambda: phones.bind(fujian.actor_of(name), fujian.member(name), NEW, codes[name])

    assert together(make_app, *(bind_as(name) for name in codes)) == [None, None, None]
    db.session.commit()
    held = select(Member.name).where(Member.phone == NEW, Member.phone_activated_at.is_not(None))
    assert len(db.session.scalars(held).all()) == 1
    assert len(told(MessageKind.UNBOUND)) == 2


def test_r6_five_wrong_tries_at_once_are_all_counted(fujian, received, make_app):
    ask(fujian, "林小雨", fujian.member("林小雨"))
    code = received(NEW)

    def guess():
        phones.bind(fujian.actor_of("林小雨"), fujian.member("林小雨"), NEW, wrong(code))

    assert {refusal.rule for refusal in together(make_app, *[guess] * 5)} == {"R6"}
    db.session.commit()
    assert db.session.scalars(select(PhoneCode.wrong)).all() == [5]
