"""The state folder: where builds, reviews, verdicts and the embedded server's data live."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from kg.problem import InputError, MissingBuildError

_BUILD_ID = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds everything this project keeps on a machine.

    `builds/<id>/` never changes once it is there; `current` names the one in use; `reviews/` and
    `verdicts/` only grow; `server/` and `cache/` can be deleted at any time without losing anything.
    """

    root: Path

    @classmethod
    def resolve(cls, option: Path | None, environ: Mapping[str, str]) -> Self:
        """The folder given as --home, else YILUN_HOME, else the user's data folder. Creates nothing.

        >>> Home.resolve(None, {"YILUN_HOME": "/srv/yilun"}).root.as_posix()
        '/srv/yilun'
        """
        if option is None and (named := environ.get("YILUN_HOME", "").strip()):
            option = Path(named)
        if option is None:
            from platformdirs import user_data_path

            option = user_data_path("yilun", appauthor=False)
        root = Path(os.path.abspath(option.expanduser()))  # noqa: PTH100 - resolve() would follow links
        if root.exists() and not root.is_dir():
            raise InputError(f"状态目录 {root} 是文件，不是文件夹；请用 --home 或 YILUN_HOME 指定一个文件夹")
        return cls(root)

    @property
    def builds(self) -> Path:
        """One folder per build, named by its id."""
        return self.root / "builds"

    @property
    def reviews(self) -> Path:
        """Experts' corrections; they outlive every build."""
        return self.root / "reviews"

    @property
    def opinions(self) -> Path:
        """What people said of glosses, cases, grades and answers; files are only added to, no build reads them."""
        return self.root / "opinions"

    @property
    def proposals(self) -> Path:
        """Norms that a language model proposed; no build reads them."""
        return self.root / "proposals"

    @property
    def verdicts(self) -> Path:
        """Verdicts given on this machine; files are only added."""
        return self.root / "verdicts"

    @property
    def server(self) -> Path:
        """The embedded graph server's data, password, log and state."""
        return self.root / "server"

    @property
    def cache(self) -> Path:
        """What can be computed again: vectors by text hash and encoder digest."""
        return self.root / "cache"

    def prepare(self) -> None:
        """Make the folders; InputError that says what to do if they cannot be made or written."""
        for folder in (self.root, self.builds, self.reviews, self.verdicts, self.server, self.cache):
            private = folder == self.server
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
            except OSError as error:
                raise InputError(_unwritable(folder, error)) from error
            if not os.access(folder, os.W_OK | os.X_OK):
                raise InputError(_unwritable(folder, "没有写权限"))

    def build_path(self, build_id: str) -> Path:
        """Where a build with that id is or would be; InputError if it is no build id."""
        if not _BUILD_ID.fullmatch(build_id):
            raise InputError(f"不是构建 id: {build_id!r}；应为 6 至 64 位十六进制数字")
        return self.builds / build_id

    def build_ids(self) -> list[str]:
        """The builds that are there, sorted."""
        if not self.builds.is_dir():
            return []
        return sorted(p.name for p in self.builds.iterdir() if p.is_dir() and _BUILD_ID.fullmatch(p.name))

    def current_id(self) -> str | None:
        """The id of the build in use, None if none was chosen yet."""
        try:
            text = (self.root / "current").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"读不出 {self.root / 'current'}: {error}；请重新运行 yilun build") from error
        if not _BUILD_ID.fullmatch(text):
            raise InputError(f"{self.root / 'current'} 的内容 {text!r} 不是构建 id；请重新运行 yilun build")
        return text

    def build(self, option: str | None = None) -> Path:
        """The folder of a build: the one in use, or the only one whose id begins with `option`."""
        if option is not None:
            found = [build_id for build_id in self.build_ids() if build_id.startswith(option)]
            if len(found) == 1:
                return self.builds / found[0]
            what = f"有 {len(found)} 个构建的 id 以它开头" if found else "没有这个构建"
            known = "、".join(self.build_ids()) or "无"
            raise InputError(f"--build {option}: {what}；{self.builds} 中现有: {known}")
        build_id = self.current_id()
        if build_id is None:
            raise MissingBuildError(
                f"{self.root} 中还没有构建；请先运行 yilun build（或用 --home 指定另一状态目录）"
            )
        path = self.build_path(build_id)
        if not path.is_dir():
            raise MissingBuildError(f"当前构建 {build_id} 不在 {self.builds}；请重新运行 yilun build")
        return path

    def switch(self, build_id: str) -> None:
        """Make a build the one in use. A reader sees the old id or the new one, never anything between."""
        if not self.build_path(build_id).is_dir():
            raise MissingBuildError(f"不能切换到构建 {build_id}: {self.builds} 中没有它")
        write_atomically(self.root / "current", build_id + "\n")

    @contextmanager
    def build_lock(self) -> Iterator[None]:
        """Held while a build is written; InputError at once if another process holds it."""
        self.prepare()
        with exclusive(
            self.builds / ".lock", f"另一个进程正在 {self.root} 中构建；请等它结束，或用 --home 另选目录"
        ):
            yield


@contextmanager
def exclusive(path: Path, busy: str, *, timeout: float = 0) -> Iterator[None]:
    """Hold a lock file; InputError with the given message if it is still taken after `timeout` seconds."""
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=timeout)
    try:
        lock.acquire()
    except Timeout as error:
        raise InputError(busy) from error
    except OSError as error:
        raise InputError(_unwritable(path, error)) from error
    try:
        yield
    finally:
        lock.release()


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace a small file: after a crash it holds the old text or the new one, and it is on the disk."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise InputError(_unwritable(path, error)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            temporary.chmod(mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(_unwritable(path, error)) from error
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to the disk: a new or renamed file is there only with them."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unwritable(path: Path, reason: object) -> str:
    return f"写不了 {path}: {reason}；请改正权限，或用 --home / YILUN_HOME 指定一个可写的文件夹"
