"""R42: the receipt that goes back to the other province."""

from sqlalchemy import func, select

from models import (
    ReturnReceipt,
    clock,
    db,
)
from tests.scenarios.newcomers import CITY, COUNTY, DIRECT, GENERAL, QIXUN, STREET, A
from tests.scenarios.telling import everything, refused, stands
from tests.world import NEW_NUMBER, NEWCOMER
from workflow import history, receipts


def test_r42_the_receiving_committee_prints_the_receipt_under_a_number_of_its_own_series(fujian, created):
    street = fujian.liaison_of(STREET)
    fujian.complete(created)
    receipt, _content = receipts.issue(created.key, street.actor)
    month = clock.this_month().replace("-", "")
    assert (receipt.number, receipt.addressee) == (f"{month}00001", "中共深圳市南山区委组织部")
    assert receipts.issue(created.key, street.actor)[0].number == receipt.number
    entry = fujian.entries(created)[-1]
    assert (entry.action.label, entry.details, entry.rule) == ("出具回执", {"receipt": receipt.number}, "R42")
    assert list(history.verify(created.id)) == []
    assert stands(created) == "已办结"


def test_r42_nobody_else_prints_it_and_not_before_the_end(fujian, created):
    street = fujian.liaison_of(STREET)
    with refused("R42", "确认报到之后"):
        receipts.issue(created.key, street.actor)
    fujian.complete(created)
    before = everything()
    for name in (COUNTY, GENERAL, A, CITY):
        with refused("R42"):
            receipts.issue(created.key, fujian.liaison_of(name).actor)
    with refused("R42"):
        receipts.issue(created.key, fujian.admin.actor)
    with refused("R30"):
        receipts.issue(created.key, fujian.liaison_of("五龙村支部").actor)
    assert everything() == before


def test_r42_a_branch_directly_under_the_county_has_the_county_for_its_committee(fujian, county, number_of):
    transfer = county.enter(number_of("马海涛"), COUNTY, DIRECT)
    fujian.complete(transfer)
    assert receipts.issue(transfer.key, county.actor)[0].issuer_id == fujian.org(COUNTY).id


def test_r42_a_name_that_cannot_be_printed_leaves_its_place_open(fujian, county):
    transfer = fujian.complete(county.enter(NEW_NUMBER, COUNTY, QIXUN, person={**NEWCOMER, "name": "韦𠮷"}))
    receipt, content = receipts.issue(transfer.key, fujian.liaison_of(STREET).actor)
    assert (receipt.name, receipts.data_of(receipt).name) == ("韦𠮷", "")
    assert content.startswith(b"%PDF")


def test_r42_receipts_count_by_themselves_and_letters_too(fujian, county, number_of):
    fujian.bring(fujian.apply("林小雨", "省外组织", kind_code="out_of_province", addressee="某部"), STREET)
    numbers = []
    for name in ("马海涛", "孙丽娜"):
        transfer = fujian.complete(county.enter(number_of(name), COUNTY, QIXUN))
        numbers.append(receipts.issue(transfer.key, fujian.liaison_of(STREET).actor)[0].number[-5:])
    assert numbers == ["00001", "00002"]
    assert db.session.scalar(select(func.count()).select_from(ReturnReceipt)) == 2
