"""Count on each case how many of its images are out of scope, and keep those cases in an index of their own.

Why: a case shows its most severe verdict, so that a photo beside a fractured limb was told in no list and
found by no filter. Few cases hold such an image: the partial index is small, and most changes of a case leave
it alone.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = [
    "is_reviewed", "reading_rank", "created_at", "id", "first_reader_id", "second_reader_id", "state", "part",
    "uploaded_by_id", "out_of_scope_count",
]  # fmt: skip
SOME = sa.text("out_of_scope_count > 0")


def upgrade() -> None:
    count = sa.Column("out_of_scope_count", sa.SmallInteger(), nullable=False, server_default="0")
    op.add_column("case", count)
    _fill_counts()
    op.create_index("ix_case_out_of_scope", "case", COLUMNS, sqlite_where=SOME, postgresql_where=SOME)


def downgrade() -> None:
    op.drop_index("ix_case_out_of_scope", "case")
    op.drop_column("case", "out_of_scope_count")


def _fill_counts() -> None:
    """Of each image the newest finished job counts; only cases that ever had such a finding are touched."""
    op.execute(
        """
        UPDATE "case" SET out_of_scope_count = (
          SELECT count(*) FROM image
          JOIN job ON job.image_id = image.id AND job.state = 'done'
          JOIN finding ON finding.job_id = job.id AND finding.verdict = 'out of scope'
          WHERE image.case_id = "case".id AND NOT EXISTS (
            SELECT 1 FROM job AS later
            WHERE later.image_id = image.id AND later.state = 'done' AND later.id > job.id))
        WHERE id IN (
          SELECT image.case_id FROM finding
          JOIN job ON job.id = finding.job_id
          JOIN image ON image.id = job.image_id
          WHERE finding.verdict = 'out of scope')
        """
    )
