"""Fit what predicts topics from static vectors: `python -m language.training.fit_static_topics`."""

import sys

import numpy as np

from language.embed import embed
from language.static_vectors import read_static
from language.topics import LEADS_FILE, all_seeds, all_topics, measure_leads
from language.training.fit_static_vectors import list_texts

_PENALTY = 3.0


def main() -> None:
    """Fit ridge regressions on the probes and the seeds, and write the weights."""
    texts = list_texts() + all_seeds()
    leads = np.stack([measure_leads(vector) for vector in embed(texts)])
    vectors = np.stack([read_static(text).vector for text in texts])
    level = leads.mean(axis=0)
    gram = vectors.T @ vectors + _PENALTY * np.eye(vectors.shape[1])
    weights = np.linalg.solve(gram, vectors.T @ (leads - level))
    np.savez_compressed(LEADS_FILE, weights=weights.astype(np.float16), level=level.astype(np.float32))
    sys.stdout.write(f"{LEADS_FILE.name}: {len(all_topics())} topics on {len(texts)} texts\n")


if __name__ == "__main__":
    main()
