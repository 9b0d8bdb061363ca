"""The numbers of letters and receipts: none twice, none left out (R35, R42)."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite

from models import LetterNumber, Series, clock, db


def next_number(series: Series = Series.LETTER) -> str:
    """The next number of this month in Shanghai: ``YYYYMM`` and five digits (R35), each series by itself.

    The month's row stays locked until the transaction ends, so a number that was not used is drawn again.
    """
    month = clock.this_month().replace("-", "")
    insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    drawn = (
        insert(LetterNumber)
        .values(series=series, month=month, latest=1)
        .on_conflict_do_update(index_elements=["series", "month"], set_={"latest": LetterNumber.latest + 1})
        .returning(LetterNumber.latest)
    )
    return f"{month}{db.session.execute(drawn).scalar_one():05d}"
