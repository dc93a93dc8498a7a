"""One HTTP session an event loop, shared by every call to every provider."""

import asyncio
from urllib.request import getproxies

import aiohttp

from aggregator.infra.loop_runtime import per_loop

CONNECT_TIMEOUT_S = 10.0


def _open_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ttl_dns_cache=300),
        # Other time limits are the caller's.
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
        # It also looks for passwords in ~/.netrc, on a thread, for every call.
        trust_env=bool(getproxies()),
    )


async def _close_session(session: aiohttp.ClientSession) -> None:
    await session.close()
    # A closed transport ends its connection in the loop's next iterations.
    for _ in range(3):
        await asyncio.sleep(0)


_sessions = per_loop(_open_session, _close_session)


def shared_session() -> aiohttp.ClientSession:
    """Return the running loop's session; a closed one is replaced."""
    if _sessions().closed:
        _sessions.forget()
    return _sessions()


async def close_session() -> None:
    """Close the running loop's session, if it has one."""
    await _sessions.close()
