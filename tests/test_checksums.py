"""Checksums of results: every change is noticed, and a file without a checksum is taken as it is."""

import re
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unitdisc.checksums import beside, checked, sealing
from unitdisc.errors import InputError


def written(path, content=b"utterance\tunits\na\t1 2 3\n"):
    with sealing(path):
        path.write_bytes(content)
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.binary(min_size=1, max_size=40), st.data())
def test_every_flipped_bit_and_every_cut_is_told(tmp_path, content, data):
    path = written(tmp_path / "x.tsv", content)
    assert checked(path, "unitdisc encode --help") == path
    place = data.draw(st.integers(0, len(content) - 1))
    flipped = bytearray(content)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    for changed in (bytes(flipped), content[:place], content + b"\n", content + content):
        path.write_bytes(changed)
        with pytest.raises(InputError, match="is not as unitdisc wrote it"):
            checked(path, "unitdisc encode --help")


def test_the_line_says_what_to_do(tmp_path):
    path = written(tmp_path / "x.tsv")
    path.write_bytes(b"edited")
    line = f"{path}: is not as unitdisc wrote it: cut, damaged or edited; make it anew: unitdisc encode --help; or, if"
    line += f" you changed it on purpose: rm {beside(path)}"
    with pytest.raises(InputError, match=f"^{re.escape(line)}$"):
        checked(path, "unitdisc encode --help")
    beside(path).unlink()
    assert checked(path, "") == path


@pytest.mark.parametrize("name", ["a b.tsv", "it's.tsv", "$(rm x).tsv", "ö;&.tsv"])
def test_the_command_of_the_line_is_one_that_a_shell_can_run(tmp_path, name):
    (tmp_path / "re sults").mkdir()
    path = written(tmp_path / "re sults" / name)
    path.write_bytes(b"edited")
    with pytest.raises(InputError) as told:
        checked(path, "unitdisc encode --help")
    subprocess.run(["sh", "-c", f"rm {str(told.value).rpartition(': rm ')[2]}"], check=True)
    assert checked(path, "") == path
    assert path.read_bytes() == b"edited"


def test_a_damaged_checksum_is_told_and_a_missing_file_is_not(tmp_path):
    path = written(tmp_path / "x.tsv")
    beside(path).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is not as unitdisc wrote it"):
        checked(path, "")
    path.unlink()
    beside(path).write_text("0 0\n")
    assert checked(path, "") == path


def test_a_block_that_fails_leaves_no_checksum_of_before(tmp_path):
    path = written(tmp_path / "x.tsv")
    with pytest.raises(KeyboardInterrupt), sealing(path):
        path.write_bytes(b"half")
        raise KeyboardInterrupt
    assert not beside(path).exists()
    assert checked(path, "") == path
