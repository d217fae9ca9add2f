import json
import os
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.pipeline import tiny
from unitdisc.config.load import check_config, read_config
from unitdisc.errors import InputError
from unitdisc.layout import Results
from unitdisc.steps.settings_files import SettingsFiles, unused_days
from unitdisc.steps.workflow import Plan

longest_word = 131_071  # of a command line, on Linux


def many(folder, models):
    """The tiny experiment with so many models of the same settings."""
    values = yaml.safe_load(tiny(folder).read_text())
    values["models"] = {f"m{number}": values["models"]["vq"] for number in range(models)}
    values["runs"] = {"speech": list(values["models"])}
    return values


def test_settings_of_any_length_are_a_short_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    experiment = check_config(many(tmp_path, 300))
    plan = Plan(experiment)
    assert len(plan.settings("collect")) > longest_word
    for step in ("collect", "report"):
        path = plan.settings_file(step, write=True)
        assert len(path) < 100
        assert read_config(path) == experiment


@pytest.mark.parametrize("step", ["corpus", "features", "encode", "score", "collect"])
def test_a_file_holds_what_its_step_reads_and_moves_when_that_changes(tmp_path, monkeypatch, step):
    monkeypatch.chdir(tmp_path)
    values = many(tmp_path, 2)
    where = () if step == "collect" else ("speech", "m1")
    path = Plan(check_config(values)).settings_file(step, *where, write=True)
    assert json.loads((tmp_path / path).read_text()) == json.loads(Plan(check_config(values)).settings(step, *where))
    values["report"] = {"title": "another"}
    assert (Plan(check_config(values)).settings_file(step, *where, write=False) == path) == (step != "collect")
    values["corpora"]["speech"]["root"] = "elsewhere"
    assert Plan(check_config(values)).settings_file(step, *where, write=False) != path


def test_a_dry_run_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Plan(check_config(many(tmp_path, 1))).settings_file("collect", write=False)
    assert not (tmp_path / "results").exists()


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_different_settings_have_different_files(tmp_path_factory, texts):
    files = SettingsFiles(Results(tmp_path_factory.mktemp("files")))
    texts = [json.dumps(text) for text in texts]
    for text in texts:
        files.write(text)
    assert len({files.path(text) for text in texts}) == len(set(texts))
    assert [files.path(text).read_text() for text in texts] == texts


def test_a_file_cut_in_half_is_written_again(tmp_path):
    files = SettingsFiles(Results(tmp_path))
    files.write('{"seeds": [0]}')
    path = files.path('{"seeds": [0]}')
    path.write_text('{"seed')
    SettingsFiles(Results(tmp_path)).write('{"seeds": [0]}')
    assert path.read_text() == '{"seeds": [0]}'


def test_files_that_no_run_used_for_long_are_removed(tmp_path):
    files = SettingsFiles(Results(tmp_path))
    for text in ("old", "used", "young"):
        files.write(text)
    long_ago = time.time() - (unused_days + 1) * 86_400
    for text in ("old", "used"):
        os.utime(files.path(text), (long_ago, long_ago))
    later = SettingsFiles(Results(tmp_path))
    later.write("used")  # as the first, so that nothing is cleared before it counts as used
    SettingsFiles(Results(tmp_path)).write("new")
    assert {path.read_text() for path in files.path("new").parent.iterdir()} == {"used", "young", "new"}


def test_a_settings_file_that_is_broken_is_told(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"corpora": ')
    with pytest.raises(InputError, match=r"a\.json: is not JSON"):
        read_config(str(path))
    path.write_text("[]")
    with pytest.raises(InputError, match="holds no settings"):
        read_config(str(path))


def test_a_path_may_begin_with_a_brace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = many(tmp_path, 1) | {"results": "{x} y"}
    plan = Plan(check_config(values))
    assert read_config(plan.settings_file("collect", write=True)) == plan.experiment
