"""What alembic calls: the steps run inside the transaction of the connection it was given."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from dli_server.storage.tables import METADATA, UtcTime


def _plain_time(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A step must not change when a class of ours does."""
    if kind == "type" and isinstance(item, UtcTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run what alembic was asked for."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        # SQLite can roll back its DDL too; alembic does not count on it by itself.
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_plain_time,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
