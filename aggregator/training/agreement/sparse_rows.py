"""Tables of named features, of which each row holds few."""

from collections.abc import Mapping, Sequence
from typing import Any

from scipy.sparse import csr_matrix


def tabulate(examples: Sequence[Mapping[str, float]], places: Mapping[str, int]) -> Any:
    """Return a row for every example, with the values of its features in the columns of their names."""
    entries = [
        (value, row, places[name])
        for row, features in enumerate(examples)
        for name, value in features.items()
        if name in places
    ]
    values, rows, columns = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_matrix((values, (rows, columns)), shape=(len(examples), len(places)))
