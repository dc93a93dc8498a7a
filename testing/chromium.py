"""See to it that there is a Chromium for the end-to-end tests."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk")


def find_browser() -> str | None:
    """Return the system's Chromium."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def main() -> None:
    """Install Chromium if there is none: from Debian where we may, else Playwright's own."""
    if find_browser() or (can_install_packages() and install_from_debian()):
        return
    print("Chromium is missing; fetching Playwright's own …", flush=True)
    if (
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode
        != 0
    ):
        sys.exit(f"✗ no Chromium: run `sudo apt-get install {' '.join(PACKAGES)}` and start again")


def can_install_packages() -> bool:
    """Tell whether packages of the system can be installed without asking anybody."""
    if shutil.which("apt-get") is None:
        return False
    return (
        os.geteuid() == 0
        or subprocess.run([*sudo(), "true"], capture_output=True, check=False).returncode == 0
    )


def sudo() -> list[str]:
    """Return what goes before a command that needs the rights of root."""
    if os.geteuid() == 0:
        return []
    found = shutil.which("sudo")
    return [found, "-n"] if found else ["false"]


def install_from_debian() -> bool:
    """Install Chromium and a font with Hangul from the system's packages."""
    print("Chromium is missing; installing it with apt-get …", flush=True)
    quiet = {"stdout": subprocess.DEVNULL}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "-y", "--no-install-recommends", *PACKAGES)):
        command = [*sudo(), "apt-get", "-q", *words]
        if subprocess.run(command, env=environment, check=False, stdout=quiet["stdout"]).returncode != 0:
            return False
    return find_browser() is not None


if __name__ == "__main__":
    main()
