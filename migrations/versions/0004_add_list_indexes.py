"""Add what lists are narrowed by, in indexes that stand in the lists' own order, and each person's settings.

Why: a filter that fits few of a million cases must not look at the others. `part` is the part of the body
that the free text names, so that lists choose from known ones; the first two readers stand on the case, so
that the worklist passes over what someone has read without looking into the reviews. The keys of the search
are sorted by their characters' numbers, so that those that begin alike lie together in any database.
"""

import sqlalchemy as sa
from alembic import op

from portal.queries.body_parts import part_of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

READING = ["is_reviewed", "reading_rank", "created_at", "id", "first_reader_id", "second_reader_id"]
BEFORE = {
    "ix_case_worklist": ["is_reviewed", "reading_rank", "created_at", "id"],
    "ix_case_claimer": ["claimed_by_id"],
    "ix_case_state": ["state", "created_at"],
    "ix_case_verdict": ["verdict", "created_at"],
    "ix_case_uploader": ["uploaded_by_id", "created_at"],
}
NOW = {
    "ix_case_priority": ["priority", "created_at", "id"],
    "ix_case_state": ["state", "created_at", "id"],
    "ix_case_worklist": READING,
    "ix_case_part_worklist": ["part", *READING],
    "ix_case_state_worklist": ["state", *READING],
    "ix_case_state_part_worklist": ["state", "part", *READING],
    "ix_case_claimed": ["claimed_at", "claimed_by_id"],
    "ix_case_uploaded": [
        "uploaded_by_id", "created_at", "id", "verdict", "priority", "state", "part", "is_reviewed",
    ],
}  # fmt: skip


def upgrade() -> None:
    op.add_column("case", sa.Column("part", sa.String(12), nullable=False, server_default="not given"))
    for column in ("first_reader_id", "second_reader_id"):
        key = sa.ForeignKey("user.id", name=f"fk_case_{column}")
        op.add_column("case", sa.Column(column, sa.Integer(), key), inline_references=True)
    for name in BEFORE:
        op.drop_index(name, "case")
    _sort_keys("C")
    _fill_parts()
    _fill_readers()
    for name, columns in NOW.items():
        op.create_index(name, "case", columns)
    _create_settings()


def downgrade() -> None:
    op.drop_table("saved_filter")
    op.drop_table("preference")
    for name in NOW:
        op.drop_index(name, "case")
    _sort_keys("default")
    for column in ("second_reader_id", "first_reader_id", "part"):
        op.drop_column("case", column)
    for name, columns in BEFORE.items():
        op.create_index(name, "case", columns)


def _sort_keys(collation: str) -> None:
    """SQLite sorts so by itself."""
    if op.get_bind().dialect.name == "postgresql":
        for column in ("patient_key", "accession_key"):
            op.execute(f'ALTER TABLE "case" ALTER {column} TYPE VARCHAR(64) COLLATE "{collation}"')


def _fill_parts() -> None:
    """One pass over the cases, whatever number of texts they have. `part_of` is words only, and knows no
    tables."""
    texts = op.get_bind().execute(sa.text('SELECT DISTINCT body_part FROM "case"')).scalars().all()
    names = op.create_table(
        "named_part",
        sa.Column("body_part", sa.String(40), primary_key=True),
        sa.Column("part", sa.String(12), nullable=False),
    )
    op.bulk_insert(names, [{"body_part": text, "part": part_of(text)} for text in texts])
    op.execute(
        'UPDATE "case" SET part = (SELECT part FROM named_part WHERE named_part.body_part = "case".body_part)'
    )
    op.drop_table("named_part")


def _fill_readers() -> None:
    """The first two who reviewed each case, in the order of their first reviews."""
    op.execute(
        """
        UPDATE "case" SET first_reader_id = (
          SELECT reviewer_id FROM review WHERE review.case_id = "case".id ORDER BY review.id LIMIT 1)
        WHERE awaits <> 'first'
        """
    )
    op.execute(
        """
        UPDATE "case" SET second_reader_id = (
          SELECT reviewer_id FROM review WHERE review.case_id = "case".id AND reviewer_id <> first_reader_id
          ORDER BY review.id LIMIT 1)
        WHERE first_reader_id IS NOT NULL
        """
    )


def _create_settings() -> None:
    op.create_table(
        "preference",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("worklist_columns", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_preference_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_preference")),
    )
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_saved_filter_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index("ix_saved_filter_name", "saved_filter", ["user_id", "name"], unique=True)
