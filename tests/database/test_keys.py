"""What stands in an address: random keys that nobody can guess, and that no two rows share."""

import re

import pytest
import sqlalchemy as sa

from models import Account, Member, Transfer, db, new_key, new_session_token

KEYED = (Account, Member, Transfer)


def test_a_key_is_96_random_bits_in_characters_that_an_address_carries():
    keys = [new_key() for _ in range(500)]
    assert len(set(keys)) == 500
    assert all(re.fullmatch(r"[0-9A-Za-z_-]{16}", key) for key in keys)


def test_every_place_of_a_key_is_random():
    keys = [new_key() for _ in range(500)]
    assert [len({key[place] for key in keys}) > 10 for place in range(16)] == [True] * 16


def test_a_session_token_is_128_random_bits():
    tokens = [new_session_token() for _ in range(500)]
    assert len(set(tokens)) == 500
    assert all(re.fullmatch(r"[0-9a-f]{32}", token) for token in tokens)


def test_accounts_members_and_transfers_have_keys():
    keyed = {mapper.class_ for mapper in db.Model.registry.mappers if "key" in mapper.columns}
    assert keyed >= set(KEYED)


def test_each_row_gets_a_key_of_its_own(fujian):
    for name in ("陈国强", "林小雨"):
        fujian.apply(name, to="五龙村支部")
    keys = [key for model in KEYED for key in db.session.scalars(sa.select(model.key))]
    assert len(set(keys)) == len(keys) > 50


@pytest.mark.parametrize("model", KEYED, ids=lambda model: model.__name__)
def test_the_database_refuses_a_key_twice(fujian, model):
    for name in ("陈国强", "林小雨"):
        fujian.apply(name, to="五龙村支部")
    one, other = db.session.scalars(sa.select(model).order_by(model.id).limit(2))
    other.key = one.key
    with pytest.raises(sa.exc.IntegrityError):
        db.session.flush()
    db.session.rollback()
