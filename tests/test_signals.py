"""Signals that end a command, as an exception or after what is under way."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from tests.helpers.pipeline import environment
from unitdisc import signals
from unitdisc.files import writing
from unitdisc.signals import Ended, end_on, ending, ignore, noted

pytestmark = pytest.mark.usefixtures("handlers")


@pytest.mark.parametrize("number", signals.asking)
def test_a_signal_ends_a_block_and_leaves_no_temporary_file(tmp_path, number):
    before = signal.getsignal(number)
    with pytest.raises(Ended) as end, ending(75), writing(tmp_path / "x") as file:
        file.write("half")
        os.kill(os.getpid(), number)
    assert (end.value.code, end.value.name) == (75, number.name)
    assert not list(tmp_path.iterdir())
    assert signal.getsignal(number) == before


def test_without_a_code_it_is_that_of_a_shell():
    end_on(signal.SIGTERM)
    with pytest.raises(Ended) as end:
        os.kill(os.getpid(), signal.SIGTERM)
    assert end.value.code == 143


SWALLOWED = """
import ctypes, os, signal, sys, time, weakref
from unitdisc.signals import Ended, end_on, ignore

class Object:
    pass

class Final:
    def __del__(self):
        arrive()

def arrive(*_):
    os.kill(os.getpid(), signal.SIGTERM)
    sum(range(1000))
    return 0

def finaliser():
    Final()

def reference():
    value = Object()
    kept = weakref.ref(value, arrive)
    del value

def compiled():
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(arrive)
    ctypes.CDLL(None).qsort((ctypes.c_int * 3)(3, 2, 1), 3, 4, compare)

def everything():
    try:
        arrive()
    except BaseException:
        pass

end_on(signal.SIGTERM)
try:
    try:
        {where}()
        end = time.monotonic() + 20
        while time.monotonic() < end:
            pass
        print("went on")
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.3)
        print("cleaned up")
except Ended as end:
    ignore()
    time.sleep(0.2)
    print("ended", end.code)
"""


@pytest.mark.parametrize("where", ["finaliser", "reference", "compiled", "everything"])
def test_a_signal_whose_exception_is_swallowed_ends_a_command_all_the_same_and_lets_it_clean_up(where):
    command = [sys.executable, "-c", SWALLOWED.replace("{where}", where)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("cleaned up\nended 143\n", "")


def test_other_errors_of_finalisers_are_reported_as_ever():
    text = """
import signal
from unitdisc.signals import end_on
class Final:
    def __del__(self):
        raise ValueError("not from a signal")
end_on(signal.SIGTERM)
Final()
"""
    done = subprocess.run([sys.executable, "-c", text], env=environment(), capture_output=True, text=True, check=True)
    assert "ValueError: not from a signal" in done.stderr


def test_a_timer_of_somebody_else_stays():
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        ignore()
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_noted_signals_do_nothing_else():
    with noted() as found:
        assert found.names == []
        for number in (signal.SIGUSR1, signal.SIGTERM):
            os.kill(os.getpid(), number)
        assert found.names == ["SIGUSR1", "SIGTERM"]


def test_a_process_at_its_end_is_not_disturbed():
    with ending(75), noted() as found:
        ignore()
        os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    assert found.names == []


def test_another_thread_leaves_the_handlers_as_they_are():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work():
        with ending(75), noted() as found:
            end_on(signal.SIGTERM)
            seen.append((signal.getsignal(signal.SIGTERM), found.names))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(before, [])]
