"""§6: a liaison does not act on their own transfer, unless their organization has no other effective liaison."""

import pytest

from models import MemberStatus, clock, db
from tests.scenarios.telling import refused, stands

A, B = "军门第一支部", "五龙村支部"


@pytest.fixture
def own(fujian):
    """The transfer of 陈国强, liaison of 军门第一支部 beside its virtual admin account, on that branch's step."""
    return fujian.apply("陈国强", to=B)


def marked(fujian, transfer) -> list[tuple[str, bool]]:
    """Each action of the history, and whether it is marked 本人办理."""
    return [(entry.action.label, entry.details.get("own", False)) for entry in fujian.entries(transfer)]


def test_s6_while_there_is_another_liaison_the_own_transfer_waits_for_them(fujian, own):
    assert fujian.person("陈国强").can(own) == {"withdraw"}
    with refused("R30", "未能“通过”"):
        fujian.person("陈国强").approve(own)


def test_s6_the_other_liaison_approves_it(fujian, own):
    fujian.liaison_of(A).approve(own)
    assert stands(own) == "待军门社区总支办理"
    assert marked(fujian, own) == [("上报", False), ("通过", False)]


def test_s6_the_only_liaison_approves_their_own_and_history_marks_it(fujian, own):
    fujian.without_liaison(A, but="陈国强")
    fujian.person("陈国强").approve(own)
    assert stands(own) == "待军门社区总支办理"
    assert marked(fujian, own) == [("上报", False), ("通过", True)]


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_s6_the_only_liaison_is_offered_both(fujian, own, action):
    fujian.without_liaison(A, but="陈国强")
    assert action in fujian.person("陈国强").can(own)


def alone_in_the_branch(fujian):
    """林志强 is the last member in good standing and the only effective liaison: R21d lets him go."""
    fujian.without_liaison("旗汛口社区支部", but="吴建平")
    fujian.grant("林志强", "liaison", "旗汛口社区支部")
    for name in ("吴建平", "郑晓东"):
        fujian.member(name).status = MemberStatus.LOST_CONTACT
    db.session.commit()


def test_s6_another_liaison_whose_phone_is_not_activated_counts_for_nothing(fujian):
    alone_in_the_branch(fujian)
    transfer = fujian.apply("林志强", to=B)
    fujian.person("林志强").approve(transfer)
    assert marked(fujian, transfer)[-1] == ("通过", True)


def test_s6_once_that_phone_is_activated_the_own_transfer_waits(fujian):
    alone_in_the_branch(fujian)
    transfer = fujian.apply("林志强", to=B)
    fujian.member("吴建平").phone_activated_at = clock.now()
    db.session.commit()
    assert "approve" not in fujian.person("林志强").can(transfer)
    assert "approve" in fujian.person("吴建平").can(transfer)


def test_s6_another_liaison_whose_account_is_closed_counts_for_nothing(fujian, own):
    fujian.account("军门第一支部联络员").is_active = False
    db.session.commit()
    fujian.person("陈国强").approve(own)
    assert marked(fujian, own)[-1] == ("通过", True)


def test_s6_the_own_transfer_waits_at_a_committee_too(fujian):
    transfer = fujian.transfer("林志强", "旗汛口社区支部", to=B, at="东街街道工委")
    assert "approve" not in fujian.person("林志强").can(transfer)
    fujian.without_liaison("东街街道工委", but="林志强")
    assert "approve" in fujian.person("林志强").can(transfer)


def test_s6_what_the_liaison_passed_for_another_is_not_marked(fujian):
    fujian.without_liaison(A, but="陈国强")
    transfer = fujian.apply("林小雨", to=B)
    fujian.person("陈国强").approve(transfer)
    assert marked(fujian, transfer)[-1] == ("通过", False)


def test_s6_as_applicant_one_acts_as_the_member_and_that_is_not_marked(fujian, own):
    fujian.person("陈国强").withdraw(own)
    fujian.person("陈国强").resubmit(own)
    assert marked(fujian, own) == [("上报", False), ("撤回", False), ("再次上报", False)]


def test_s6_who_approved_their_own_takes_it_back_and_history_marks_it(fujian, own):
    fujian.without_liaison(A, but="陈国强")
    fujian.person("陈国强").approve(own)
    fujian.person("陈国强").withdraw(own)
    assert marked(fujian, own)[-1] == ("撤回", True)


def test_s6_what_another_approved_the_member_does_not_take_back(fujian, own):
    fujian.liaison_of(A).approve(own)
    assert "withdraw" not in fujian.person("陈国强").can(own)


def test_s6_the_own_confirmation_waits_for_another_liaison_of_the_branch(fujian, own):
    fujian.grant("陈国强", "liaison", B)
    fujian.bring(own, B, confirming=True)
    assert fujian.person("陈国强").can(own) == set()
    fujian.liaison_of(B).confirm(own)
    assert marked(fujian, own)[-1] == ("确认报到", False)
