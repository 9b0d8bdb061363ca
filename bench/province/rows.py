"""How stories stand in the tables: transfers, steps, and history entries whose hashes are chained as the product does.

An entry is hashed by the content rules of `workflow.history`, without an object for each; `checking` compares.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from operator import itemgetter
from typing import Any

from bench.province.people import random_key
from bench.province.places import Place
from bench.province.size import PRESENT, SEED, START
from bench.province.stories import StopRow, Story
from models import HistoryEntry
from workflow import history
from workflow.history import GENESIS

_DAY = 86_400

TRANSFER_COLUMNS = (
    *("id", "key", "kind_code", "member_id", "state", "source_id", "source_path", "destination_id"),
    *("destination_path", "reason", "applied_on", "dues_paid_until", "submitted_by_id"),
    *("submitting_organization_id", "current_organization_id", "waiting_organization_id", "last_action"),
    *("last_organization_id", "arrived_at", "created_at", "ended_at", "version"),
)
STEP_COLUMNS = (
    *("id", "transfer_id", "position", "stage", "organization_id", "side", "level_unset", "confirms", "objects"),
    *("state", "handled_at", "handled_by", "is_open"),
)
ENTRY_COLUMNS = tuple(
    name
    for name in (
        *("id", "transfer_id", "sequence", "at", "action", "rule", "path", "member_name", "actor_id", "actor_name"),
        *("actor_organization_id", "actor_organization_name", "from_stage", "from_organization_id"),
        *("from_organization_name", "to_stage", "to_organization_id", "to_organization_name", "opinion", "details"),
        *("previous_hash", "hash"),
    )
    if name in HistoryEntry.__table__.columns
)
_in_order = itemgetter(*ENTRY_COLUMNS)
_HASHED = (*history._CONTENT, "at", "previous")
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""What `workflow.history.digest` hashes."""


class Moments:
    """Seconds since 1970 as text, from tables: a day's and a second's."""

    def __init__(self) -> None:
        self._first = int(START.timestamp()) // _DAY
        days = int(PRESENT.timestamp()) // _DAY - self._first + 1
        self._days = [f"{datetime.fromtimestamp((self._first + day) * _DAY, UTC):%Y-%m-%d}" for day in range(days)]
        midnight = datetime(2021, 1, 1, tzinfo=UTC)
        self._times = [f"{midnight + timedelta(seconds=second):%H:%M:%S}.000000" for second in range(_DAY)]

    def split(self, seconds: int) -> tuple[str, str]:
        """The day and the time of it, in UTC."""
        return self._days[seconds // _DAY - self._first], self._times[seconds % _DAY]


@dataclass(slots=True)
class Batch:
    """The rows of some stories, table by table."""

    transfers: list[tuple] = field(default_factory=list)
    steps: list[tuple] = field(default_factory=list)
    entries: list[tuple] = field(default_factory=list)


class Scribe:
    """Writes stories down; ids go on from one batch to the next."""

    def __init__(self, places: Sequence[Place], members: Sequence[str]) -> None:
        self._members = members
        self.paths = ["", *(place.path for place in places)]
        self.organizations = ["", *(place.name for place in places)]
        self._moments = Moments()
        self._chance = random.Random(SEED + 4)  # noqa: S311 - made-up stories, no secret
        self._steps = self.entries = 0

    def write(self, stories: Iterable[Story]) -> Batch:
        """The rows of these stories."""
        batch = Batch()
        for story in stories:
            batch.transfers.append(self._transfer(story))
            self._add_steps(story, batch.steps)
            self._add_entries(story, batch.entries)
        return batch

    def _moment(self, seconds: int) -> str:
        day, time = self._moments.split(seconds)
        return f"{day} {time}"

    def _transfer(self, story: Story) -> tuple:
        first, last = story.deeds[0], story.deeds[-1]
        running = story.state == "in_progress"
        ended = story.state in ("completed", "voided")
        stands_at = story.route[story.done].organization_id if running else None
        day = self._moments.split(first.at)[0]
        arrived = self._moment(last.at)
        return (
            story.number,
            random_key(self._chance),
            story.kind,
            story.member + 1,
            story.state,
            story.source,
            self.paths[story.source],
            story.destination,
            self.paths[story.destination],
            story.reason,
            day,
            day[:7],
            story.submitted_by,
            story.submitting,
            stands_at,
            stands_at if running else None if ended else story.submitting,
            last.action,
            last.acting_id if last.action in ("approve", "reject", "confirm") else story.submitting,
            arrived,
            self._moment(first.at),
            arrived if ended else None,
            len(story.deeds),
        )

    def _add_steps(self, story: Story, steps: list[tuple]) -> None:
        handled = {deed.before: deed for deed in story.deeds if deed.action in ("approve", "confirm")}
        is_open = story.state not in ("completed", "voided")
        running = story.state == "in_progress"
        for at, stop in enumerate(story.route):
            self._steps += 1
            done = at < story.done
            deed = handled[at] if done else None
            steps.append(
                (
                    self._steps,
                    story.number,
                    at + 1,
                    stop.stage,
                    stop.organization_id,
                    stop.side,
                    stop.level_unset,
                    stop.confirms,
                    stop.objects,
                    "done" if done else "current" if running and at == story.done else "coming",
                    self._moment(deed.at) if deed else None,
                    deed.actor_name if deed else "",
                    is_open,
                )
            )

    def _add_entries(self, story: Story, entries: list[tuple]) -> None:
        previous, route, names = GENESIS, story.route, self.organizations
        member_name = self._members[story.member]
        for sequence, deed in enumerate(story.deeds, 1):
            stage, organization, organization_name = _place(route, deed.before, names)
            next_stage, next_organization, next_name = _place(route, deed.after, names)
            day, time = self._moments.split(deed.at)
            entry: dict[str, Any] = {
                "transfer_id": story.number,
                "sequence": sequence,
                "at": f"{day}T{time}+00:00",
                "action": deed.action,
                "rule": deed.rule,
                "path": self.paths[deed.acting_id],
                "member_name": member_name,
                "actor_id": deed.actor_id,
                "actor_name": deed.actor_name,
                "actor_organization_id": deed.acting_id,
                "actor_organization_name": names[deed.acting_id],
                "from_stage": stage,
                "from_organization_id": organization,
                "from_organization_name": organization_name,
                "to_stage": next_stage,
                "to_organization_id": next_organization,
                "to_organization_name": next_name,
                "opinion": deed.opinion,
                "details": {},
                "previous": previous,
            }
            self.entries += 1
            entry["hash"] = sha256(_canonical({name: entry[name] for name in _HASHED}).encode()).hexdigest()
            entry.update(id=self.entries, at=f"{day} {time}", details="{}", previous_hash=previous)
            entries.append(_in_order(entry))
            previous = entry["hash"]


_NOWHERE = (None, None, "")


def _place(route: Sequence[StopRow], at: int | None, names: Sequence[str]) -> tuple[str | None, int | None, str]:
    if at is None:
        return _NOWHERE
    stop = route[at]
    return stop.stage, stop.organization_id, names[stop.organization_id]
