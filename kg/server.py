"""The embedded graph server: ArcadeDB from its Python package, run as a process of its own.

The process holds a lock on the data folder for as long as it lives (it inherits the locked file), so a
folder in use is known for certain, whatever the state file says and however the process ended.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import platform
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from kg.home import Home, write_atomically
from kg.problem import StoreError

PACKAGE = "arcadedb_embedded"
DATABASE = "neo4j"
USER = "root"  # the engine knows no other name for its first account
HOST = "127.0.0.1"
_POLL_SECONDS = 0.05
_PORT_ATTEMPTS = 4
_PORT_REFUSED = "Unable to listen for BOLT connections"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the embedded server is started; a port is demanded only where something outside relies on it."""

    heap: str = "1g"
    port: int | None = None
    start_seconds: float = 90.0
    stop_seconds: float = 20.0
    package: Path | None = None  # where the server's package lies; None looks it up


DEFAULTS = ServerOptions()


@dataclass(frozen=True, slots=True)
class ServerState:
    """What the state file records about the running process."""

    pid: int
    started: str  # start time as the system tells it, so that a reused pid is not mistaken for the server
    port: int
    detached: bool

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The recorded state, None if there is none that can be read."""
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            return cls(int(raw["pid"]), str(raw["started"]), int(raw["port"]), bool(raw["detached"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Record the state."""
        raw = {"pid": self.pid, "started": self.started, "port": self.port, "detached": self.detached}
        write_atomically(path, json.dumps(raw, sort_keys=True) + "\n", mode=0o600)


@dataclass(slots=True)
class EmbeddedServer:
    """A running server, and this process's share in it.

    A server that was not detached ends when the last process that opened it closes it; as a context
    manager it leaves nothing behind. A detached one runs until `stop`.
    """

    folder: Path
    state: ServerState
    password: str = field(repr=False)
    options: ServerOptions
    _share: int | None = field(default=None, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def open(cls, home: Home, options: ServerOptions = DEFAULTS, *, detached: bool = False) -> Self:
        """The server running on this home, or a new one; several commands at once share one server."""
        _package(options)
        home.prepare()
        deadline = time.monotonic() + options.start_seconds
        while True:
            server = cls.find(home, options)
            if server is not None:
                if detached and not server.state.detached:
                    server.state = replace(server.state, detached=True)
                    server.state.write(server.folder / "state.json")
                return server
            with _folder_lock(home.server) as lock:
                if lock is not None:
                    return cls._start(home.server, options, lock, detached=detached)
            if time.monotonic() > deadline:
                raise StoreError(_busy(home.server))
            time.sleep(_POLL_SECONDS)

    @classmethod
    def start(cls, home: Home, options: ServerOptions = DEFAULTS, *, detached: bool = False) -> Self:
        """A new server; StoreError if a living process already uses the data folder."""
        _package(options)
        home.prepare()
        deadline = time.monotonic() + 0.5  # another process that only looks holds the lock for an instant
        while True:
            with _folder_lock(home.server) as lock:
                if lock is not None:
                    return cls._start(home.server, options, lock, detached=detached)
            if time.monotonic() > deadline:
                raise StoreError(_busy(home.server))
            time.sleep(_POLL_SECONDS)

    @classmethod
    def find(cls, home: Home, options: ServerOptions = DEFAULTS) -> Self | None:
        """The server running on this home if it is alive and answers a query, else None."""
        folder = home.server
        if not (folder / "state.json").exists():
            return None
        share = _take_share(folder)
        state = ServerState.read(folder / "state.json")
        if (
            state is not None
            and _in_use(folder)
            and _start_time(state.pid) == state.started
            and (password := _read_password(folder)) is not None
            and _answers(state.port, password)
        ):
            return cls(folder, state, password, options, share)
        os.close(share)
        return None

    @classmethod
    def _start(cls, folder: Path, options: ServerOptions, lock: int, *, detached: bool) -> Self:
        package = _package(options)
        password = _password(folder)
        if options.port is not None and not _is_free(options.port):
            raise StoreError(
                f"端口 {HOST}:{options.port} 已被占用；请换一个端口，或不指定端口（自动选择空闲端口）"
            )
        for _ in range(_PORT_ATTEMPTS if options.port is None else 1):
            share = _take_share(folder)
            port = options.port or _free_port()
            (folder / "state.json").unlink(missing_ok=True)
            try:
                process = _launch(folder, package, port=port, password=password, heap=options.heap, lock=lock)
            except BaseException:
                os.close(share)
                raise
            state = ServerState(process.pid, _start_time(process.pid), port, detached)
            server = cls(folder, state, password, options, share, process)
            with server._ended_on_failure():
                state.write(folder / "state.json")
                if server._wait_until_ready():
                    return server
        raise StoreError(
            f"图服务器未能启动（端口 {port}）；日志见 {folder / 'log'}，末尾为:\n{_tail(folder / 'log')}"
        )

    @contextlib.contextmanager
    def _ended_on_failure(self) -> Iterator[None]:
        """Removes the file with the password; ends the process unless it came to answer."""
        try:
            yield
        except BaseException:
            self.stop()
            raise
        finally:
            for leftover in self.folder.glob(".args-*"):
                leftover.unlink(missing_ok=True)

    def _wait_until_ready(self) -> bool:
        """True once a query is answered; False if the port turned out to be taken; else StoreError."""
        assert self._process is not None
        deadline = time.monotonic() + self.options.start_seconds
        log = self.folder / "log"
        while time.monotonic() < deadline and self._process.poll() is None:
            if _PORT_REFUSED in _tail(log, 200):  # the process then stays, without a listener
                self.stop()
                return False
            if _answers(self.state.port, self.password):
                return True
            time.sleep(_POLL_SECONDS)
        exit_code = self._process.poll()
        self.stop()
        what = (
            f"在 {self.options.start_seconds:g} 秒内没有应答，已停止"
            if exit_code is None
            else f"启动后即退出（退出码 {exit_code}）"
        )
        raise StoreError(f"图服务器{what}；日志 {log}，末尾为:\n{_tail(log)}")

    @property
    def uri(self) -> str:
        """Where the server answers, for the official driver."""
        return f"bolt://{HOST}:{self.state.port}"

    @property
    def auth(self) -> tuple[str, str]:
        """User and password, for the official driver."""
        return (USER, self.password)

    def stop(self) -> None:
        """End the server, whoever else uses it: it is asked, waited for, then killed. Committed data stays."""
        self._end_process()
        path = self.folder / "state.json"
        recorded = ServerState.read(path)
        if recorded is None or recorded.pid == self.state.pid:
            path.unlink(missing_ok=True)
        self._drop_share()

    def _end_process(self) -> None:
        for number, seconds in ((signal.SIGTERM, self.options.stop_seconds), (signal.SIGKILL, 10.0)):
            if not self._is_alive():
                break
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.state.pid, number)
            deadline = time.monotonic() + seconds
            while self._is_alive() and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
        if self._is_alive():
            raise StoreError(f"图服务器（进程 {self.state.pid}）无法终止；请手动结束它")
        if self._process is not None:
            self._process.wait(10)

    def _is_alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return _start_time(self.state.pid) == self.state.started and _in_use(self.folder)

    def close(self) -> None:
        """Give up this process's share; the last one to go ends a server that was not detached."""
        if self._share is None:
            return
        # Another process may have started a new server after ours was killed; without a state file someone
        # deleted the folder, and whoever started the server still ends it.
        current = ServerState.read(self.folder / "state.json") or self.state
        if current.pid != self.state.pid:
            self.state, self._process = current, None
        if not current.detached and _is_last(self._share):
            self.stop()
        else:
            self._drop_share()

    def _drop_share(self) -> None:
        if self._share is not None:
            os.close(self._share)
            self._share = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _launch(
    folder: Path, package: Path, *, port: int, password: str, heap: str, lock: int
) -> subprocess.Popen[bytes]:
    data = folder / "data"
    data.mkdir(exist_ok=True, mode=0o700)
    arguments = [
        f"-Xmx{heap}",
        # Only the first compiler: a start takes 3 s of processor time instead of 5, loading 71,000 rows 21 s
        # instead of 34. The optimising one pays from about ten times as many rows.
        "-XX:TieredStopAtLevel=1",
        "-XX:-UsePerfData",  # would write the arguments to a file under /tmp
        "--add-modules",
        "jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        "-Djava.awt.headless=true",
        "-Dfile.encoding=UTF8",
        "-Darcadedb.server.rootPath=.",  # the working directory: no path of the user's has to be encoded
        f"-Darcadedb.server.rootPassword={password}",
        "-Darcadedb.server.mode=development",  # production mode hides every error text
        f"-Darcadedb.server.httpIncomingHost={HOST}",
        "-Darcadedb.server.httpIncomingPort=0",  # not used; the system picks one
        "-Darcadedb.server.plugins=Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        f"-Darcadedb.bolt.host={HOST}",
        f"-Darcadedb.bolt.port={port}",
        f"-Darcadedb.server.defaultDatabases={DATABASE}[{USER}]",
        "-Darcadedb.txWalFlush=1",
        "-cp",
        str(package / "jars" / "*"),
        "com.arcadedb.server.ArcadeDBServer",
    ]
    # In a file, since every local user can read a command line; mkstemp makes it for the owner only.
    handle, name = tempfile.mkstemp(dir=folder, prefix=".args-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(f"{_java_quoted(argument)}\n" for argument in arguments)
    log = folder / "log"
    with contextlib.suppress(FileNotFoundError):
        log.replace(folder / "log.1")
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:  # noqa: PTH123
        return subprocess.Popen(
            [str(package / "jre" / "bin" / "java"), f"@{name}"],
            cwd=data,
            env=_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C in a terminal ends the command, and the command the server
        )


def _java_quoted(argument: str) -> str:
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Without what would change the package's own JRE or what it loads."""
    foreign = ("JAVA", "_JAVA", "JDK_", "CLASSPATH")
    kept = {name: value for name, value in environ.items() if not name.startswith(foreign)}
    if sys.platform == "linux":
        kept["LC_ALL"] = "C.UTF-8"  # else Java cannot read a folder with a Chinese name under LANG=C
    return kept


def _package(options: ServerOptions) -> Path:
    """The folder of the server's package, with a JRE for this platform; StoreError if either is missing."""
    found = options.package
    if found is None and (spec := importlib.util.find_spec(PACKAGE)) is not None and spec.origin:
        found = Path(spec.origin).parent
    here = f"{platform.system()} {platform.machine()}"
    otherwise = "可设置 YILUN_NEO4J_URI 使用外部 Neo4j；不用图数据库时，法条、检索与引用核查仍可由构建文件和词法检索完成"
    if os.name != "posix":
        raise StoreError(f"内置图服务器只支持 Linux 和 macOS，本机为 {here}；{otherwise}")
    if found is None:
        raise StoreError(
            f"本机（{here}）没有安装 arcadedb-embedded，无法启动内置图服务器；"
            f"请运行 pip install arcadedb-embedded（支持 Linux x86_64/aarch64、macOS arm64）；{otherwise}"
        )
    if not (found / "jre" / "bin" / "java").is_file() or not (found / "jars").is_dir():
        raise StoreError(
            f"arcadedb-embedded（{found}）中没有适用于本机（{here}）的 JRE，无法启动内置图服务器；"
            f"请重新安装该包；{otherwise}"
        )
    return found


def _password(folder: Path) -> str:
    """The password kept for this data folder; a new one where there is none."""
    kept = _read_password(folder)
    if kept is not None:
        return kept
    password = secrets.token_urlsafe(24)
    write_atomically(folder / "password", password + "\n", mode=0o600)
    # The engine keeps the hash of the first password it was given; without this it would refuse the new one.
    (folder / "data" / "config" / "server-users.jsonl").unlink(missing_ok=True)
    return password


def _read_password(folder: Path) -> str | None:
    try:
        return (folder / "password").read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _answers(port: int, password: str) -> bool:
    """Whether a query is answered there under our password."""
    import neo4j
    import neo4j.exceptions

    if not _is_listening(port):
        return False
    try:
        with (
            neo4j.GraphDatabase.driver(
                f"bolt://{HOST}:{port}",
                auth=(USER, password),
                connection_timeout=2.0,
                connection_acquisition_timeout=10.0,
                max_transaction_retry_time=0.0,
                telemetry_disabled=True,
            ) as driver,
            driver.session(database=DATABASE) as session,
        ):
            record = session.run("RETURN 1 AS one").single()
            return record is not None and record["one"] == 1
    except (neo4j.exceptions.Neo4jError, neo4j.exceptions.DriverError, OSError):
        return False


def _is_listening(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT can be had
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _start_time(pid: int) -> str:
    """When a process started, in the system's own terms; empty if there is none with that pid."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return ""
        fields = stat.rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else f"{boot}:{fields[19]}"
    listed = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C"},
    )
    return listed.stdout.strip()


def _take_share(folder: Path) -> int:
    """A shared lock that says this process uses the server; waits while the last one ends it."""
    import fcntl

    share = os.open(folder / "clients", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(share, fcntl.LOCK_SH)
    return share


def _is_last(share: int) -> bool:
    """Whether nobody else uses the server; if so newcomers wait until the share is closed."""
    import fcntl

    try:
        fcntl.flock(share, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _folder_lock(folder: Path) -> Iterator[int | None]:
    """The locked file of the data folder, None if a living process holds it.

    A process started meanwhile with this descriptor keeps the lock after we close ours.
    """
    import fcntl

    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock
    finally:
        os.close(lock)


def _in_use(folder: Path) -> bool:
    """Whether a living process holds the data folder."""
    with _folder_lock(folder) as lock:
        return lock is None


def _busy(folder: Path) -> str:
    state = ServerState.read(folder / "state.json")
    who = f"进程 {state.pid}（端口 {state.port}）" if state else "另一个进程"
    return (
        f"图数据目录 {folder} 正被{who}使用，不能再启动一个服务器；"
        f"请等它就绪或结束该进程，或用 --home 另选状态目录；日志见 {folder / 'log'}"
    )


def _tail(path: Path, lines: int = 12) -> str:
    try:
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return "（没有日志）"
