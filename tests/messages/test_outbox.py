"""R32: the outbox. A message is as safe as what it tells of, and is sent until a gateway has taken it."""

import json
import logging

import pytest

from models import AuditEntry, Message, MessageKind, MessageState, db
from tests.messages.parts import (
    CODE,
    MINUTE,
    NOW,
    PARAMS,
    PHONE,
    Noting,
    messages,
    only,
    put,
    put_dead,
    put_many,
    raising,
    send,
    states,
)
from tests.views.panel import sent as statements_of
from tests.views.panel import snapshot
from tests.views.test_query_plans import ORDERED, served
from tests.world import ADMIN, AUDITOR
from workflow import organizations, outbox
from workflow.errors import RuleError
from workflow.gateways import NotDelivered
from workflow.outbox import Outcome
from workflow.transaction import transaction

__all__ = ["served"]

DOWN = NotDelivered("HTTP 503")
STREET = "东街街道工委"
WAITING, SENT, DEAD = MessageState.WAITING, MessageState.SENT, MessageState.DEAD


class Killed(BaseException):
    """What no gateway raises: as if the process ended here."""


# --- Putting in ---


def test_a_message_is_part_of_the_transaction_that_it_tells_of(app):
    put()
    with pytest.raises(ZeroDivisionError), transaction():
        outbox.put(MessageKind.URGE, PHONE, **PARAMS[MessageKind.URGE])
        db.session.flush()
        raise ZeroDivisionError
    assert [message.kind for message in messages()] == [MessageKind.ARRIVED]


def test_putting_commits_nothing_by_itself(app):
    outbox.put(MessageKind.URGE, PHONE, **PARAMS[MessageKind.URGE])
    db.session.flush()
    db.session.rollback()
    assert messages() == []


@pytest.mark.parametrize("kind", MessageKind)
def test_each_kind_has_a_sentence_that_names_what_it_is_about(app, kind):
    text = outbox.text_of(put(kind))
    told = [str(getattr(value, "label", value)) for name, value in PARAMS[kind].items() if name != "until"]
    assert [word for word in told if word not in text] == []
    assert "%" not in text and "【转接】" not in text


def test_only_what_the_sentence_names_is_kept(app):
    for wrong in ({"member": "林小雨"}, {**PARAMS[MessageKind.URGE], "id_number": "990102198001150011"}):
        with pytest.raises(TypeError, match="member, organization"):
            outbox.put(MessageKind.URGE, PHONE, **wrong)
    assert messages() == []


def test_a_code_needs_the_moment_until_which_it_is_valid(app):
    with pytest.raises(TypeError, match="until"):
        outbox.put(MessageKind.CODE, PHONE, code=CODE, minutes=5)


# --- Sending ---


def test_what_is_due_is_sent_and_marked(app):
    message, gateway = put(), Noting()
    assert send(gateway) == Outcome(sent=1)
    [sms] = gateway.taken
    assert (sms.key, sms.phone, sms.text) == (message.key, PHONE, outbox.text_of(message))
    marked = only()
    assert (marked.state, marked.sent_at, marked.attempts, marked.claimed_until) == (SENT, NOW, 1, None)


def test_what_is_sent_is_not_sent_again(app):
    put()
    assert send(Noting()).sent == 1
    assert send(Noting(), NOW + 99 * MINUTE) == Outcome()


def test_what_is_not_due_yet_waits(app):
    put(at=NOW + MINUTE)
    assert send(Noting()) == Outcome()
    assert send(Noting(), NOW + MINUTE) == Outcome(sent=1)


def test_it_goes_out_oldest_first_but_codes_before_all_others(app):
    late, early = put(at=NOW - MINUTE).key, put(at=NOW - 2 * MINUTE).key
    code, gateway = put(MessageKind.CODE).key, Noting()
    send(gateway)
    assert gateway.keys == [code, early, late]


def test_no_transaction_is_open_while_a_gateway_has_it(app):
    put()
    open_ones = []
    send(Noting(lambda _sms: open_ones.append(db.session().in_transaction())))
    assert open_ones == [False]


def test_a_round_ends_at_its_limit_and_where_it_is_told_to_stop(app):
    put_many(5)
    assert send(Noting(), limit=2) == Outcome(sent=2)
    gateway = Noting()
    assert send(gateway, stop=lambda: len(gateway.taken) == 1) == Outcome(sent=1)
    assert states().count(WAITING) == 2


def test_an_index_finds_what_is_due_in_its_order(app, served):
    put_many(3)
    with statements_of() as statements:
        send(Noting(), limit=1)
    reads = [pair for pair in statements if "ORDER BY" in pair[0]]
    assert len(reads) == 2
    for pair in reads:
        conditions, sorts = served([pair], "message", ORDERED)
        assert conditions and all("next_at" in condition for condition in conditions)
        assert not sorts


# --- Failing ---


def test_what_fails_is_tried_again_later_and_later_and_at_last_given_up(app):
    put()
    at, waits = NOW, []
    for _ in range(outbox.ATTEMPTS - 1):
        assert send(raising(DOWN), at) == Outcome(failed=1)
        waits.append((only().next_at - at).total_seconds())
        assert send(Noting(), only().next_at - MINUTE / 60) == Outcome()
        at = only().next_at
    assert waits == [30, 60, 120, 240, 480, 960, 1920, *[3600] * (outbox.ATTEMPTS - 8)]
    assert send(raising(DOWN), at) == Outcome(dead=1)
    assert (only().state, only().last_error, only().attempts) == (DEAD, "HTTP 503", outbox.ATTEMPTS)
    assert send(Noting(), at + 999 * MINUTE) == Outcome()


def test_no_wait_is_longer_than_an_hour():
    assert outbox.delay(9) == outbox.delay(10_000) == outbox.LONGEST_DELAY


def test_the_reason_is_kept_until_it_is_sent(app):
    put()
    send(raising(DOWN))
    assert only().last_error == "HTTP 503"
    send(Noting(), NOW + MINUTE)
    assert only().last_error == ""


def test_a_reason_holds_neither_the_phone_nor_the_code(app):
    put(MessageKind.CODE)
    send(raising(NotDelivered(f"cannot tell {PHONE} its code {CODE}" + "!" * 300)))
    assert PHONE not in only().last_error and CODE not in only().last_error
    assert only().last_error.startswith("cannot tell ")


def test_one_that_a_gateway_stumbles_over_holds_up_none_behind_it(app, caplog):
    first, second = put_many(2)

    def stumble(sms):
        if sms.key == first:
            raise ValueError(f"cannot encode {sms.phone}")

    with caplog.at_level(logging.ERROR):
        assert send(Noting(stumble)) == Outcome(sent=1, failed=1)
    assert {message.key: message.last_error for message in messages()} == {first: "ValueError", second: ""}
    assert "ValueError" in caplog.text and "stumble" in caplog.text
    assert "13900000000" not in caplog.text


# --- Codes ---


def nothing_kept_of(secret):
    return secret not in json.dumps(snapshot("message", "audit_entry"), default=str, ensure_ascii=False)


def test_a_code_is_nowhere_once_it_is_sent(app):
    put(MessageKind.CODE)
    assert not nothing_kept_of(CODE)
    gateway = Noting()
    send(gateway)
    assert CODE in gateway.taken[0].text
    assert only().params == {} and nothing_kept_of(CODE)


def test_nor_once_it_is_given_up(app):
    put(MessageKind.CODE, until=(NOW + 999 * MINUTE).isoformat())
    with transaction():
        only().attempts = outbox.ATTEMPTS - 1
    assert send(raising(DOWN)) == Outcome(dead=1)
    assert only().params == {} and nothing_kept_of(CODE)


def test_a_code_that_is_no_longer_valid_is_given_up_unsent(app):
    put(MessageKind.CODE)
    gateway = Noting()
    assert send(gateway, NOW + 5 * MINUTE) == Outcome(dead=1)
    assert gateway.taken == []
    assert (only().state, only().last_error, only().params) == (DEAD, "已过期", {})


def test_a_failed_code_is_given_up_when_it_ends_not_when_it_would_be_tried_again(app):
    put(MessageKind.CODE, until=(NOW + MINUTE / 6).isoformat())
    send(raising(DOWN))
    assert only().next_at == NOW + MINUTE / 6
    assert send(Noting(), NOW + MINUTE / 6) == Outcome(dead=1)


def test_a_page_never_shows_a_code(app):
    message = put(MessageKind.CODE)
    assert CODE not in outbox.shown(message) and "******" in outbox.shown(message) and "5分钟" in outbox.shown(message)
    send(Noting())
    assert "******" in outbox.shown(only())


def test_other_messages_keep_what_they_said(app):
    text = outbox.text_of(put())
    send(Noting())
    assert outbox.shown(only()) == text


# --- Claims ---


def test_while_somebody_has_it_in_hand_nobody_else_takes_it_up(app):
    put()
    others = []
    send(Noting(lambda _sms: others.append(send(Noting(), NOW + outbox.LEASE - MINUTE / 60))))
    assert others == [Outcome()]


def test_what_a_killed_sender_had_in_hand_goes_out_again_under_the_same_key(app):
    key, killed, next_one = put().key, raising(Killed()), Noting()
    with pytest.raises(Killed):
        send(killed)
    assert killed.keys == [key]
    assert send(next_one, NOW + outbox.LEASE - MINUTE / 60) == Outcome()
    assert send(next_one, NOW + outbox.LEASE) == Outcome(sent=1)
    assert next_one.keys == [key]
    assert only().attempts == 2


def test_who_fails_after_the_claim_ran_out_does_not_undo_what_another_has_done(app):
    put()

    def overtaken(_sms):
        assert send(Noting(), NOW + outbox.LEASE) == Outcome(sent=1)
        raise DOWN

    assert send(Noting(overtaken)) == Outcome(failed=1)
    assert (only().state, only().last_error) == (SENT, "")


def test_nor_what_another_has_in_hand(app):
    put()

    def overtaken(_sms):
        with pytest.raises(Killed):
            send(raising(Killed()), NOW + outbox.LEASE)
        raise DOWN

    send(Noting(overtaken))
    assert only().claimed_until == NOW + 2 * outbox.LEASE


def test_nor_does_who_fails_undo_what_arrived_after_its_claim_had_run_out(app):
    put()
    slow = outbox._claim(NOW, outbox.LEASE)
    fast = outbox._claim(NOW + outbox.LEASE, outbox.LEASE)
    assert outbox._send(Noting(), slow, lambda: NOW) == "sent"
    assert outbox._send(raising(DOWN), fast, lambda: NOW) == "failed"
    assert (only().state, only().last_error) == (SENT, "")


# --- Sending once more ---


def resend(person, message):
    actor = person.actor
    with transaction():
        outbox.resend(actor, message)


def test_a_provincial_admin_sends_once_more_what_was_given_up(fujian):
    message = put_dead(organization_id=fujian.org(STREET).id)
    resend(fujian.admin, message)
    assert (only().state, only().attempts) == (WAITING, 0)
    assert send(raising(DOWN), only().next_at) == Outcome(failed=1)


def test_and_the_audit_log_says_so(fujian):
    message = put_dead(organization_id=fujian.org(STREET).id)
    resend(fujian.admin, message)
    entry = db.session.query(AuditEntry).order_by(AuditEntry.id.desc()).first()
    assert (entry.event.label, entry.actor_name, entry.organization_name) == ("重发短信", ADMIN, STREET)
    assert (entry.subject, entry.details) == ("待办提醒", {"reason": "HTTP 500"})


@pytest.mark.parametrize("who", [AUDITOR, f"{STREET}联络员", "林志强", "林小雨"])
def test_nobody_else_does(fujian, who):
    message = put_dead()
    with pytest.raises(RuleError, match="只有省级管理员") as refused:
        resend(fujian.person(who), message)
    assert refused.value.rule == "R32"
    assert states() == [DEAD] and not outbox.may_resend(fujian.actor_of(who), message)


def test_what_waits_or_was_sent_is_not_sent_once_more(fujian):
    message = put()
    for state in (WAITING, SENT):
        assert only().state is state
        with pytest.raises(RuleError, match="不需要重发"):
            resend(fujian.admin, message)
        send(Noting())
    assert states() == [SENT]


def test_no_code_is_sent_once_more(fujian):
    message = put(MessageKind.CODE)
    send(Noting(), NOW + 5 * MINUTE)
    with pytest.raises(RuleError, match="重新获取验证码") as refused:
        resend(fujian.admin, message)
    assert refused.value.rule == "R32"
    assert states() == [DEAD] and not outbox.may_resend(fujian.admin.actor, only())


# --- One message for many ---


def arrive(fujian, place=STREET, phone=PHONE):
    place = fujian.org(place)
    with transaction():
        return outbox.put_digest(place.id, phone, None, NOW, organization=place.name)


def test_a_digest_counts_what_arrives_until_it_goes_out(fujian):
    for _ in range(3):
        arrive(fujian)
    gateway = Noting()
    assert send(gateway) == Outcome(sent=1)
    assert "东街街道工委新收到3件" in gateway.taken[0].text
    arrive(fujian)
    assert [message.params["count"] for message in messages()] == [3, 1]


def test_each_phone_and_each_organization_has_its_own(fujian):
    arrive(fujian)
    arrive(fujian, phone="13800000002")
    arrive(fujian, "军门社区总支")
    assert [message.params["count"] for message in messages()] == [1, 1, 1]


def test_what_arrives_while_it_goes_out_begins_another(fujian):
    arrive(fujian)
    send(Noting(lambda _sms: arrive(fujian)), limit=1)
    assert [(message.state, message.params["count"]) for message in messages()] == [(SENT, 1), (WAITING, 1)]


def test_one_that_failed_goes_on_counting(fujian):
    arrive(fujian)
    send(raising(DOWN))
    arrive(fujian)
    assert only().params["count"] == 2


def test_an_index_finds_the_one_that_waits(fujian, served):
    with statements_of() as statements:
        arrive(fujian)
    conditions, sorts = served([pair for pair in statements if "ORDER BY" in pair[0]], "message", ORDERED)
    assert conditions and all("organization_id" in condition and "phone" in condition for condition in conditions)
    assert not sorts


# --- What it refers to ---


def test_a_message_outlives_its_organization(fujian):
    place = organizations.create_organization(fujian.admin.actor, **new_branch(fujian))
    db.session.commit()
    put(organization_id=place.id)
    with transaction():
        organizations.delete_organization(fujian.admin.actor, place)
    assert only().organization_id is None


def new_branch(fujian):
    kind = fujian.org("军门第一支部").kind
    return {"code": "new", "name": "新支部", "kind": kind, "parent_id": fujian.org(STREET).id, "level_rank": None}


def test_a_moment_of_sending_belongs_to_what_was_sent(app):
    put()
    for wrong in ({"sent_at": NOW}, {"state": SENT}):
        with pytest.raises(Exception, match="ck_message_sent"):
            db.session.query(Message).update(wrong)
        db.session.rollback()
