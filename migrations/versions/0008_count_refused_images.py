"""Count on each case how many of its images were refused, and keep those cases in an index of their own.

Why: only a case of which every image was refused was called so: one good image hid four refused ones from the
filter and from the day's count. As with images out of scope, few cases have one, and the index is small.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = [
    "is_reviewed", "reading_rank", "created_at", "id", "first_reader_id", "second_reader_id", "state", "part",
    "uploaded_by_id", "refused_count", "priority",
]  # fmt: skip
SOME = sa.text("refused_count > 0")


def upgrade() -> None:
    count = sa.Column("refused_count", sa.SmallInteger(), nullable=False, server_default="0")
    op.add_column("case", count)
    _fill_counts()
    op.create_index("ix_case_refused", "case", COLUMNS, sqlite_where=SOME, postgresql_where=SOME)


def downgrade() -> None:
    op.drop_index("ix_case_refused", "case")
    op.drop_column("case", "refused_count")


def _fill_counts() -> None:
    """One pass over the images; only cases with a refused one are touched."""
    op.execute(
        """
        UPDATE "case" SET refused_count = (
          SELECT count(*) FROM image WHERE image.case_id = "case".id AND image.state = 'refused')
        WHERE id IN (SELECT case_id FROM image WHERE state = 'refused')
        """
    )
