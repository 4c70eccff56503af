"""Views for people who ask questions, and the figures of the assistants per day."""

from __future__ import annotations

from alembic import op

revision = "09_views"
down_revision = "08_working"
branch_labels = None
depends_on = None

# security_invoker: whoever reads a view sees what they may see, not what its owner may.
ACTIVE_USERS = """
CREATE VIEW v_active_users WITH (security_invoker = true) AS
SELECT u.id, u.email, u.first_name, u.last_name, u.roles, u.last_login_at, u.created_at,
  count(s.id) AS active_sessions
FROM users AS u
LEFT JOIN user_sessions AS s ON s.user_id = u.id AND s.expires_at > now()
WHERE u.deleted_at IS NULL AND u.is_active
GROUP BY u.id
"""

PRODUCT_SUMMARY = """
CREATE VIEW v_product_summary WITH (security_invoker = true) AS
SELECT p.id, p.name, p.slug, p.sku, p.parent_id, p.price, p.currency, p.stock_quantity, p.is_active,
  c.name AS category_name, b.name AS brand_name, coalesce(r.average, 0) AS average_rating,
  coalesce(r.votes, 0) AS review_count, p.created_at, p.updated_at
FROM products AS p
LEFT JOIN categories AS c ON c.id = p.category_id
LEFT JOIN brands AS b ON b.id = p.brand_id
LEFT JOIN (
  SELECT product_id, round(avg(rating), 2) AS average, count(*) AS votes
  FROM reviews WHERE deleted_at IS NULL AND status = 'published' GROUP BY product_id
) AS r ON r.product_id = p.id
WHERE p.deleted_at IS NULL
"""

# A materialized view is read with its owner's eyes: it holds counts only, nobody's words.
CHATBOT_METRICS = """
CREATE MATERIALIZED VIEW chatbot_metrics AS
SELECT c.chatbot_id, (m.created_at AT TIME ZONE 'UTC')::date AS day,
  count(DISTINCT m.conversation_id) AS sessions, count(*) AS messages,
  coalesce(sum(m.tokens_in), 0) AS tokens_in, coalesce(sum(m.tokens_out), 0) AS tokens_out,
  coalesce(sum(m.cost), 0) AS cost
FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id
GROUP BY c.chatbot_id, (m.created_at AT TIME ZONE 'UTC')::date
"""

REFRESH_METRICS = """
CREATE FUNCTION refresh_chatbot_metrics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  REFRESH MATERIALIZED VIEW CONCURRENTLY chatbot_metrics;
END
$$
"""


def upgrade() -> None:
    op.execute(ACTIVE_USERS)
    op.execute(PRODUCT_SUMMARY)
    op.execute(CHATBOT_METRICS)
    op.execute("CREATE UNIQUE INDEX uq_chatbot_metrics_chatbot_id_day ON chatbot_metrics (chatbot_id, day)")
    op.execute(REFRESH_METRICS)


def downgrade() -> None:
    op.execute("DROP FUNCTION refresh_chatbot_metrics()")
    op.execute("DROP MATERIALIZED VIEW chatbot_metrics")
    op.execute("DROP VIEW v_product_summary")
    op.execute("DROP VIEW v_active_users")
