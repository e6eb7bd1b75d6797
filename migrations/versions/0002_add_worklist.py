"""Add to each case whether it was reviewed, its rank among those to be read, and who is reading it.

Why: the worklist is sorted by these over any number of cases, so they must stand beside each
other in one index. The defaults let the code that ran before go on writing cases, and hide none of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("reading_rank", sa.SmallInteger(), nullable=False, server_default="9"))
    op.add_column("case", sa.Column("is_reviewed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "case",
        sa.Column("claimed_by_id", sa.Integer(), sa.ForeignKey("user.id", name="fk_case_claimed_by_id")),
        inline_references=True,
    )
    op.add_column("case", sa.Column("claimed_at", sa.DateTime(timezone=True)))
    _fill()
    op.create_index("ix_case_worklist", "case", ["is_reviewed", "reading_rank", "created_at", "id"])
    op.create_index("ix_case_claimer", "case", ["claimed_by_id"])


def downgrade() -> None:
    op.drop_index("ix_case_claimer", "case")
    op.drop_index("ix_case_worklist", "case")
    for column in ("claimed_at", "claimed_by_id", "is_reviewed", "reading_rank"):
        op.drop_column("case", column)


def _fill() -> None:
    """Urgent first; then fracture, doubt, no fracture, out of scope, none yet. 10: nothing to read."""
    op.execute(
        """
        UPDATE "case" SET
          is_reviewed = EXISTS (SELECT 1 FROM review WHERE review.case_id = "case".id),
          reading_rank = CASE WHEN state = 'refused' THEN 10 ELSE
            CASE priority WHEN 'urgent' THEN 0 ELSE 5 END
            + CASE verdict WHEN 'fracture' THEN 0 WHEN 'doubt' THEN 1 WHEN 'no fracture' THEN 2
              WHEN 'out of scope' THEN 3 ELSE 4 END
            END
        """
    )
