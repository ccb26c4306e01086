"""Chinese, Arabic and full-width numerals as the law writes them."""

from __future__ import annotations

import re
import unicodedata

_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "○": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}

NUMERAL = r"[0-9０-９〇○零一二两三四五六七八九十百千]+"
"""A regular expression that matches one numeral in any of the three scripts."""


def parse_numeral(text: str) -> int:
    """The value of a numeral: 一千二百一十九, 1219, １２１９, 二〇二四 (read digit by digit), 十二.

    Raises ValueError for anything else, including a numeral that mixes scripts or is out of order.

    >>> parse_numeral("一千二百一十九"), parse_numeral("１２１９"), parse_numeral("二〇二四")
    (1219, 1219, 2024)
    """
    folded = unicodedata.normalize("NFKC", text)
    if re.fullmatch(r"[0-9]+", folded):
        return int(folded)
    if not folded:
        raise ValueError("empty numeral")
    if not any(char in _UNITS for char in folded):
        if len(folded) == 1 or re.fullmatch(r"[〇○零一二三四五六七八九]{2,4}", folded):
            return int("".join(str(_digit(char)) for char in folded))
        raise ValueError(f"not a numeral: {text!r}")
    total, digit, ceiling = 0, None, 10_000
    for char in folded:
        if (unit := _UNITS.get(char)) is not None:
            if unit >= ceiling or digit == 0 or (digit is None and unit != 10):
                raise ValueError(f"not a numeral: {text!r}")
            total += (1 if digit is None else digit) * unit
            digit, ceiling = None, unit
        elif char in "零〇○":
            if digit is not None:
                raise ValueError(f"not a numeral: {text!r}")
        elif digit is not None:
            raise ValueError(f"not a numeral: {text!r}")
        else:
            digit = _digit(char)
    return total + (digit or 0)


def _digit(char: str) -> int:
    try:
        return _DIGITS[char]
    except KeyError:
        raise ValueError(f"not a numeral: {char!r}") from None


def chinese_numeral(value: int) -> str:
    """The form that statutes use, for 0 to 9999.

    >>> [chinese_numeral(n) for n in (10, 15, 101, 110, 1005, 1219)]
    ['十', '十五', '一百零一', '一百一十', '一千零五', '一千二百一十九']
    """
    if not 0 <= value <= 9999:
        raise ValueError(f"no statute numeral for {value}")
    if value == 0:
        return "零"
    words, gap = "", False
    for unit, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, value = divmod(value, unit)
        if digit:
            words += ("零" if gap and words else "") + "零一二三四五六七八九"[digit] + word
            gap = False
        else:
            gap = bool(words)
    return words[1:] if words.startswith("一十") else words
