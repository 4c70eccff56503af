"""Where the servers live: private, reachable by long and strange names, closed to the network."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest
import redis

from storefront.core import embedded
from storefront.core.embedded.account import nobody
from tests.unit.embedded.conftest import servers_of


def test_nobody_else_can_enter_and_nothing_listens_on_the_network(instance: Path) -> None:
    embedded.attach(instance)
    for path in (instance, instance / "run", instance / "postgres", instance / "postgres" / "data"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for name in (".s.PGSQL.5432", "valkey.sock"):
        found = (instance / "run" / name).stat()
        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) & 0o077 == 0, name
    names, on_the_network = set(), []
    for server in servers_of(instance):
        with suppress(psutil.NoSuchProcess):  # PostgreSQL's workers come and go
            names.add(server.name())
            on_the_network += server.net_connections("inet")
    assert names == {"postgres", "valkey-server"}
    assert on_the_network == []
    embedded.leave(instance)


@pytest.mark.parametrize("name", ["x" * 120, "a shop, with spaces & a comma", "größe"])
def test_long_and_strange_instance_folders_work(tmp_path: Path, name: str) -> None:
    instance = tmp_path / name
    services = embedded.start_throwaway(instance)
    try:
        sockets = Path(parse_qs(urlsplit(services.database_admin_url).query)["host"][0])
        assert len(os.fsencode(sockets / ".s.PGSQL.5432")) < 100
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        with psycopg.connect(services.database_admin_url) as connection:
            assert connection.execute("SHOW data_directory").fetchone() == (
                str(instance / "postgres" / "data"),
            )
        with redis.Redis.from_url(services.redis_url) as client:
            assert client.ping()
    finally:
        embedded.leave(instance)
    assert not sockets.exists()


def test_the_server_is_the_one_the_schema_needs(instance: Path) -> None:
    services = embedded.start_throwaway(instance)
    with psycopg.connect(services.database_admin_url) as connection:
        facts = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datlocprovider, datlocale, current_setting('TimeZone'),"
            " current_setting('max_connections')::int FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        extensions = {
            name for (name,) in connection.execute("SELECT name FROM pg_available_extensions").fetchall()
        }
    assert facts == ("UTF8", "b", "C.UTF-8", "UTC", 300)
    assert {"vector", "pg_trgm", "unaccent", "citext", "btree_gin", "pg_stat_statements"} <= extensions
    embedded.leave(instance)


def test_data_of_another_major_version_are_refused_in_one_sentence(instance: Path) -> None:
    embedded.start_throwaway(instance)
    embedded.leave(instance)
    (instance / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(embedded.EmbeddedServiceError, match=r"written by PostgreSQL 17 .* set DATABASE_URL"):
        embedded.start_throwaway(instance)
    assert servers_of(instance) == []


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    instance = tmp_path / "occupied"
    instance.mkdir()
    (instance / "valkey").touch()
    with pytest.raises(embedded.EmbeddedServiceError, match=r"valkey cannot be used .* set INSTANCE_DIR"):
        embedded.attach(instance)


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder that belongs to somebody else")
    instance = tmp_path / "foreign"
    (instance / "run").mkdir(parents=True)
    os.chown(instance / "run", 12_345, 12_345)
    with pytest.raises(embedded.EmbeddedServiceError, match="belongs to somebody else"):
        embedded.attach(instance)


def test_root_without_user_namespaces_runs_postgresql_as_nobody(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has to run PostgreSQL as somebody else")
    instance = Path("/var/tmp") / f"storefront-test-{os.getpid()}"
    try:
        services = embedded.attach(instance, account=nobody())
        assert services.started
        owner = psutil.Process(int((instance / "postgres/data/postmaster.pid").read_text().split()[0]))
        assert owner.username() == "nobody"
        with psycopg.connect(services.database_admin_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        embedded.leave(instance)
        shutil.rmtree(instance)
    assert servers_of(instance) == []
