"""Find or install a Chromium for the end-to-end tests: `python -m testing.chromium`."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk")


def find_browser() -> str | None:
    """Return the path of an installed Chromium."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def main() -> None:
    """Install Chromium if there is none: from Debian if permitted, else Playwright's own build."""
    if find_browser() or (can_install_packages() and install_from_debian()):
        return
    print("Chromium is missing; fetching Playwright's own …", flush=True)
    if (
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode
        != 0
    ):
        sys.exit(f"✗ no Chromium: run `sudo apt-get install {' '.join(PACKAGES)}` and start again")


def can_install_packages() -> bool:
    """Return whether system packages can be installed without a password."""
    if shutil.which("apt-get") is None:
        return False
    return (
        os.geteuid() == 0
        or subprocess.run([*sudo(), "true"], capture_output=True, check=False).returncode == 0
    )


def sudo() -> list[str]:
    """Return the prefix of a command that needs root."""
    if os.geteuid() == 0:
        return []
    found = shutil.which("sudo")
    return [found, "-n"] if found else ["false"]


def install_from_debian() -> bool:
    """Install Chromium and a font with Hangul from the system's packages."""
    print("Chromium is missing; installing it with apt-get …", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (("update",), ("install", "-y", "--no-install-recommends", *PACKAGES)):
        command = [*sudo(), "apt-get", "-q", *arguments]
        if subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            return False
    return find_browser() is not None


if __name__ == "__main__":
    main()
