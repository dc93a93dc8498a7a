"""Cuts an answer into its whole sentences, each exactly as it is written there."""

import re

MIN_CHARS, MAX_CHARS = 8, 320
MAX_SENTENCES = 40
# No sentence ends after "1.", "3. 1." or an initial: joined sentences stay whole, cut ones do not.
_END = re.compile(
    r"(?<=[.!?。！？])(?<!\b[A-Z]\.)(?<!(?<![\d.,])\d\.)(?<!(?<![\d.,])\d\d\.)"
    r"(?<!\b[ap]\.m\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\bMr\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMs\.)"
    r"[*_`\"'”’)\]]*(?=\s|$)"
)
_FENCE = re.compile(r"```.*?(?:```|$)", re.S)
# A list mark needs the blank behind it: the 1 of "1 + 1" and the minus of "-3" belong to the sentence.
_LIST_MARK = re.compile(r"(?:\s*(?:>|[-*•‣◦·]\s|(?:\*\*)?\d{1,3}[.)]\s(?!\d{1,2}\s[가-힣])|[①-⑩]))*\s*")
_HEADING = re.compile(r"\s*#{1,6}\s+")
_ENDS = tuple(".!?。！？")


def _blank_code(text: str) -> str:
    """Return a text of the same length whose blocks of code are blank."""
    return _FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _is_row(line: str) -> bool:
    """Return whether a line is a row of a table or a formula that stands alone."""
    return line.lstrip().startswith(("|", "\\[", "$$")) or line.count("|") >= 2


def _cut_line(line: str, offset: int) -> list[tuple[int, int]]:
    """Return the spans of a line's sentences, from where the line stands in the text."""
    heading = _HEADING.match(line)
    mark = heading or _LIST_MARK.match(line)
    begin = mark.end() if mark else 0
    spans = []
    for end in [*(found.end() for found in _END.finditer(line, begin)), len(line)]:
        sentence = line[begin:end].strip()
        if sentence:
            first = line.index(sentence, begin)
            spans.append((offset + first, offset + first + len(sentence)))
        begin = max(begin, end)
    # A heading names what follows; it says something only as a whole sentence.
    if heading and not line.rstrip().rstrip("*_").endswith(_ENDS):
        return []
    return spans


def find_sentences(text: str) -> list[tuple[int, int]]:
    """Return where the sentences of a text stand: no code, rows of tables or titles, nothing very long."""
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in _blank_code(text).split("\n"):
        if line.strip() and not _is_row(line):
            spans.extend(_cut_line(line, offset))
        offset += len(line) + 1
    return [
        (start, end)
        for start, end in spans
        if MIN_CHARS <= end - start <= MAX_CHARS and text[start:end].strip()
    ]


def split_sentences(text: str, most: int = MAX_SENTENCES) -> list[str]:
    """Return the first sentences of a text, verbatim and whole."""
    return [text[start:end] for start, end in find_sentences(text)[:most]]
