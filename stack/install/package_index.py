"""Find a file of a project on the package index that this machine uses."""

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
    """A file somewhere else and the sha256 that the place states for it."""

    url: str
    sha256: str


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if tag == "a" and name == "href" and value]


def find_wheel(project: str, version: str, *, tag: str = "") -> RemoteFile:
    """Return the wheel of that version and platform; the page is read as JSON, or as HTML if need be."""
    index = next((os.environ[name] for name in INDEX_VARIABLES if os.environ.get(name)), DEFAULT_INDEX)
    page = f"{index.rstrip('/')}/{project}/"
    request = open_request(page, {"Accept": ACCEPT})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
        body = answer.read().decode()
        page = answer.geturl()
        is_json = "json" in answer.headers.get("Content-Type", "")
    files = read_json(body) if is_json else read_html(body)
    prefix = f"{project.replace('-', '_')}-{version}-"
    for name, file in files.items():
        if name.startswith(prefix) and name.endswith(".whl") and tag in name and file.sha256:
            return RemoteFile(urllib.parse.urljoin(page, file.url), file.sha256)
    raise StackError(f"{page} offers no wheel of {project} {version}")


def read_json(body: str) -> dict[str, RemoteFile]:
    """Read a project's page in the JSON form of the index."""
    files = json.loads(body)["files"]
    return {file["filename"]: RemoteFile(file["url"], file["hashes"].get("sha256", "")) for file in files}


def read_html(body: str) -> dict[str, RemoteFile]:
    """Read a project's page in the HTML form of the index, where a hash is the fragment of a link."""
    links = _Links()
    links.feed(body)
    files = {}
    for address in links.addresses:
        url, _, fragment = address.partition("#")
        name = urllib.parse.unquote(url.rsplit("/", 1)[-1])
        files[name] = RemoteFile(url, fragment.removeprefix("sha256="))
    return files


def open_request(url: str, headers: dict[str, str]) -> urllib.request.Request:
    """Make a request of an address that may carry a name and a password, as an index of one's own does."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise StackError(f"{url} is not an http address")
    if parts.username:
        credentials = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        headers = headers | {"Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}
        url = parts._replace(netloc=parts.netloc.rsplit("@", 1)[1]).geturl()
    return urllib.request.Request(url, headers=headers | {"User-Agent": "jjamppong"})  # noqa: S310
