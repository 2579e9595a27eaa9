"""Count searches

Revision ID: 0006
Revises: 0005

What is searched for is counted without anybody's name.
"""
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table("search_count", sa.Column("day", sa.Text(), nullable=False), sa.Column("what", sa.Text(), nullable=False),
                    sa.Column("words", sa.Text(), nullable=False), sa.Column("number", Id, nullable=False),
                    sa.PrimaryKeyConstraint("day", "what", "words", name="pk_search_count"))


def downgrade():
    op.drop_table("search_count")
