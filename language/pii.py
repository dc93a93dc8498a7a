"""Personal data in a prompt, recognised by its form: numbers of people and accounts, keys, passwords."""

import re

_BANKS = "국민|신한|우리|하나|농협|기업|카카오|토스|케이|새마을|우체국|수협|신협|대구|부산|광주|전북|제일"
_PATTERNS = (
    # A resident registration number begins with a day of birth; the rest may be masked.
    r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\s?-\s?[1-8](?:\d{6}|\d{0,5}[*x●○]{1,6})(?!\d)",
    r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-8]\d{6}(?!\d)",
    r"(?<!\d)01[016-9](?:[-.\s]\d{3,4}[-.\s]\d{4}|\d{7,8})(?!\d)",
    r"(?<!\d)\d{4}([-\s])\d{4}\1\d{4}\1\d{3,4}(?!\d)",
    rf"(?:{_BANKS})(?:은행|뱅크|뱅)?\s*\d{{2,6}}-\d{{1,6}}-\d{{2,8}}",
    r"(?<![a-z])(?:sk-[a-z0-9_-]{8,}|akia[0-9a-z]{8,}|gh[pousr]_[a-z0-9]{8,}|aiza[\w-]{12,}|xox[bap]-[\w-]{8,})",
    r"begin (?:rsa |ec |openssh )?private key",
    # A password after its label: no blank, five characters or more, a digit among them.
    r"(?:비밀번호|비번|(?<![a-z])(?:password|passwd|pass|pwd|pw))(?:은|는|이|가)?\s*(?:is|:|=)?\s*"
    r"(?=[!-~]{0,15}\d)(?!\d+(?:자|개|번|회|년|만|원))[!-~]{5,}",
)
_PII_PATTERNS = tuple(re.compile(pattern) for pattern in _PATTERNS)


def contains_pii(plain: str) -> bool:
    """Return whether this deobfuscated text holds personal data or a credential."""
    return any(pattern.search(plain) for pattern in _PII_PATTERNS)
