"""A second telling of §4-§6, small and in plain names, against which the real one is held.

It knows names of organizations and people only, shares no code with `workflow`, and is written from the spec.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

UP, SHARED, DOWN, END = "转出方", "双方", "转入方", "确认报到"
COMMITTEE_LEVELS = frozenset({1, 2, 3, 4, 5, 6})  # R4
COUNTY_LEVELS = frozenset({1, 2, 3, 5})  # R4: these approve leaving and entering
REGISTERING_LEVELS = frozenset({1, 3, 5})  # R4
AT_APPLICANT = frozenset({"withdrawn", "rejected"})

Stop = tuple[str, str]


class Refused(Exception):
    """The reference says no; the argument is the rule."""


@dataclass
class Land:
    """The tree, the levels, and who is an effective liaison of what."""

    parent: dict[str, str | None]
    level: dict[str, int | None]
    liaisons: dict[str, set[str]]
    admins: set[str]

    def above(self, name: str) -> list[str]:
        """The organization and everything above it, lowest first."""
        way = [name]
        while self.parent[way[-1]] is not None:
            way.append(self.parent[way[-1]])
        return way

    def chain(self, branch: str, until: frozenset[int] = COMMITTEE_LEVELS) -> list[str]:
        way = self.above(branch)
        ends = [index for index, name in enumerate(way) if self.level[name] in until]
        if not ends:
            raise Refused("R12")
        return way[: ends[0] + 1]

    def coming_down(self, destination: str, until: frozenset[int] = COMMITTEE_LEVELS) -> list[Stop]:
        return [(name, DOWN) for name in reversed(self.chain(destination, until))] + [(destination, END)]

    def entering(self, registering: str, destination: str) -> list[Stop]:
        """What is ahead once an organization has registered who comes from another province (R15)."""
        if self.level[registering] not in REGISTERING_LEVELS or registering not in self.above(destination):
            raise Refused("R15")
        return self.coming_down(destination, COUNTY_LEVELS)

    def route(self, source: str, destination: str) -> list[Stop]:
        up, down = self.chain(source), self.coming_down(destination)
        if up[-1] == down[0][0]:
            return [*((name, UP) for name in up[:-1]), (up[-1], SHARED), *down[1:]]
        return [(name, UP) for name in up] + down

    def acts_for(self, person: str, organization: str | None, member: str) -> bool:
        holders = self.liaisons.get(organization, set()) if organization else set()
        return person in holders and (person != member or holders == {person})


def same(one: Stop, other: Stop) -> bool:
    return one[0] == other[0] and (one[1] == other[1] or SHARED in (one[1], other[1]))


@dataclass
class Record:
    """One transfer: approvals in force, what is ahead (the first of it waits), and what was done last."""

    member: str
    source: str
    destination: str
    submitting: str | None
    ahead: list[Stop]
    done: list[Stop] = field(default_factory=list)
    state: str = "in_progress"
    last: str = "submit"
    last_for: str | None = None
    entries: int = 1
    objected: int | None = None
    """How many approvals are in force where the step is that may send it to another branch (R44)."""
    former: str | None = None
    """Where it was going before it was sent to another branch."""
    enters: bool = False
    """It comes from another province, and the organization that submitted it has registered it (R15)."""

    @property
    def is_open(self) -> bool:
        return self.state == "in_progress" or self.state in AT_APPLICANT

    @property
    def waits_at(self) -> str | None:
        return self.ahead[0][0] if self.state == "in_progress" else None

    def waits_for(self) -> str | None:
        """Whose liaisons have it to do: the step's, at the applicant the organization that submitted."""
        return self.submitting if self.state in AT_APPLICANT else self.waits_at

    @property
    def route(self) -> list[Stop]:
        """All its stops; that of registering comes first, and decides nothing (R15)."""
        registered = [(self.submitting, UP)] if self.enters and self.submitting else []
        return [*registered, *self.done, *self.ahead]

    def offered(self, land: Land, person: str) -> set[str]:
        """§6 for one person, closed by default."""
        applicant = person == self.member or land.acts_for(person, self.submitting, self.member)
        if self.state in AT_APPLICANT:
            return {"resubmit", "void"} if applicant else set()
        if self.state != "in_progress":
            return set()
        names: set[str] = set()
        here, side = self.ahead[0]
        if land.acts_for(person, here, self.member):
            names |= {"confirm", "object"} if side == END else {"approve", "reject"}
            names |= {"object"} if (here, side) == (self.destination, DOWN) else set()
            names |= {"reassign"} if side != END and self.objected == len(self.done) else set()
        moved_it = {
            "approve": land.acts_for(person, self.last_for, self.member),
            "reassign": land.acts_for(person, self.last_for, self.member),
            "submit": applicant,
            "resubmit": applicant,
        }
        return names | ({"withdraw"} if moved_it.get(self.last) else set())

    def seen_by(self, land: Land, person: str) -> bool:
        """R33: by those above either end, by who submitted, by those whom it has come to, and by the member."""
        reached = [name for name, _side in [*self.done, self.ahead[0]]]
        near = {*land.above(self.source), *land.above(self.destination), *reached, self.submitting}
        liaison = any(person in land.liaisons.get(name, ()) for name in near if name)
        return person in land.admins or person == self.member or liaison

    def may_replan(self, land: Land, person: str) -> bool:
        if self.state != "in_progress" or not self.seen_by(land, person):
            return False
        mendable = {name for stop in self.route for name in land.above(stop[0])}
        return person in land.admins or any(person in land.liaisons.get(name, ()) for name in mendable)

    def planned(self, land: Land, done: list[Stop], stands_on: list[Stop]) -> list[Stop]:
        """R16."""
        arrived = any(side in (DOWN, END) for _name, side in stands_on)
        until = COUNTY_LEVELS if self.enters else COMMITTEE_LEVELS
        new = land.coming_down(self.destination, until) if arrived else land.route(self.source, self.destination)
        shared = [i for i, stop in enumerate(new) if stop[1] != END and any(same(stop, kept) for kept in done)]
        return new[shared[-1] + 1 :] if shared else new

    def replan(self, land: Land) -> None:
        ahead = self.planned(land, self.done, [*self.done, self.ahead[0]])
        self.entries += ahead != self.ahead
        if self.objected == len(self.done) and ahead[0][0] != self.ahead[0][0]:
            self.objected = None
        self.ahead = ahead

    def act(self, land: Land, action: str, destination: str | None = None) -> None:
        """Take an action that is offered; raises `Refused` and changes nothing where it cannot be planned."""
        acted_for = self.waits_at
        getattr(self, f"_{action}")(land, destination)
        self.last_for = self.last_for if action in ("withdraw", "void", "resubmit") else acted_for
        self.last = action
        self.entries += 1

    def _approve(self, land: Land, _: str | None) -> None:
        done = [*self.done, self.ahead[0]]
        self.ahead = self.planned(land, done, done)
        self.done = done

    def _reassign(self, land: Land, destination: str | None) -> None:
        here, former = self.ahead[0][0], self.destination
        if destination is None or destination == former or here not in land.above(destination):
            raise Refused("R44")
        if destination == self.source:
            raise Refused("R13")
        self.destination = destination
        try:
            self._approve(land, None)
        except Refused:
            self.destination = former
            raise
        self.former = former

    def _reject(self, _land: Land, _: str | None) -> None:
        self._back("rejected")
        self.objected = None

    def _withdraw(self, land: Land, _: str | None) -> None:
        if self.last not in ("approve", "reassign"):
            self.state = "withdrawn"
            return
        self._back("withdrawn")
        if self.last == "reassign":
            assert self.former is not None
            self.destination = self.former
            done = [*self.done, self.ahead[0]]
            with suppress(Refused):
                self.ahead = [self.ahead[0], *self.planned(land, done, done)]

    def _object(self, _land: Land, _: str | None) -> None:
        while self.done and self.done[-1][0] == self.destination:
            self.ahead.insert(0, self.done.pop())
        self._back("rejected")
        self.objected = len(self.done) if self.state == "in_progress" else None

    def _back(self, at_applicant: str) -> None:
        if self.done:
            self.ahead.insert(0, self.done.pop())
        else:
            self.state = at_applicant

    def _void(self, _land: Land, _: str | None) -> None:
        self.state = "voided"

    def _confirm(self, _land: Land, _: str | None) -> None:
        self.done.append(self.ahead.pop(0))
        self.state = "completed"

    def _resubmit(self, land: Land, destination: str | None) -> None:
        destination = destination or self.destination
        if destination == self.source:
            raise Refused("R13")
        if self.enters:
            assert self.submitting is not None
            self.ahead = land.entering(self.submitting, destination)
        else:
            self.ahead = land.route(self.source, destination)
        self.destination, self.done, self.state, self.objected = destination, [], "in_progress", None
