"""Signals that end a command, as an exception or after what is under way."""

import os
import signal
import threading

import pytest

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
