"""Keep on each case what a re-run changed: the verdict before it, and whether the new one fits the answer.

Why: a re-run that overturned a settled case was told to nobody, and finding these cases is what a re-run is
for. Both partial indexes hold few cases, in the history's order. What re-runs changed before is told as far
as it does not fit the answer; the verdict before them is not filled in.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_case_differs": ("differs", ["differs", "created_at", "id", "priority"]),
    "ix_case_changed": ("changed_by_id", ["changed_by_id", "created_at", "id", "priority", "differs"]),
}
OPPOSITE = "((answer = 'no' AND verdict = 'fracture') OR (answer = 'yes' AND verdict = 'no fracture'))"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE "case" ADD COLUMN differs VARCHAR(5)
          CONSTRAINT ck_case_known_differs CHECK (differs IN ('known', 'new'))
        """
    )
    op.execute(
        """
        ALTER TABLE "case" ADD COLUMN verdict_before VARCHAR(20)
          CONSTRAINT ck_case_known_verdict_before
          CHECK (verdict_before IN ('fracture', 'doubt', 'out of scope', 'no fracture'))
        """
    )
    key = sa.ForeignKey("batch.id", name="fk_case_changed_by_id")
    op.add_column("case", sa.Column("changed_by_id", sa.Uuid(), key), inline_references=True)
    _fill_differs()
    for name, (column, columns) in INDEXES.items():
        some = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "case", columns, sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "case")
    for column in ("changed_by_id", "verdict_before", "differs"):
        op.drop_column("case", column)


def _fill_differs() -> None:
    """New is a verdict that no image had before the newest review; only cases that were re-run have one."""
    op.execute(f"UPDATE \"case\" SET differs = 'known' WHERE {OPPOSITE}")
    op.execute(
        f"""
        UPDATE "case" SET differs = 'new'
        WHERE id IN (
            SELECT image.case_id FROM batch
            JOIN job ON job.batch_id = batch.id
            JOIN image ON image.id = job.image_id
            WHERE batch.kind = 'rerun')
          AND NOT {_was_read_before_the_review('"case".verdict')}
          AND ({OPPOSITE} OR (verdict = 'doubt' AND (
            (answer = 'no' AND {_was_read_before_the_review("'no fracture'")})
            OR (answer = 'yes' AND {_was_read_before_the_review("'fracture'")}))))
        """
    )


def _was_read_before_the_review(verdict: str) -> str:
    return f"""
        EXISTS (
          SELECT 1 FROM image
          JOIN job ON job.image_id = image.id
          JOIN finding ON finding.job_id = job.id
          WHERE image.case_id = "case".id AND finding.verdict = {verdict} AND finding.created_at < (
            SELECT max(review.created_at) FROM review WHERE review.case_id = "case".id))
    """
