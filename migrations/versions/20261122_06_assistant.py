"""The assistant: chatbots, conversations, messages by month, approvals, hand-overs, knowledge."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects import postgresql

revision = "06_assistant"
down_revision = "05_buying"
branch_labels = None
depends_on = None

TABLES = (
    "chatbots",
    "conversations",
    "messages",
    "message_feedback",
    "confirmations",
    "handoffs",
    "training_sources",
    "training_chunks",
    "conversations_archive",
)
TIMESTAMPED = ("chatbots", "conversations", "message_feedback", "training_sources")

TOUCH_CONVERSATIONS = """
CREATE FUNCTION touch_conversations() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE conversations SET updated_at = now() WHERE id IN (SELECT conversation_id FROM new_rows);
  RETURN NULL;
END
$$
"""

INDEX_CHUNK = """
CREATE FUNCTION index_training_chunk() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
  NEW.search_vector := setweight(to_tsvector(search_configuration(NEW.language), NEW.heading), 'A')
    || setweight(to_tsvector(search_configuration(NEW.language), NEW.content), 'C');
  RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "chatbots",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column(
            "model_config",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("greeting", sa.Text(), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_chatbots_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chatbots")),
        sa.UniqueConstraint(
            "user_id", "name", name=op.f("uq_chatbots_user_id_name"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index("ix_chatbots_is_active", "chatbots", ["is_active"], unique=False)
    op.create_index(
        "uq_chatbots_default", "chatbots", ["is_default"], unique=True, postgresql_where=sa.text("is_default")
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("chatbot_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("visitor", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), server_default="widget", nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "channel IN ('widget', 'page', 'cli', 'api', 'agent')",
            name=op.f("ck_conversations_channel_known"),
        ),
        sa.CheckConstraint(
            "status IN ('open', 'waiting_for_staff', 'with_staff', 'closed')",
            name=op.f("ck_conversations_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["assigned_to"], ["users.id"], name=op.f("fk_conversations_assigned_to"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["chatbot_id"], ["chatbots.id"], name=op.f("fk_conversations_chatbot_id")),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["user_sessions.id"],
            name=op.f("fk_conversations_session_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_conversations_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    op.create_index("ix_conversations_assigned_to", "conversations", ["assigned_to"], unique=False)
    op.create_index("ix_conversations_chatbot_id", "conversations", ["chatbot_id"], unique=False)
    op.create_index(
        "ix_conversations_created_at", "conversations", [sa.literal_column("created_at DESC")], unique=False
    )
    op.create_index(
        "ix_conversations_metadata", "conversations", ["metadata"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_conversations_session_id", "conversations", ["session_id"], unique=False)
    op.create_index(
        "ix_conversations_status_updated_at",
        "conversations",
        ["status", sa.literal_column("updated_at DESC")],
        unique=False,
    )
    op.create_index(
        "ix_conversations_user_id_updated_at",
        "conversations",
        ["user_id", sa.literal_column("updated_at DESC")],
        unique=False,
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="complete", nullable=False),
        sa.Column(
            "tool_calls",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "tool_results",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "citations",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "parts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column("tokens_in", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tokens_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost", sa.Numeric(precision=12, scale=6), server_default="0", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("first_token_ms", sa.Integer(), nullable=True),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role IN ('user', 'assistant', 'system', 'tool', 'staff')", name=op.f("ck_messages_role_known")
        ),
        sa.CheckConstraint(
            "status IN ('streaming', 'complete', 'stopped', 'failed')", name=op.f("ck_messages_status_known")
        ),
        sa.CheckConstraint(
            "tokens_in >= 0 AND tokens_out >= 0 AND cost >= 0", name=op.f("ck_messages_usage_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_messages_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", "created_at", name=op.f("pk_messages")),
        postgresql_partition_by="RANGE (created_at)",
    )
    op.create_index(
        "ix_messages_conversation_id_created_at", "messages", ["conversation_id", "created_at"], unique=False
    )
    op.create_index("ix_messages_created_at", "messages", ["created_at"], unique=False)
    op.create_index(
        "ix_messages_full_text",
        "messages",
        [sa.literal_column("to_tsvector('simple'::regconfig, content)")],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index("ix_messages_metadata", "messages", ["metadata"], unique=False, postgresql_using="gin")
    op.create_index("ix_messages_role", "messages", ["role"], unique=False)
    op.create_index(
        "ix_messages_streaming",
        "messages",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("status = 'streaming'"),
    )
    op.create_table(
        "message_feedback",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("message_created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rating IN ('up', 'down')", name=op.f("ck_message_feedback_rating_known")),
        sa.ForeignKeyConstraint(
            ["message_id", "message_created_at"],
            ["messages.id", "messages.created_at"],
            name=op.f("fk_message_feedback_message_id_message_created_at"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_feedback")),
        sa.UniqueConstraint(
            "message_id", "message_created_at", name=op.f("uq_message_feedback_message_id_message_created_at")
        ),
    )
    op.create_table(
        "confirmations",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column(
            "arguments",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("arguments_hash", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('approved', 'declined', 'failed')", name=op.f("ck_confirmations_outcome_known")
        ),
        sa.CheckConstraint(
            "(used_at IS NULL) = (outcome IS NULL)", name=op.f("ck_confirmations_used_has_an_outcome")
        ),
        sa.CheckConstraint(
            "num_nonnulls(user_id, session_id) >= 1", name=op.f("ck_confirmations_somebody_approves")
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_confirmations_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["user_sessions.id"], name=op.f("fk_confirmations_session_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_confirmations_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
        sa.UniqueConstraint(
            "conversation_id", "call_id", name=op.f("uq_confirmations_conversation_id_call_id")
        ),
    )
    op.create_index("ix_confirmations_expires_at", "confirmations", ["expires_at"], unique=False)
    op.create_index("ix_confirmations_session_id", "confirmations", ["session_id"], unique=False)
    op.create_index("ix_confirmations_user_id", "confirmations", ["user_id"], unique=False)
    op.create_table(
        "handoffs",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="asked", nullable=False),
        sa.Column("summary", sa.Text(), server_default="", nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=True),
        sa.Column(
            "requested_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('solved', 'unsolved', 'returned_to_assistant', 'withdrawn')",
            name=op.f("ck_handoffs_outcome_known"),
        ),
        sa.CheckConstraint(
            "reason IN ('asked', 'not_understood', 'complaint', 'not_allowed', 'other')",
            name=op.f("ck_handoffs_reason_known"),
        ),
        sa.ForeignKeyConstraint(
            ["assigned_to"], ["users.id"], name=op.f("fk_handoffs_assigned_to"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_handoffs_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
    )
    op.create_index("ix_handoffs_assigned_to", "handoffs", ["assigned_to"], unique=False)
    op.create_index("ix_handoffs_conversation_id", "handoffs", ["conversation_id"], unique=False)
    op.create_index(
        "ix_handoffs_waiting",
        "handoffs",
        ["requested_at"],
        unique=False,
        postgresql_where=sa.text("answered_at IS NULL AND closed_at IS NULL"),
    )
    op.create_index(
        "uq_handoffs_open",
        "handoffs",
        ["conversation_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "training_sources",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("chatbot_id", sa.Uuid(), nullable=True),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("processed_hash", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("processed_at", sa.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "source_type IN ('text', 'markdown', 'url', 'file', 'policy', 'product')",
            name=op.f("ck_training_sources_source_type_known"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'processing', 'processed', 'failed')",
            name=op.f("ck_training_sources_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["chatbot_id"], ["chatbots.id"], name=op.f("fk_training_sources_chatbot_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_sources")),
    )
    op.create_index("ix_training_sources_chatbot_id", "training_sources", ["chatbot_id"], unique=False)
    op.create_index(
        "ix_training_sources_metadata", "training_sources", ["metadata"], unique=False, postgresql_using="gin"
    )
    op.create_index("ix_training_sources_status", "training_sources", ["status"], unique=False)
    op.create_index(
        "uq_training_sources_url",
        "training_sources",
        ["chatbot_id", "url"],
        unique=True,
        postgresql_where=sa.text("url IS NOT NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "training_chunks",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("chunk_index", sa.Integer(), nullable=False),
        sa.Column("heading", sa.Text(), server_default="", nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("search_vector", postgresql.TSVECTOR(), nullable=True),
        sa.Column("embedding", VECTOR(384), nullable=True),
        sa.Column(
            "metadata",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("chunk_index >= 0", name=op.f("ck_training_chunks_chunk_index_not_negative")),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["training_sources.id"],
            name=op.f("fk_training_chunks_source_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_chunks")),
        sa.UniqueConstraint(
            "source_id", "chunk_index", name=op.f("uq_training_chunks_source_id_chunk_index")
        ),
    )
    op.create_index(
        "ix_training_chunks_embedding",
        "training_chunks",
        ["embedding"],
        unique=False,
        postgresql_using="hnsw",
        postgresql_ops={"embedding": "vector_cosine_ops"},
    )
    op.create_index(
        "ix_training_chunks_metadata", "training_chunks", ["metadata"], unique=False, postgresql_using="gin"
    )
    op.create_index(
        "ix_training_chunks_search_vector",
        "training_chunks",
        ["search_vector"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "conversations_archive",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "archived_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_conversations_archive_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations_archive")),
        sa.UniqueConstraint("conversation_id", name=op.f("uq_conversations_archive_conversation_id")),
    )
    op.create_index(
        "ix_conversations_archive_archived_at", "conversations_archive", ["archived_at"], unique=False
    )
    op.create_index("ix_conversations_archive_user_id", "conversations_archive", ["user_id"], unique=False)
    op.execute("CREATE TABLE messages_default PARTITION OF messages DEFAULT")
    for table in TIMESTAMPED:
        op.execute(
            f"CREATE TRIGGER set_updated_at BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION set_updated_at()"
        )
    op.execute(TOUCH_CONVERSATIONS)
    op.execute(
        "CREATE TRIGGER touch_conversations AFTER INSERT ON messages REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION touch_conversations()"
    )
    op.execute(INDEX_CHUNK)
    op.execute(
        "CREATE TRIGGER index_words BEFORE INSERT OR UPDATE OF heading, content, language ON training_chunks"
        " FOR EACH ROW EXECUTE FUNCTION index_training_chunk()"
    )
    op.bulk_insert(
        sa.table(
            "chatbots",
            sa.column("name"),
            sa.column("description"),
            sa.column("greeting"),
            sa.column("is_default"),
        ),
        [
            {
                "name": "Shop assistant",
                "description": "Answers shoppers on every page.",
                "greeting": "Hello! I can find products, fill your cart, look up an order and answer questions"
                " about shipping and returns.",
                "is_default": True,
            }
        ],
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION index_training_chunk()")
    op.execute("DROP FUNCTION touch_conversations()")
