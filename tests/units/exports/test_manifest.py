"""The manifest of an exported folder: what a check of it finds."""

import errno

import pytest

from unitdisc.errors import InputError
from unitdisc.units.exports import manifest


def test_check_finds_what_is_changed_missing_and_added(tmp_path):
    folder = tmp_path / "units"
    with manifest.atomic_folder(folder, {}) as new:
        for name in ("fairseq/dict.txt", "fairseq/dev.km", "jsonl/dev.jsonl"):
            (new / name).parent.mkdir(exist_ok=True)
            (new / name).write_text(name)
    assert manifest.check(folder) == []
    (folder / "jsonl/dev.jsonl").write_text("{}\n")
    (folder / "fairseq/dict.txt").unlink()
    (folder / "more").write_text("")
    assert manifest.check(folder) == ["fairseq/dict.txt", "jsonl/dev.jsonl", "more"]
    for wrong, message in (
        ("[]", 'has no "files"'),
        ("{}", 'has no "files"'),
        ("{", "is not JSON"),
        (None, "no such file"),
    ):
        (folder / "manifest.json").unlink()
        if wrong:
            (folder / "manifest.json").write_text(wrong)
        with pytest.raises(InputError, match=message):
            manifest.check(folder)
        (folder / "manifest.json").touch()


@pytest.mark.parametrize("name", ["a.txt", None])
def test_an_error_of_the_disk_names_the_file_as_it_would_be(tmp_path, name):
    with pytest.raises(OSError, match="No space") as error, manifest.atomic_folder(tmp_path / "out", {}) as new:
        raise OSError(errno.ENOSPC, "No space left on device", name and str(new / name))
    assert error.value.filename == str(tmp_path / "out" / (name or ""))
    assert list(tmp_path.iterdir()) == []
