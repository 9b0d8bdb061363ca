"""Random actions by random people, levels and parents changing in between, against `reference` (§5, §6).

Within the province, and from another one (R15, R41): both kinds of transfer run side by side.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from hypothesis import Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from models import HOLDING_KINDS, Account, HistoryEntry, Member, Organization, OrganizationKind, Transfer, clock, db
from tests import world
from tests.properties.reference import END, REGISTERING_LEVELS, Land, Record, Refused
from tests.support.databases import open_rules
from workflow import actions, actors, applications, history, loading
from workflow.errors import RuleError

MEMBERS = ("林小雨", "陈国强", "王丽华")
CLAIMABLE = ("孙丽娜", "马海涛")
NEWCOMER = world.NEWCOMER["name"]
REGISTERING = ("鼓楼区委", "上杭县委", "福州市委", "福建省委", "东街街道工委")
"""Who registers; the last has no right to."""
DESTINATIONS = ("五龙村支部", "军门第一支部", "军门第二支部", "旗汛口社区支部", "鼓楼区委直属支部", "龙车村支部")
ORGANIZATIONS = (
    "军门第一支部",
    "军门第二支部",
    "军门社区总支",
    "旗汛口社区支部",
    "东街街道工委",
    "安泰街道工委",
    "鼓楼区委",
    "鼓楼区委直属支部",
    "福州市委",
    "古田镇党委",
    "五龙村支部",
    "上杭县委",
    "永福镇党委",
    "龙车村支部",
    "福建省委",
)
PEOPLE = (
    *MEMBERS,
    *CLAIMABLE,
    "林志强",
    "吴建平",
    "郑晓东",
    world.ADMIN,
    world.AUDITOR,
    *(f"{name}联络员" for name in ORGANIZATIONS),
)
HOLDING = tuple(name for name, kind, _above, _level in world.TREE if kind in HOLDING_KINDS)
BRANCHES = tuple(name for name, kind, _above, _level in world.TREE if kind is OrganizationKind.BRANCH)
LEVELS = (
    ("东街街道工委", 6),
    ("安泰街道工委", 6),
    ("鼓楼区委", 5),
    ("古田镇党委", 6),
    ("上杭县委", 5),
    ("永福镇党委", 6),
    ("龙岩市委", 3),
    ("福建省委", 1),
)
PLACES = {
    "军门社区总支": ("东街街道工委", "安泰街道工委", "古田镇党委"),
    "军门第二支部": ("军门社区总支", "鼓楼区委"),
    "旗汛口社区支部": ("东街街道工委", "军门社区总支", "古田镇党委"),
    "东街街道工委": ("鼓楼区委", "上杭县委"),
    "古田镇党委": ("上杭县委", "漳平市委"),
}
INPUTS: dict[str, dict[str, Any]] = {"reject": {"reason": "材料不全"}, "object": {"opinion": "不属于本支部接收"}}
FORWARD = {"approve", "resubmit", "reassign"}
RUNS = {"sqlite": 12, "postgresql": 6}
"""A step costs three times as much on PostgreSQL, and the rules are the same."""
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: a run of thirty steps takes seconds, and shrinking one would take longer than the whole suite."""


def first_land() -> Land:
    """The reference's own picture of tests/world.py."""
    parent = {name: above for name, _kind, above, _level in world.TREE}
    liaisons = {name: {f"{name}联络员"} for name in parent}
    liaisons["军门第一支部"].add("陈国强")
    liaisons["东街街道工委"].add("林志强")
    level = {name: rank for name, _kind, _above, rank in world.TREE}
    return Land(parent=parent, level=level, liaisons=liaisons, admins={world.ADMIN})


class TransferMachine(RuleBasedStateMachine):
    new_app: Any
    backend: str

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        app = self.stack.enter_context(self.new_app(self.backend, opened=open_rules))
        self.stack.enter_context(app.app_context())
        self.fujian = world.Fujian()
        self.land = first_land()
        self.home = {name: home for name, _gender, home, _special in world.PEOPLE}
        self.in_good_standing = {
            name for name, _gender, _home, special in world.PEOPLE if special.get("status", "normal") == "normal"
        }
        self.moving = [*MEMBERS, *CLAIMABLE]
        """Whose homes are looked at: everybody who may move."""
        self.grants = {("陈国强", "军门第一支部"), ("林志强", "东街街道工委")}
        self.records: dict[str, Record] = {}
        self.hashes: dict[str, list[str]] = {}
        self.actors: dict[str, actors.Actor] = {}
        self.numbers = {member.name: member.id_number for member in db.session.scalars(select(Member))}
        self.numbers[NEWCOMER] = world.NEW_NUMBER
        self.keys = dict(db.session.execute(select(Member.name, Member.key)).all())
        self.ids = dict(db.session.execute(select(Organization.name, Organization.id)).all())
        self.accounts = dict(db.session.execute(select(Account.username, Account.id)).all())

    def teardown(self) -> None:
        try:
            self.everything_else_is_refused()
        finally:
            self.stack.close()

    # --- helpers ---

    def actor(self, person: str) -> actors.Actor:
        if person not in self.actors:
            self.actors[person] = actors.load(self.accounts[person])
        return self.actors[person]

    def open_records(self) -> list[str]:
        return [key for key, record in self.records.items() if record.is_open]

    def offers(self) -> list[tuple[str, str, str]]:
        """(record, person, action) of everything that the reference allows now."""
        return [
            (key, person, action)
            for key in self.open_records()
            for person in PEOPLE
            for action in sorted(self.records[key].offered(self.land, person))
        ]

    def offered(self, name: str) -> list[tuple[str, str, str]]:
        return [offer for offer in self.offers() if offer[2] == name]

    def perform(self, key: str, person: str, action: str, destination: str | None = None, **more: Any) -> None:
        inputs = {**INPUTS.get(action, {}), **({"destination_id": self.ids[destination]} if destination else {})}
        db.session.commit()
        actions.perform(key, action, self.actor(person), **inputs, **more)

    def takes(self, key: str, person: str, action: str, elsewhere: str | None = None) -> bool:
        """Take an action that is offered. Where the reference refuses it, it must be refused: False."""
        record = self.records[key]
        try:
            if action == "resubmit" and self.may_not_leave(record.member, besides=key):
                raise Refused("R21")
            record.act(self.land, action, elsewhere)
        except Refused as expected:
            assert action in FORWARD
            assert self.refusal(self.perform, key, person, action, elsewhere) == str(expected)
            return False
        self.perform(key, person, action, elsewhere)
        if action == "confirm":
            self.arrives(record)
        return True

    def refusal(self, call: Any, *arguments: Any, **fields: Any) -> str:
        """The rule of the refusal, which must have come."""
        try:
            call(*arguments, **fields)
        except RuleError as error:
            return error.rule
        raise AssertionError(f"accepted: {arguments}")

    def may_not_leave(self, member: str, besides: str | None = None) -> bool:
        """R21: what waits for them, or an organization with members that would be left to nobody."""
        held = {name for name, people in self.land.liaisons.items() if member in people}
        others = [record for key, record in self.records.items() if key != besides]
        if any(record.waits_for() in held for record in others):
            return True
        moving = {record.member for record in others if record.is_open}
        return any(
            not self.land.liaisons[name] - {member} - moving
            and any(name in self.land.above(self.home[one]) for one in self.in_good_standing - {member})
            for name in held
        )

    def arrives(self, record: Record) -> None:
        """R21: who has moved is liaison only of the new branch and of what stands above it."""
        self.home[record.member] = record.destination
        for person, organization in list(self.grants):
            if person == record.member and organization not in self.land.above(record.destination):
                self.grants.remove((person, organization))
                self.land.liaisons[organization].discard(person)
        self.actors.clear()

    # --- what people do ---

    @initialize(data=st.data(), destination=st.sampled_from(DESTINATIONS))
    def somebody_is_on_the_way(self, data, destination):
        self.apply(data, "林小雨", destination)
        self.enter(NEWCOMER, "福建省委", destination)

    @rule(data=st.data(), member=st.sampled_from(MEMBERS), destination=st.sampled_from(DESTINATIONS))
    def apply(self, data, member, destination):
        source = self.home[member]
        liaisons = {f"{name}联络员" for name in self.land.above(source)} - self.closed()
        person = data.draw(st.sampled_from([member, *sorted(liaisons)]))
        submitting = None if person == member else person.removesuffix("联络员")
        fields = {
            "kind_code": "intra",
            "member_key": self.keys[member],
            "destination_id": self.ids[destination],
            "reason": "工作调动",
            "applied_on": clock.today(),
            "dues_paid_until": clock.this_month(),
        }
        db.session.commit()
        try:
            if any(record.member == member and record.is_open for record in self.records.values()):
                raise Refused("R20")
            if self.may_not_leave(member):
                raise Refused("R21")
            if source == destination:
                raise Refused("R13")
            ahead = self.land.route(source, destination)
        except Refused as expected:
            assert self.refusal(applications.apply, self.actor(person), **fields) == str(expected)
            return
        transfer = applications.apply(self.actor(person), **fields)
        self.records[transfer.key] = Record(member, source, destination, submitting, ahead)

    @rule(
        member=st.sampled_from([*CLAIMABLE, NEWCOMER, NEWCOMER, "林小雨"]),
        registering=st.sampled_from(REGISTERING),
        destination=st.sampled_from(DESTINATIONS),
    )
    def enter(self, member, registering, destination):
        """Look-up, then 上报 of who is claimed or not known yet (R40-R42)."""
        person = self.fujian.liaison_of(registering)
        home = self.home.get(member)
        try:
            if self.land.level[registering] not in REGISTERING_LEVELS:
                raise Refused("R40")
            if home not in (None, *HOLDING):
                raise Refused("R41")
            if any(record.member == member and record.is_open for record in self.records.values()):
                raise Refused("R20")
            ahead = self.land.entering(registering, destination)
        except Refused as expected:
            assert self.refusal(self.entered, person, member, registering, destination) == str(expected)
            return
        transfer = self.entered(person, member, registering, destination)
        if home is None:
            home = self.home[member] = "临时党组织"
            self.in_good_standing.add(member)
            self.moving.append(member)
        self.records[transfer.key] = Record(member, home, destination, registering, ahead, enters=True)

    def entered(self, person: world.Person, member: str, registering: str, destination: str) -> Transfer:
        found = person.look_up(self.numbers[member], registering)
        if found.refusal is not None:
            raise found.refusal
        about = world.NEWCOMER if found.member is None else {}
        return person.register(found.ticket, registering, destination, person=about)

    @precondition(lambda self: self.offers())
    @rule(data=st.data(), destination=st.none() | st.sampled_from(DESTINATIONS))
    def do_what_is_offered(self, data, destination):
        offers = self.offers()
        chosen = data.draw(st.sampled_from(sorted({action for _key, _person, action in offers})))
        key, person, action = data.draw(st.sampled_from([offer for offer in offers if offer[2] == chosen]))
        self.takes(key, person, action, destination if action in ("resubmit", "reassign") else None)

    @precondition(lambda self: self.open_records())
    @rule(data=st.data(), times=st.integers(1, 7))
    def advance(self, data, times):
        """Approve where it waits, time and again, so that long ways are walked to their end."""
        key = data.draw(st.sampled_from(self.open_records()))
        for _ in range(times):
            chosen = [offer for offer in self.offers() if offer[0] == key and offer[2] in ("approve", "confirm")]
            if not chosen or not self.takes(*chosen[0]):
                return

    @precondition(lambda self: self.offered("object"))
    @rule(data=st.data(), then_back=st.booleans())
    def object_and_send_elsewhere(self, data, then_back):
        """异议反馈, 改派 and its 撤回: by chance they hardly ever follow each other (R29, R44)."""
        key, person, action = data.draw(st.sampled_from(self.offered("object")))
        self.takes(key, person, action)
        again = [offer for offer in self.offered("reassign") if offer[0] == key]
        if again:
            here = self.records[key].waits_at
            near = [name for name in BRANCHES if here in self.land.above(name)]
            sent = self.takes(*again[0], data.draw(st.sampled_from(near)))
            if sent and then_back:
                self.takes(key, again[0][1], "withdraw")

    @precondition(lambda self: self.records)
    @rule(data=st.data(), person=st.sampled_from(PEOPLE), action=st.sampled_from(sorted(actions.ACTIONS)))
    def try_what_is_not_offered(self, data, person, action):
        key = data.draw(st.sampled_from(sorted(self.records)))
        assume(person not in self.closed())
        if action not in self.records[key].offered(self.land, person):
            assert self.refusal(self.perform, key, person, action) == "R30"

    @precondition(lambda self: self.offers())
    @rule(data=st.data())
    def press_on_an_old_page(self, data):
        key, person, action = data.draw(st.sampled_from(self.offers()))
        version = db.session.scalar(select(Transfer.version).where(Transfer.key == key))
        assert self.refusal(self.perform, key, person, action, expected_version=version - 1) == "R30"

    @precondition(lambda self: self.open_records())
    @rule(data=st.data(), person=st.sampled_from(PEOPLE))
    def plan_again(self, data, person):
        key = data.draw(st.sampled_from(self.open_records()))
        record = self.records[key]
        db.session.commit()
        assume(person not in self.closed())
        try:
            if not record.may_replan(self.land, person):
                raise Refused("R30")
            record.replan(self.land)
        except Refused as expected:
            assert self.refusal(actions.replan, key, self.actor(person)) == str(expected)
            return
        actions.replan(key, self.actor(person))

    # --- what changes around them ---

    @rule(data=st.data())
    def the_data_changes(self, data):
        """One kind of change at a time, so that most of what happens is done by people."""
        data.draw(st.sampled_from([self.set_level, self.hang_elsewhere, self.lose_phone, self.lose_account]))(data)
        self.actors.clear()

    def set_level(self, data):
        name, rank = data.draw(st.sampled_from(LEVELS))
        self.land.level[name] = None if self.land.level[name] else rank
        self.fujian.set_level(name, self.land.level[name])

    def hang_elsewhere(self, data):
        name = data.draw(st.sampled_from(sorted(PLACES)))
        parent = data.draw(st.sampled_from(PLACES[name]))
        self.land.parent[name] = parent
        self.fujian.move(name, parent)

    def lose_phone(self, data):
        """Or activate it again."""
        person, organization = data.draw(st.sampled_from([("陈国强", "军门第一支部"), ("林志强", "东街街道工委")]))
        member = self.fujian.member(person)
        active = member.phone_activated_at is None
        member.phone_activated_at = clock.now() if active else None
        if (person, organization) in self.grants:
            self.land.liaisons[organization] ^= {person}
        db.session.commit()

    def lose_account(self, _data):
        """The virtual account of the branch, or get it back; 陈国强 may be the only liaison of the own branch then."""
        self.land.liaisons["军门第一支部"] ^= {"军门第一支部联络员"}
        account = self.fujian.account("军门第一支部联络员")
        account.is_active = not account.is_active
        db.session.commit()

    # --- what must hold all the time ---

    @invariant()
    def each_record_stands_where_the_reference_says(self):
        db.session.commit()
        for key, record in self.records.items():
            transfer = loading.locked_transfer(key)
            current = transfer.current_organization
            assert (transfer.state.value, current and current.name) == (record.state, record.waits_at)
            steps = [(step.organization.name, step.confirms) for step in transfer.steps]
            assert steps == [(name, side == END) for name, side in record.route]

    @invariant()
    def what_is_offered_is_what_the_reference_allows(self):
        db.session.commit()
        for key, record in self.records.items():
            transfer = loading.locked_transfer(key)
            for person in PEOPLE:
                if person not in self.closed():
                    offered = {action.name for action in actions.available_actions(transfer, self.actor(person))}
                    assert offered == record.offered(self.land, person), (person, record)

    def closed(self) -> set[str]:
        return {"军门第一支部联络员"} - self.land.liaisons["军门第一支部"]

    @invariant()
    def members_are_where_completed_transfers_brought_them(self):
        db.session.commit()
        homes = select(Member.name, Organization.name).join(Member.organization).where(Member.name.in_(self.moving))
        assert dict(db.session.execute(homes).all()) == {name: self.home[name] for name in self.moving}

    @invariant()
    def one_open_transfer_a_member(self):
        held = [record.member for record in self.records.values() if record.is_open]
        states = select(Member.name).join(Transfer.member).where(Transfer.ended_at.is_(None))
        assert sorted(db.session.scalars(states)) == sorted(held)
        assert len(set(held)) == len(held)

    @invariant()
    def history_only_grows_and_its_chain_verifies(self):
        for key, record in self.records.items():
            entries = select(HistoryEntry.hash).join(Transfer).where(Transfer.key == key)
            hashes = list(db.session.scalars(entries.order_by(HistoryEntry.sequence)))
            seen = self.hashes.get(key, [])
            assert hashes[: len(seen)] == seen
            assert len(hashes) == record.entries
            self.hashes[key] = hashes
        assert list(history.verify()) == []

    def everything_else_is_refused(self) -> None:
        """At the end everybody tries everything that is not offered to them, on one record: it costs a second."""
        for key in self.open_records()[:1]:
            for person in set(PEOPLE) - self.closed():
                for action in actions.ACTIONS.keys() - self.records[key].offered(self.land, person):
                    assert self.refusal(self.perform, key, person, action) == "R30"


def test_whatever_people_do_the_transfer_follows_the_rules(backend, new_app):
    machine = type("Machine", (TransferMachine,), {"backend": backend, "new_app": staticmethod(new_app)})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=RUNS[backend], stateful_step_count=30, deadline=None, phases=PHASES)
    )
