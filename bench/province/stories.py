"""What has been transferred in five years, one story a transfer, in the order in which they were submitted.

A member's transfers follow one another: each begins where the one before ended. The routes are the planner's own. Some
three in a hundred are still open, all of them young; a known few wait for the organizations that the pages show.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bench.province import people
from bench.province.places import OUTSIDE, SPECIAL, TOWN, Place, bounds, first_branch
from bench.province.size import PRESENT, SEED, START, Size
from models import HistoryAction
from workflow import routes
from workflow.actors import VIRTUAL_ADMIN
from workflow.routes import Leg, Lookup

_FREE, _BUSY = 0, 1
_YOUNG, _OPEN_OF_YOUNG = 0.96, 0.75
_VOIDED, _AT_APPLICANT = 0.03, 0.1
_RECENT = 600
"""Among the last so many stories one in four waits for 东街街道工委, and three wait for its first branch."""
_OPINIONS = ("", "同意", "情况属实，同意转接")
_REASONS = ("工作调动", "毕业离校", "户籍迁移", "随家庭迁居", "离退休后回原籍居住")
_BACK = "党费未缴清，请补缴后再报"
_RULES = {
    "submit": "R23",
    "resubmit": "R23",
    "approve": "R24",
    "reject": "R25",
    "withdraw": "R26",
    "void": "R27",
    "confirm": "R28",
}
assert set(_RULES) <= set(HistoryAction)


class StopRow(NamedTuple):
    """One stop of a route as the tables hold it."""

    stage: str
    organization_id: int
    side: str
    level_unset: bool
    confirms: bool
    objects: bool


class Deed(NamedTuple):
    """One history entry: `before` and `after` are positions on the route, None at the applicant or at the end."""

    action: str
    rule: str
    actor_id: int
    actor_name: str
    acting_id: int
    before: int | None
    after: int | None
    opinion: str
    at: int


@dataclass(slots=True)
class Story:
    """One transfer from its submission to where it stands at present; moments are seconds since 1970."""

    number: int
    kind: str
    member: int
    source: int
    destination: int
    reason: str
    submitted_by: int
    submitting: int | None
    route: list[StopRow]
    deeds: list[Deed] = field(default_factory=list)
    state: str = "in_progress"
    done: int = 0
    """How many stops have been handled."""


class Stories:
    """Tells the stories of a province in order; `homes` says afterwards where every member has come to."""

    def __init__(self, size: Size, places: Sequence[Place], kinds: Mapping[str, Sequence[Leg]], lookup: Lookup) -> None:
        self.size, self.places, self._kinds, self._lookup = size, places, kinds, lookup
        self.names = people.names(size.members)
        self.homes = people.first_homes(places, size.members)
        self._chance = random.Random(SEED + 3)  # noqa: S311 - made-up stories, no secret
        self._branches = [place.id for place in places if place.is_branch]
        self._at = {identity: position for position, identity in enumerate(self._branches)}
        self._near = list(bounds([place for place in places if place.is_branch]))
        self._outside = {place.code: place.id for place in places if place.code in (OUTSIDE, SPECIAL)}
        self._town = next(place for place in places if place.code == TOWN)
        self._branch = first_branch(places)
        self._busy = bytearray(size.members)
        self._local: dict[int, list[int]] = {}
        self._made = 0
        self._first, self._last = int(START.timestamp()), int(PRESENT.timestamp())

    def tell(self) -> Iterator[Story]:
        """Every story, oldest first."""
        for number in range(1, self.size.transfers + 1):
            story = self._story(number)
            self._made += len(story.deeds)
            yield story

    def _story(self, number: int) -> Story:
        recent = self.size.transfers - number < _RECENT
        waits_for = None
        if recent and number % 4 == 0:
            waits_for = self._town
        elif recent and number % (_RECENT // 3) == 1:
            waits_for = self._branch
        chance = self._chance.random
        member = self._somebody() if waits_for is None else self._somebody_of(waits_for)
        source = self.homes[member]
        kind, destination = ("intra", self._near_to(source)) if waits_for else self._whereto(source)
        story = self._begun(number, kind, member, source, destination)
        first_moment = self._first + number * (self._last - self._first) // self.size.transfers
        telling = _Telling(self, story, first_moment)
        telling.submit("submit")
        if waits_for is not None:
            telling.go_to(next(at for at, stop in enumerate(story.route) if stop.organization_id == waits_for.id))
            self._busy[member] = _BUSY
        elif number > self.size.transfers * _YOUNG and chance() < _OPEN_OF_YOUNG:
            self._busy[member] = _BUSY
            if chance() < _AT_APPLICANT:
                telling.back_to_applicant(rejected=chance() < 0.5)
            else:
                telling.go_to(int(chance() * len(story.route)))
        elif chance() < _VOIDED:
            telling.back_to_applicant(rejected=True)
            telling.void()
        else:
            owed = self.size.entries * number / self.size.transfers - self._made - len(story.route) - 1
            telling.complete(detours=0 if owed < 2 else 1 + int(chance() * min(3, owed // 2)))
            self.homes[member] = destination
        return story

    def _begun(self, number: int, kind: str, member: int, source: int, destination: int) -> Story:
        submitting: int | None = None
        if people.has_account(member):
            submitted_by = people.account_of_member(member, len(self.places))
        else:
            place = self.places[source - 1]
            submitting = source if people.is_served(place) or place.parent is None else place.parent.id
            submitted_by = submitting
        plan = routes.plan(self._kinds[kind], source, destination, self._lookup)
        route = [
            StopRow(
                stop.stage._value_,
                stop.organization_id,
                stop.side._value_,
                stop.level_unset,
                stop.confirms,
                stop.objects,
            )
            for stop in plan
        ]
        reason = _REASONS[number % len(_REASONS)]
        return Story(number, kind, member, source, destination, reason, submitted_by, submitting, route)

    def _somebody(self) -> int:
        """A member who may apply: free, in good standing, in a branch."""
        while True:
            member = int(self._chance.random() * self.size.members)
            if self._is_free(member):
                return member

    def _somebody_of(self, place: Place) -> int:
        if place.id not in self._local:
            inside = {other.id for other in self.places if other.path.startswith(place.path)}
            near = [member for member, home in enumerate(self.homes) if home in inside]
            self._chance.shuffle(near)
            self._local[place.id] = near
        near = self._local[place.id]
        while True:
            member = near.pop()
            if self._is_free(member) and self.places[self.homes[member] - 1].path.startswith(place.path):
                return member

    def _is_free(self, member: int) -> bool:
        return self._busy[member] == _FREE and self.homes[member] in self._at and people.is_in_good_standing(member)

    def _whereto(self, source: int) -> tuple[str, int]:
        drawn = self._chance.random()
        if drawn < 0.9:
            return "intra", self._near_to(source)
        return ("out_of_province", self._outside[OUTSIDE]) if drawn < 0.98 else ("to_special", self._outside[SPECIAL])

    def _near_to(self, source: int) -> int:
        """Another branch: of the same township, county, city in four, three, two cases of ten."""
        chance, position = self._chance.random, self._at[source]
        drawn = chance()
        near = self._near[position]
        which = 0 if drawn < 0.4 else 1 if drawn < 0.7 else 2
        low, high = near[which] if drawn < 0.9 and which < len(near) else (0, len(self._branches))
        found = low + int(chance() * (high - low))
        if found == position:
            found = (found + 1) % len(self._branches)
        return self._branches[found]


class _Telling:
    """Adds the deeds of one story, each a few hours or days after the one before."""

    def __init__(self, stories: Stories, story: Story, moment: int) -> None:
        self._stories, self._story, self._moment = stories, story, moment
        self._chance = stories._chance.random
        self._latest = stories._last

    def submit(self, action: str) -> None:
        story = self._story
        acting = story.submitting or story.source
        self._add(action, story.submitted_by, self._applicant(), acting, None, 0)

    def go_to(self, position: int) -> None:
        """Approve until the stop at `position` waits."""
        for at in range(self._story.done, position):
            self._decide("approve", at, at + 1, _OPINIONS[int(self._chance() * 3)])
        self._story.done = position

    def complete(self, detours: int) -> None:
        """To the end; each detour is one step back and forth again, or a withdrawal."""
        story = self._story
        last = len(story.route) - 1
        for _ in range(detours):
            at = int(self._chance() * last)
            if story.done == 0 and at == 0:
                self._add("withdraw", story.submitted_by, self._applicant(), story.submitting or story.source, 0, None)
                self.submit("resubmit")
            else:
                at = max(at, story.done, 1)
                self.go_to(at)
                self._decide("reject", at, at - 1, _BACK)
                self._decide("approve", at - 1, at, "")
        self.go_to(last)
        self._decide("confirm", last, None, "")
        story.done, story.state = last + 1, "completed"

    def back_to_applicant(self, *, rejected: bool) -> None:
        story = self._story
        if rejected:
            self._decide("reject", 0, None, _BACK)
        else:
            self._add("withdraw", story.submitted_by, self._applicant(), story.submitting or story.source, 0, None)
        story.state = "rejected" if rejected else "withdrawn"

    def void(self) -> None:
        story = self._story
        self._add("void", story.submitted_by, self._applicant(), story.submitting or story.source, None, None)
        story.state = "voided"

    def _applicant(self) -> str:
        story, stories = self._story, self._stories
        if story.submitting is None:
            return stories.names[story.member]
        return virtual_name(stories.places[story.submitting - 1])

    def _decide(self, action: str, at: int, after: int | None, opinion: str) -> None:
        organization = self._story.route[at].organization_id
        name = virtual_name(self._stories.places[organization - 1])
        self._add(action, organization, name, organization, at, after, opinion)

    def _add(
        self,
        action: str,
        actor: int,
        name: str,
        acting: int,
        before: int | None,
        after: int | None,
        opinion: str = "",
    ) -> None:
        deed = Deed(action, _RULES[action], actor, name, acting, before, after, opinion, self._moment)
        self._story.deeds.append(deed)
        self._moment = min(self._moment + 7_200 + int(self._chance() * 200_000), self._latest)


def virtual_name(place: Place) -> str:
    """What a virtual admin account is called in the history (`policy.Actor.name`)."""
    return f"{place.name}（{VIRTUAL_ADMIN}）"
