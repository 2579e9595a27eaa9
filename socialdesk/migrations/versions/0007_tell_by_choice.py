"""Tell by choice

Revision ID: 0007
Revises: 0006

What a person wants told, when, and by which way; mails beside pushes; which push key a device was made with.
"""
import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ON_PERSON = [("lock_private", sa.Text(), "discreet"), ("batch_hours", sa.JSON(), '["09:00", "12:30", "16:00"]'), ("daily_pushes", Id, "6"),
             ("quiet_until", sa.BigInteger(), None), ("even_outside", sa.JSON(), "[]"), ("digest", sa.Text(), "weekly"),
             ("digest_at", sa.BigInteger(), None), ("mail_refused_at", sa.BigInteger(), None)]
MAILS = sa.text("channel = 'mail'")


def _column(name, kind, default):
    return sa.Column(name, kind, server_default=default, nullable=default is None)


def upgrade():
    for column in ON_PERSON:
        op.add_column("person", _column(*column))
    op.execute("UPDATE person SET lock_private = lock_screen")       # who chose words on a locked phone chose them for all
    op.create_index("ix_person_digest_at", "person", ["digest_at"])
    op.add_column("membership", _column("level", sa.Text(), "all"))
    op.add_column("device", _column("vapid_id", sa.Text(), ""))
    op.add_column("mail", _column("html", sa.Text(), ""))
    op.add_column("mail", _column("unsubscribe", sa.Text(), None))
    op.create_table("holiday", sa.Column("day", sa.Text(), nullable=False), sa.Column("name", sa.Text(), nullable=False),
                    sa.PrimaryKeyConstraint("day", name="pk_holiday"))
    op.create_table("choice", sa.Column("person_id", Id, nullable=False), sa.Column("matter", sa.Text(), nullable=False),
                    sa.Column("channel", sa.Text(), nullable=False), sa.Column("level", sa.Text(), nullable=False),
                    sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_choice_person_id", ondelete="CASCADE"),
                    sa.PrimaryKeyConstraint("person_id", "matter", "channel", name="pk_choice"))
    op.create_index("ix_choice_matter", "choice", ["matter"])
    op.add_column("delivery", _column("how", sa.Text(), "alone"))
    op.add_column("delivery", _column("relation", sa.Text(), None))
    op.add_column("delivery", sa.Column("person_id", Id, nullable=True))
    op.execute("UPDATE delivery SET person_id = (SELECT person_id FROM notification WHERE notification.id = delivery.notification_id)")
    with op.batch_alter_table("delivery", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("person_id", existing_type=Id, nullable=False)
        table.alter_column("device_id", existing_type=Id, nullable=True)
    op.create_index("ix_delivery_person_id_send_at", "delivery", ["person_id", "send_at"])
    op.create_index("uq_delivery_mail", "delivery", ["notification_id", "n"], unique=True, sqlite_where=MAILS, postgresql_where=MAILS)


def downgrade():
    op.drop_index("uq_delivery_mail", "delivery")
    op.drop_index("ix_delivery_person_id_send_at", "delivery")
    op.execute("DELETE FROM delivery WHERE device_id IS NULL")
    with op.batch_alter_table("delivery", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("device_id", existing_type=Id, nullable=False)
        table.drop_column("person_id")
        table.drop_column("how")
        table.drop_column("relation")
    op.drop_table("choice")
    op.drop_table("holiday")
    for table, name in (("mail", "unsubscribe"), ("mail", "html"), ("device", "vapid_id"), ("membership", "level")):
        op.drop_column(table, name)
    op.drop_index("ix_person_digest_at", "person")
    for name, _, _ in ON_PERSON:
        op.drop_column("person", name)
