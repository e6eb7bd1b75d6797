"""How Alembic reaches the portal's database: through the application that Flask-Migrate started."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from portal.db import UtcDateTime, db


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Migrations spell our column type as the one it stands for, so that they never import the portal."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run() -> None:
    with db.engine.connect().execution_options(is_change=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_item=render_item,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
