"""Let two readers read a case, and a third resolve: what a case awaits, its word, what a review may say.

Why: a second reading that is blind to the first, with “unsure” as an answer and places that readers marked.
“Unsure” is a null in `review.is_fracture`, so that the code that ran before goes on writing reviews; it
leaves `awaits` behind, and the next review of the case puts that right.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE "case" ADD COLUMN awaits VARCHAR(7) DEFAULT 'first' NOT NULL
          CONSTRAINT ck_case_known_awaits CHECK (awaits IN ('first', 'second', 'third', 'nothing'))
        """
    )
    op.execute(
        """
        ALTER TABLE "case" ADD COLUMN answer VARCHAR(6)
          CONSTRAINT ck_case_known_answer CHECK (answer IN ('yes', 'no', 'unsure'))
        """
    )
    op.add_column("review", sa.Column("regions", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column("review", sa.Column("asks_second", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("review") as review:
        review.alter_column("is_fracture", existing_type=sa.Boolean(), nullable=True)
    _settle()


def downgrade() -> None:
    """The schema before knows no “unsure”: it becomes a fracture, never the absence of one."""
    op.execute("UPDATE review SET is_fracture = true WHERE is_fracture IS NULL")
    op.execute(
        'UPDATE "case" SET is_reviewed = EXISTS (SELECT 1 FROM review WHERE review.case_id = "case".id)'
    )
    with op.batch_alter_table("review") as review:
        review.alter_column("is_fracture", existing_type=sa.Boolean(), nullable=False)
    for table, column in (
        ("review", "asks_second"),
        ("review", "regions"),
        ("case", "answer"),
        ("case", "awaits"),
    ):
        op.drop_column(table, column)


def _settle() -> None:
    """Until now one review settled a case, and the newest counted."""
    op.execute(
        """
        UPDATE "case" SET awaits = 'nothing', answer = (
          SELECT CASE WHEN is_fracture THEN 'yes' ELSE 'no' END FROM review
          WHERE review.case_id = "case".id ORDER BY review.id DESC LIMIT 1)
        WHERE is_reviewed
        """
    )
