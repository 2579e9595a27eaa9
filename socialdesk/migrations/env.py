"""Alembic's way in: runs on the connection it is given."""
from alembic import context

from socialdesk.db import db

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True, compare_type=False)
with context.begin_transaction():
    context.run_migrations()
