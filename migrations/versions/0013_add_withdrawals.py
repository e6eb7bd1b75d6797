"""Keep which cases were withdrawn, by whom and why.

Why: a case that was uploaded by mistake stood in every list for good. Withdrawn cases are few: they stand in
an index of their own, in the history's order, and behind all others in the worklist's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SOME = sa.text("withdrawn_at IS NOT NULL")
STANDING = sa.text("restored_at IS NULL")


def upgrade() -> None:
    op.add_column("case", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_case_withdrawn",
        "case",
        ["created_at", "id", "priority"],
        sqlite_where=SOME,
        postgresql_where=SOME,
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("withdrawn_by_id", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_by_id", sa.Integer(), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reason IN ('wrong patient', 'uploaded twice', 'wrong images', 'test', 'other')",
            name=op.f("ck_withdrawal_known_reason"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_withdrawal_case_id")),
        sa.ForeignKeyConstraint(["restored_by_id"], ["user.id"], name=op.f("fk_withdrawal_restored_by_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["user.id"], name=op.f("fk_withdrawal_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
    )
    op.create_index(
        "ix_withdrawal_standing",
        "withdrawal",
        ["case_id"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )


def downgrade() -> None:
    """The schema before knows no withdrawn case: it comes back into the lists."""
    _rank_as_before()
    op.drop_table("withdrawal")
    op.drop_index("ix_case_withdrawn", "case")
    op.drop_column("case", "withdrawn_at")


def _rank_as_before() -> None:
    """By priority, then by verdict; 10: nothing to read."""
    op.execute(
        """
        UPDATE "case" SET reading_rank = CASE WHEN state = 'refused' THEN 10 ELSE
          CASE priority WHEN 'urgent' THEN 0 ELSE 5 END +
          CASE verdict WHEN 'fracture' THEN 0 WHEN 'doubt' THEN 1 WHEN 'no fracture' THEN 2
            WHEN 'out of scope' THEN 3 ELSE 4 END END
        WHERE withdrawn_at IS NOT NULL
        """
    )
