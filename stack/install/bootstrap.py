"""`make setup`: from a bare python3 to everything that runs, builds and tests; quick when nothing changed.

Runs on the system's own Python, which on a fresh Debian has neither pip nor venv: the standard library only.
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
if sys.version_info < (3, 11):  # noqa: UP036 - whoever has an older one is told so here
    sys.exit(f"✗ Python 3.11 or newer is needed; {sys.executable} is {platform.python_version()}")
sys.path.insert(0, str(ROOT))

from stack.errors import StackError  # noqa: E402
from stack.install.download import describe_network_error, fetch  # noqa: E402 - found only with the line above
from stack.install.package_index import RemoteFile, find_wheel  # noqa: E402
from stack.progress import Console, DownloadBar  # noqa: E402

TOOLS = ROOT / ".tools"
ENVIRONMENT = ROOT / ".venv"
COLLECTED = ROOT / "static" / "collected" / "staticfiles.json"
UV_VERSION = "0.13.9"
MIN_UV_VERSION = (0, 9)
UV_BYTES = 17_606_939
# The sha256 of each wheel is here, not on the index: it says what the rest of the setup may be trusted to.
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
    """Do whatever is out of date, or only tell whether the lock is."""
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
    console: Console, name: str, sources: Iterable[Path], act: Callable[[], None], made: Path
) -> None:
    """Do a step unless it was done from exactly these files and what it made is still there."""
    stamp = TOOLS / "stamps" / name.replace(" ", "-")
    wanted = fingerprint(sources)
    with contextlib.suppress(FileNotFoundError):
        if made.exists() and stamp.read_text(encoding="ascii") == wanted:
            return
    with console.step(name):
        act()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted, encoding="ascii")


def fingerprint(sources: Iterable[Path]) -> str:
    """Return a digest of names and contents."""
    digest = hashlib.sha256()
    for path in sources:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def find_sources() -> list[Path]:
    """List what the front end is built from."""
    kept = [ROOT / "package-lock.json", ROOT / "static" / "build.mjs"]
    for folder in ("js", "css", "brand"):
        kept += [path for path in sorted((ROOT / "static" / folder).rglob("*")) if path.is_file()]
    return [path for path in kept if path.exists()]


def install_packages() -> None:
    """Make the virtual environment hold what the lock names, and nothing else."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # Each process would otherwise compile what it loads, where it may not even keep it for the next one.
    environment |= {"UV_PYTHON_DOWNLOADS": "never", "UV_COMPILE_BYTECODE": "1"}
    has_python = (ENVIRONMENT / "bin" / "python").exists()
    words = [] if has_python else ["--python", str(Path(sys.executable).resolve())]
    if not sys.stdout.isatty():
        words.append("--quiet")
    run([str(find_uv()), "sync", "--frozen", *words], environment)


def install_node_modules() -> None:
    """Install the front end's packages from their lock."""
    run([*npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"])


def build_front_end() -> None:
    """Bundle scripts and styles."""
    run([*npm(), "run", "build", "--silent"])


def collect_files() -> None:
    """Gather what the site serves: ours and that of its packages."""
    # With both addresses given, the command starts no stores; collecting asks none.
    nowhere = {"DATABASE_URL": "postgresql://nowhere/none", "REDIS_URL": "redis://nowhere"}
    run([str(ENVIRONMENT / "bin" / "python"), "manage.py", "prepare", "--files"], dict(os.environ) | nowhere)


def compile_catalogs() -> None:
    """Compile every translation catalog; gettext's own tool need not be installed."""
    for catalog in sorted((ROOT / "locale").rglob("*.po")):
        words = ("-i", str(catalog), "-o", str(catalog.with_suffix(".mo")))
        run([str(ENVIRONMENT / "bin" / "pybabel"), "--quiet", "compile", *words])


def npm() -> list[str]:
    """Return the command of the npm that is locked with everything else, whatever the system has."""
    return [str(ENVIRONMENT / "bin" / "npm")]


def run(command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a command in the project; its words go to the terminal."""
    environment = environment or dict(os.environ)
    if "SSL_CERT_FILE" in environment:
        # Where a network has an authority of its own, node asks for it under another name.
        environment.setdefault("NODE_EXTRA_CA_CERTS", environment["SSL_CERT_FILE"])
    environment["PATH"] = f"{ENVIRONMENT / 'bin'}{os.pathsep}{environment.get('PATH', os.defpath)}"
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)  # noqa: S603
    if done.returncode != 0:
        raise StackError(f"`{Path(command[0]).name} {' '.join(command[1:4])}` failed; the reason is above")


def find_uv() -> Path:
    """Return a uv that is new enough: the system's, or one of our own, fetched once."""
    found = shutil.which("uv")
    if found and read_version(found) >= MIN_UV_VERSION:
        return Path(found)
    ours = TOOLS / f"uv-{UV_VERSION}" / "uv"
    if not ours.exists():
        fetch_uv(ours)
    return ours


def read_version(program: str) -> tuple[int, ...]:
    """Ask a uv for its version; one that does not run is as good as none."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ()
    found = re.search(r"(\d+)\.(\d+)", said)
    return tuple(int(part) for part in found.groups()) if found else ()


def fetch_uv(ours: Path) -> None:
    """Fetch the pinned uv wheel and unpack its program."""
    machine = (platform.system(), platform.machine())
    if machine not in UV_WHEELS:
        raise StackError(f"install uv yourself (https://docs.astral.sh/uv): none is pinned for {machine}")
    tag, sha256 = UV_WHEELS[machine]
    ours.parent.mkdir(parents=True, exist_ok=True)
    wheel = ours.parent / "uv.whl"
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
    scratch = ours.with_name("uv.new")
    with zipfile.ZipFile(wheel) as archive:
        scratch.write_bytes(archive.read(f"uv-{UV_VERSION}.data/scripts/uv"))
    scratch.chmod(0o755)
    scratch.rename(ours)
    wheel.unlink()


if __name__ == "__main__":
    main()
