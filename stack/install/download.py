"""HTTP downloads that resume, retry and check a sha256, and wheels on the index that pip and uv use."""

import base64
import errno
import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

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


MAX_ATTEMPTS = 5
CHUNK = 1 << 18
NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError)


def fetch(file: RemoteFile, path: Path, *, advance: Callable[[int], None]) -> None:
    """Download a file to `path`, continuing the `.part` of an earlier attempt."""
    part = path.with_name(f"{path.name}.part")
    if part.exists():
        advance(part.stat().st_size)
    for remaining in reversed(range(MAX_ATTEMPTS)):
        try:
            resume_download(file.url, part, advance=advance)
            break
        except NETWORK_ERRORS as error:
            if remaining == 0 or is_final(error):
                raise StackError(f"{file.url} cannot be fetched: {describe_network_error(error)}") from error
            time.sleep(MAX_ATTEMPTS - remaining)
        except OSError as error:
            raise disk_error(error, path) from error
    if hash_file(part) != file.sha256:
        advance(-part.stat().st_size)
        part.unlink()
        raise StackError(f"{file.url} is not what it should be (wrong sha256); it was thrown away")
    part.rename(path)


def resume_download(url: str, part: Path, *, advance: Callable[[int], None]) -> None:
    """Append the missing bytes of a file to its part."""
    offset = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    try:
        response = urllib.request.urlopen(open_request(url, headers), timeout=TIMEOUT_SECONDS)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            # The part is complete; the hash check follows.
            return
        raise
    with response, part.open("ab") as target:
        if offset and response.status != http.client.PARTIAL_CONTENT:
            target.truncate(0)
            advance(-offset)
        for chunk in iter(lambda: response.read(CHUNK), b""):
            target.write(chunk)
            advance(len(chunk))
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)


def is_final(error: BaseException) -> bool:
    """Return whether an error is permanent."""
    return isinstance(error, urllib.error.HTTPError) and error.code in {401, 403, 404, 410}


def describe_network_error(error: BaseException) -> str:
    """Return a short text for a network error."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    return str(reason) or type(error).__name__


def disk_error(error: OSError, path: Path) -> StackError:
    """Return the StackError of a failed write, with a remedy."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StackError(f"the disk of {path.parent} is full: free some space and start again")
    return StackError(f"{path} cannot be written: {error.strerror}")


def hash_file(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
