"""Make the search index

Revision ID: 0002
Revises: 0001

The words of the people's segment stand apart from all others: neither a count nor a completion of theirs knows the rest.
"""
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("search_people", "search_desk")


def upgrade():
    for table in TABLES:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"CREATE TABLE {table} (post_id bigint PRIMARY KEY REFERENCES document (post_id) ON DELETE CASCADE, "
                       "title text NOT NULL, body text NOT NULL, words tsvector NOT NULL)")
            op.execute(f"CREATE INDEX ix_{table}_words ON {table} USING gin (words)")
        else:
            op.execute(f"CREATE VIRTUAL TABLE {table} USING fts5(title, body, prefix='2 3', "
                       "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")")
    if op.get_bind().dialect.name != "postgresql":
        op.execute("CREATE VIRTUAL TABLE search_people_vocab USING fts5vocab('search_people', 'row')")


def downgrade():
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE search_people_vocab")
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
