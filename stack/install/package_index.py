"""Find wheels on the package index that pip and uv are configured to use."""

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from html.parser import HTMLParser

from stack.errors import StackError

DEFAULT_INDEX = "https://pypi.org/simple"
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
JSON_PAGE = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON_PAGE}, text/html;q=0.1"
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """The URL of a file and its expected sha256."""

    url: str
    sha256: str


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.urls += [value for name, value in attrs if tag == "a" and name == "href" and value]


def find_wheel(project: str, version: str, *, tag: str = "") -> RemoteFile:
    """Return the wheel of a version and platform tag from an index in JSON or HTML form (PEP 691, 503)."""
    index = next((os.environ[name] for name in INDEX_VARIABLES if os.environ.get(name)), DEFAULT_INDEX)
    page = f"{index.rstrip('/')}/{project}/"
    request = open_request(page, {"Accept": ACCEPT})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
        body = response.read().decode()
        page = response.geturl()
        is_json = "json" in response.headers.get("Content-Type", "")
    files = read_json(body) if is_json else read_html(body)
    prefix = f"{project.replace('-', '_')}-{version}-"
    for name, file in files.items():
        if name.startswith(prefix) and name.endswith(".whl") and tag in name and file.sha256:
            return RemoteFile(urllib.parse.urljoin(page, file.url), file.sha256)
    raise StackError(f"{page} offers no wheel of {project} {version}")


def read_json(body: str) -> dict[str, RemoteFile]:
    """Return the files of a project page in JSON form, by name."""
    files = json.loads(body)["files"]
    return {file["filename"]: RemoteFile(file["url"], file["hashes"].get("sha256", "")) for file in files}


def read_html(body: str) -> dict[str, RemoteFile]:
    """Return the files of a project page in HTML form, where the fragment of a link holds the hash."""
    links = _Links()
    links.feed(body)
    files = {}
    for link in links.urls:
        url, _, fragment = link.partition("#")
        name = urllib.parse.unquote(url.rsplit("/", 1)[-1])
        files[name] = RemoteFile(url, fragment.removeprefix("sha256="))
    return files


def open_request(url: str, headers: dict[str, str]) -> urllib.request.Request:
    """Return a request; credentials in the URL, as private indexes use, become an Authorization header."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise StackError(f"{url} is not an http address")
    if parts.username:
        credentials = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        headers = headers | {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}
        url = parts._replace(netloc=parts.netloc.rsplit("@", 1)[1]).geturl()
    return urllib.request.Request(url, headers=headers | {"User-Agent": "jjamppong"})  # noqa: S310
