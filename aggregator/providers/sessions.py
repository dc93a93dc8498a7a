"""One HTTP session an event loop, shared by every call to every provider."""

import asyncio
from urllib.request import getproxies
from weakref import WeakKeyDictionary

import aiohttp

_sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()
CONNECT_TIMEOUT_S = 10.0


def shared_session() -> aiohttp.ClientSession:
    """Return the running loop's session; time limits are the caller's, apart from connecting."""
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.closed:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
            # It also means a look for passwords in ~/.netrc, on a thread, for every call.
            trust_env=bool(getproxies()),
        )
        _sessions[loop] = session
    return session


async def close_session() -> None:
    """Close the running loop's session, if it has one."""
    session = _sessions.pop(asyncio.get_running_loop(), None)
    if session is not None:
        await session.close()
        # A transport that was told to close does so in the loop's next rounds.
        for _ in range(3):
            await asyncio.sleep(0)
