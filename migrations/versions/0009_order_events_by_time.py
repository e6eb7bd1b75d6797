"""Keep the audit trail in the order of time, in an index.

Why: it is filtered by day, and a day years ago must not be looked for one event after the other.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_event_at", "event", ["at", "id"])


def downgrade() -> None:
    op.drop_index("ix_event_at", "event")
