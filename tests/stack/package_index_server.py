"""A package index and its files on loopback, that can be told to misbehave."""

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Index:
    """What the index offers and how often it was asked for each path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.stated: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.cut_after: dict[str, int] = {}
        self.as_html = False
        self.url = ""

    def add_wheel(self, project: str, version: str, member: str, content: bytes) -> str:
        """Offer a wheel with one file in it; return the wheel's name."""
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr(member, content)
        name = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
        self.files[name] = body.getvalue()
        self.stated[name] = hashlib.sha256(body.getvalue()).hexdigest()
        return name

    def page(self, project: str) -> tuple[str, bytes]:
        """Return the project's page and its type."""
        names = [name for name in self.files if name.startswith(f"{project.replace('-', '_')}-")]
        if self.as_html:
            links = [f'<a href="/files/{name}#sha256={self.stated[name]}">{name}</a>' for name in names]
            return "text/html", "".join(links).encode()
        rows = [
            {"filename": name, "url": f"/files/{name}", "hashes": {"sha256": self.stated[name]}}
            for name in names
        ]
        return "application/vnd.pypi.simple.v1+json", json.dumps({"files": rows}).encode()


def _door_of(index: Index) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append((self.path, self.headers.get("Range", "")))
            area, _, name = self.path.strip("/").partition("/")
            if area == "simple":
                kind, body = index.page(name)
                self.answer(200, body, kind)
            elif name in index.files:
                self.send_file(name)
            else:
                self.answer(404, b"", "text/plain")

        def send_file(self, name: str) -> None:
            body = index.files[name]
            wanted = self.headers.get("Range")
            begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if begin >= len(body):
                self.answer(416, b"", "text/plain")
                return
            length = index.cut_after.pop(name, len(body))
            self.answer(206 if wanted else 200, body[begin:], "application/zip", send=length)

        def answer(self, status: int, body: bytes, kind: str, *, send: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:send])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Door


@contextmanager
def serve_index() -> Iterator[Index]:
    """Serve an index until the end of the block."""
    index = Index()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _door_of(index))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    index.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield index
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
