"""R32: the outbox loses nothing, however often its sender is killed."""

import json
import signal
from datetime import timedelta

from models import MessageState, clock
from tests.messages.parts import messages, put_many, states
from tests.messages.sending import lines, senders, wait_for

KILLS, MESSAGES = 20, 120


def test_r32_every_message_arrives_although_the_sender_is_killed_twenty_times(app, tmp_path):
    out = tmp_path / "sms.jsonl"
    keys = put_many(MESSAGES, at=clock.now() - timedelta(minutes=1))
    settings = {
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "SMS_GATEWAY": "file",
        "SMS_FILE": str(out),
        "SMS_LEASE_SECONDS": "1",
    }
    with senders(settings) as sending:
        statuses = []
        for kill in range(KILLS):
            wanted = len(lines(out)) + 1 + kill % 2
            statuses.append(sending.killed_once(lambda wanted=wanted: len(lines(out)) >= wanted))
        assert statuses == [-signal.SIGKILL] * KILLS, "each was killed in the middle"
        assert MessageState.WAITING in states()

        def all_sent():
            sending.start()
            assert sending.ended() == 0
            return set(states()) == {MessageState.SENT}

        wait_for(all_sent, pause=0.2)
    delivered = [json.loads(line)["key"] for line in lines(out)]
    assert sorted(message.key for message in messages()) == sorted(keys) == sorted(set(delivered))
    assert all(message.sent_at for message in messages())
    # What was in hand when its sender was killed went out once more: without such ones this test would show nothing.
    assert len(delivered) > len(keys)
