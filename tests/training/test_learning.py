"""Learning of the vector-quantised model: what is said before it starts."""

import pytest

from tests.helpers.training import model, utterances
from unitdisc.layout import RunFolder
from unitdisc.training import learning, loop, processes


@pytest.mark.parametrize(("codewords", "told"), [(1153, True), (4096, True), (1152, False), (16, False)])
def test_fewer_tokens_than_codewords_are_told(tmp_path, monkeypatch, caplog, codewords, told):
    train = utterances()  # 24 of 96 frames: 1152 tokens of two frames
    monkeypatch.setattr(loop, "train", lambda trainer, run, digest: trainer)
    settings = model(bottleneck={"codewords": codewords})
    learning._learn(settings, train, None, RunFolder(tmp_path), {"inputs": 6, "labels": 0}, seed=0, digest="")
    line = f"notice: train has 1152 tokens for {codewords} codewords: most stay unused, and re-estimation lacks vectors"
    assert [record.getMessage() for record in caplog.records] == ([line] if told else [])


def test_one_process_of_several_tells(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(loop, "train", lambda trainer, run, digest: trainer)
    settings = model(bottleneck={"codewords": 99})
    for rank, expected in ((1, 0), (0, 1)):
        monkeypatch.setattr(processes, "rank", lambda rank=rank: rank)
        monkeypatch.setattr(processes, "together", lambda: False)
        train = utterances(2, 96)
        learning._learn(settings, train, None, RunFolder(tmp_path), {"inputs": 6, "labels": 0}, seed=0, digest="")
        assert len(caplog.records) == expected
