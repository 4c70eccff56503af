"""Buying: carts, shipping and tax, promotions, gift cards, orders, payments, stock ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "05_buying"
down_revision = "04_search"
branch_labels = None
depends_on = None

TABLES = (
    "carts",
    "cart_items",
    "shipping_methods",
    "tax_rates",
    "promotions",
    "gift_cards",
    "orders",
    "order_items",
    "order_events",
    "shipments",
    "returns",
    "return_items",
    "payments",
    "refunds",
    "stock_reservations",
    "stock_movements",
    "promotion_uses",
    "gift_card_entries",
)
TIMESTAMPED = (
    "carts",
    "cart_items",
    "shipping_methods",
    "tax_rates",
    "promotions",
    "gift_cards",
    "orders",
    "shipments",
    "returns",
    "payments",
    "refunds",
)

# The state machine, the same as in storefront.orders.models (a test compares). An order may be inserted in any
# state: an import of another shop's book brings finished ones.
STATES = {
    "status": {
        "draft": ("pending", "placed", "cancelled"),
        "pending": ("placed", "cancelled"),
        "placed": ("processing", "shipped", "delivered", "cancelled"),
        "processing": ("shipped", "delivered", "cancelled"),
        "shipped": ("delivered",),
        "delivered": ("completed",),
    },
    "payment_status": {
        "pending": ("authorised", "paid", "failed", "cancelled"),
        "authorised": ("paid", "failed", "cancelled"),
        "failed": ("pending", "authorised", "paid", "cancelled"),
        "paid": ("partially_refunded", "refunded"),
        "partially_refunded": ("refunded",),
    },
    "fulfilment_status": {
        "unfulfilled": ("partial", "fulfilled"),
        "partial": ("fulfilled", "returned"),
        "fulfilled": ("returned",),
    },
}

CHECK_ORDER_STATE = """
CREATE FUNCTION check_order_state() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT order_may_become('status', OLD.status, NEW.status) THEN
    RAISE EXCEPTION 'order % cannot go from % to %', OLD.order_number, OLD.status, NEW.status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_orders_status', TABLE = 'orders';
  END IF;
  IF NOT order_may_become('payment_status', OLD.payment_status, NEW.payment_status) THEN
    RAISE EXCEPTION 'payment of order % cannot go from % to %', OLD.order_number, OLD.payment_status, NEW.payment_status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_orders_payment_status', TABLE = 'orders';
  END IF;
  IF NOT order_may_become('fulfilment_status', OLD.fulfilment_status, NEW.fulfilment_status) THEN
    RAISE EXCEPTION 'fulfilment of order % cannot go from % to %',
      OLD.order_number, OLD.fulfilment_status, NEW.fulfilment_status
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_orders_fulfilment_status', TABLE = 'orders';
  END IF;
  RETURN NEW;
END
$$
"""

# Differences, not sums: the row lock that the update takes makes refunds of one payment wait for each other,
# and the check on payments then sees all of them.
COUNT_REFUND = """
CREATE FUNCTION count_refund() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  before numeric := 0;
  after numeric := 0;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.status <> 'failed' THEN
    before := OLD.amount;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.status <> 'failed' THEN
    after := NEW.amount;
  END IF;
  IF after <> before THEN
    UPDATE payments SET refunded_amount = refunded_amount + after - before
    WHERE id = coalesce(NEW.payment_id, OLD.payment_id);
  END IF;
  RETURN NULL;
END
$$
"""

COUNT_RETURN_ITEM = """
CREATE FUNCTION count_return_item() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
  counted boolean;
  before integer := 0;
  after integer := 0;
BEGIN
  SELECT status NOT IN ('rejected', 'cancelled') INTO counted FROM returns
  WHERE id = coalesce(NEW.return_id, OLD.return_id);
  IF counted IS NOT FALSE THEN
    IF TG_OP <> 'INSERT' THEN
      before := OLD.quantity;
    END IF;
    IF TG_OP <> 'DELETE' THEN
      after := NEW.quantity;
    END IF;
    UPDATE order_items SET returned_quantity = returned_quantity + after - before
    WHERE id = coalesce(NEW.order_item_id, OLD.order_item_id);
  END IF;
  RETURN NULL;
END
$$
"""

FREE_REFUSED_RETURN = """
CREATE FUNCTION free_refused_return() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF OLD.status IN ('rejected', 'cancelled') THEN
    RAISE EXCEPTION 'return % is closed', OLD.id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_returns_closed', TABLE = 'returns';
  END IF;
  IF NEW.status IN ('rejected', 'cancelled') THEN
    UPDATE order_items AS i SET returned_quantity = returned_quantity - r.quantity
    FROM return_items AS r WHERE r.return_id = NEW.id AND i.id = r.order_item_id;
  END IF;
  RETURN NULL;
END
$$
"""

# The update locks the promotion, so uses count one after the other; the count below is a new statement and
# sees every use that was committed before.
COUNT_PROMOTION_USE = """
CREATE FUNCTION count_promotion_use() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
    WHERE promotion_id = NEW.promotion_id AND customer = NEW.customer;
    IF uses > most THEN
      RAISE EXCEPTION 'promotion % is used up for this customer', NEW.promotion_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'tr_promotion_uses_per_user', TABLE = 'promotion_uses';
    END IF;
  END IF;
  RETURN NULL;
END
$$
"""

BOOK_GIFT_CARD_ENTRY = """
CREATE FUNCTION book_gift_card_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE gift_cards SET balance = balance + NEW.delta WHERE id = NEW.gift_card_id;
  RETURN NULL;
END
$$
"""

TRIGGERS = (
    "CREATE TRIGGER check_state BEFORE UPDATE OF status, payment_status, fulfilment_status ON orders"
    " FOR EACH ROW EXECUTE FUNCTION check_order_state()",
    "CREATE TRIGGER count_refund AFTER INSERT OR DELETE OR UPDATE OF amount, status ON refunds"
    " FOR EACH ROW EXECUTE FUNCTION count_refund()",
    "CREATE TRIGGER count_item AFTER INSERT OR DELETE OR UPDATE OF quantity ON return_items"
    " FOR EACH ROW EXECUTE FUNCTION count_return_item()",
    "CREATE TRIGGER free_refused AFTER UPDATE OF status ON returns"
    " FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION free_refused_return()",
    "CREATE TRIGGER count_use AFTER INSERT OR DELETE ON promotion_uses"
    " FOR EACH ROW EXECUTE FUNCTION count_promotion_use()",
    "CREATE TRIGGER book_entry AFTER INSERT ON gift_card_entries"
    " FOR EACH ROW EXECUTE FUNCTION book_gift_card_entry()",
)
APPEND_ONLY = ("stock_movements", "order_events", "gift_card_entries")
FUNCTIONS = {
    "check_order_state": CHECK_ORDER_STATE,
    "count_refund": COUNT_REFUND,
    "count_return_item": COUNT_RETURN_ITEM,
    "free_refused_return": FREE_REFUSED_RETURN,
    "count_promotion_use": COUNT_PROMOTION_USE,
    "book_gift_card_entry": BOOK_GIFT_CARD_ENTRY,
}


def upgrade() -> None:
    op.create_table(
        "carts",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("coupon", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_carts_currency_is_iso")),
        sa.CheckConstraint("status IN ('open', 'merged', 'ordered')", name=op.f("ck_carts_status_known")),
        sa.CheckConstraint("num_nonnulls(user_id, session_id) = 1", name=op.f("ck_carts_one_owner")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["user_sessions.id"], name=op.f("fk_carts_session_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_carts_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carts")),
    )
    op.create_index("ix_carts_session_id", "carts", ["session_id"], unique=False)
    op.create_index("ix_carts_updated_at", "carts", ["updated_at"], unique=False)
    op.create_index("ix_carts_user_id", "carts", ["user_id"], unique=False)
    op.create_index(
        "uq_carts_open_of_session",
        "carts",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_carts_open_of_user",
        "carts",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "cart_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), server_default="1", nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name=op.f("ck_cart_items_quantity_in_range")),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["carts.id"], name=op.f("fk_cart_items_cart_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_cart_items_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_items")),
        sa.UniqueConstraint("cart_id", "product_id", name=op.f("uq_cart_items_cart_id_product_id")),
    )
    op.create_index("ix_cart_items_product_id", "cart_items", ["product_id"], unique=False)
    op.create_table(
        "shipping_methods",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "countries", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column(
            "regions", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False
        ),
        sa.Column("price", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column(
            "price_rules",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("free_over", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("min_days", sa.Integer(), server_default="1", nullable=False),
        sa.Column("max_days", sa.Integer(), server_default="5", nullable=False),
        sa.Column("sort_order", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_shipping_methods_currency_is_iso")),
        sa.CheckConstraint(
            "free_over IS NULL OR free_over >= 0", name=op.f("ck_shipping_methods_free_over_not_negative")
        ),
        sa.CheckConstraint(
            "min_days >= 0 AND max_days >= min_days", name=op.f("ck_shipping_methods_days_in_order")
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_shipping_methods_price_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_methods")),
        sa.UniqueConstraint("code", name=op.f("uq_shipping_methods_code")),
    )
    op.create_index(
        "ix_shipping_methods_is_active", "shipping_methods", ["is_active", "sort_order"], unique=False
    )
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("rate", sa.Numeric(precision=6, scale=3), nullable=False),
        sa.Column("is_inclusive", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_tax_rates_country_is_iso")),
        sa.CheckConstraint("rate >= 0 AND rate <= 100", name=op.f("ck_tax_rates_rate_in_range")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["categories.id"], name=op.f("fk_tax_rates_category_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint(
            "country",
            "region",
            "category_id",
            name=op.f("uq_tax_rates_country_region_category_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_tax_rates_category_id", "tax_rates", ["category_id"], unique=False)
    op.create_table(
        "promotions",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", postgresql.CITEXT(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column(
            "conditions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("starts_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("ends_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("usage_limit", sa.Integer(), nullable=True),
        sa.Column("usage_limit_per_user", sa.Integer(), nullable=True),
        sa.Column("used_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_promotions_currency_is_iso")),
        sa.CheckConstraint(
            "kind <> 'percent' OR value <= 100", name=op.f("ck_promotions_percent_within_hundred")
        ),
        sa.CheckConstraint(
            "kind IN ('percent', 'amount', 'free_shipping', 'buy_x_get_y')",
            name=op.f("ck_promotions_kind_known"),
        ),
        sa.CheckConstraint(
            "ends_at IS NULL OR starts_at IS NULL OR ends_at > starts_at",
            name=op.f("ck_promotions_ends_after_start"),
        ),
        sa.CheckConstraint(
            "usage_limit IS NULL OR used_count <= usage_limit", name=op.f("ck_promotions_used_within_limit")
        ),
        sa.CheckConstraint("used_count >= 0", name=op.f("ck_promotions_used_count_not_negative")),
        sa.CheckConstraint("value >= 0", name=op.f("ck_promotions_value_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotions")),
        sa.UniqueConstraint("code", name=op.f("uq_promotions_code")),
    )
    op.create_index(
        "ix_promotions_is_active", "promotions", ["is_active", "starts_at", "ends_at"], unique=False
    )
    op.create_table(
        "gift_cards",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("balance", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_gift_cards_currency_is_iso")),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_gift_cards_balance_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_cards")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_gift_cards_code_hash")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("guest_email", postgresql.CITEXT(), nullable=True),
        sa.Column("cart_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("payment_status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("fulfilment_status", sa.Text(), server_default="unfulfilled", nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("subtotal", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("discount_amount", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("shipping_amount", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("total_amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column(
            "shipping_address",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "billing_address",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("shipping_method", sa.Text(), nullable=True),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("customer_note", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("placed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("anonymised_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancelled_at IS NOT NULL)", name=op.f("ck_orders_cancelled_has_a_time")
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_orders_currency_is_iso")),
        sa.CheckConstraint(
            "fulfilment_status IN ('unfulfilled', 'partial', 'fulfilled', 'returned')",
            name=op.f("ck_orders_fulfilment_status_known"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(user_id, guest_email, anonymised_at) >= 1 OR status IN ('draft', 'cancelled')",
            name=op.f("ck_orders_somebody_ordered"),
        ),
        sa.CheckConstraint(
            "payment_status IN ('pending', 'authorised', 'failed', 'paid', 'partially_refunded', 'refunded', 'cancelled')",
            name=op.f("ck_orders_payment_status_known"),
        ),
        sa.CheckConstraint(
            "placed_at IS NOT NULL OR status IN ('draft', 'pending', 'cancelled')",
            name=op.f("ck_orders_placed_has_a_time"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'pending', 'placed', 'processing', 'shipped', 'delivered', 'completed', 'cancelled')",
            name=op.f("ck_orders_status_known"),
        ),
        sa.CheckConstraint(
            "discount_amount <= subtotal + shipping_amount", name=op.f("ck_orders_discount_within_amount")
        ),
        sa.CheckConstraint(
            "subtotal >= 0 AND discount_amount >= 0 AND shipping_amount >= 0 AND tax_amount >= 0 AND total_amount >= 0",
            name=op.f("ck_orders_amounts_not_negative"),
        ),
        sa.CheckConstraint(
            "total_amount = subtotal - discount_amount + shipping_amount + CASE WHEN prices_include_tax THEN 0 ELSE tax_amount END",
            name=op.f("ck_orders_total_adds_up"),
        ),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["carts.id"], name=op.f("fk_orders_cart_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_orders_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_orders_idempotency_key")),
        sa.UniqueConstraint("order_number", name=op.f("uq_orders_order_number")),
    )
    op.create_index("ix_orders_cart_id", "orders", ["cart_id"], unique=False)
    op.create_index("ix_orders_created_at", "orders", [sa.literal_column("created_at DESC")], unique=False)
    op.create_index(
        "ix_orders_external_id",
        "orders",
        ["external_id"],
        unique=False,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_guest_email",
        "orders",
        ["guest_email"],
        unique=False,
        postgresql_where=sa.text("guest_email IS NOT NULL"),
    )
    op.create_index(
        "ix_orders_status_created_at",
        "orders",
        ["status", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(
        "ix_orders_user_id_created_at",
        "orders",
        ["user_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index("ix_orders_user_id_status", "orders", ["user_id", "status"], unique=False)
    op.create_index(
        "uq_orders_draft_of_cart",
        "orders",
        ["cart_id"],
        unique=True,
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.create_table(
        "order_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column(
            "options",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("image", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("discount", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=6, scale=3), server_default="0", nullable=False),
        sa.Column("tax", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("total_price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("delivered_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("returned_quantity", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_order_items_quantity_positive")),
        sa.CheckConstraint(
            "returned_quantity >= 0 AND returned_quantity <= delivered_quantity AND delivered_quantity <= quantity",
            name=op.f("ck_order_items_returned_within_delivered"),
        ),
        sa.CheckConstraint(
            "total_price = unit_price * quantity - discount", name=op.f("ck_order_items_total_adds_up")
        ),
        sa.CheckConstraint("total_price >= 0", name=op.f("ck_order_items_total_not_negative")),
        sa.CheckConstraint(
            "unit_price >= 0 AND discount >= 0 AND tax >= 0", name=op.f("ck_order_items_amounts_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_items_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_order_items_product_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_items")),
    )
    op.create_index("ix_order_items_order_id", "order_items", ["order_id"], unique=False)
    op.create_index("ix_order_items_product_id", "order_items", ["product_id"], unique=False)
    op.create_table(
        "order_events",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), server_default="system", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_events")),
    )
    op.create_index(
        "ix_order_events_order_id_created_at", "order_events", ["order_id", "created_at"], unique=False
    )
    op.create_table(
        "shipments",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("tracking_number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="preparing", nullable=False),
        sa.Column(
            "items",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("shipped_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('preparing', 'shipped', 'delivered', 'lost', 'cancelled')",
            name=op.f("ck_shipments_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_shipments_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipments")),
    )
    op.create_index("ix_shipments_order_id", "shipments", ["order_id"], unique=False)
    op.create_index("ix_shipments_tracking_number", "shipments", ["tracking_number"], unique=False)
    op.create_table(
        "returns",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="return", nullable=False),
        sa.Column("status", sa.Text(), server_default="requested", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("price_difference", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("payment_method", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('return', 'exchange')", name=op.f("ck_returns_kind_known")),
        sa.CheckConstraint(
            "status IN ('requested', 'approved', 'received', 'completed', 'rejected', 'cancelled')",
            name=op.f("ck_returns_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_returns_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    op.create_index("ix_returns_order_id", "returns", ["order_id"], unique=False)
    op.create_index("ix_returns_status", "returns", ["status"], unique=False)
    op.create_table(
        "return_items",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("order_item_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("replacement_product_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_return_items_quantity_positive")),
        sa.ForeignKeyConstraint(
            ["order_item_id"],
            ["order_items.id"],
            name=op.f("fk_return_items_order_item_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["replacement_product_id"],
            ["products.id"],
            name=op.f("fk_return_items_replacement_product_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["returns.id"], name=op.f("fk_return_items_return_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_items")),
        sa.UniqueConstraint(
            "return_id", "order_item_id", name=op.f("uq_return_items_return_id_order_item_id")
        ),
    )
    op.create_index("ix_return_items_order_item_id", "return_items", ["order_item_id"], unique=False)
    op.create_index(
        "ix_return_items_replacement_product_id", "return_items", ["replacement_product_id"], unique=False
    )
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("captured_amount", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("refunded_amount", sa.Numeric(precision=12, scale=2), server_default="0", nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "raw",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_payments_currency_is_iso")),
        sa.CheckConstraint(
            "status IN ('pending', 'authorised', 'captured', 'partially_refunded', 'refunded', 'failed', 'cancelled')",
            name=op.f("ck_payments_status_known"),
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_payments_amount_not_negative")),
        sa.CheckConstraint(
            "captured_amount >= 0 AND captured_amount <= amount",
            name=op.f("ck_payments_captured_within_amount"),
        ),
        sa.CheckConstraint(
            "refunded_amount >= 0 AND refunded_amount <= captured_amount",
            name=op.f("ck_payments_refunded_within_captured"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payments_idempotency_key")),
        sa.UniqueConstraint(
            "provider", "provider_reference", name=op.f("uq_payments_provider_provider_reference")
        ),
    )
    op.create_index("ix_payments_order_id", "payments", ["order_id"], unique=False)
    op.create_index("ix_payments_status_created_at", "payments", ["status", "created_at"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "raw",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_refunds_currency_is_iso")),
        sa.CheckConstraint(
            "status IN ('pending', 'succeeded', 'failed')", name=op.f("ck_refunds_status_known")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_refunds_amount_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_refunds_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refunds_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_refunds_idempotency_key")),
        sa.UniqueConstraint(
            "payment_id", "provider_reference", name=op.f("uq_refunds_payment_id_provider_reference")
        ),
    )
    op.create_index("ix_refunds_order_id", "refunds", ["order_id"], unique=False)
    op.create_table(
        "stock_reservations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("cart_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(cart_id, order_id) = 1", name=op.f("ck_stock_reservations_one_holder")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_stock_reservations_quantity_positive")),
        sa.ForeignKeyConstraint(["cart_id"], ["carts.id"], name=op.f("fk_stock_reservations_cart_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_stock_reservations_order_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_stock_reservations_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_reservations")),
    )
    op.create_index("ix_stock_reservations_expires_at", "stock_reservations", ["expires_at"], unique=False)
    op.create_index("ix_stock_reservations_product_id", "stock_reservations", ["product_id"], unique=False)
    op.create_index(
        "uq_stock_reservations_cart",
        "stock_reservations",
        ["cart_id", "product_id"],
        unique=True,
        postgresql_where=sa.text("cart_id IS NOT NULL"),
    )
    op.create_index(
        "uq_stock_reservations_order",
        "stock_reservations",
        ["order_id", "product_id"],
        unique=True,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_table(
        "stock_movements",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("delta", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "reason IN ('sale', 'return', 'adjustment', 'import')",
            name=op.f("ck_stock_movements_reason_known"),
        ),
        sa.CheckConstraint("delta <> 0", name=op.f("ck_stock_movements_delta_not_zero")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_stock_movements_order_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_stock_movements_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movements")),
    )
    op.create_index("ix_stock_movements_order_id", "stock_movements", ["order_id"], unique=False)
    op.create_index(
        "ix_stock_movements_product_id_created_at",
        "stock_movements",
        ["product_id", "created_at"],
        unique=False,
    )
    op.create_table(
        "promotion_uses",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("promotion_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("customer", postgresql.CITEXT(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_promotion_uses_order_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["promotion_id"], ["promotions.id"], name=op.f("fk_promotion_uses_promotion_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_uses")),
        sa.UniqueConstraint("promotion_id", "order_id", name=op.f("uq_promotion_uses_promotion_id_order_id")),
    )
    op.create_index(
        "ix_promotion_uses_customer", "promotion_uses", ["promotion_id", "customer"], unique=False
    )
    op.create_index("ix_promotion_uses_order_id", "promotion_uses", ["order_id"], unique=False)
    op.create_table(
        "gift_card_entries",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("gift_card_id", sa.Uuid(), nullable=False),
        sa.Column("delta", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "reason IN ('issued', 'spent', 'refunded', 'adjustment')",
            name=op.f("ck_gift_card_entries_reason_known"),
        ),
        sa.CheckConstraint("delta <> 0", name=op.f("ck_gift_card_entries_delta_not_zero")),
        sa.ForeignKeyConstraint(
            ["gift_card_id"], ["gift_cards.id"], name=op.f("fk_gift_card_entries_gift_card_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_gift_card_entries_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gift_card_entries")),
    )
    op.create_index(
        "ix_gift_card_entries_gift_card_id", "gift_card_entries", ["gift_card_id", "created_at"], unique=False
    )
    op.create_index("ix_gift_card_entries_order_id", "gift_card_entries", ["order_id"], unique=False)
    op.execute("ALTER TABLE carts SET (fillfactor = 85)")
    for table in TIMESTAMPED:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )
    edges = ", ".join(
        f"('{kind}', '{old}', '{new}')"
        for kind, moves in STATES.items()
        for old, following in moves.items()
        for new in following
    )
    op.execute(
        "CREATE FUNCTION order_may_become(kind text, old_state text, new_state text) RETURNS boolean"
        " LANGUAGE sql IMMUTABLE PARALLEL SAFE AS"
        f" $$ SELECT old_state = new_state OR (kind, old_state, new_state) IN ({edges}) $$"
    )
    for statement in (*FUNCTIONS.values(), *TRIGGERS):
        op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP FUNCTION order_may_become(text, text, text)")
