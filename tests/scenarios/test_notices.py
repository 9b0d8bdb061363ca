"""R32, R47: who is told what by SMS, in the same transaction; reminders, 催办, one message for many."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models import Message, MessageKind, Transfer, clock, db
from tests.scenarios.telling import everything, refused
from workflow import notices
from workflow.transaction import transaction

A, B, STREET = "军门第一支部", "五龙村支部", "东街街道工委"


@pytest.fixture
def phones(fujian):
    """Phones of virtual accounts: that of 军门第一支部 and of 东街街道工委 have one, the others none."""
    numbers = {f"{A}联络员": "13911110001", f"{STREET}联络员": "13911110002"}
    for username, phone in numbers.items():
        account = fujian.account(username)
        account.phone, account.phone_activated_at = phone, clock.now()
    db.session.commit()
    owners = {phone: username for username, phone in numbers.items()}
    return {**owners, **{fujian.member(name).phone: name for name in ("林小雨", "陈国强", "林志强", "黄志明")}}


@pytest.fixture
def told(phones):
    """`told()`: whom the outbox tells what since the last time, each as (who, kind)."""
    seen = []

    def new():
        db.session.commit()
        found = db.session.scalars(select(Message).where(Message.id.not_in(seen)).order_by(Message.id)).all()
        seen.extend(message.id for message in found)
        return sorted((phones[message.phone], message.kind.value) for message in found)

    return new


def wait(days):
    """Every transfer has stood where it stands for so many days."""
    db.session.execute(update(Transfer).values(arrived_at=clock.now() - timedelta(days=days)))
    db.session.commit()


# --- R32 ---


def test_r32_each_liaison_with_a_phone_is_told_of_what_arrives(fujian, told):
    transfer = fujian.apply("林小雨", to=B)
    assert told() == [(f"{A}联络员", "arrived"), ("陈国强", "arrived")]
    fujian.person("陈国强").approve(transfer)
    assert told() == []  # nobody at 军门社区总支 has a phone
    fujian.liaison_of("军门社区总支").approve(transfer)
    assert told() == [(f"{STREET}联络员", "arrived"), ("林志强", "arrived")]


def test_r32_who_does_it_is_not_told_of_it(fujian, told):
    fujian.person("陈国强").apply("林小雨", to=B)
    assert told() == [(f"{A}联络员", "arrived")]


def test_r32_a_phone_that_is_not_activated_gets_nothing(fujian, told):
    fujian.member("陈国强").phone_activated_at = None
    db.session.commit()
    fujian.apply("林小雨", to=B)
    assert told() == [(f"{A}联络员", "arrived")]


def test_r32_one_who_is_liaison_twice_over_by_one_phone_is_told_once(fujian, told):
    account = fujian.account(f"{A}联络员")
    account.phone = fujian.member("陈国强").phone
    db.session.commit()
    fujian.apply("林小雨", to=B)
    db.session.commit()
    assert len(db.session.scalars(select(Message.id)).all()) == 1


def test_r32_the_applicant_is_told_where_it_comes_back(fujian, told):
    transfer = fujian.apply("林小雨", to=B)
    told()
    fujian.liaison_of(A).reject(transfer)
    assert told() == [("林小雨", "returned")]


def test_r32_so_are_the_liaison_who_submitted_and_the_member(fujian, told):
    transfer = fujian.person("陈国强").apply("林小雨", to=B)
    told()
    fujian.liaison_of(A).reject(transfer)
    assert told() == [("林小雨", "returned"), ("陈国强", "returned")]


def test_r32_the_applicant_is_told_where_it_ends(fujian, told):
    transfer = fujian.transfer("林小雨", A, to=B, at=B, confirming=True)
    told()
    fujian.liaison_of(B).confirm(transfer)
    assert told() == [("林小雨", "ended")]


def test_r32_who_takes_back_or_voids_their_own_is_not_told(fujian, told):
    transfer = fujian.apply("林小雨", to=B)
    told()
    fujian.person("林小雨").withdraw(transfer)
    fujian.person("林小雨").void(transfer)
    assert told() == []


def test_r32_what_is_rejected_goes_back_to_whoever_decides_again(fujian, told):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    told()
    fujian.liaison_of("军门社区总支").reject(transfer)
    assert told() == [(f"{A}联络员", "arrived"), ("陈国强", "arrived")]


def test_r32_a_refused_action_tells_nobody(fujian, told):
    transfer = fujian.apply("林小雨", to=B)
    before = everything()
    with refused("R30"):
        fujian.liaison_of(STREET).approve(transfer)
    assert everything() == before


def test_r32_the_message_names_the_organization_the_member_and_the_kind_and_no_number(fujian, phones):
    fujian.apply("林小雨", to=B)
    message = db.session.scalars(select(Message).where(Message.kind == MessageKind.ARRIVED)).first()
    assert message.params == {"organization": A, "member": "林小雨", "kind": "省内转接"} and message.organization_id


# --- One message for many ---


def test_r32_an_organization_may_choose_one_message_for_many(fujian, told):
    with transaction():
        notices.set_digest(fujian.actor_of("陈国强"), fujian.org(A), True)
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("林小雨").withdraw(transfer)
    fujian.person("林小雨").resubmit(transfer)
    assert told() == [(f"{A}联络员", "digest"), ("陈国强", "digest")]
    digests = db.session.scalars(select(Message).where(Message.kind == MessageKind.DIGEST)).all()
    assert [message.params["count"] for message in digests] == [2, 2]
    assert all(message.next_at > clock.now() + timedelta(minutes=50) for message in digests)


@pytest.mark.parametrize(("who", "rule"), [("林小雨", "R32"), (f"{STREET}联络员", "R32"), ("审计员", "R32")])
def test_r32_only_its_own_liaison_or_an_admin_chooses(fujian, who, rule):
    with refused(rule), transaction():
        notices.set_digest(fujian.actor_of(who), fujian.org(A), True)
    with transaction():
        notices.set_digest(fujian.actor_of("省级管理员"), fujian.org(A), True)
    assert fujian.org(A).sms_digest


# --- R47: reminders ---


def test_r47_what_has_waited_too_long_is_reminded_of_once(fujian, told):
    fujian.apply("林小雨", to=B)
    told()
    wait(days=2)
    assert (notices.remind_due(), told()) == (0, [])
    wait(days=4)
    assert notices.remind_due() == 1
    assert told() == [(f"{A}联络员", "reminder"), ("陈国强", "reminder")]
    assert (notices.remind_due(), told()) == (0, [])


def test_r47_the_next_step_is_reminded_of_again(fujian, told):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    wait(days=4)
    notices.remind_due()
    fujian.liaison_of("军门社区总支").approve(transfer)
    wait(days=4)
    told()
    assert notices.remind_due() == 1
    assert told() == [(f"{STREET}联络员", "reminder"), ("林志强", "reminder")]


def test_r47_one_reminder_an_organization_says_how_many(fujian, told):
    fujian.transfer("林小雨", A, to=B, at=STREET)
    fujian.transfer("王丽华", "军门第二支部", to=B, at=STREET)
    told()
    wait(days=4)
    assert notices.remind_due() == 2
    found = db.session.scalars(select(Message).where(Message.kind == MessageKind.REMINDER)).all()
    assert [message.params for message in found] == [{"organization": STREET, "count": 2}] * 2


def test_r47_what_has_ended_or_come_back_is_not_reminded_of(fujian, told):
    transfer = fujian.apply("林小雨", to=B)
    fujian.liaison_of(A).reject(transfer)
    wait(days=9)
    assert notices.remind_due() == 0


# --- R47: 催办 ---


@pytest.mark.parametrize("who", ["林小雨", f"{A}联络员", "鼓楼区委联络员"])
def test_r47_the_applicant_and_whoever_stands_before_or_above_may_urge(fujian, told, who):
    transfer = fujian.transfer("林小雨", A, to=B, at=STREET)
    wait(days=4)
    told()
    assert notices.urge(transfer.key, fujian.actor_of(who)) == 2
    assert told() == [(f"{STREET}联络员", "urge"), ("林志强", "urge")]


@pytest.mark.parametrize("who", [f"{STREET}联络员", "五龙村支部联络员", "王丽华", "审计员"])
def test_r47_nobody_else_does(fujian, told, who):
    transfer = fujian.transfer("林小雨", A, to=B, at=STREET)
    wait(days=4)
    before = everything()
    with refused("R47", "现在不能催办"):
        notices.urge(transfer.key, fujian.actor_of(who))
    assert everything() == before


def test_r47_not_before_it_has_waited_too_long(fujian, told):
    transfer = fujian.transfer("林小雨", A, to=B, at=STREET)
    with refused("R47", "停留超过办理期限"):
        notices.urge(transfer.key, fujian.actor_of("林小雨"))


def test_r47_at_most_once_a_day(fujian, told):
    transfer = fujian.transfer("林小雨", A, to=B, at=STREET)
    wait(days=4)
    notices.urge(transfer.key, fujian.actor_of("林小雨"))
    with refused("R47", "24小时内已催办过一次"):
        notices.urge(transfer.key, fujian.actor_of("鼓楼区委联络员"))
    with clock.at(clock.now() + timedelta(hours=25)):
        assert notices.urge(transfer.key, fujian.actor_of("林小雨")) == 2


def test_r47_where_nobody_could_receive_it_one_is_told(fujian, told):
    transfer = fujian.transfer("林小雨", A, to=B, at="军门社区总支")
    wait(days=4)
    with refused("R47", "“军门社区总支”没有已激活手机的联络员"):
        notices.urge(transfer.key, fujian.actor_of("林小雨"))


def test_r47_urging_is_no_action_and_ages_no_page(fujian, told):
    transfer = fujian.transfer("林小雨", A, to=B, at=STREET)
    wait(days=4)
    version, history = fujian.fresh(transfer).version, fujian.history(transfer)
    notices.urge(transfer.key, fujian.actor_of("林小雨"))
    assert (fujian.fresh(transfer).version, fujian.history(transfer)) == (version, history)
    assert "withdraw" in fujian.liaison_of("军门社区总支").can(transfer)
