"""Keep posting lists

Revision ID: 0005
Revises: 0004

The words of what can be found as posting lists, the same on every database; the databases' own full text indexes go.
Everything is indexed anew by a job.
"""
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OLD = ("search_people", "search_desk")


def upgrade():
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        op.execute("DROP TABLE search_people_vocab")
    for table in OLD:
        op.execute(f"DROP TABLE {table}")
    op.execute("DELETE FROM document")
    for name, type_, default in (("part", sa.Text(), "asked"), ("more", sa.Text(), ""), ("learned", sa.JSON(), "{}")):
        op.add_column("document", sa.Column(name, type_, server_default=default, nullable=False))
    _table("index_sense", sa.Column("post_id", Id, sa.ForeignKey("document.post_id", name="fk_index_sense_post_id_document", ondelete="CASCADE"), nullable=False),
           sa.Column("vectors", sa.LargeBinary(), nullable=False), key=("post_id",))
    _table("index_change", sa.Column("id", Id, nullable=False), _number("post_id"), key=("id",), sqlite_autoincrement=True)
    _table("index_segment", sa.Column("id", Id, nullable=False), sa.Column("name", sa.Text(), nullable=False), _number("documents"), _number("title_words"),
           _number("body_words"), sa.UniqueConstraint("name", name="uq_index_segment_name"), key=("id",))
    # the lists stand last, so that reading the forms alone reads little
    _table("index_word", sa.Column("segment_id", Id, sa.ForeignKey("index_segment.id", name="fk_index_word_segment_id_index_segment", ondelete="CASCADE"), nullable=False),
           sa.Column("word", sa.Text(collation=None if sqlite else "C"), nullable=False), sa.Column("forms", sa.JSON(), nullable=False), _number("generation"), _number("crc"),
           sa.Column("ids", sa.LargeBinary(), nullable=False), sa.Column("weights", sa.LargeBinary(), nullable=False), key=("segment_id", "word"))
    op.create_index("ix_index_word_segment_id_generation", "index_word", ["segment_id", "generation"])
    _table("index_merged", _number("post_id"), _number("segment_id"), _number("title_words"), _number("body_words"),
           sa.Column("forms", sa.Text(), nullable=False), key=("post_id",))
    _table("index_state", _number("id"), _number("generation"), sa.Column("damaged_at", sa.BigInteger(), nullable=True), key=("id",))
    _table("search_lesson", sa.Column("id", Id, nullable=False), _to("person"), _to("post"), sa.Column("why", sa.Text(), nullable=False),
           sa.Column("text", sa.Text(), nullable=False), _number("at"),
           sa.UniqueConstraint("person_id", "post_id", "why", "text", name="uq_search_lesson_person_id_post_id_why_text"), key=("id",))
    op.create_index("ix_search_lesson_post_id", "search_lesson", ["post_id"])
    op.add_column("person", sa.Column("learns", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.execute("INSERT INTO index_state (id, generation) VALUES (1, 0)")
    op.execute("INSERT INTO job (lane, kind, ref_id, payload, dedupe, run_at, attempts, most, state) "
               "SELECT 'quiet', 'reindex', 0, '{}', 'reindex', 0, 0, 8, 'due' WHERE EXISTS (SELECT 1 FROM post)")


def downgrade():
    with op.batch_alter_table("person") as batch:
        batch.drop_column("learns")
    for table in ("search_lesson", "index_state", "index_merged", "index_word", "index_segment", "index_change", "index_sense"):
        op.drop_table(table)
    with op.batch_alter_table("document") as batch:
        for name in ("part", "more", "learned"):
            batch.drop_column(name)
    op.execute("DELETE FROM document")
    for table in OLD:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"CREATE TABLE {table} (post_id bigint PRIMARY KEY REFERENCES document (post_id) ON DELETE CASCADE, "
                       "title text NOT NULL, body text NOT NULL, words tsvector NOT NULL)")
            op.execute(f"CREATE INDEX ix_{table}_words ON {table} USING gin (words)")
        else:
            op.execute(f"CREATE VIRTUAL TABLE {table} USING fts5(title, body, prefix='2 3', "
                       "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE search_people_vocab USING fts5vocab('search_people', 'row')")


def _to(table):
    return sa.Column(f"{table}_id", Id, sa.ForeignKey(f"{table}.id", name=f"fk_search_lesson_{table}_id_{table}", ondelete="CASCADE"), nullable=False)


def _number(name):
    return sa.Column(name, Id, nullable=False)


def _table(name, *columns, key, **more):
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"), **more)
