"""Wildcards of policies: ``*`` stands for any text, ``?`` for one character. IO-free.

Source: Arsenal lib/policyEvaluator/utils/wildcards.ts, utils/checkArnMatch.ts.
"""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=256)
def compiled(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """For ``fullmatch``; takes linear time for each ``*``, whatever a policy's author thinks up."""
    first, *others = (_literal(part) for part in pattern.split("*"))
    if others:
        # the earliest place for what stands between two stars is as good as any: no need to come back to it
        first += "".join(f"(?>.*?{part})" for part in others[:-1]) + f".*{others[-1]}"
    return re.compile(first, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _literal(text: str) -> str:
    return re.escape(text).replace(r"\?", ".")


def arn_matches(arn: str, pattern: str) -> bool:
    """Each of the five parts by itself, then what is left: a colon may be part of it."""
    parts, pattern_parts = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(pattern_parts) and all(
        compiled(pattern_part).fullmatch(part) for part, pattern_part in zip(parts, pattern_parts, strict=True)
    )
