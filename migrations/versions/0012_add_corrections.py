"""Keep corrections of a case's details, and which files are to be compared with the corrected patient.

Why: what was typed at upload could never be put right. `version` lets the second of two people who correct at
once be told. Whom a file names is not kept: a file that named another patient than the reference before is
opened once more, and the few of these stand in an index of their own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SOME = sa.text("is_to_compare")


def upgrade() -> None:
    op.add_column("case", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    to_compare = sa.Column("is_to_compare", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("image", to_compare)
    op.create_index("ix_image_to_compare", "image", ["received_at"], sqlite_where=SOME, postgresql_where=SOME)
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("corrected_by_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_correction_case_id")),
        sa.ForeignKeyConstraint(["corrected_by_id"], ["user.id"], name=op.f("fk_correction_corrected_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index("ix_correction_case", "correction", ["case_id", "id"])


def downgrade() -> None:
    op.drop_table("correction")
    op.drop_index("ix_image_to_compare", "image")
    op.drop_column("image", "is_to_compare")
    op.drop_column("case", "version")
