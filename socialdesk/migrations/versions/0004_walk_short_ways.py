"""Walk short ways where a desk has grown

Revision ID: 0004
Revises: 0003

What a person follows, announcements, articles by use and by hashtag are found along an index, however much else is said.
The index of articles by use is over an expression: a batch on `article` drops it on SQLite, so such a migration makes it again.
"""
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

IS_ANNOUNCED = {"sqlite_where": sa.text("kind = 'announcement'"), "postgresql_where": sa.text("kind = 'announcement'")}
IS_ARTICLE = {"sqlite_where": sa.text("article = 1"), "postgresql_where": sa.text("article")}


def upgrade():
    op.create_index("ix_follow_person_id_root_id", "follow", ["person_id", "root_id"])
    op.drop_index("ix_follow_person_id", "follow")
    op.create_index("ix_post_announcement", "post", ["made_at"], **IS_ANNOUNCED)
    op.create_index("ix_article_use", "article", [sa.text("(solved - not_solved)"), "post_id"])
    op.add_column("post_tag", sa.Column("article", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(sa.text("UPDATE post_tag SET article = :yes WHERE root_id IN (SELECT post_id FROM article)").bindparams(yes=True))
    op.create_index("ix_post_tag_article", "post_tag", ["tag_id", "root_id"], **IS_ARTICLE)


def downgrade():
    op.drop_index("ix_post_tag_article", "post_tag")
    with op.batch_alter_table("post_tag") as batch:
        batch.drop_column("article")
    op.drop_index("ix_article_use", "article")
    op.drop_index("ix_post_announcement", "post")
    op.create_index("ix_follow_person_id", "follow", ["person_id"])
    op.drop_index("ix_follow_person_id_root_id", "follow")
