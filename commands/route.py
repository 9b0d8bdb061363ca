"""`flask --app app route`: the planned route between two organizations, for people or as JSON (R12-R15, R17a)."""

from __future__ import annotations

import json

import click
from rich.cells import cell_len
from sqlalchemy import select

from commands.support import friendly
from models import Organization, OrganizationKind, TransferKind, db
from workflow import planning
from workflow.errors import N_, RuleError
from workflow.routes import Node, Stop

RULES = {"intra": "R13", "out": "R14", "in": "R15"}
"""The rule that says which ends a kind of route may have; each transfer kind names its own in `route_rule`."""


@click.command("route")
@click.option(
    "--kind",
    type=click.Choice(list(RULES)),
    required=True,
    help="intra 省内，out 转出省外或转到特殊组织，in 跨省转入。",
)
@click.option("--from", "source_code", metavar="CODE", required=True, help="转出支部的组织代码；in 为登记组织的代码。")
@click.option("--to", "destination_code", metavar="CODE", required=True, help="目的组织的组织代码。")
@click.option("--json", "as_json", is_flag=True, help="只输出一个 JSON 对象。")
@friendly
def route(kind: str, source_code: str, destination_code: str, as_json: bool) -> None:
    """Print the route that a transfer would take today; exit status 1 and the reason where there is none."""
    try:
        stops, nodes = _planned(RULES[kind], source_code.strip(), destination_code.strip())
    except RuleError as error:
        if not as_json:
            raise
        _print_json({"ok": False, "rule": error.rule, "message": str(error)})
        raise SystemExit(1) from error
    if as_json:
        _print_json({"ok": True, "route": [_as_json(stop, nodes[stop.organization_id]) for stop in stops]})
    else:
        _print_table(stops, nodes)


def _planned(rule: str, source_code: str, destination_code: str) -> tuple[list[Stop], dict[int, Node]]:
    source, destination = _organization(source_code, rule), _organization(destination_code, rule)
    return planning.plan_route(_kind(rule, destination), source, destination)


def _organization(code: str, rule: str) -> Organization:
    found: Organization | None = db.session.scalar(select(Organization).where(Organization.code == code))
    if found is None:
        raise RuleError(N_("没有代码为“%(code)s”的组织。"), rule, code=code)
    return found


def _kind(rule: str, destination: Organization) -> TransferKind:
    """The transfer kind of that rule which ends in an organization of the destination's kind."""
    ends = db.session.execute(
        select(TransferKind.destination_kind, TransferKind.code).where(TransferKind.route_rule == rule)
    )
    codes: dict[str, str] = {row.destination_kind: row.code for row in ends}
    kind = planning.kind_by_code(codes.get(destination.kind, ""))
    if kind is None:
        raise RuleError(
            N_("“%(name)s”是%(kind)s，目的组织必须是%(wanted)s。"),
            rule,
            "destination",
            name=destination.name,
            kind=destination.kind.label,
            wanted="或".join(OrganizationKind(code).label for code in codes),
        )
    return kind


def _as_json(stop: Stop, node: Node) -> dict[str, object]:
    return {"stage": stop.stage, "org_code": node.code, "org_name": node.name, "level_unset": stop.level_unset}


def _print_json(content: dict[str, object]) -> None:
    click.echo(json.dumps(content, ensure_ascii=False))


def _print_table(stops: list[Stop], nodes: dict[int, Node]) -> None:
    width = max(cell_len(stop.stage.label) for stop in stops)
    for number, stop in enumerate(stops, start=1):
        node = nodes[stop.organization_id]
        label = stop.stage.label + " " * (width - cell_len(stop.stage.label))
        warning = "  ⚠ 未设置权限级别" if stop.level_unset else ""
        click.echo(f"{number:>3}. {label}  {node.name}（{node.code}）{warning}")
