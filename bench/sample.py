"""The rows that the pages are measured for: organizations of every level, and keys deep in the lists."""

from __future__ import annotations

from dataclasses import dataclass

from bench.byhand import Raw, inside
from bench.province.people import RARE_NAME
from bench.province.places import CITY, COUNTY, OTHER_TOWN, ROOT, TOWN

LEVELS = ("branch", "town", "county", "city", "province")
MONTH = ("2024-03-01", "2024-03-31")


@dataclass(frozen=True)
class Spot:
    """One organization, its liaison's username, and the list of its transfers at some depths."""

    level: str
    id: int
    name: str
    path: str
    username: str


class Sample:
    """Looks up by hand what the addresses of the pages need."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        codes = {"town": TOWN, "county": COUNTY, "city": CITY, "province": ROOT}
        self.spots = {level: self._spot(level, "code = %s", code) for level, code in codes.items()}
        low, values = inside("path", self.spots["town"].path)
        self.spots["branch"] = self._spot("branch", f"kind = 'branch' AND {low} ORDER BY id LIMIT 1", *values)
        low, values = inside("path", self._spot("town", "code = %s", OTHER_TOWN).path)
        self.far_branch = self._spot("branch", f"kind = 'branch' AND {low} ORDER BY id DESC LIMIT 1", *values)

    def _spot(self, level: str, condition: str, *values: object) -> Spot:
        statement = f"SELECT id, name, path, code FROM organization WHERE {condition}"  # noqa: S608
        identity, name, path, code = self.raw.row(statement, *values)
        return Spot(level, identity, name, path, f"ly{code}")

    def transfer_key(self, spot: Spot, tab: str, *, from_end: int | None = None) -> str:
        """The key of a transfer in the middle of a list, or so many from its end."""
        condition, values = inside("source_path" if tab == "out" else "destination_path", spot.path)
        count = self.raw.row(f"SELECT count(*) FROM transfer WHERE {condition}", *values)[0]  # noqa: S608
        offset = count // 2 if from_end is None else from_end
        key = f"SELECT key FROM transfer WHERE {condition} ORDER BY applied_on, id LIMIT 1 OFFSET %s"  # noqa: S608
        return str(self.raw.row(key, *values, min(offset, count - 1))[0])

    def member_key(self, path: str, *, from_end: int) -> str:
        """The key of a member so many from the end of the list of a subtree."""
        condition, values = inside("org_path", path)
        found = self.raw.row(
            f"SELECT key FROM member WHERE {condition} ORDER BY org_path DESC, id DESC LIMIT 1 OFFSET {from_end}",  # noqa: S608
            *values,
        )
        return str(found[0])

    def organization_id(self, path: str, *, from_end: int) -> int:
        """The id of an organization so many from the end of the list of a subtree."""
        condition, values = inside("path", path)
        statement = f"SELECT id FROM organization WHERE {condition} ORDER BY path DESC LIMIT 1 OFFSET {from_end}"  # noqa: S608
        return int(self.raw.row(statement, *values)[0])

    def person_of(self, spot: Spot) -> tuple[str, str]:
        """(key, blind index) of somebody who has been transferred out of a subtree."""
        condition, values = inside("t.source_path", spot.path)
        found = self.raw.row(
            "SELECT m.key, m.id_number_index FROM transfer t JOIN member m ON m.id = t.member_id "  # noqa: S608
            f"WHERE {condition} ORDER BY t.id DESC LIMIT 1",
            *values,
        )
        return str(found[0]), str(found[1])

    def member_of(self, spot: Spot) -> tuple[str, str]:
        """(key, blind index) of a free member of a branch."""
        found = self.raw.row(
            "SELECT key, id_number_index FROM member m WHERE organization_id = %s AND status = 'normal' AND NOT EXISTS"
            " (SELECT 1 FROM transfer t WHERE t.member_id = m.id AND t.ended_at IS NULL) ORDER BY id LIMIT 1",
            spot.id,
        )
        return str(found[0]), str(found[1])

    def waiting_key(self, spot: Spot) -> str:
        """A transfer that waits for an organization."""
        statement = "SELECT key FROM transfer WHERE current_organization_id = %s ORDER BY id LIMIT 1"
        return str(self.raw.row(statement, spot.id)[0])

    def ended_key(self, spot: Spot) -> str:
        """A completed transfer out of a subtree, with a long history."""
        condition, values = inside("source_path", spot.path)
        statement = (
            f"SELECT key FROM transfer WHERE {condition} AND state = 'completed' AND version BETWEEN 8 AND 12 "  # noqa: S608
            "ORDER BY version DESC, id DESC LIMIT 1"
        )
        return str(self.raw.row(statement, *values)[0])

    def entry_id(self) -> int:
        """A history entry in the middle of all."""
        return int(self.raw.row("SELECT max(id) / 2 FROM history_entry")[0])

    def travelled_member(self) -> str:
        """The username of a member with an account and three transfers."""
        found = self.raw.row(
            "SELECT a.username FROM account a JOIN transfer t ON t.member_id = a.member_id "
            "GROUP BY a.username HAVING count(*) = 3 ORDER BY a.username LIMIT 1"
        )
        return str(found[0])

    def rare_bearers(self) -> list[int]:
        """The ids of those who bear the rare name."""
        return [row[0] for row in self.raw.rows("SELECT id FROM member WHERE name = %s", RARE_NAME)]
