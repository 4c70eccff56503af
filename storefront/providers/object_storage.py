"""Where pictures are kept: a folder by default, an S3-compatible bucket by setting."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from storefront.core.per_application import once_per_application
from storefront.core.settings import Settings

_KEY = re.compile(r"[a-z0-9]+(?:[-_./][a-z0-9]+)*")
_TIMEOUT_SECONDS = 10


class InvalidKey(ValueError):
    """A key that could leave the store: keys are lower-case path segments of letters and digits."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object's bytes and media type."""

    body: bytes
    content_type: str


class ObjectStorage(Protocol):
    """Puts and gets whole objects by key. Keys name their content, so an object never changes."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store ``body``; storing the same key again is no error."""

    def get(self, key: str) -> StoredObject | None:
        """The object, or None when there is none."""

    def has(self, key: str) -> bool:
        """Whether the object exists."""

    def delete(self, key: str) -> None:
        """Remove the object; a missing one is no error."""


def checked(key: str) -> str:
    """``key`` itself. Raises :class:`InvalidKey` for anything but plain path segments."""
    if not _KEY.fullmatch(key) or len(key) > 200:
        raise InvalidKey(key)
    return key


class FolderStorage:
    """Objects as files under one folder, written aside and renamed, so that no reader sees half a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        """Where the object lies."""
        return self.folder / checked(key)

    def put(self, key: str, body: bytes, content_type: str) -> None:
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            aside.write_bytes(body)
            os.replace(aside, path)
        finally:
            aside.unlink(missing_ok=True)

    def get(self, key: str) -> StoredObject | None:
        try:
            return StoredObject(self.path(key).read_bytes(), content_type_of(key))
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None

    def has(self, key: str) -> bool:
        return self.path(key).is_file()

    def delete(self, key: str) -> None:
        self.path(key).unlink(missing_ok=True)


class BucketStorage:
    """Objects in an S3-compatible bucket, through boto3 (the extra ``s3``)."""

    def __init__(self, client: Any, bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def put(self, key: str, body: bytes, content_type: str) -> None:
        self.client.put_object(
            Bucket=self.bucket,
            Key=checked(key),
            Body=body,
            ContentType=content_type,
            CacheControl="public, max-age=31536000, immutable",
        )

    def get(self, key: str) -> StoredObject | None:
        with _missing_is_none():
            answer = self.client.get_object(Bucket=self.bucket, Key=checked(key))
            return StoredObject(answer["Body"].read(), answer["ContentType"])
        return None

    def has(self, key: str) -> bool:
        with _missing_is_none():
            self.client.head_object(Bucket=self.bucket, Key=checked(key))
            return True
        return False

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=checked(key))


@contextmanager
def _missing_is_none() -> Iterator[None]:
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise


def content_type_of(key: str) -> str:
    """The media type by the key's ending; the shop stores nothing but these."""
    endings = {"webp": "image/webp", "pdf": "application/pdf", "csv": "text/csv"}
    return endings.get(key.rsplit(".", 1)[-1], "application/octet-stream")


def open_storage(settings: Settings) -> ObjectStorage:
    """The storage that the settings name. Raises ModuleNotFoundError where S3 is set and boto3 missing."""
    if settings.media_backend == "folder":
        return FolderStorage(settings.instance_dir / "media")
    import boto3
    from botocore.config import Config

    def secret(value: Any) -> str | None:
        return value.get_secret_value() if value else None

    client = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint_url,
        region_name=settings.s3_region,
        aws_access_key_id=secret(settings.s3_access_key),
        aws_secret_access_key=secret(settings.s3_secret_key),
        config=Config(connect_timeout=3, read_timeout=_TIMEOUT_SECONDS, retries={"max_attempts": 3}),
    )
    assert settings.s3_bucket
    return BucketStorage(client, settings.s3_bucket)


def storage() -> ObjectStorage:
    """The running application's storage, opened once."""
    return once_per_application("object_storage", open_storage)
