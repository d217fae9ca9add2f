"""Progress: a bar on a terminal, nothing elsewhere."""

import io

import pytest

from unitdisc.progress import track


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_without_a_terminal_the_items_come_as_they_are(capsys):
    items = [3, 1, 2]
    assert track(items, "counting") is items
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("total", [None, 3])
def test_a_terminal_shows_a_bar_on_standard_error_alone(monkeypatch, capsys, total):
    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    assert list(track(iter([3, 1, 2]), "counting", total=total)) == [3, 1, 2]
    assert "counting" in terminal.getvalue()
    assert capsys.readouterr().out == ""
