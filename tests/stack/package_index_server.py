"""A package index on loopback that can be made to cut connections or state wrong hashes."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Index:
    """The files of the index and the requests that it received."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.hashes: dict[str, str] = {}
        self.requests: list[tuple[str, str]] = []
        self.cut_after: dict[str, int] = {}
        self.as_html = False
        self.url = ""

    def add_wheel(self, project: str, version: str, member: str, content: bytes) -> str:
        """Add a wheel with one member and return its file name."""
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr(member, content)
        name = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
        self.files[name] = body.getvalue()
        self.hashes[name] = hashlib.sha256(body.getvalue()).hexdigest()
        return name

    def page(self, project: str) -> tuple[str, bytes]:
        """Return the content type and body of a project page."""
        names = [name for name in self.files if name.startswith(f"{project.replace('-', '_')}-")]
        if self.as_html:
            links = [f'<a href="/files/{name}#sha256={self.hashes[name]}">{name}</a>' for name in names]
            return "text/html", "".join(links).encode()
        rows = [
            {"filename": name, "url": f"/files/{name}", "hashes": {"sha256": self.hashes[name]}}
            for name in names
        ]
        return "application/vnd.pypi.simple.v1+json", json.dumps({"files": rows}).encode()


def _make_handler(index: Index) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.requests.append((self.path, self.headers.get("Range", "")))
            area, _, name = self.path.strip("/").partition("/")
            if area == "simple":
                kind, body = index.page(name)
                self.respond(200, body, kind)
            elif name in index.files:
                self.send_file(name)
            else:
                self.respond(404, b"", "text/plain")

        def send_file(self, name: str) -> None:
            body = index.files[name]
            wanted = self.headers.get("Range")
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if begin >= len(body):
                self.respond(416, b"", "text/plain")
                return
            length = index.cut_after.pop(name, len(body))
            self.respond(206 if wanted else 200, body[begin:], "application/zip", send=length)

        def respond(self, status: int, body: bytes, kind: str, *, send: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:send])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Handler


@contextmanager
def serve_index() -> Iterator[Index]:
    """Serve an index until the end of the block."""
    index = Index()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(index))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    index.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield index
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
