"""A Slurm on this machine alone, of two nodes with pretend GPUs, in a folder of its own beside any other Slurm.

``python -m tests.slurm.cluster`` starts one, prints how to use it, and ends it and all its jobs when standard input
ends, or at Ctrl-C. ``--check`` says only whether the programs are there.
"""

import ctypes
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.slurm import files

needed = ("munged", "slurmctld", "slurmd", "srun", "sbatch")
for_accounting = ("slurmdbd", "sacct", "mariadbd", "mariadb-install-db")
packages = ("slurm-wlm", "slurmdbd", "munge", "mariadb-server")
install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
child_subreaper = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)


class ClusterError(Exception):
    """A daemon of the cluster did not start."""


def path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


def missing(programs: tuple[str, ...]) -> list[str]:
    return [name for name in programs if not shutil.which(name, path=path())]


@dataclass
class Cluster:
    """The daemons of one cluster; a process has at most one at a time, for it takes in every orphan of its jobs."""

    folder: Path
    accounting: bool = field(default_factory=lambda: not missing(for_accounting))
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """The environment in which Slurm's commands reach this cluster."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SBATCH", "SRUN"))}
        return others | {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": f"{self.folder}/bin:{path()}"}

    def start(self) -> None:
        """Start the daemons one after the other, each when the one before answers."""
        ctypes.CDLL(None).prctl(child_subreaper, 1, 0, 0, 0)
        ports = files.free_ports()
        files.write(self.folder, ports, accounting=self.accounting)
        here = self.folder
        self._daemon("munged", *munge(here), ready=lambda: (here / "munge.socket").is_socket())
        if self.accounting:
            self._database(ports)
        self._daemon("slurmctld", "-D", ready=lambda: "UP" in self.call("scontrol", "ping"))
        for node in files.nodes:
            self._daemon("slurmd", "-D", "-N", node, ready=lambda: True, name=node)
        states = ["sinfo", "--noheader", "--Node", "--partition=normal", "--format=%T"]
        self._wait("slurmd", lambda: self.call(*states).split() == ["idle"] * len(files.nodes))

    def _database(self, ports: files.Ports) -> None:
        """Start MariaDB on a new folder, and the accounting that stores in it."""
        options = ["--no-defaults", "--user=root", f"--datadir={self.folder}/database", "--skip-name-resolve"]
        options += ["--innodb-log-file-size=8M"]
        made = ["mariadb-install-db", *options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run(made, env=self.variables, check=True, capture_output=True)
        options += [f"--port={ports.database}", "--bind-address=127.0.0.1", f"--socket={self.folder}/database.socket"]
        self._daemon("mariadbd", *options, ready=lambda: listens(ports.database))
        self._daemon("slurmdbd", "-D", ready=lambda: listens(ports.accounting))

    def _daemon(self, program: str, *options: str, ready: Callable[[], bool], name: str | None = None) -> None:
        """Start a daemon that ends when this process does, and wait until it is ready."""
        name = name or program
        with (self.folder / f"{name}.out").open("wb") as out:
            self.daemons[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", program, *options],
                env=self.variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        self._wait(name, ready)

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not ready():
            ended = [one for one, daemon in self.daemons.items() if daemon.poll() is not None]
            if ended or time.monotonic() > deadline:
                name = ended[0] if ended else name
                raise ClusterError(f"{name} does not run: {self._last_words(name)}")
            time.sleep(0.1)

    def _last_words(self, name: str) -> str:
        path = self.folder / f"{name}.out"
        lines = path.read_text(errors="replace").split("\n") if path.exists() else []
        return " / ".join([line for line in lines if line.strip("\0 ")][-3:])

    def call(self, *command: str) -> str:
        """Run one of Slurm's commands and return what it prints; nothing if it fails."""
        done = subprocess.run(command, env=self.variables, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout if done.returncode == 0 else ""

    def stop(self) -> None:
        """End all jobs, the daemons, and every process that one of them left behind; remove the folder."""
        if "slurmctld" in self.daemons:
            self.call("scancel", "--me")
            deadline = time.monotonic() + 20
            while self.call("squeue", "--noheader") and time.monotonic() < deadline:
                time.sleep(0.2)
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(10)
            daemon.kill()
            daemon.wait()
        while left := children():
            for process in left:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
        shutil.rmtree(self.folder)

    def reap(self) -> None:
        """Let go of the processes that have ended since their parents, a job's, did."""
        for process in children() - {daemon.pid for daemon in self.daemons.values()}:
            os.waitpid(process, os.WNOHANG)


def munge(folder: Path) -> list[str]:
    names = ("socket", "pid-file", "log-file", "seed-file", "key-file")
    return ["--foreground", *(f"--{name}={folder}/munge.{name.removesuffix('-file')}" for name in names)]


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def children() -> set[int]:
    """Return the processes whose parent is this one, as the daemons are, and what jobs left behind."""
    found = set()
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(entry.name))
    return found


@contextmanager
def running() -> Iterator[Cluster]:
    """A cluster that runs as long as the block does, and is gone afterwards whatever happened in it."""
    folder = Path(tempfile.mkdtemp(prefix="slurm."))
    folder.chmod(0o711)  # munge wants its socket where all can reach it
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        cluster.stop()


def serve(cluster: Cluster) -> None:
    """Wait until standard input ends."""
    while not select.select([sys.stdin], [], [], 1)[0] or os.read(sys.stdin.fileno(), 1024):
        cluster.reap()


def main(arguments: list[str]) -> int:
    if missing(needed) and "--install" in arguments:
        subprocess.run(install, check=False)
    if lacking := missing(needed):
        print(f"there is no {', '.join(lacking)} here; as root: {' '.join(install)}", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("a Slurm for tests is started by root alone", file=sys.stderr)
        return 2
    if "--check" in arguments:
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with running() as cluster:
            print(f"export SLURM_CONF={cluster.variables['SLURM_CONF']} PATH={cluster.folder}/bin:$PATH", flush=True)
            serve(cluster)
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
