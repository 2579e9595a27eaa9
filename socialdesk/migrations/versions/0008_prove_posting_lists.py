"""Prove posting lists

Revision ID: 0008
Revises: 0007

How many posting lists a set of documents has, and their checksum, by which it is noticed that some are gone.  What was learned
from searches is learned anew: from now on a word counts only where several people used it.
"""
import json
import zlib

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = ("words", "proof", "written_at")
WORDS = sa.text("SELECT word, CAST(forms AS TEXT) AS forms, crc FROM index_word WHERE segment_id = :id")


def upgrade():
    for name in COLUMNS:
        op.add_column("index_segment", sa.Column(name, Id, server_default="0", nullable=False))
    bind = op.get_bind()
    for (segment_id,) in bind.execute(sa.text("SELECT id FROM index_segment")).all():
        proofs = [zlib.crc32(f"{row.word}\t{json.dumps(json.loads(row.forms), sort_keys=True)}\t{row.crc}".encode())
                  for row in bind.execute(WORDS, {"id": segment_id})]
        bind.execute(sa.text("UPDATE index_segment SET words = :words, proof = :proof WHERE id = :id"),
                     {"words": len(proofs), "proof": sum(proofs) % (1 << 32), "id": segment_id})
    op.execute("INSERT INTO job (lane, kind, ref_id, payload, dedupe, run_at, attempts, most, state) "
               "SELECT 'quiet', 'reindex', 0, '{}', 'reindex', 0, 0, 8, 'due' WHERE EXISTS (SELECT 1 FROM search_lesson) "
               "AND NOT EXISTS (SELECT 1 FROM job WHERE dedupe = 'reindex')")


def downgrade():
    with op.batch_alter_table("index_segment") as batch:
        for name in COLUMNS:
            batch.drop_column(name)
