"""HTTP downloads that resume, retry, and keep a file only if its sha256 is right."""

import errno
import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from stack.errors import StackError
from stack.install.package_index import TIMEOUT_SECONDS, RemoteFile, open_request

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
