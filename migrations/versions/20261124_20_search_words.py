"""The shop's vocabulary: which words its products hold, so that a search mends, completes, splits and joins words.

``deletes`` holds a number for the word and for each way to leave one letter out of it. Two words that share one are at
most a letter apart each way: one left out, one too many, one wrong, two swapped (symmetric deletes, Wolf Garbe 2012).
An index over these numbers finds them all, wherever in the word the mistake is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import postgresql

revision = "20_search_words"
down_revision = "19_cache_changes"
branch_labels = None
depends_on = None

# Words with digits are codes and measures: nobody is corrected to one. Of a short word too little is left.
WORD_DELETES = """
CREATE FUNCTION word_deletes(word text) RETURNS integer[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN length(word) NOT BETWEEN 4 AND 30 OR word ~ '[0-9]' THEN '{}' ELSE (
    SELECT array_agg(DISTINCT hashtext(left(word, greatest(place - 1, 0)) || substr(word, place + 1)))
    FROM generate_series(0, length(word)) AS place
  ) END
$$
"""

# Each statement that changed words leaves a row. A row is appended and seen once its change is: a counter would be a
# row that all writers wait for, a sequence moves before the commit, and the count would miss what commits after it.
NOTE_WORDS = """
CREATE FUNCTION note_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM changed) THEN
    INSERT INTO search_word_changes DEFAULT VALUES;
  END IF;
  RETURN NULL;
END
$$
"""
# The digest is of every text that the words are of, but for the variants' options. The vectors would hide that a word
# has become its plural, and cost a look outside the row.
NOTE_CHANGED_WORDS = """
CREATE FUNCTION note_changed_words() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (
    SELECT FROM old_rows AS o JOIN new_rows AS n USING (product_id)
    WHERE n.content_digest <> o.content_digest OR n.facets -> 'options' IS DISTINCT FROM o.facets -> 'options'
  ) THEN
    INSERT INTO search_word_changes DEFAULT VALUES;
  END IF;
  RETURN NULL;
END
$$
"""
WORD_TRIGGERS = {
    "words_insert": "AFTER INSERT ON product_search REFERENCING NEW TABLE AS changed FOR EACH STATEMENT"
    " EXECUTE FUNCTION note_words()",
    "words_delete": "AFTER DELETE ON product_search REFERENCING OLD TABLE AS changed FOR EACH STATEMENT"
    " EXECUTE FUNCTION note_words()",
    "words_update": "AFTER UPDATE ON product_search REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
    " FOR EACH STATEMENT EXECUTE FUNCTION note_changed_words()",
}


def upgrade() -> None:
    op.execute(WORD_DELETES)
    op.create_table(
        "search_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("holders", sa.Integer(), nullable=False),
        sa.Column("text_holders", sa.Integer(), nullable=False),
        sa.Column(
            "deletes",
            postgresql.ARRAY(sa.Integer()),
            sa.Computed("word_deletes(word)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "holders >= 0 AND text_holders >= 0 AND holders + text_holders > 0",
            name=op.f("ck_search_words_somebody_holds_it"),
        ),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_search_words")),
    )
    op.create_index("ix_search_words_stem", "search_words", ["stem"])
    op.create_index(
        "ix_search_words_beginning", "search_words", ["word"], postgresql_ops={"word": "text_pattern_ops"}
    )
    op.create_index(
        "ix_search_words_deletes",
        "search_words",
        ["deletes"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    op.create_index(
        "ix_search_words_trigram",
        "search_words",
        ["word"],
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
        postgresql_with={"fastupdate": "off"},
    )
    op.create_table(
        "search_word_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word_changes")),
    )
    for function in (NOTE_WORDS, NOTE_CHANGED_WORDS):
        op.execute(function)
    for name, definition in WORD_TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {definition}")
    for signature in ("note_words()", "note_changed_words()"):
        op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute("INSERT INTO search_word_changes DEFAULT VALUES")  # nobody has counted yet
    names = context.config.attributes["roles"]
    app, shopper = ('"' + names[kind].replace('"', '""') + '"' for kind in ("app", "shopper"))
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON search_words TO {app}")
    op.execute(f"GRANT SELECT ON search_words TO {shopper}")
    op.execute(f"REVOKE ALL ON search_word_changes FROM {app}, {shopper}")
    op.execute(f"GRANT SELECT, DELETE ON search_word_changes TO {app}")


def downgrade() -> None:
    for name in WORD_TRIGGERS:
        op.execute(f"DROP TRIGGER {name} ON product_search")
    op.execute("DROP FUNCTION note_changed_words()")
    op.execute("DROP FUNCTION note_words()")
    op.drop_table("search_word_changes")
    op.drop_table("search_words")
    op.execute("DROP FUNCTION word_deletes(text)")
