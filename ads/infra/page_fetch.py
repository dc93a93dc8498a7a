"""Reads the title and the description of a public web page, whose address a stranger chose.

It must not lead into this machine's own network: the host is resolved once, all of its addresses must be
public, and the connection goes to one of them. Redirects are checked likewise. Time, size and content type
are bounded, and no cookies are sent.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit

DEADLINE_SECONDS = 3.0
MAX_BYTES = 256 * 1024
MAX_REDIRECTS = 3
MAX_TEXT_CHARS = 500
HTTPS_PORT = 443
# Kept in a path and query; everything else, such as Hangul, is percent-encoded.
SAFE_CHARS = "%/?=&:+,;@!$'()*~-._"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HEADERS = {"User-Agent": "jjamppong-page-reader", "Accept": "text/html", "Accept-Encoding": "identity"}

# A gateway translates these into any IPv4 address, also a private one.
NAT64 = ipaddress.ip_network("64:ff9b::/96")

# Returns the IP addresses of a host; raises OSError.
Resolver = Callable[[str, int], list[str]]


class PageFetchError(Exception):
    """The page cannot be read, or may not be."""


@dataclass(frozen=True, slots=True)
class PageText:
    """The title and the description of a page; empty where it has none."""

    title: str
    description: str


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


class PageReader:
    """Reads pages; tests replace the resolver, the check of addresses, the port and the certificates."""

    def __init__(
        self,
        *,
        resolver: Resolver = resolve,
        is_allowed: Callable[[str], bool] | None = None,
        port: int = HTTPS_PORT,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._resolver = resolver
        self._is_allowed = is_allowed or is_public_address
        self._port = port
        self._tls = tls or ssl.create_default_context()

    def fetch(self, url: str) -> PageText:
        """Return the texts of an https page; raises PageFetchError."""
        deadline_at = time.monotonic() + DEADLINE_SECONDS
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._request(url, deadline_at)
            if isinstance(answer, bytes):
                return parse_page(answer)
            url = urljoin(url, answer)
        raise PageFetchError("too many redirects")

    def _request(self, url: str, deadline_at: float) -> bytes | str:
        """Return the body of a page, or where it redirects to."""
        host, target = _split_url(url)
        address = self._resolve(host, deadline_at)
        connection = _PinnedConnection(host, address, self._port, self._tls, _left(deadline_at))
        # A socket timeout restarts with every byte; shutting the socket down enforces a total deadline.
        watchdog = threading.Timer(_left(deadline_at), connection.shut_down)
        watchdog.start()
        try:
            connection.request("GET", target, headers=HEADERS)
            reply = connection.getresponse()
            if reply.status in REDIRECTS:
                return reply.headers.get("Location", "")
            if reply.status != http.HTTPStatus.OK or reply.headers.get_content_type() != "text/html":
                raise PageFetchError(f"status {reply.status}, {reply.headers.get_content_type()}")
            body = reply.read(MAX_BYTES)
            _left(deadline_at)
            return body
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PageFetchError(str(error)) from error
        finally:
            watchdog.cancel()
            connection.close()

    def _resolve(self, host: str, deadline_at: float) -> str:
        """Return the address to connect to; all addresses of the host must be public."""
        addresses: list[str] = []

        def run_resolver() -> None:
            with suppress(OSError, UnicodeError):
                addresses.extend(self._resolver(host, self._port))

        # The system's resolver has no deadline of its own.
        thread = threading.Thread(target=run_resolver, daemon=True)
        thread.start()
        thread.join(_left(deadline_at))
        found = list(addresses)
        if not found or not all(self._is_allowed(address) for address in found):
            raise PageFetchError("the host has no public address")
        return found[0]


class _PinnedConnection(http.client.HTTPSConnection):
    """A TLS connection to an address that was checked, with the certificate and the name of its host."""

    def __init__(self, host: str, address: str, port: int, tls: ssl.SSLContext, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout, context=tls)
        self._address = address
        self._tls = tls
        # Kept apart: `sock` is gone as soon as a reply without a length begins.
        self._open_socket: socket.socket | None = None

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        tls_socket = self._tls.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock = self._open_socket = tls_socket
        # After the assignment, so that the deadline can end the handshake too.
        tls_socket.do_handshake()

    def shut_down(self) -> None:
        """Stop whatever the connection waits for."""
        if self._open_socket is not None:
            with suppress(OSError):
                self._open_socket.shutdown(socket.SHUT_RDWR)


class _TextParser(HTMLParser):
    """Collects the title and the descriptions of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, str] = {}
        self._is_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._is_title = tag == "title" and "title" not in self.texts
        name = (values.get("property") or values.get("name") or "").lower()
        if tag == "meta" and name in ("og:title", "og:description", "description"):
            self.texts.setdefault(name, values.get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        self._is_title = False

    def handle_data(self, data: str) -> None:
        if self._is_title:
            self.texts["title"] = self.texts.get("title", "") + data


def is_public_address(address: str) -> bool:
    """Return whether an IP address is reachable on the internet, also one that is mapped into IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if not ip.is_global or ip.is_multicast or ip in NAT64:
        return False
    return inner is None or is_public_address(str(inner))


def parse_page(body: bytes) -> PageText:
    """Return the title and the description of an HTML document, as single lines of bounded length."""
    parser = _TextParser()
    parser.feed(body.decode(_charset_of(body), "replace"))
    texts = {name: " ".join(text.split())[:MAX_TEXT_CHARS] for name, text in parser.texts.items()}
    title = texts.get("og:title") or texts.get("title", "")
    return PageText(title, texts.get("og:description") or texts.get("description", ""))


def _charset_of(body: bytes) -> str:
    head = body[:2_048].lower()
    return "cp949" if b"euc-kr" in head or b"ks_c_5601" in head or b"cp949" in head else "utf-8"


def _split_url(url: str) -> tuple[str, str]:
    """Return the host and the request target of an https URL without a user name or another port."""
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme == "https" and parts.username is None and parts.port in (None, HTTPS_PORT)
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except (ValueError, UnicodeError) as error:
        raise PageFetchError(str(error)) from error
    if not is_plain or not host:
        raise PageFetchError("not a plain https address")
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    return host, quote(target, safe=SAFE_CHARS)


def _left(deadline_at: float) -> float:
    left = deadline_at - time.monotonic()
    if left <= 0:
        raise PageFetchError("the deadline has passed")
    return left
