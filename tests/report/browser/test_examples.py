"""Excerpts: their sound and their pictures."""

import base64
import io
from pathlib import Path

import numpy as np
import soundfile

from tests.helpers import report_results
from tests.helpers.report_page import data_of
from unitdisc.config import Experiment
from unitdisc.report.page import render


def test_sound_is_the_recording(plan: Experiment, page: str) -> None:
    excerpts = data_of(page)["corpora"][0]["excerpts"]
    for excerpt in excerpts[:3]:
        kind, content = excerpt["sound"].split(";base64,")
        assert kind in ("data:audio/mpeg", "data:audio/flac")
        heard, rate = soundfile.read(io.BytesIO(base64.b64decode(content)))
        true, own = soundfile.read(plan.results / "talk/source" / f"{excerpt['utterance']}.wav")
        assert rate == own
        assert abs(len(heard) - len(true)) <= 1
        shorter = min(len(heard), len(true))
        assert np.corrcoef(heard[:shorter], true[:shorter])[0, 1] > 0.95
    assert not any(excerpt["sound"] for excerpt in data_of(page)["corpora"][1]["excerpts"])


def test_without_the_recordings_the_stored_features_are_drawn(tmp_path: Path) -> None:
    plan = report_results.write(report_results.experiment(tmp_path / "r", runs={"talk": ["vq"]}))
    for file in (plan.results / "talk/source").iterdir():
        file.unlink()
    excerpts = data_of(render(plan))["corpora"][0]["excerpts"]
    assert all(excerpt["picture"].startswith("data:image/jpeg") for excerpt in excerpts)
    assert not any(excerpt["sound"] for excerpt in excerpts)
