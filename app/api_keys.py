"""Keys that callers present. The file holds their digests only; a key is never printed, logged or kept."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kg.problem import InputError

_LINE = re.compile(r"(?P<digest>[0-9a-f]{64})\s+(?P<name>[\w.-]{1,64})")


@dataclass(frozen=True, slots=True)
class Keys:
    """The known keys: sha256 of the key to the name under which its holder is counted.

    >>> keys = Keys({hashlib.sha256(b"correct horse").hexdigest(): "ward-3"})
    >>> keys.holder("correct horse"), keys.holder("wrong horse")
    ('ward-3', None)
    """

    names: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read lines of `sha256 name`; blank lines and lines that begin with # say nothing.

        InputError names the line that cannot be read, never what is in it: somebody may have written a key there.
        """
        try:
            lines = path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"读不到密钥文件 {path}：{type(error).__name__}；应为 UTF-8 文本") from None
        names: dict[str, str] = {}
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            found = _LINE.fullmatch(line.strip())
            if not found or found["digest"] in names or found["name"] in names.values():
                raise InputError(
                    f"密钥文件 {path}:{number} 不合格式或重复；每行应为 密钥的 sha256（64 位小写十六进制）、空格、名称"
                )
            names[found["digest"]] = found["name"]
        if not names:
            raise InputError(f"密钥文件 {path} 中没有密钥；每行应为 密钥的 sha256、空格、名称")
        return cls(names)

    def holder(self, key: str) -> str | None:
        """Whose key it is. Every digest is compared, each in constant time: how long it takes tells nothing."""
        asked = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        holder = None
        for digest, name in self.names.items():
            if hmac.compare_digest(digest, asked):
                holder = name
        return holder
