"""ID numbers at rest (decision 4): sealed, found by a blind index, masked where they are shown, keys that rotate."""

import base64

import pytest
import sqlalchemy as sa
from cryptography.exceptions import InvalidTag

from models import Member, db, masked_id_number
from models.crypto import KEY_BYTES, Keyring, KeysMissing, keyring
from tests.support.databases import SETTINGS

NUMBER, OTHER = "350102199003071234", "350102199003071235"
OLD = f"old:{base64.b64encode(bytes(range(KEY_BYTES))).decode()}"
NEW = f"new:{base64.b64encode(bytes(range(1, KEY_BYTES + 1))).decode()}"


def member_named(name: str) -> Member:
    return db.session.scalars(sa.select(Member).where(Member.name == name)).one()


# --- at rest ---


def test_nothing_that_is_stored_shows_an_id_number(fujian):
    numbers = {member.id_number for member in db.session.scalars(sa.select(Member))}
    stored = [str(tuple(row)) for row in db.session.execute(sa.text("SELECT * FROM member"))]
    assert len(numbers) == len(stored)
    assert [row for row in stored if any(number in row or number[6:14] in row for number in numbers)] == []


def test_what_is_stored_opens_to_what_was_put_in(fujian):
    member = member_named("林小雨")
    member.id_number = NUMBER
    db.session.commit()
    db.session.expire_all()
    assert member.id_number == NUMBER
    assert member.id_number_masked == "350102********1234"


def test_the_same_number_is_sealed_differently_each_time():
    ring = Keyring.parse(OLD)
    sealed = [ring.seal(NUMBER) for _ in range(20)]
    assert len(set(sealed)) == 20
    assert {ring.open(each) for each in sealed} == {NUMBER}


def test_the_masked_form_keeps_the_region_and_the_last_four():
    assert masked_id_number("11010119491001123X") == "110101********123X"


# --- the blind index ---


def test_equal_numbers_have_equal_indexes_and_others_have_others():
    ring = Keyring.parse(OLD)
    assert ring.index(NUMBER) == Keyring.parse(OLD).index(NUMBER)
    assert ring.index(NUMBER) != ring.index(OTHER)


def test_without_the_key_nobody_can_make_the_index():
    assert Keyring.parse(OLD).index(NUMBER) != Keyring.parse(NEW).index(NUMBER)


def test_a_member_is_found_by_their_number(fujian):
    wanted = member_named("林小雨")
    found = db.session.scalars(sa.select(Member).where(Member.id_number_index == keyring().index(wanted.id_number)))
    assert [member.name for member in found] == ["林小雨"]


# --- keys that rotate ---


def test_a_newer_key_in_front_seals_and_the_older_still_opens():
    before, after = Keyring.parse(OLD), Keyring.parse(f"{NEW},{OLD}")
    assert after.open(before.seal(NUMBER)) == NUMBER
    assert after.seal(NUMBER).startswith("new:")


def test_a_newer_key_in_front_leaves_the_index_as_it_is():
    assert Keyring.parse(f"{NEW},{OLD}").index(NUMBER) == Keyring.parse(OLD).index(NUMBER)


def test_after_a_rotation_every_member_is_still_read_and_found(fujian, make_app):
    before = {member.name: member.id_number for member in db.session.scalars(sa.select(Member))}
    db.session.commit()
    with make_app(DATA_KEYS=f"{NEW},{SETTINGS['DATA_KEYS']}").app_context():
        members = db.session.scalars(sa.select(Member)).all()
        assert {member.name: member.id_number for member in members} == before
        assert all(member.id_number_index == keyring().index(member.id_number) for member in members)


def test_after_a_rotation_what_is_written_bears_the_new_key(fujian, make_app):
    with make_app(DATA_KEYS=f"{NEW},{SETTINGS['DATA_KEYS']}").app_context():
        member = member_named("林小雨")
        member.id_number = member.id_number
        assert member.id_number_sealed.startswith("new:")
        db.session.rollback()


# --- the wrong key ---


def test_a_key_that_is_not_there_is_named(fujian, make_app):
    with make_app(DATA_KEYS=NEW).app_context(), pytest.raises(KeysMissing, match="no key named test"):
        _ = member_named("林小雨").id_number


def test_another_key_of_the_same_name_opens_nothing():
    same_name = NEW.replace("new:", "old:")
    with pytest.raises(InvalidTag):
        Keyring.parse(same_name).open(Keyring.parse(OLD).seal(NUMBER))


def test_what_was_sealed_under_one_name_does_not_open_under_another():
    sealed = Keyring.parse(OLD).seal(NUMBER)
    with pytest.raises(InvalidTag):
        Keyring.parse(OLD.replace("old:", "new:")).open(sealed.replace("old:", "new:"))


@pytest.mark.parametrize("place", [0, 14, -1], ids=["nonce", "text", "tag"])
def test_what_was_changed_does_not_open(place):
    ring = Keyring.parse(OLD)
    name, encoded = ring.seal(NUMBER).split(":")
    raw = bytearray(base64.b64decode(encoded))
    raw[place] ^= 1
    with pytest.raises(InvalidTag):
        ring.open(f"{name}:{base64.b64encode(bytes(raw)).decode()}")


@pytest.mark.parametrize(
    "setting",
    ["old", "old:", f":{OLD.split(':')[1]}", "old:too-short", "old:AAEC", f"{OLD},", f"{OLD} {NEW}", "old:中文"],
)
def test_a_setting_that_is_no_key_is_refused_in_words(setting):
    with pytest.raises(KeysMissing, match="NAME:BASE64 of 32 bytes"):
        Keyring.parse(setting)


@pytest.mark.parametrize("setting", [None, ""])
def test_without_a_setting_nothing_is_read_or_written(setting):
    with pytest.raises(KeysMissing, match="DATA_KEYS is not set"):
        Keyring.parse(setting)


def test_without_a_setting_no_member_is_written(fujian, make_app):
    with make_app(DATA_KEYS="").app_context(), pytest.raises(KeysMissing):
        member_named("林小雨").id_number = NUMBER
