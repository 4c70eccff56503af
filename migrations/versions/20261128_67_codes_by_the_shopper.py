"""The shopper's login may see what a cart page shows: automatic promotions, the promotion of the cart's own code, its card.

Of all other codes and cards it sees nothing. A card is found by the hash of its code, which only its holder can name.
"""

from __future__ import annotations

from alembic import context, op

revision = "67_codes_by_the_shopper"
down_revision = "66_left_to_pay"
branch_labels = None
depends_on = None

IN_OWN_CART = "EXISTS (SELECT FROM carts AS own WHERE {})"
SEEN = {
    "promotions": "(code IS NULL AND NOT has_single_codes)"
    f" OR {IN_OWN_CART.format('own.coupon::citext = promotions.code')}"
    " OR EXISTS (SELECT FROM promotion_codes AS one WHERE one.promotion_id = promotions.id)",
    "promotion_codes": IN_OWN_CART.format("own.coupon::citext = promotion_codes.code"),
    "promotion_uses": "customer = ((SELECT acting_user_id())::text)::citext"
    " OR EXISTS (SELECT FROM orders AS parent WHERE parent.id = promotion_uses.order_id)",
    "customer_group_members": "user_id = (SELECT acting_user_id())",
    "gift_card_entries": "EXISTS (SELECT FROM orders AS parent WHERE parent.id = gift_card_entries.order_id)",
}
# On tables whose rows are guarded already.
BESIDE = {
    "gift_cards": ("p_shopper_in_cart", IN_OWN_CART.format("own.gift_card_id = gift_cards.id")),
    "orders": (
        "p_shopper_draft",
        f"status = 'draft' AND {IN_OWN_CART.format('own.id = orders.cart_id')}",
    ),
}
GRANTS = {
    "promotions": "SELECT",
    "promotion_codes": "SELECT (promotion_id, code, order_id, id)",
    "promotion_uses": "SELECT (promotion_id, order_id, customer)",
    "customer_group_members": "SELECT",
    "gift_card_entries": "SELECT (gift_card_id, delta, order_id)",
    "gift_cards": "SELECT (code_hint)",
    "carts": "UPDATE (gift_card_id)",
}
FIND = "gift_card_with_hash(text)"
FINDING = """
CREATE FUNCTION gift_card_with_hash(text) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = public, pg_temp AS $$ SELECT id FROM gift_cards WHERE code_hash = $1 $$
"""


def _roles() -> dict[str, str]:
    names: dict[str, str] = context.config.attributes["roles"]
    return {kind: '"' + name.replace('"', '""') + '"' for kind, name in names.items()}


def upgrade() -> None:
    roles = _roles()
    owner, app, shopper = roles["owner"], roles["app"], roles["shopper"]
    for table, seen in SEEN.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY p_owner ON {table} TO {owner} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_app ON {table} TO {app} USING (true) WITH CHECK (true)")
        op.execute(f"CREATE POLICY p_shopper_select ON {table} FOR SELECT TO {shopper} USING ({seen})")
    for table, (name, seen) in BESIDE.items():
        op.execute(f"CREATE POLICY {name} ON {table} FOR SELECT TO {shopper} USING ({seen})")
    for table, right in GRANTS.items():
        op.execute(f"GRANT {right} ON {table} TO {shopper}")
    op.execute(FINDING)
    op.execute(f"REVOKE ALL ON FUNCTION {FIND} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {FIND} TO {app}, {shopper}")


def downgrade() -> None:
    shopper = _roles()["shopper"]
    op.execute(f"DROP FUNCTION {FIND}")
    for table, right in GRANTS.items():
        what = right.replace("SELECT", "ALL")
        op.execute(f"REVOKE {what} ON {table} FROM {shopper}")
    for table, (name, _seen) in BESIDE.items():
        op.execute(f"DROP POLICY {name} ON {table}")
    for table in SEEN:
        for policy in ("p_shopper_select", "p_app", "p_owner"):
            op.execute(f"DROP POLICY {policy} ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
