"""Keep on each user whether they must choose a password of their own before anything else.

Why: an admin chose each first password and went on knowing it. Passwords set before stay as they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    must = sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("user", must)


def downgrade() -> None:
    op.drop_column("user", "must_change_password")
