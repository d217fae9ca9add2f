"""The resume file: complete or not written, and never another one than was saved."""

import re

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.full_disks import small_disk
from unitdisc.errors import InputError
from unitdisc.training import checkpoint

state = {"weights": torch.arange(40.0), "step": 3, "rows": [{"epoch": 1, "loss": 0.5}]}


def same(found):
    return found["weights"].equal(state["weights"]) and (found["step"], found["rows"]) == (3, state["rows"])


def test_what_is_saved_is_loaded(tmp_path):
    checkpoint.save(tmp_path / "resume.pt", "digest", state)
    assert same(checkpoint.load(tmp_path / "resume.pt", "digest"))
    assert checkpoint.load(tmp_path / "other.pt", "digest") is None
    with pytest.raises(InputError, match="belongs to a training with another configuration"):
        checkpoint.load(tmp_path / "resume.pt", "another")
    spaced = tmp_path / "my results.pt"
    spaced.write_bytes(b"junk")
    with pytest.raises(InputError, match=f"to start anew: rm '{re.escape(str(spaced))}'$"):  # for a shell
        checkpoint.load(spaced, "digest")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(st.data())
def test_a_flipped_bit_never_goes_on_to_another_model(tmp_path, data):
    path = tmp_path / "resume.pt"
    if not path.exists():
        checkpoint.save(path, "digest", state)
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (tmp_path / "flipped.pt").write_bytes(content)
    try:
        found = checkpoint.load(tmp_path / "flipped.pt", "digest")
    except InputError as error:
        assert "is not a resume file, or is corrupt; to start anew: rm " in str(error)  # noqa: PT017
    else:
        assert same(found)  # a bit that nothing depends on, such as one of the padding


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_file_that_was_cut_is_told(tmp_path, share):
    path = tmp_path / "resume.pt"
    checkpoint.save(path, "digest", state)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(InputError, match="is not a resume file, or is corrupt"):
        checkpoint.load(path, "digest")


@pytest.mark.parametrize("numbers", [10**5, 10**6])
def test_a_full_disk_is_told_and_the_file_of_before_stays(tmp_path, numbers):
    with small_disk(tmp_path / "disk", "300k") as disk:
        path = disk / "resume.pt"
        checkpoint.save(path, "digest", state)
        with pytest.raises(OSError, match="No space left on device") as told:
            checkpoint.save(path, "digest", {"weights": torch.zeros(numbers)})
        assert told.value.filename == str(path)
        assert [entry.name for entry in disk.iterdir()] == ["resume.pt"]
        assert same(checkpoint.load(path, "digest"))
