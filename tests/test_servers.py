"""The servers that other tests use are there, answer, and come back."""

from __future__ import annotations

import subprocess

import pytest
from benchmarks.cable import Cable

from benchmarks import servers


def test_postgres_gives_an_empty_database(postgres, postgres_database):
    import psycopg

    with psycopg.connect(postgres_database) as connection:
        assert connection.execute("SELECT count(*) FROM pg_stat_user_tables").fetchone() == (0,)
    with psycopg.connect(postgres.tcp_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_redis_is_empty_and_answers(redis_server, redis_url):
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.set("a", "b")
        assert client.get("a") == b"b"
        redis_server.clear()
        assert client.dbsize() == 0


@pytest.mark.slow
def test_rabbitmq_answers_and_obeys_its_own_tools(rabbitmq):
    from kombu import Connection

    with Connection(rabbitmq.url()) as connection, connection.SimpleQueue("tests") as queue:
        queue.put("said")
        message = queue.get(timeout=10)
        message.ack()
        assert message.payload == "said"
    assert "tests" in rabbitmq.control("list_queues", "name")


def test_the_store_has_a_bucket(s3):
    client = s3.client()
    client.put_object(Bucket=s3.bucket, Key="a", Body=b"b")
    assert client.get_object(Bucket=s3.bucket, Key="a")["Body"].read() == b"b"
    other = s3.create_bucket()
    assert {each["Name"] for each in client.list_buckets()["Buckets"]} >= {s3.bucket, other}
    client.close()


def test_a_redis_that_is_killed_has_again_what_it_kept():
    import redis

    try:
        with servers.redis_server(is_durable=True) as server:
            with redis.Redis(port=server.port) as client:
                client.set("a", "b")
            server.process.restart()
            with redis.Redis(port=server.port) as client:
                assert client.get("a") == b"b"
    except servers.MissingServerError as error:
        pytest.skip(str(error))
    with pytest.raises(redis.ConnectionError):
        redis.Redis(port=server.port).ping()


def test_a_cable_passes_on_is_cut_and_is_mended(redis_server, cable):
    import redis

    laid: Cable = cable(redis_server.port)
    client = redis.Redis(port=laid.port, socket_timeout=0.5)
    client.set("a", "b")
    with laid.away(), pytest.raises(redis.ConnectionError):
        client.get("a")
    assert client.get("a") == b"b"
    with laid.held(), pytest.raises(redis.TimeoutError):
        client.get("a")
    assert client.get("a") == b"b"
    client.close()


def test_a_server_that_does_not_begin_tells_what_it_said(tmp_path):
    process = servers.ServerProcess(
        ["sh", "-c", "echo no room here; exit 3"], is_up=lambda: False, log=tmp_path / "log", environment={}
    )
    with pytest.raises(RuntimeError, match="ended with 3:\nno room here"):
        process.start()


def test_nothing_is_left_running(redis_server):
    """Ends by its own process alone."""
    with servers.s3_server() as server:
        pid = server.process._process.pid
    assert subprocess.run(["ps", "-p", str(pid)], stdout=subprocess.DEVNULL, check=False).returncode == 1
    assert servers.answers(redis_server.port)
