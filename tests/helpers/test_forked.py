"""Commands from a process that has imported the packages already run as they would from a start of Python."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import forked
from tests.helpers.pipeline import environment

pytestmark = pytest.mark.skipif(forked.commands() is None, reason="the system has no pidfd_open")
waiting = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


@pytest.fixture
def started(tmp_path):
    """Start a command that runs a text of Python in place of unitdisc's own, by a package of that name."""
    processes = []

    def start(text, *arguments, **settings):
        package = tmp_path / "unitdisc"
        (package / "cli").mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
        (package / "cli/__init__.py").write_text(
            "import sys\n\n\ndef main():\n" + "".join(f"    {line}\n" for line in text.splitlines())
        )
        env = environment(tmp_path) | settings.pop("env", {})
        process = subprocess.Popen(
            ["unitdisc", *arguments], env=env, cwd=tmp_path, stdin=-1, stdout=-1, stderr=-1, text=True, **settings
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_arguments_files_folder_and_variables_are_those_of_the_caller(started, tmp_path):
    text = (
        "import os\nprint(*sys.argv[1:], os.getcwd(), os.environ['A'], sys.stdin.read())\nprint('no', file=sys.stderr)"
    )
    out, err = started(text, "x y", "é", env={"A": "b"}).communicate("given")
    assert out == f"x y é {tmp_path} b given\n"
    assert err == "no\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [("pass", 0), ("sys.exit(3)", 3), ("raise KeyError('k')", 1), ("import os\nos.kill(os.getpid(), 9)", -9)],
)
def test_the_exit_code_is_that_of_the_command(started, text, code):
    process = started(text)
    _, err = process.communicate()
    assert process.returncode == code
    assert ("KeyError: 'k'" in err) == (code == 1)


def test_large_packages_are_there_already_and_unitdisc_is_not(started, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/tmp")  # as PyTorch sets it where something was compiled
    text = "print('torch' in sys.modules, [name for name in sys.modules if name.startswith('unitdisc.')])"
    assert started(text).communicate()[0] == "True ['unitdisc.cli']\n"


@pytest.mark.parametrize("change", [{"env": {"PYTHONHASHSEED": "1"}}, {"start_new_session": True}])
def test_a_caller_of_another_kind_starts_a_python(started, change):
    assert started("print('torch' in sys.modules)", **change).communicate()[0] == "False\n"


# A job in the background of a shell ignores Ctrl-C, and so does what it starts.
no_interrupts = pytest.mark.skipif(signal.getsignal(signal.SIGINT) == signal.SIG_IGN, reason="SIGINT is ignored here")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, pytest.param(signal.SIGINT, marks=no_interrupts)])
def test_a_signal_to_the_caller_reaches_the_command(started, number):
    process = started(f"try:\n    {waiting}\nfinally:\n    print('ended')")
    process.stdout.readline()
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == -number
    assert out == ("ended\n" if number == signal.SIGINT else "")


def test_a_command_ends_with_its_caller_and_is_of_its_group(started):
    process = started(waiting)
    running = int(process.stdout.readline())
    assert os.getpgid(running) == os.getpgid(process.pid)
    ended = os.pidfd_open(running)
    process.kill()
    assert select.select([ended], [], [], 20)[0]
    os.close(ended)


def test_the_server_ends_with_the_process_that_started_it():
    text = "from tests.helpers import forked; print(forked.commands(), flush=True); import time; time.sleep(60)"
    owner = subprocess.Popen([sys.executable, "-c", text], env=environment(), stdout=-1, text=True)
    folder = owner.stdout.readline().strip()
    assert "commands" in subprocess.run([f"{folder}/unitdisc", "--help"], capture_output=True, text=True).stdout.lower()
    owner.kill()
    owner.communicate()
    find = ["pgrep", "-f", str(Path(folder) / "server")]
    end = time.monotonic() + 20
    while subprocess.run(find, capture_output=True).stdout and time.monotonic() < end:
        time.sleep(0.1)
    assert not subprocess.run(find, capture_output=True).stdout
