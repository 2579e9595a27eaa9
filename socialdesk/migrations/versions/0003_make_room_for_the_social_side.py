"""Make room for the social side

Revision ID: 0003
Revises: 0002

Likes and votes, saved threads, kudos, polls, major incidents, followed hashtags, and how each person wants their feed.
"""
import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("poll_vote", "poll_option", "poll", "kudos", "reaction", "saved", "tag_follow", "major")
#: table, column, type, default; without a default it may be missing
COLUMNS = (("person", "feed_view", sa.Text(), "for-you"), ("person", "only_tickets", sa.Boolean(), sa.false()),
           ("person", "swipe_right", sa.Text(), "me-too"), ("person", "swipe_left", sa.Text(), "save"),
           ("post", "votes", Id, "0"), ("post", "voices", Id, "0"), ("ticket", "impact_held", sa.Boolean(), sa.false()),
           ("article", "review_at", sa.BigInteger(), None))


def upgrade():
    _table("kudos", _to("post_id", "post.id"), _to("person_id", "person.id"), key=("post_id", "person_id"))
    _table("reaction", _to("post_id", "post.id"), _to("person_id", "person.id"), sa.Column("kind", sa.Text(), nullable=False),
           key=("post_id", "person_id", "kind"))
    _table("saved", _to("person_id", "person.id"), _to("root_id", "post.id"), sa.Column("at", sa.BigInteger(), nullable=False),
           key=("person_id", "root_id"))
    _table("tag_follow", _to("person_id", "person.id"), _to("tag_id", "tag.id"), sa.Column("level", sa.Text(), nullable=False),
           key=("person_id", "tag_id"))
    _table("poll", _to("post_id", "post.id"), sa.Column("closes_at", sa.BigInteger(), nullable=True), key=("post_id",))
    _table("poll_option", sa.Column("id", Id, nullable=False), _to("post_id", "post.id"), sa.Column("n", Id, nullable=False),
           sa.Column("text", sa.Text(), nullable=False), sa.Column("votes", Id, nullable=False),
           sa.UniqueConstraint("post_id", "n", name="uq_poll_option_post_id_n"), key=("id",))
    _table("poll_vote", _to("post_id", "post.id"), _to("person_id", "person.id"), _to("option_id", "poll_option.id"), key=("post_id", "person_id"))
    _table("major", _to("post_id", "post.id"), _to("ticket_id", "ticket.post_id"), sa.Column("next_update_at", sa.BigInteger(), nullable=False),
           sa.Column("ended_at", sa.BigInteger(), nullable=True), sa.UniqueConstraint("ticket_id", name="uq_major_ticket_id"), key=("post_id",))
    for table, *columns in (("kudos", "person_id"), ("reaction", "person_id"), ("saved", "person_id", "at"), ("saved", "root_id"),
                            ("tag_follow", "tag_id"), ("poll_vote", "option_id"), ("poll_vote", "person_id")):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    is_open = sa.text("ended_at IS NULL")
    op.create_index("ix_major_open", "major", ["next_update_at"], sqlite_where=is_open, postgresql_where=is_open)
    for table, name, type_, default in COLUMNS:
        op.add_column(table, sa.Column(name, type_, server_default=default, nullable=default is None))
    kind = "bigint" if op.get_bind().dialect.name == "postgresql" else "integer"
    op.execute(f"ALTER TABLE article ADD COLUMN owner_id {kind} REFERENCES person (id)")


def downgrade():
    for table in TABLES:
        op.drop_table(table)
    with op.batch_alter_table("article") as batch:
        batch.drop_column("owner_id")
    for table, name, *_ in COLUMNS:
        with op.batch_alter_table(table) as batch:
            batch.drop_column(name)


def _to(name, target):
    return sa.Column(name, Id, sa.ForeignKey(target, ondelete="CASCADE"), nullable=False, autoincrement=False)


def _table(name, *columns, key):
    named = [sa.ForeignKeyConstraint([c.name], [f.target_fullname], name=f"fk_{name}_{c.name}", ondelete="CASCADE")
             for c in columns if isinstance(c, sa.Column) for f in c.foreign_keys]
    plain = [sa.Column(c.name, c.type, nullable=c.nullable, autoincrement=c.name == "id") if isinstance(c, sa.Column) else c for c in columns]
    op.create_table(name, *plain, *named, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"))
