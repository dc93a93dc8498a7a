"""A stranger's address is read as a public web page only, within limits of time and size."""

import datetime
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ads.infra import page_fetch
from ads.infra.page_fetch import PageFetchError, PageReader, PageText, is_public_address, parse_page

HOST = "shop.example"
PAGE = "<html><head><title> 도쿄 왕복 항공권 | 그레이스 여행 </title>"
PAGE += "<meta name='description' content='수하물까지 다 들어 있어요.'></head><body>본문</body></html>"


class Site(BaseHTTPRequestHandler):
    """A web site that redirects, dawdles and floods as its paths say."""

    paths: list[str] = []
    cookies: list[str | None] = []

    def do_GET(self) -> None:
        Site.paths.append(self.path)
        Site.cookies.append(self.headers.get("Cookie"))
        if self.path.startswith("/to/"):
            self._answer(302, "", Location=self.path.removeprefix("/to/"))
        elif self.path == "/loop":
            self._answer(302, "", Location="/loop")
        elif self.path == "/missing":
            self._answer(404, PAGE)
        elif self.path == "/image":
            self._answer(200, PAGE, **{"Content-Type": "image/png"})
        elif self.path == "/flood":
            self._answer(200, PAGE + "x" * 1_000_000)
        elif self.path == "/slow":
            self._dawdle()
        else:
            self._answer(200, PAGE)

    def _answer(self, status: int, body: str, **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in ({"Content-Type": "text/html; charset=utf-8"} | headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:
            return

    def _dawdle(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        for _ in range(100):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


def make_certificate(folder: Path) -> Path:
    """Write a key and a certificate of HOST that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now - day, now + day
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "site.pem"
    form = serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The site's port, and the TLS settings that trust it."""
    path = make_certificate(tmp_path_factory.mktemp("tls"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    inbound = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inbound.load_cert_chain(path)
    server.socket = inbound.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, ssl.create_default_context(cafile=str(path))
    server.shutdown()
    server.server_close()


@pytest.fixture
def make_reader(site: tuple[int, ssl.SSLContext]) -> Callable[..., PageReader]:
    """Make a reader whose resolver sends every host to these addresses."""
    Site.paths.clear()
    Site.cookies.clear()
    port, tls = site

    def make(*addresses: str, is_allowed: Callable[[str], bool] | None = lambda _address: True) -> PageReader:
        found = list(addresses or ("127.0.0.1",))
        return PageReader(resolver=lambda _host, _port: found, is_allowed=is_allowed, port=port, tls=tls)

    return make


def test_a_page_s_title_and_description_are_read_without_cookies(
    make_reader: Callable[..., PageReader],
) -> None:
    page = make_reader().fetch(f"https://{HOST}/도쿄?여름=1")
    assert page == PageText("도쿄 왕복 항공권 | 그레이스 여행", "수하물까지 다 들어 있어요.")
    assert [unquote(path) for path in Site.paths] == ["/도쿄?여름=1"]
    assert Site.cookies == [None]


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.1.2.3",),
        ("192.168.0.1",),
        ("172.16.0.1",),
        ("169.254.169.254",),
        ("100.64.0.1",),
        ("0.0.0.0",),  # noqa: S104
        ("::1",),
        ("fe80::1%eth0",),
        ("fd00::1",),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::a00:1",),
        ("2002:7f00:1::",),
        ("224.0.0.1",),
        ("93.184.216.34", "127.0.0.1"),
        (),
    ],
)
def test_a_host_inside_the_network_is_never_connected_to(
    make_reader: Callable[..., PageReader], addresses: tuple[str, ...], site: tuple[int, ssl.SSLContext]
) -> None:
    reader = PageReader(resolver=lambda _host, _port: list(addresses), port=site[0], tls=site[1])
    with pytest.raises(PageFetchError, match="no public address"):
        reader.fetch(f"https://{HOST}/")
    assert Site.paths == []


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "8.8.8.8"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public_address(address)


def test_an_address_that_changes_between_look_ups_is_not_used(site: tuple[int, ssl.SSLContext]) -> None:
    """DNS rebinding: what was checked is what is connected to, so there is no second look-up."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    checked: list[str] = []

    def allow(address: str) -> bool:
        checked.append(address)
        return address == "127.0.0.1"

    reader = PageReader(
        resolver=lambda _host, _port: next(answers), is_allowed=allow, port=site[0], tls=site[1]
    )
    assert reader.fetch(f"https://{HOST}/").title
    assert checked == ["127.0.0.1"]
    assert next(answers) == ["10.0.0.1"]


@pytest.mark.parametrize(
    "target",
    [
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "http://shop.example/",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_into_the_network_is_not_followed(site: tuple[int, ssl.SSLContext], target: str) -> None:
    Site.paths.clear()
    # The first host stands for a public one.
    first = iter([True])
    reader = PageReader(
        resolver=lambda host, _port: ["127.0.0.1"] if host == HOST else [host],
        is_allowed=lambda address: next(first, False) or is_public_address(address),
        port=site[0],
        tls=site[1],
    )
    with pytest.raises(PageFetchError):
        reader.fetch(f"https://{HOST}/to/{target}")
    assert [unquote(path) for path in Site.paths] == [f"/to/{target}"]


def test_a_few_redirects_are_followed_and_a_circle_is_not(make_reader: Callable[..., PageReader]) -> None:
    assert make_reader().fetch(f"https://{HOST}/to//to//to//page").title
    with pytest.raises(PageFetchError, match="too many redirects"):
        make_reader().fetch(f"https://{HOST}/loop")


@pytest.mark.parametrize("path", ["/missing", "/image"])
def test_only_a_page_that_exists_is_read(make_reader: Callable[..., PageReader], path: str) -> None:
    with pytest.raises(PageFetchError):
        make_reader().fetch(f"https://{HOST}{path}")


def test_a_page_of_a_megabyte_is_read_to_the_limit(make_reader: Callable[..., PageReader]) -> None:
    assert make_reader().fetch(f"https://{HOST}/flood").title == "도쿄 왕복 항공권 | 그레이스 여행"


def test_slow_bytes_end_with_the_deadline(
    make_reader: Callable[..., PageReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_fetch, "DEADLINE_SECONDS", 0.7)
    began = time.monotonic()
    with pytest.raises(PageFetchError):
        make_reader().fetch(f"https://{HOST}/slow")
    assert time.monotonic() - began < 3


def test_a_resolver_that_hangs_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_fetch, "DEADLINE_SECONDS", 0.3)
    is_over = threading.Event()

    def wait_long(_host: str, _port: int) -> list[str]:
        is_over.wait(30)
        return []

    began = time.monotonic()
    with pytest.raises(PageFetchError):
        PageReader(resolver=wait_long).fetch(f"https://{HOST}/")
    is_over.set()
    assert time.monotonic() - began < 3


def test_a_certificate_of_another_host_is_refused(make_reader: Callable[..., PageReader]) -> None:
    with pytest.raises(PageFetchError, match="certificate"):
        make_reader().fetch("https://bank.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/",
        "https://a:b@shop.example/",
        "https://shop.example:8443/",
        "https:///",
        "x",
        "https://[/",
    ],
)
def test_only_plain_https_addresses_are_read(make_reader: Callable[..., PageReader], url: str) -> None:
    with pytest.raises(PageFetchError):
        make_reader().fetch(url)
    assert Site.paths == []


def test_the_title_for_sharing_comes_first_and_old_korean_pages_are_read() -> None:
    shared = (
        b"<title>A</title><meta property='og:title' content='B'><meta property='og:description' content='C'>"
    )
    assert parse_page(shared) == PageText("B", "C")
    old = "<meta charset='euc-kr'><title>여행사</title>".encode("cp949")
    assert parse_page(old) == PageText("여행사", "")
    assert parse_page(b"\xff\xfe<title>") == PageText("", "")
