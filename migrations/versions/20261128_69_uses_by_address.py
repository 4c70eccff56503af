"""A use of a promotion names its customer's e-mail address, too: signing out makes nobody another customer.

The limit per customer counts uses that have the account or the address in common.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "69_uses_by_address"
down_revision = "68_erased_words"
branch_labels = None
depends_on = None

# The update locks the promotion, so uses count one after the other; the count below is a new statement and
# sees every use that was committed before. Two conditions, each with an index.
COUNT_PROMOTION_USE = """
CREATE OR REPLACE FUNCTION count_promotion_use() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  most integer;
  uses integer;
BEGIN
  IF TG_OP = 'DELETE' THEN
    UPDATE promotions SET used_count = used_count - 1 WHERE id = OLD.promotion_id;
    RETURN NULL;
  END IF;
  UPDATE promotions SET used_count = used_count + 1 WHERE id = NEW.promotion_id
  RETURNING usage_limit_per_user INTO most;
  IF most IS NOT NULL THEN
    SELECT count(*) INTO uses FROM promotion_uses
    WHERE promotion_id = NEW.promotion_id AND (customer = NEW.customer OR email = NEW.email);
    IF uses > most THEN
      RAISE EXCEPTION 'promotion % is used up for this customer', NEW.promotion_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_promotion_uses_per_user', TABLE = 'promotion_uses';
    END IF;
  END IF;
  RETURN NULL;
END
$$
"""
FILL = (
    "UPDATE promotion_uses AS one SET email = coalesce(bought.guest_email, buyer.email)"
    " FROM orders AS bought LEFT JOIN users AS buyer ON buyer.id = bought.user_id AND buyer.email_verified"
    " AND buyer.deleted_at IS NULL"
    " WHERE bought.id = one.order_id AND bought.anonymised_at IS NULL"
)
# The shopper's own, if it was confirmed.
ADDRESS = "(SELECT email FROM users WHERE id = (SELECT acting_user_id()) AND email_verified)"


def _seen() -> str:
    """What the shopper's login saw of uses before."""
    seen: str = context.script.get_revision("67_codes_by_the_shopper").module.SEEN["promotion_uses"]
    return seen


def upgrade() -> None:
    op.add_column("promotion_uses", sa.Column("email", postgresql.CITEXT(), nullable=True))
    op.execute(FILL)
    op.create_index("ix_promotion_uses_email", "promotion_uses", ["promotion_id", "email"])
    op.execute(COUNT_PROMOTION_USE)
    shopper = context.config.attributes["roles"]["shopper"].replace('"', '""')
    op.execute(f'GRANT SELECT (email) ON promotion_uses TO "{shopper}"')
    op.execute(f"ALTER POLICY p_shopper_select ON promotion_uses USING ({_seen()} OR email = {ADDRESS})")


def downgrade() -> None:
    op.execute(f"ALTER POLICY p_shopper_select ON promotion_uses USING ({_seen()})")
    before = context.script.get_revision("05_buying").module.COUNT_PROMOTION_USE
    op.execute(before.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.drop_index("ix_promotion_uses_email", "promotion_uses")
    op.drop_column("promotion_uses", "email")
