"""`flask route`: the planned route as JSON and for people, and why there is none (R12-R15, R17, R17a)."""

import json
import re

import pytest
from sqlalchemy import delete

from models import StageRule, db
from tests.commands.shell import CODE, Outcome

INTRA, OUT, IN = "intra", "out", "in"


@pytest.fixture
def route(run):
    """`route("intra", "军门第一支部", "五龙村支部")` by names; `more` are options."""

    def ask(kind: str, source: str, destination: str, *more: str) -> Outcome:
        ends = (CODE.get(source, source), CODE.get(destination, destination))
        return run("route", "--kind", kind, "--from", ends[0], "--to", ends[1], *more)

    return ask


@pytest.fixture
def answer(route):
    """The one JSON object on standard output, with the exit status that belongs to it."""

    def ask(kind: str, source: str, destination: str) -> dict:
        outcome = route(kind, source, destination, "--json")
        content = json.loads(outcome.out)
        assert (outcome.out.count("\n"), outcome.err) == (1, "")
        assert outcome.status == {True: 0, False: 1}[content["ok"]]
        return content

    return ask


def step(stage: str, name: str, level_unset: bool = False) -> dict:
    return {"stage": stage, "org_code": CODE[name], "org_name": name, "level_unset": level_unset}


def unset(content: dict) -> list[str]:
    return [stop["org_name"] for stop in content["route"] if stop["level_unset"]]


def stages(content: dict) -> list[str]:
    return [stop["stage"] for stop in content["route"]]


# --- the JSON of a route ---


def test_r17_the_worked_example(answer):
    assert answer(INTRA, "军门第一支部", "五龙村支部") == {
        "ok": True,
        "route": [
            step("source_branch", "军门第一支部"),
            step("source_general_branch", "军门社区总支"),
            step("source_committee", "东街街道工委"),
            step("destination_committee", "古田镇党委"),
            step("destination_branch", "五龙村支部"),
            step("confirmation", "五龙村支部"),
        ],
    }


def test_r17_the_same_without_the_level_of_the_street(answer, fujian):
    fujian.set_level("东街街道工委", None)
    assert answer(INTRA, "军门第一支部", "五龙村支部")["route"][1:5] == [
        step("source_general_branch", "军门社区总支"),
        step("source_committee", "东街街道工委", level_unset=True),
        step("source_committee", "鼓楼区委"),
        step("destination_committee", "古田镇党委"),
    ]


def test_r13_a_committee_of_both_sides_stands_once(answer):
    assert answer(INTRA, "军门第一支部", "旗汛口社区支部")["route"][1:] == [
        step("source_general_branch", "军门社区总支"),
        step("committee", "东街街道工委"),
        step("destination_branch", "旗汛口社区支部"),
        step("confirmation", "旗汛口社区支部"),
    ]


def test_r13_a_general_branch_of_both_sides_stands_twice(answer):
    assert stages(answer(INTRA, "军门第一支部", "军门第二支部")) == [
        "source_branch",
        "source_general_branch",
        "committee",
        "destination_general_branch",
        "destination_branch",
        "confirmation",
    ]


def test_r14_out_of_the_province(answer):
    assert answer(OUT, "军门第一支部", "省外组织") == {
        "ok": True,
        "route": [
            step("source_branch", "军门第一支部"),
            step("source_general_branch", "军门社区总支"),
            step("source_committee", "东街街道工委"),
            step("leaving_approval", "鼓楼区委"),
            step("leaving_confirmation", "鼓楼区委"),
        ],
    }


def test_r14_a_level_4_committee_is_passed_without_a_warning(answer):
    assert answer(OUT, "市直机关第一支部", "特殊组织")["route"] == [
        step("source_branch", "市直机关第一支部"),
        step("source_committee", "福州市委市直机关工委"),
        step("leaving_approval", "福州市委"),
        step("leaving_confirmation", "福州市委"),
    ]


@pytest.mark.parametrize(
    ("kind_code", "changed", "other"),
    [("to_special", "特殊组织", "省外组织"), ("out_of_province", "省外组织", "特殊组织")],
)
def test_r14_the_kind_of_the_destination_says_which_rules_apply(answer, kind_code, changed, other):
    db.session.execute(delete(StageRule).where(StageRule.kind_code == kind_code, StageRule.position == 2))
    assert stages(answer(OUT, "军门第一支部", changed))[-1] == "leaving_approval"
    assert stages(answer(OUT, "军门第一支部", other))[-1] == "leaving_confirmation"


def test_r17a_committees_without_a_level_say_so_going_up_and_coming_down(answer):
    assert unset(answer(INTRA, "龙车村支部", "朱紫坊社区支部")) == ["永福镇党委", "漳平市委", "安泰街道工委"]


@pytest.mark.parametrize("name", ["军门第一支部", "军门社区总支"])
def test_r17a_branches_and_general_branches_without_a_level_do_not(answer, fujian, name):
    fujian.set_level(name, None)
    assert unset(answer(INTRA, "军门第一支部", "五龙村支部")) == []


def test_r17a_a_second_level_committee_has_a_level(answer):
    assert unset(answer(OUT, "鼓楼区医院第一支部", "省外组织")) == []


def test_r15_from_the_registering_organization_down_from_the_county(answer):
    assert answer(IN, "福州市委", "军门第一支部") == {
        "ok": True,
        "route": [
            step("entering_application", "福州市委"),
            step("entering_approval", "鼓楼区委"),
            step("destination_committee", "东街街道工委"),
            step("destination_general_branch", "军门社区总支"),
            step("destination_branch", "军门第一支部"),
            step("confirmation", "军门第一支部"),
        ],
    }


def test_r15_a_county_that_registers_approves_too_and_a_provincial_organ_ends_at_its_working_committee(answer):
    assert stages(answer(IN, "鼓楼区委", "鼓楼区委直属支部")) == [
        "entering_application",
        "entering_approval",
        "destination_branch",
        "confirmation",
    ]
    organ = answer(IN, "福建省委", "省直机关第一支部")["route"]
    assert organ[1] == step("entering_approval", "福建省委省直机关工委")


@pytest.mark.parametrize(
    ("source", "destination", "words"),
    [
        ("东街街道工委", "军门第一支部", "没有登记跨省转入的权限"),
        ("漳平市委", "龙车村支部", "没有登记跨省转入的权限"),
        ("鼓楼区委", "五龙村支部", "不在“鼓楼区委”范围内"),
        ("鼓楼区委", "东街街道工委", "目的组织必须是党支部"),
        ("鼓楼区委", "省外组织", "目的组织必须是党支部"),
    ],
)
def test_r15_what_cannot_be_registered_has_no_route(answer, source, destination, words):
    content = answer(IN, source, destination)
    assert (content["ok"], content["rule"]) == (False, "R15")
    assert words in content["message"]


# --- no route ---


@pytest.mark.parametrize(
    ("kind", "source", "destination", "rule"),
    [
        (INTRA, "no-such", "五龙村支部", "R13"),
        (INTRA, "军门第一支部", "no-such", "R13"),
        (INTRA, "军门第一支部", "军门第一支部", "R13"),
        (INTRA, "军门第一支部", "东街街道工委", "R13"),
        (INTRA, "军门第一支部", "古田镇党委", "R13"),
        (INTRA, "军门第一支部", "军门社区总支", "R13"),
        (INTRA, "军门第一支部", "省外组织", "R13"),
        (INTRA, "东街街道工委", "五龙村支部", "R13"),
        (INTRA, "军门社区总支", "五龙村支部", "R13"),
        (INTRA, "省外组织", "五龙村支部", "R13"),
        (OUT, "no-such", "省外组织", "R14"),
        (OUT, "军门第一支部", "no-such", "R14"),
        (OUT, "军门第一支部", "军门第一支部", "R14"),
        (OUT, "省外组织", "省外组织", "R14"),
        (OUT, "军门第一支部", "五龙村支部", "R14"),
        (OUT, "军门第一支部", "东街街道工委", "R14"),
        (OUT, "军门第一支部", "未知党组织", "R14"),
        (OUT, "军门第一支部", "临时党组织", "R14"),
        (OUT, "东街街道工委", "省外组织", "R14"),
        (OUT, "军门社区总支", "特殊组织", "R14"),
    ],
)
def test_r13_r14_ends_that_cannot_be_name_the_rule(answer, kind, source, destination, rule):
    content = answer(kind, source, destination)
    assert set(content) == {"ok", "rule", "message"}
    assert (content["ok"], content["rule"]) == (False, rule)
    assert content["message"]


@pytest.mark.parametrize(("kind", "destination", "rule"), [(INTRA, "五龙村支部", "R13"), (OUT, "特殊组织", "R14")])
def test_r13_r14_a_deactivated_destination_names_the_rule(answer, fujian, kind, destination, rule):
    fujian.deactivate(destination)
    content = answer(kind, "军门第一支部", destination)
    assert (content["ok"], content["rule"]) == (False, rule)


@pytest.mark.parametrize(("kind", "destination"), [(INTRA, "五龙村支部"), (OUT, "省外组织")])
@pytest.mark.parametrize("name", ["军门第一支部", "东街街道工委"])
def test_r12_a_deactivated_organization_on_the_route_is_named(answer, fujian, kind, destination, name):
    fujian.deactivate(name)
    content = answer(kind, "军门第一支部", destination)
    assert (content["ok"], content["rule"]) == (False, "R12")
    assert name in content["message"]


@pytest.mark.parametrize(("kind", "destination"), [(INTRA, "五龙村支部"), (OUT, "省外组织")])
def test_r12_where_nothing_up_to_the_root_qualifies_there_is_no_route(answer, fujian, kind, destination):
    for name in ("福建省委", "龙岩市委"):
        fujian.set_level(name, None)
    content = answer(kind, "龙车村支部", destination)
    assert (content["ok"], content["rule"]) == (False, "R12")
    assert "龙车村支部" in content["message"]


# --- for people ---


def test_without_json_the_route_is_a_list_for_people(route):
    outcome = route(INTRA, "龙车村支部", "五龙村支部")
    names = ["龙车村支部", "永福镇党委", "漳平市委", "龙岩市委", "古田镇党委", "五龙村支部", "五龙村支部"]
    assert (outcome.status, outcome.err) == (0, "")
    assert [f"{name}（{CODE[name]}）" in line for name, line in zip(names, outcome.out.splitlines(), strict=True)] == [
        True
    ] * len(names)


def test_r17a_without_json_a_passed_committee_without_a_level_has_its_warning(route):
    lines = route(INTRA, "龙车村支部", "五龙村支部").out.splitlines()
    warned = [re.search(r"(\w+)（\d", line)[1] for line in lines if "未设置权限级别" in line]
    assert warned == ["永福镇党委", "漳平市委"]


def test_without_json_the_reason_is_one_line_on_standard_error(route):
    outcome = route(INTRA, "军门第一支部", "no-such")
    assert (outcome.status, outcome.out, len(outcome.errors)) == (1, "", 1)
    assert "no-such" in outcome.err


@pytest.mark.parametrize("kind", ["entering", "", "INTRA"])
def test_a_kind_of_route_that_is_none_is_a_usage_error(route, kind):
    outcome = route(kind, "军门第一支部", "五龙村支部", "--json")
    assert (outcome.status, outcome.out) == (2, "")
