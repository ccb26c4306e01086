from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from app.api_keys import Keys
from kg.problem import InputError

SECRET = "not-a-real-key-1"
DIGEST = hashlib.sha256(SECRET.encode()).hexdigest()


def test_a_key_is_known_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"# 病区\n\n{DIGEST}  ward-3\n", encoding="utf-8")
    keys = Keys.read(tmp_path / "keys")
    assert keys.holder(SECRET) == "ward-3"
    for wrong in ("", DIGEST, SECRET.upper(), SECRET + "\n", "\udcff"):
        assert keys.holder(wrong) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "没有密钥"),
        ("# 只有说明\n", "没有密钥"),
        (f"{SECRET} ward-3\n", ":1 不合格式"),  # the key itself instead of its digest
        (f"{DIGEST}\n", ":1 不合格式"),
        (f"{DIGEST.upper()} ward-3\n", ":1 不合格式"),
        (f"{DIGEST} a\n{DIGEST} b\n", ":2 不合格式或重复"),
        (f"{DIGEST} a\n{'0' * 64} a\n", ":2 不合格式或重复"),
    ],
)
def test_a_file_that_is_no_list_of_digests(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "keys").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says) as caught:
        Keys.read(tmp_path / "keys")
    assert SECRET not in str(caught.value)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name in ("missing", "binary"):
        with pytest.raises(InputError, match=name):
            Keys.read(tmp_path / name)
