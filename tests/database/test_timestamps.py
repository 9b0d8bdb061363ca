"""Moments are kept in UTC and come back aware; dates and months are those of Asia/Shanghai."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from models import Member, clock, db
from models.base import UtcDateTime

NOON = datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))


def stored(moment: datetime) -> datetime | None:
    """A moment as it comes back from the database."""
    member = db.session.scalars(sa.select(Member).where(Member.name == "林小雨")).one()
    member.phone_activated_at = moment
    db.session.commit()
    db.session.expire_all()
    return member.phone_activated_at


def test_a_moment_comes_back_aware_and_in_utc_to_the_microsecond(fujian):
    back = stored(NOON)
    assert (back, back.utcoffset()) == (NOON, timedelta(0))


def test_a_moment_of_another_zone_is_the_same_moment_in_utc(fujian):
    back = stored(NOON.astimezone(SHANGHAI))
    assert (back, back.utcoffset()) == (NOON, timedelta(0))


def test_a_moment_without_a_zone_is_refused(fujian):
    with pytest.raises(sa.exc.StatementError, match="without a time zone"):
        stored(NOON.replace(tzinfo=None))
    db.session.rollback()


def test_the_databases_own_time_zone_does_not_matter(fujian):
    stored(NOON)
    raw = db.session.scalar(sa.text("SELECT CAST(phone_activated_at AS text) FROM member WHERE name = '林小雨'"))
    assert raw.startswith("2026-11-24 12:30:15.123456")


def test_every_moment_of_every_table_is_kept_this_way():
    moments = {
        f"{table.name}.{column.name}": type(column.type)
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, (sa.DateTime, UtcDateTime))
    }
    assert "history_entry.at" in moments
    assert set(moments.values()) == {UtcDateTime}


def test_the_clock_says_utc():
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("moment", "today", "month"),
    [
        (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), date(2026, 11, 30), "2026-11"),
        (datetime(2026, 11, 30, 16, 0, 0, tzinfo=UTC), date(2026, 12, 1), "2026-12"),
        (datetime(2026, 12, 31, 16, 0, 0, tzinfo=UTC), date(2027, 1, 1), "2027-01"),
    ],
)
def test_days_and_months_change_at_midnight_in_shanghai(moment, today, month):
    with clock.at(moment):
        assert (clock.today(), clock.this_month()) == (today, month)


def test_the_number_of_a_record_begins_with_the_day_in_shanghai(fujian):
    with clock.at(datetime(2026, 11, 30, 16, 30, tzinfo=UTC)):
        transfer = fujian.apply("林小雨", to="五龙村支部", applied_on=date(2026, 12, 1))
    assert fujian.fresh(transfer).number == f"20261201{transfer.id:06d}"
