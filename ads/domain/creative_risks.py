"""Risks of an ad's text and links that require the approval of two reviewers. Pure."""

import re
from urllib.parse import urlsplit

HEALTH = "완치|치료|치유|효능|다이어트|감량|혈당|면역|통증|탈모|의약|cure|heal|weight.?loss|immun"
FINANCE = "원금|수익|투자|대출|이자|코인|부업|재테크|loan|invest|profit|crypto|guaranteed income"
CLAIMS = r"무조건|100\s*%|최저가|업계\s*1위|유일|전액|보장|평생|guarantee|risk.?free|number one|#1"
RISK_PATTERNS = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in (("health", HEALTH), ("money", FINANCE), ("promise", CLAIMS))
}


def find_risks(*, words: str, landing_url: str, display_domain: str) -> tuple[str, ...]:
    """Return the names of the risks of an ad; empty for an ordinary one."""
    risks = [name for name, pattern in RISK_PATTERNS.items() if pattern.search(words)]
    host = urlsplit(landing_url).hostname or ""
    displayed = display_domain.lower().split("/")[0]
    if host and host != displayed and not host.endswith(f".{displayed}"):
        risks.append("elsewhere")
    return tuple(risks)
