"""Start commands from a process that has imported the large packages: PyTorch alone takes two seconds of each start.

``commands()`` returns a folder of programs ``unitdisc`` and ``snakemake``, to be put first on PATH. Each asks a server for
a fork that runs the real program with the caller's arguments, environment, folder, process group and standard files;
signals are passed on, and the fork ends with its caller. The server has imported nothing of unitdisc, so a command runs
the package that its PYTHONPATH names. A caller of another session, or one that sets up Python or the libraries of numbers
in another way, starts the real program.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import types
from pathlib import Path

packages = ("torch", "torchaudio", "pandas", "pydantic", "typer", "kaldiio", "soundfile", "PIL.Image", "numba", "scipy")
packages += ("safetensors.torch", "snakemake.cli", "snakemake.workflow", "snakemake.scheduling.job_scheduler")
names = ("unitdisc", "snakemake")
read_at_a_start = r"(PYTHON(?!PATH=)|NUMBA|OMP|MKL)(?!_NUM_THREADS=1$)"  # of variables; one thread is here
at_first = dict(os.environ)  # before any test changes it
passed_on = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP)
program = """#!{python} -IS
import json, os, re, signal, socket, sys

real = {real!r}
settings = sorted(each for each in map("=".join, os.environ.items()) if re.match({pattern!r}, each))
server = socket.socket(socket.AF_UNIX)
if os.getsid(0) != {session} or settings != {own!r} or server.connect_ex({address!r}):
    os.execv(real, [real, *sys.argv[1:]])
ignored = [number for number in {passed_on!r} if signal.getsignal(number) == signal.SIG_IGN]
text = json.dumps([real, sys.argv, os.getcwd(), dict(os.environ), os.getpgid(0), ignored]).encode()
socket.send_fds(server, [len(text).to_bytes(8, "big")], [0, 1, 2])
server.sendall(text)
for number in {passed_on!r}:
    signal.signal(number, lambda number, _: server.sendall(bytes([number])))
code = int.from_bytes(server.recv(4, socket.MSG_WAITALL), "big", signed=True)
if code < 0:
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


@functools.cache
def commands() -> str | None:
    """Start the server, which ends with this process, and return the folder; None where the system cannot do it."""
    if (
        not hasattr(os, "pidfd_open") or " " in sys.executable or len(sys.executable) > 100
    ):  # for the first line of a script
        return None
    folder = tempfile.TemporaryDirectory(prefix="forked-")
    atexit.register(folder.cleanup)
    address = str(Path(folder.name) / "server")
    environment = {name: value for name, value in at_first.items() if name != "PYTHONPATH"} | {"OMP_NUM_THREADS": "1"}
    server = subprocess.Popen([sys.executable, __file__, address], env=environment, stdin=-1, stdout=-1)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    own = sorted(each for each in map("=".join, environment.items()) if re.match(read_at_a_start, each))
    for name in names:
        path, real = Path(folder.name) / name, str(Path(sys.executable).parent / name)
        path.write_text(program.format(
            python=sys.executable, real=real, pattern=read_at_a_start, own=own, session=os.getsid(0), address=address,
            passed_on=tuple(map(int, passed_on)),
        ))  # fmt: skip
        path.chmod(0o755)
    return folder.name


def serve(address: str) -> str:
    """Answer callers until standard input ends; return, in the fork for a caller, the program to run."""
    os.setpgid(0, 0)  # a group that is killed is not that of the server
    for name in packages:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            caller, _ = listener.accept()
            if not os.fork():
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                return answer(caller)
            caller.close()
    os._exit(0)


def answer(caller: socket.socket) -> str:
    """Fork the process of a command, and return its program there; here, wait for its end and tell the caller."""
    length, files, _, _ = socket.recv_fds(caller, 8, 3)
    text = caller.recv(int.from_bytes(length, "big"), socket.MSG_WAITALL)
    if not (process := os.fork()):
        caller.close()
        return become(files, *json.loads(text))
    for file in (0, 1, 2, *files):
        os.close(file)
    ended = os.pidfd_open(process)
    while ended not in (ready := select.select([ended, caller], [], [])[0]):
        if caller in ready:
            numbers = caller.recv(8)
            for number in numbers or [signal.SIGKILL]:
                os.kill(process, number)
            if not numbers:
                os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    caller.sendall(code.to_bytes(4, "big", signed=True))
    os._exit(0)


def become(
    files: list[int],
    real: str,
    arguments: list[str],
    folder: str,
    environment: dict[str, str],
    group: int,
    ignored: list[int],
) -> str:
    """Be in this process what the caller would have started."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    for number in passed_on:
        usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN if number in ignored else usual)
    os.setpgid(0, group)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    given = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [str(Path(real).parent), *filter(None, given)]
    sys.argv = arguments
    return real


def run(program: str) -> None:
    """Run a program as this process, as runpy does, which would put the program's own path into sys.argv."""
    main = types.ModuleType("__main__")
    main.__file__ = program
    sys.modules["__main__"] = main
    exec(compile(Path(program).read_bytes(), program, "exec"), vars(main))


if __name__ == "__main__":
    run(serve(sys.argv[1]))
