"""Every setting of the shop, typed. ``docs/settings.md`` lists them all; a test compares.

``settings_reading`` reads them from the environment, once, and checks what must fit together.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from flask import current_app
from pydantic import EmailStr, Field, HttpUrl, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parents[2]
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """What an operator can set. Each field is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=None, extra="ignore", frozen=True)

    environment: Literal["development", "production", "test"] = Field(
        "development", description="`production` asks for SECRET_KEY and PUBLIC_URL, and hides /dev/mail."
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs cookies and tokens. Unset in development: made once, kept in INSTANCE_DIR."
    )
    secret_key_previous: SecretStr | None = Field(
        None, description="The key before the last rotation: still accepted for reading cookies."
    )
    host: str = Field("127.0.0.1", description="The address the web server listens on.")
    port: Port = Field(8000, description="The port the web server listens on.")
    instance_dir: Path = Field(
        Path("instance"), description="Data of the embedded services, mail, uploads, logs."
    )
    public_url: HttpUrl | None = Field(
        None, description="How the shop is reached from outside, for links in mail. Unset: host and port."
    )
    web_workers: PositiveInt = Field(2, description="Web server processes.")
    web_connections: PositiveInt = Field(
        200, description="Connections that each web server process serves at once, half of them open streams."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=5, description="How many proxies in front set X-Forwarded-For, -Proto and -Host."
    )
    max_request_bytes: PositiveInt = Field(2_000_000, description="The largest request body, in bytes.")

    database_url: SecretStr | None = Field(
        None, description="PostgreSQL 15 or newer. Unset: the embedded server."
    )
    database_owner_url: SecretStr | None = Field(
        None, description="Login that owns the schema (migrations). Unset: made by DATABASE_URL's login."
    )
    database_shopper_url: SecretStr | None = Field(
        None, description="Restricted login under row-level security. Unset: made by DATABASE_URL's login."
    )
    database_role_prefix: str = Field(
        "storefront", pattern=r"^[a-z][a-z0-9_]{0,30}$", description="Prefix of the three logins' names."
    )
    database_pool_size: PositiveInt = Field(10, description="Connections a process keeps in each of 3 pools.")
    database_pool_overflow: int = Field(10, ge=0, description="Connections it may open beyond that in each.")
    database_pool_timeout_seconds: PositiveInt = Field(5, description="Longest wait for a connection.")
    database_connect_timeout_seconds: PositiveInt = Field(3, description="Longest wait for the server.")
    database_page_seconds: float = Field(
        3.0,
        ge=0,
        le=15,
        description="Longest a statement of a shopper's page runs. 0: as long as any (15 s).",
    )
    redis_url: SecretStr | None = Field(None, description="Redis or Valkey. Unset: the embedded Valkey.")
    redis_timeout_seconds: float = Field(0.5, gt=0, description="Longest wait for one Redis answer.")

    cache_home_seconds: int = Field(
        300,
        ge=0,
        le=604_800,
        description="What the home page shows, kept for so many seconds; 0: not at all.",
    )
    cache_category_tree_seconds: int = Field(
        3_600, ge=0, le=604_800, description="The category tree, kept for so many seconds; 0: not at all."
    )
    cache_facet_counts_seconds: int = Field(
        60,
        ge=0,
        le=604_800,
        description="Counts beside the filters of a list, kept for so many seconds; 0: not at all.",
    )
    cache_product_card_seconds: int = Field(
        300,
        ge=0,
        le=604_800,
        description="Products as lists show them, kept for so many seconds; 0: not at all.",
    )
    cache_search_answer_seconds: int = Field(
        60,
        ge=0,
        le=604_800,
        description="What a search or a list finds, kept for so many seconds; 0: not at all.",
    )
    cache_query_vector_seconds: int = Field(
        86_400,
        ge=0,
        le=604_800,
        description="A search text's embedding, kept for so many seconds; 0: not at all.",
    )
    cache_page_seconds: int = Field(
        60, ge=0, le=604_800, description="Whole pages for guests, kept for so many seconds; 0: not at all."
    )

    shop_name: str = Field("Larkfell", description="The shop's name on pages and in mail.")
    shop_tagline: str = Field("Gear for unhurried days outside", description="One line under the name.")
    shop_email: EmailStr = Field("hello@larkfell.example.com", description="Where shoppers can write to.")
    shop_currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of all prices.")
    shop_country: str = Field(
        "DE", pattern=r"^[A-Z]{2}$", description="ISO 3166 code: where goods leave from, the default address."
    )
    shop_languages: str = Field(
        "en,de",
        pattern=r"^[a-z]{2}(,[a-z]{2})*$",
        description="ISO 639 codes of the languages of pages and letters; the first is the shop's own.",
    )
    shop_time_zone: str = Field(
        "Europe/Berlin",
        description="IANA name: whose days documents, their numbers and reports follow, and whose time pages show.",
    )
    catalog_prices: Literal["with_tax", "without_tax"] = Field(
        "with_tax",
        description="`without_tax`: prices are net everywhere, and tax comes on top in the checkout.",
    )
    company_prices: Literal["with_tax", "without_tax"] = Field(
        "without_tax", description="How the checkout shows prices to whoever gives a VAT number."
    )
    shop_legal_name: str | None = Field(
        None, description="Who sells, as it stands on invoices. Unset: `SHOP_NAME`."
    )
    shop_address: str = Field(
        "Musterweg 1, 12345 Musterstadt",
        description="The seller's address on invoices; commas part its lines.",
    )
    shop_vat_number: str | None = Field(None, description="The seller's VAT number on invoices.")
    shop_register: str | None = Field(
        None, description="Where the seller is registered, on invoices: court and number."
    )
    shop_bank_account: str | None = Field(
        None, description="Where bank transfers go, on invoices: bank, IBAN, BIC."
    )
    invoice_prefix: str = Field(
        "INV",
        pattern=r"^[A-Z0-9]{1,10}$",
        description="What invoices' numbers begin with; year and number follow.",
    )
    credit_note_prefix: str = Field(
        "CN",
        pattern=r"^[A-Z0-9]{1,10}$",
        description="What credit notes' numbers begin with; year and number follow.",
    )

    embeddings_backend: Literal["local", "openai", "off"] = Field(
        "local",
        description="What turns texts into vectors: the model that comes with the shop, a provider, nothing.",
    )
    embedder_socket: str | None = Field(
        None, description="The local embedder's socket. Unset: `embedder.sock` in INSTANCE_DIR."
    )
    embeddings_base_url: str | None = Field(
        None, description="Any OpenAI-compatible endpoint of embeddings, for `EMBEDDINGS_BACKEND=openai`."
    )
    embeddings_api_key: SecretStr | None = Field(
        None, description="The key of that endpoint. Unset: `OPENAI_API_KEY`."
    )
    embeddings_model: str = Field(
        "text-embedding-3-small", description="The endpoint's model; it must give 384 dimensions."
    )
    search_vector_timeout_ms: int = Field(
        100, ge=1, le=10_000, description="How long a search waits for its text's vector, in milliseconds."
    )
    vector_backend: Literal["pgvector", "pinecone"] = Field(
        "pgvector",
        description="What keeps products' vectors. `pinecone` is experimental; see `docs/vector-stores.md`.",
    )
    pinecone_host: str | None = Field(
        None, description="The Pinecone index's own address, as its console shows it, for `pinecone`."
    )
    pinecone_api_key: SecretStr | None = Field(None, description="Pinecone's API key.")
    pinecone_namespace: str = Field(
        "storefront",
        pattern=r"^[A-Za-z0-9_-]{1,100}$",
        description="The namespace in that index, for this shop alone: whatever else lies there is removed.",
    )
    pinecone_timeout_seconds: float = Field(
        0.3, gt=0, le=30, description="Longest wait for Pinecone's nearest; then words alone are compared."
    )
    search_backend: Literal["postgresql", "elasticsearch"] = Field(
        "postgresql",
        description="What finds products. `elasticsearch` needs the extra of that name; see `docs/search-engines.md`.",
    )
    elasticsearch_url: SecretStr | None = Field(
        None, description="Elasticsearch's address, such as https://search.example.com:9200."
    )
    elasticsearch_api_key: SecretStr | None = Field(
        None, description="Elasticsearch's API key, encoded. Unset: none is sent."
    )
    elasticsearch_index: str = Field(
        "storefront",
        pattern=r"^[a-z][a-z0-9_-]{0,80}$",
        description="Elasticsearch's alias of the shop's index, and the beginning of the indexes' names.",
    )
    elasticsearch_timeout_seconds: float = Field(
        1.0, gt=0, le=30, description="Longest wait for one page's search; then PostgreSQL answers."
    )

    session_days: PositiveInt = Field(30, description="Days after the last visit until a session ends.")
    mail_backend: Literal["folder", "smtp"] = Field(
        "folder", description="`folder` writes to INSTANCE_DIR/mail, shown at /dev/mail; `smtp` sends."
    )
    mail_from: str = Field("Larkfell <hello@larkfell.example.com>", description="Sender of all mail.")
    smtp_host: str = Field("localhost", description="Mail server.")
    smtp_port: Port = Field(587, description="Mail server's port.")
    smtp_user: str | None = Field(None, description="Mail server's user.")
    smtp_password: SecretStr | None = Field(None, description="Mail server's password.")
    smtp_tls: Literal["starttls", "tls", "none"] = Field("starttls", description="How mail is encrypted.")

    media_backend: Literal["folder", "s3"] = Field(
        "folder", description="Where pictures are kept: INSTANCE_DIR/media or an S3-compatible bucket."
    )
    s3_endpoint_url: str | None = Field(None, description="S3-compatible endpoint; unset for AWS.")
    s3_bucket: str | None = Field(None, description="Bucket for pictures.")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key: SecretStr | None = Field(None, description="Access key of the bucket.")
    s3_secret_key: SecretStr | None = Field(None, description="Secret key of the bucket.")

    stripe_secret_key: SecretStr | None = Field(
        None, description="Stripe's secret key. Unset: cards are not offered. See `docs/payments.md`."
    )
    stripe_publishable_key: str | None = Field(
        None, description="Stripe's publishable key, for the shopper's browser."
    )
    stripe_webhook_secret: SecretStr | None = Field(
        None, description="Signing secret of the webhook; several, with commas, while one is replaced."
    )
    stripe_capture: Literal["automatic", "manual"] = Field(
        "automatic", description="When a card is charged: with the order, or `manual`, as each parcel leaves."
    )
    stripe_timeout_seconds: float = Field(
        8.0,
        gt=0,
        le=60,
        description="Longest wait for one answer of Stripe, which is asked up to three times.",
    )
    stripe_api_base: str | None = Field(
        None, description="Another address of Stripe's interface, for development. Unset: Stripe's own."
    )
    stripe_script_base: str = Field(
        "https://js.stripe.com",
        pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$",
        description="Where the payment page loads Stripe's script from; another one for development.",
    )
    reconcile_minutes: PositiveInt = Field(
        5, description="Minutes after which the provider is asked about a payment nobody told us of."
    )

    openai_api_key: SecretStr | None = Field(
        None, description="Key of the model provider. Unset: the built-in assistant answers."
    )
    openai_base_url: str | None = Field(None, description="Any OpenAI-compatible endpoint.")
    chat_model: str = Field("gpt-5-mini", description="The model's name at the provider.")
    chat_first_token_timeout_seconds: float = Field(20, gt=0, description="Longest wait for the first token.")
    chat_timeout_seconds: float = Field(
        90,
        gt=0,
        le=240,
        description="Longest time one answer may take; after five minutes it counts as dead.",
    )
    chat_step_limit: PositiveInt = Field(6, description="Tool-calling rounds in one answer.")
    chat_message_characters: PositiveInt = Field(4_000, description="Longest message a shopper may send.")

    return_days: int = Field(
        30,
        ge=0,
        le=3_650,
        description="Days after delivery within which shoppers may ask to return; 0: not at all.",
    )
    reservation_minutes: PositiveInt = Field(
        15, description="Minutes that stock is held for a started order."
    )
    stock_alerts_per_unit: PositiveInt = Field(
        3, description="Letters that something is in stock again, for each unit that came."
    )
    stock_alert_pause_hours: PositiveInt = Field(
        24, description="Hours until those are told who had to wait, if some of it is left."
    )
    cart_reminder_hours: PositiveInt = Field(
        24, description="Hours after which people who asked for it are reminded of a cart they left."
    )
    rate_limit_sign_in: str = Field("10/minute;60/hour", description="Sign-in attempts per address.")
    rate_limit_chat: str = Field("20/minute;200/hour", description="Chat messages per visitor.")
    rate_limit_chat_member: str = Field(
        "40/minute;500/hour", description="Chat messages per member whose plan gives more of them."
    )
    rate_limit_chat_address: str = Field(
        "60/minute;600/hour", description="Chat messages per network address, whoever sends them."
    )
    rate_limit_lookup: str = Field("10/minute;40/hour", description="Guest order look-ups per address.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level logged.")
    log_format: Literal["console", "json"] = Field("console", description="How log lines look.")

    def secret(self) -> str:
        """The signing key. Only callable once ``load_settings`` has made sure that there is one."""
        assert self.secret_key is not None
        return self.secret_key.get_secret_value()

    def languages(self) -> tuple[str, ...]:
        """What pages and letters may be in. The first is the shop's own."""
        return tuple(dict.fromkeys(self.shop_languages.split(",")))

    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets that Stripe's webhooks may be signed with."""
        given = self.stripe_webhook_secret.get_secret_value() if self.stripe_webhook_secret else ""
        return tuple(part.strip() for part in given.split(",") if part.strip())

    def base_url(self) -> str:
        """Scheme and host for links that leave the shop (mail), without a trailing slash."""
        return str(self.public_url).rstrip("/") if self.public_url else f"http://{self.host}:{self.port}"


def current_settings() -> Settings:
    """The settings of the running application."""
    settings: Settings = current_app.extensions["settings"]
    return settings
