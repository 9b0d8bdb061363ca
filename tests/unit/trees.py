"""Trees for the planner without a database: grown from indented text, planned by the rules that the migration seeds."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

from models import Anchor, OrganizationKind, Qualification, Side, Stage, Walk
from workflow import routes
from workflow.routes import Node, Stop

SEED_FILE = Path(__file__).parents[2] / "migrations" / "versions" / "0002_reference_rows.py"

# The ending of a name says the kind, as it does in Fujian; the first that fits counts.
ENDINGS = (
    ("总支", OrganizationKind.GENERAL_BRANCH),
    ("支部", OrganizationKind.BRANCH),
    ("工委", OrganizationKind.WORKING_COMMITTEE),
    ("委", OrganizationKind.COMMITTEE),
    ("省外组织", OrganizationKind.OUT_OF_PROVINCE),
)


def _seed() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_rows", SEED_FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SEED = _seed()

QUALIFIED = {
    rank: frozenset(
        qualification
        for qualification, granted in ((Qualification.COMMITTEE, committee), (Qualification.LEAVING, leaving))
        if granted
    )
    for rank, _name, committee, leaving, *_rest in SEED.LEVELS
}
QUALIFICATIONS = {**QUALIFIED, None: None}
"""What each level, and no level, is qualified for."""

_TYPES = {"walk": Walk, "anchor": Anchor, "side": Side, "until": Qualification}


def legs(kind: str) -> list[SimpleNamespace]:
    """The stage rules of a transfer kind as the migration writes them."""
    empty = dict.fromkeys(SEED.RULE_COLUMNS) | SEED.FLAGS
    return [
        SimpleNamespace(
            **{
                name: _TYPES.get(name, Stage)(value) if isinstance(value, str) else value
                for name, value in {**empty, **rule}.items()
            }
        )
        for rule in SEED.RULES[kind]
    ]


INTRA, LEAVING, ENTERING = legs("intra"), legs("out_of_province"), legs("entering")


class Tree:
    """Organizations by name. `Tree('''市委 3 \n  县委 5''')`: the indentation hangs one below the other."""

    def __init__(self, text: str) -> None:
        self.nodes: dict[str, Node] = {}
        above: list[tuple[int, Node]] = []
        for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
            indent = len(line) - len(line.lstrip())
            name, *level = line.split()
            above = [(depth, node) for depth, node in above if depth < indent]
            self.nodes[name] = Node(
                id=number,
                code=f"c{number}",
                name=name,
                kind=next(kind for ending, kind in ENDINGS if name.endswith(ending)),
                parent_id=above[-1][1].id if above else None,
                qualifications=QUALIFIED[int(level[0])] if level else None,
            )
            above.append((indent, self.nodes[name]))

    @property
    def lookup(self) -> dict[int, Node]:
        return {node.id: node for node in self.nodes.values()}

    def change(self, name: str, **values: object) -> None:
        self.nodes[name] = replace(self.nodes[name], **values)

    def set_level(self, name: str, rank: int | None) -> None:
        self.change(name, qualifications=QUALIFICATIONS[rank])

    def hang(self, name: str, parent: str) -> None:
        self.change(name, parent_id=self.nodes[parent].id)

    def stops(self, source: str, destination: str) -> list[Stop]:
        """The route within the province."""
        return routes.plan(INTRA, self.nodes[source].id, self.nodes[destination].id, self.lookup)

    def leaving(self, source: str) -> list[Stop]:
        """The route out of the province."""
        return routes.plan(LEAVING, self.nodes[source].id, 0, self.lookup)

    def ahead(self, kept: list[Stop], waiting: Stop | None, source: str, destination: str) -> list[str]:
        """What is ahead of a running transfer, in words."""
        ends = self.nodes[source].id, self.nodes[destination].id
        return self.words(routes.replanned(INTRA, kept, waiting, *ends, self.lookup))

    def words(self, stops: Iterable[Stop]) -> list[str]:
        """The route as the spec writes it: names in order, the last with 确认报到 before it."""
        lookup = self.lookup
        return [("确认报到 " if stop.confirms else "") + lookup[stop.organization_id].name for stop in stops]

    def unset(self, stops: Iterable[Stop]) -> list[str]:
        """Where the route says 未设置权限级别."""
        return [self.lookup[stop.organization_id].name for stop in stops if stop.level_unset]


def route(tree: Tree, source: str, destination: str) -> str:
    """The route within the province as one line: A · B · 确认报到 B."""
    return " · ".join(tree.words(tree.stops(source, destination)))


def way_out(tree: Tree, source: str) -> str:
    """The route out of the province as one line."""
    return " · ".join(tree.words(tree.leaving(source)))


FUJIAN = """
福建省委 1
  省直机关工委 2
    省直第一支部 7
  福州市委 3
    市直机关工委 4
      市直第一支部 7
    鼓楼区委 5
      区委直属支部 7
      东街街道工委 6
        军门社区总支 7
          军门第一支部 7
          军门第二支部 7
        旗汛口支部 7
      安泰街道工委
        朱紫坊支部 7
        花园弄支部 7
      卫健局党委 6
        医院党委 7
          医院第一支部 7
  龙岩市委 3
    上杭县委 5
      古田镇党委 6
        五龙村支部 7
    漳平市委
      永福镇党委
        龙车村支部
省外组织
"""
