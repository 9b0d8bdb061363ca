"""R32: two at once. No message goes out twice while both senders live, and no digest is begun twice."""

from threading import Barrier

import pytest
from sqlalchemy import text

from models import MessageState, db
from tests.database.together import overtaken, together
from tests.messages.parts import NOW, PHONE, Noting, messages, put_many, send, states
from workflow import outbox
from workflow.outbox import Outcome
from workflow.transaction import transaction

PATIENCE = 20


def test_two_senders_share_the_messages_and_send_none_twice(app, make_app):
    keys = put_many(30)
    both_have_one = Barrier(2)
    gateways = [Noting(), Noting()]

    def sender(gateway):
        first_of_both = iter([lambda: both_have_one.wait(PATIENCE)])
        gateway.then = lambda _sms: next(first_of_both, lambda: None)()
        return lambda: send(gateway)

    assert together(make_app, *(sender(gateway) for gateway in gateways)) == [None, None]
    assert all(gateway.taken for gateway in gateways)
    assert sorted(gateways[0].keys + gateways[1].keys) == sorted(keys)
    assert set(states()) == {MessageState.SENT}
    assert {message.attempts for message in messages()} == {1}


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_message_that_another_is_just_claiming_is_passed_over_not_waited_for(app):
    first, second = put_many(2)
    gateway = Noting()
    with db.engine.connect() as another:
        another.execute(text("SET idle_in_transaction_session_timeout = '3s'"))  # who waits for it fails, not hangs
        another.execute(text("SELECT id FROM message WHERE key = :key FOR UPDATE"), {"key": first})
        assert send(gateway) == Outcome(sent=1)
    assert gateway.keys == [second]


def test_two_arrivals_at_once_are_one_digest(fujian, make_app):
    place = fujian.org("东街街道工委").id

    def arrive():
        with transaction():
            outbox.put_digest(place, PHONE, None, NOW, organization="东街街道工委")

    assert overtaken(make_app, arrive, arrive, once="INSERT INTO message") == [None, None]
    assert [message.params["count"] for message in messages()] == [2]


def test_what_arrives_while_the_digest_is_being_claimed_is_not_lost(fujian, make_app):
    place = fujian.org("东街街道工委").id

    def arrive():
        with transaction():
            outbox.put_digest(place, PHONE, None, NOW, organization="东街街道工委")

    arrive()
    gateway = Noting()
    overtaken(make_app, lambda: send(gateway, limit=1), arrive, once="UPDATE message")
    assert [(message.state, message.params["count"]) for message in messages()] == [
        (MessageState.SENT, 1),
        (MessageState.WAITING, 1),
    ]
