"""Alembic's environment: migrations run in the application's context, on the application's engine."""

from alembic import context
from flask import current_app

from models import db


def run() -> None:
    """Upgrade or downgrade in one transaction; SQLite alters a table by copying it (batch mode)."""
    arguments = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata, **arguments)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
