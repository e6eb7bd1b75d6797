"""Keep a batch's jobs in the order in which they were queued, in an index.

Why: the history of a re-run of hundreds of thousands shows fifty cases. A re-run queues its jobs in the order
of their cases, so that along this index the first fifty are found without sorting all.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_job_batch_order", "job", ["batch_id", "id", "image_id"])


def downgrade() -> None:
    op.drop_index("ix_job_batch_order", "job")
