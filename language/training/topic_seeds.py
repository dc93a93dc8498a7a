"""Write the vectors of the topics' seeds beside topics.toml: `python -m language.training.topic_seeds`.

Computing them takes a process three seconds and 20 MB, so `language.topics` reads them from the file.
"""

import sys

import numpy as np

from language.embed import embed
from language.topics import SEEDS_FILE, all_seeds, digest_seeds


def main() -> None:
    """Embed all seeds and write their vectors with the digest of the seeds."""
    seeds = all_seeds()
    np.savez_compressed(
        SEEDS_FILE, digest=np.array(digest_seeds(seeds)), vectors=embed(seeds).astype(np.float16)
    )
    sys.stdout.write(f"{SEEDS_FILE.name}: {len(seeds)} seeds\n")


if __name__ == "__main__":
    main()
