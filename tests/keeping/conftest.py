"""Reaching the named world of tests/world.py by name, and acting as the liaison of an organization."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from models import AuditEntry, Organization, RoleCode, RoleGrant, db
from tests.support.databases import open_rules
from workflow import actors
from workflow.actors import Actor


@pytest.fixture(scope="session")
def opened():
    """The rules alone, without the panel around them."""
    return open_rules


@pytest.fixture
def org(app) -> Callable[[str], Organization]:
    return lambda name: db.session.scalars(select(Organization).where(Organization.name == name)).one()


@pytest.fixture
def holder(app, org) -> Callable[[RoleCode, str], Actor]:
    """The first account that holds a role on the named organization, effective or not."""

    def find(role: RoleCode, name: str) -> Actor:
        grants = select(RoleGrant).where(RoleGrant.role_code == role, RoleGrant.organization_id == org(name).id)
        loaded = [actors.load(grant.account_id) for grant in db.session.scalars(grants)]
        return next(actor for actor in loaded if actor is not None and not actor.sleeping)

    return find


@pytest.fixture
def liaison(holder) -> Callable[[str], Actor]:
    return lambda name: holder(RoleCode.LIAISON, name)


@pytest.fixture
def admin(app) -> Actor:
    grant = db.session.scalars(select(RoleGrant).where(RoleGrant.role_code == RoleCode.PROVINCIAL_ADMIN)).first()
    actor = actors.load(grant.account_id)
    assert actor is not None
    return actor


@pytest.fixture
def audited(app) -> Callable[[], list[str]]:
    """The events in the audit log, oldest first."""
    return lambda: [entry.event for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
