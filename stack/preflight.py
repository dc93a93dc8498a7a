"""Checks before the start: the port is free, and DATABASE_URL and REDIS_URL work."""

import socket
from contextlib import suppress

import psutil
import psycopg
import redis

from stack.errors import StackError

MIN_POSTGRES_VERSION = 160000
TIMEOUT_SECONDS = 5


def check_port(host: str, port: int) -> None:
    """Raise StackError when the port is in use; a port in TIME_WAIT counts as free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise StackError(
                f"port {port} needs more rights than you have: choose one with PORT=8000"
            ) from error
        except OSError as error:
            raise StackError(
                f"port {port} of {host} cannot be used ({error.strerror}{name_listener(port)}): "
                f"free it, or choose another with PORT={port + 1}"
            ) from error


def name_listener(port: int) -> str:
    """Return the process that listens on a port, as text; empty when the system does not show it."""
    with suppress(psutil.Error):
        for listener in psutil.net_connections("tcp"):
            if listener.status == psutil.CONN_LISTEN and listener.laddr[1:] == (port,) and listener.pid:
                return f" by {psutil.Process(listener.pid).name()}, process {listener.pid}"
    return ""


def check_database(url: str) -> None:
    """Raise StackError unless the URL is a PostgreSQL of a supported version with pgvector."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise StackError(
            "DATABASE_URL is not a PostgreSQL address: postgresql://name:password@host:5432/database"
        )
    try:
        with psycopg.connect(url, connect_timeout=TIMEOUT_SECONDS) as connection:
            version = connection.info.server_version
            row = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise StackError(f"DATABASE_URL does not work: {reason}") from error
    if version < MIN_POSTGRES_VERSION:
        raise StackError(f"DATABASE_URL is PostgreSQL {version // 10000}; 16 or newer is needed")
    if row is None:
        raise StackError("the PostgreSQL of DATABASE_URL has no pgvector: install its package `vector` there")


def check_redis(url: str) -> None:
    """Raise StackError unless the server at the URL answers PING."""
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
        with client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise StackError(f"REDIS_URL does not work: {' '.join(str(error).split())}") from error
