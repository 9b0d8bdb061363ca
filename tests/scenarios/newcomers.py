"""Who comes from another province: the places that they come through, a claimed one and a new one."""

import pytest

from tests.world import NEW_NUMBER, NEWCOMER

COUNTY, CITY, PROVINCE, STREET, GENERAL = "鼓楼区委", "福州市委", "福建省委", "东街街道工委", "军门社区总支"
A, SECOND, QIXUN, DIRECT = "军门第一支部", "军门第二支部", "旗汛口社区支部", "鼓楼区委直属支部"
TEMPORARY = "临时党组织"


@pytest.fixture
def number_of(fujian):
    """`number_of("马海涛")`: a member's ID number."""
    return lambda name: fujian.member(name).id_number


@pytest.fixture
def county(fujian):
    return fujian.liaison_of(COUNTY)


@pytest.fixture
def claimed(fujian, county, number_of):
    """马海涛, who is kept as gone out of the province, comes back to 军门第一支部."""
    return county.enter(number_of("马海涛"), COUNTY, A)


@pytest.fixture
def created(county):
    """韦小宝, whom nobody here knows, comes to 军门第一支部."""
    return county.enter(NEW_NUMBER, COUNTY, A, person=NEWCOMER)
