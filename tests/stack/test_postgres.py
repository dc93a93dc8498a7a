import os
from pathlib import Path

from stack.servers.postgres import choose_folder


def test_an_emptied_data_directory_does_not_reuse_the_old_database(tmp_path: Path) -> None:
    before, after = choose_folder(tmp_path, "old password"), choose_folder(tmp_path, "new password")
    # An ordinary user's database is inside the data directory and was deleted with it.
    assert (before == after) == (os.geteuid() != 0)
    assert choose_folder(tmp_path, "old password") == before
