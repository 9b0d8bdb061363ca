"""`flask --app app account ...`: the first accounts, and passwords where nobody can sign in to set them."""

from __future__ import annotations

import sys

import click
from flask.cli import AppGroup
from sqlalchemy import select

from commands.support import friendly
from models import Account, Organization, RoleCode, db
from workflow import accounts, grants
from workflow.errors import RuleError
from workflow.transaction import transaction

account = AppGroup("account", help="账号：新建，设置密码。")


@account.command("create")
@click.argument("username")
@click.option("--role", type=click.Choice([role.value for role in RoleCode]), required=True, help="授予的角色。")
@click.option("--org", "code", metavar="CODE", help="账号所属组织的代码；省级管理员可以不填。")
@friendly
def create(username: str, role: str, code: str | None) -> None:
    """Create an account that belongs to no member, and grant it ROLE; it has no password yet."""
    with transaction():
        organization = _organization(code) if code else None
        made = accounts.create_account(username, organization=organization)
        grants.grant(None, made, RoleCode(role), organization)
    click.echo(f"已新建账号“{made.username}”（{RoleCode(role).label}）。")
    click.echo(f"请设置密码：flask --app app account password {made.username}")


@account.command("password")
@click.argument("username")
@friendly
def password(username: str) -> None:
    """Set the password of an account: one line from standard input, not shown where that is a terminal."""
    typed = _read_password()
    with transaction():
        known = db.session.scalar(select(Account).where(Account.username == username.strip()))
        if known is None:
            raise RuleError("没有账号“%(name)s”。", "§3", "username", name=username)
        accounts.set_password(known, typed)
    click.echo(f"已设置账号“{known.username}”的密码，其已有的登录全部失效。")


def _organization(code: str) -> Organization:
    found: Organization | None = db.session.scalar(select(Organization).where(Organization.code == code.strip()))
    if found is None:
        raise RuleError("没有代码为“%(code)s”的组织。", "R10", "organization", code=code)
    return found


def _read_password() -> str:
    if sys.stdin.isatty():
        typed: str = click.prompt("新密码", hide_input=True, confirmation_prompt="再输入一次", err=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")
