import os
from pathlib import Path

from stack.servers.postgres import choose_folder


def test_a_home_that_was_emptied_does_not_meet_the_data_of_its_past(tmp_path: Path) -> None:
    before, after = choose_folder(tmp_path, "old password"), choose_folder(tmp_path, "new password")
    # An ordinary user's data lie in the home itself and went with it.
    assert (before == after) == (os.geteuid() != 0)
    assert choose_folder(tmp_path, "old password") == before
