"""Learning of the vector-quantised model: what is said before it starts, and the models that it starts from."""

import dataclasses

import numpy as np
import pytest
import torch

from tests.helpers.training import model, utterances
from unitdisc.errors import InputError
from unitdisc.features.handwriting import HandwritingSettings
from unitdisc.features.normalise import Normalised
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.encoders.dilated import DilatedSettings
from unitdisc.models.objectives.prediction import PredictionSettings
from unitdisc.training import learning, loop, processes
from unitdisc.training.batches import Utterances
from unitdisc.training.task import Task


def task(folder, settings, *, train=None, dev=None, **options):
    """A training on the utterances that other tests train on, whose index is a file of theirs."""
    matrices = (utterances() if train is None else train).matrices
    index = folder / "train.scp"
    index.write_text("".join(f"{name} x\n" for name in matrices))
    return Task(
        settings=settings,
        features=PrecomputedSettings(),
        train=matrices,
        dev=lambda: None if dev is None else dev.matrices,
        index=index,
        inputs=6,
        speakers=("s0",),
        speaker=dict.fromkeys(matrices, "s0"),
        run=RunFolder(folder / "run"),
        seed=0,
        **options,
    )


def learn(given):
    """Go on where the targets are known, without any; the trainer in place of a training."""
    known = Utterances(given.train, dict.fromkeys(given.train, 0))
    initial = given.settings.initial and learning._built_on(given, given.settings.initial)
    return learning._learn(given, known, None, {"inputs": 6, "labels": 0}, initial=initial, digest="", curve={})


@pytest.fixture
def untrained(monkeypatch):
    """Return the trainer in place of a training."""
    monkeypatch.setattr(loop, "train", lambda trainer, run, digest: trainer)


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize(("codewords", "told"), [(1153, True), (4096, True), (1152, False), (16, False)])
def test_fewer_tokens_than_codewords_are_told(tmp_path, caplog, codewords, told):
    settings = model(bottleneck={"codewords": codewords})
    learn(task(tmp_path, settings))  # 24 utterances of 96 frames: 1152 tokens of two frames
    line = f"notice: train has 1152 tokens for {codewords} codewords: most stay unused, and re-estimation lacks vectors"
    assert [record.getMessage() for record in caplog.records] == ([line] if told else [])


@pytest.mark.usefixtures("untrained")
def test_one_process_of_several_tells(tmp_path, monkeypatch, caplog):
    settings = model(bottleneck={"codewords": 99})
    for rank, expected in ((1, 0), (0, 1)):
        monkeypatch.setattr(processes, "rank", lambda rank=rank: rank)
        monkeypatch.setattr(processes, "together", lambda: False)
        learn(task(tmp_path, settings, train=utterances(2, 96)))
        assert len(caplog.records) == expected


# --- models that build on others ------------------------------------------------------------------------------------


def trained(folder, name, settings=None, inputs=6, seed=5):
    """Write an untrained model, as if it were a trained one."""
    torch.manual_seed(seed)
    run = RunFolder(folder / name)
    settings = settings or model()
    found = store.build(settings, Sizes(inputs)).eval()
    store.save(run, store.Trained(found, settings, PrecomputedSettings(), inputs, ("s0",), None, seed))
    return run


def starting_from(name, **options):
    return model(**options).model_copy(update={"initial": name})


def predicting(settings=None, **options):
    plan = PredictionSettings(**({"clusters": 5, "context": 1, "channels": 8} | options))
    return (settings or model()).model_copy(update={"objective": plan})


@pytest.mark.usefixtures("untrained")
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_a_training_starts_from_the_weights_of_another(tmp_path, average):
    run = trained(tmp_path, "first")
    weights = store.load(run).model.state_dict()
    state = learn(task(tmp_path, starting_from("first", average=average), built_on={"first": run})).state
    plain = learn(task(tmp_path, model(average=average))).state
    starts = [state.model.state_dict(), *([state.average.model.state_dict()] if average else [])]
    for name, weight in weights.items():
        assert all(start[name].equal(weight) for start in starts), name
    name = next(key for key in weights if key.startswith("encoder.") and key.endswith("weight"))
    assert not plain.model.state_dict()[name].equal(weights[name])
    # They are those that the optimiser changes.
    parameters = dict(state.model.named_parameters())
    optimised = {id(one) for group in state.optimiser.param_groups for one in group["params"]}
    assert id(parameters[name]) in optimised


def digest_of(given):
    return learning._digest(given, None)


def test_other_initial_weights_are_another_training(tmp_path):
    first, other = (trained(tmp_path, name, seed=seed) for name, seed in (("first", 1), ("other", 2)))
    settings = starting_from("first")
    one = task(tmp_path, settings, built_on={"first": first})
    assert digest_of(one) == digest_of(task(tmp_path, settings, built_on={"first": first}))
    assert digest_of(one) != digest_of(task(tmp_path, settings, built_on={"first": other}))
    assert digest_of(one) != digest_of(task(tmp_path, model()))
    first.weights.write_bytes(other.weights.read_bytes())
    assert digest_of(one) == digest_of(task(tmp_path, settings, built_on={"first": other}))


def test_a_resume_file_of_other_initial_weights_is_refused(tmp_path):
    settings = starting_from("first", epochs=1)
    runs = [trained(tmp_path, name, seed=seed) for name, seed in (("first", 1), ("other", 2))]
    small = utterances(4, 32)
    assert learning.train(task(tmp_path, settings, train=small, built_on={"first": runs[0]})).model is not None
    with pytest.raises(InputError, match="belongs to a training with another configuration"):
        learning.train(task(tmp_path, settings, train=small, built_on={"first": runs[1]}))


def test_when_a_training_is_saved_makes_it_no_other(tmp_path):
    kept, saved = model(), model()
    saved = saved.model_copy(update={"training": saved.training.model_copy(update={"save_minutes": 1.0})})
    assert digest_of(task(tmp_path, saved)) == digest_of(task(tmp_path, kept))


def test_other_clusters_are_another_training(tmp_path):
    settings = predicting()
    one = task(tmp_path, settings)
    targets, _ = learning._targets(one, None, ())
    other = {name: np.where(labels == 0, 1, labels) for name, labels in targets.items()}
    assert learning._digest(one, targets) != learning._digest(one, other)


@pytest.mark.parametrize("builds_on", ["initial", "teacher"])
def test_a_model_that_is_not_trained_is_one_line(tmp_path, builds_on):
    settings = starting_from("first") if builds_on == "initial" else predicting(teacher="first")
    given = task(tmp_path, settings, built_on={"first": RunFolder(tmp_path / "nowhere")})
    with pytest.raises(InputError) as error:
        learning.train(given)
    told = f"{tmp_path}/nowhere/model.json: no such file; train the model first: unitdisc train --help"
    assert str(error.value) == told


@pytest.mark.parametrize("builds_on", ["initial", "teacher"])
def test_a_model_of_other_features_is_one_line(tmp_path, builds_on):
    settings = starting_from("first") if builds_on == "initial" else predicting(teacher="first")
    given = task(tmp_path, settings, built_on={"first": trained(tmp_path, "first", inputs=7)})
    with pytest.raises(InputError, match=r"model\.json: is for features of 7 columns, and these have 6"):
        learning.train(given)


def test_a_teacher_of_longer_tokens_is_told(tmp_path):
    longer = model().model_copy(update={"encoder": DilatedSettings(channels=8, kernel=4, stride=4)})
    given = task(tmp_path, predicting(teacher="first"), built_on={"first": trained(tmp_path, "first", longer)})
    with pytest.raises(InputError, match="the teacher has 4 frames per token, and the model 2"):
        learning.train(given)


def test_an_encoder_that_does_not_fit_the_features_is_told_before_anything_is_clustered(tmp_path):
    settings = predicting(model().model_copy(update={"encoder": DilatedSettings(planes=(2, 2))}))
    told = r"the model does not fit the features: 6 columns cannot be halved 2 times \(encoder.planes\)"
    for each in (settings, settings.model_copy(update={"objective": model().objective})):
        with pytest.raises(InputError, match=told):
            learning.train(task(tmp_path, each))


def test_targets_are_the_clusters_of_train_and_of_dev(tmp_path):
    dev = utterances(3, 40, seed=1)
    settings = predicting(clusters=12)
    learnt, held_out = learning._targets(task(tmp_path, settings, dev=dev), dev.matrices, ())
    assert {name: len(labels) for name, labels in learnt.items()} == {f"u{n}": 96 for n in range(24)}
    assert {name: len(labels) for name, labels in held_out.items()} == {f"u{n}": 40 for n in range(3)}
    # Twelve states, whose clusters are mostly theirs.
    states = np.concatenate([utterances().labels[name] for name in learnt])
    clusters = np.concatenate(list(learnt.values()))
    pure = sum(np.bincount(states[clusters == cluster]).max() for cluster in set(clusters.tolist()))
    assert pure > 0.7 * len(states)
    given = task(tmp_path, model(), dev=dev)
    assert learning._targets(given, dev.matrices, ()) == (None, None)


def test_a_teacher_gives_the_clusters(tmp_path):
    encoder = DilatedSettings(channels=8, kernel=2, stride=2, dilations=(1,))
    run = trained(tmp_path, "first", model().model_copy(update={"encoder": encoder}))
    found = {}
    for layer in (None, 0, 1):
        given = task(tmp_path, predicting(teacher="first", layer=layer), built_on={"first": run})
        found[layer], _ = learning._targets(given, None, ())
    plain, _ = learning._targets(task(tmp_path, predicting()), None, ())
    assert len({labels["u0"].tobytes() for labels in (*found.values(), plain)}) == 4
    given = task(tmp_path, predicting(teacher="first", layer=2), built_on={"first": run})
    with pytest.raises(InputError, match=r"the teacher has 2 layers, from 0, and objective\.layer is 2"):
        learning.train(given)


@pytest.mark.usefixtures("untrained")
def test_an_augmentation_is_made_for_the_features_and_train(tmp_path):
    lines = {f"u{n}": np.random.default_rng(n).random((40, 6), dtype=np.float32) for n in range(3)}
    settings = type(model()).model_validate(model().model_dump(mode="json") | {"augmentation": "pen"})
    known = Utterances(Normalised(lines), dict.fromkeys(lines, 0))
    given = dataclasses.replace(task(tmp_path, settings, train=known), features=HandwritingSettings())
    trainer = learn(given)
    batch = next(trainer.batches.epoch(1))
    torch.manual_seed(0)
    changed = trainer._augmented(batch)
    assert not changed.frames.equal(batch.frames)
    assert changed.clean.shape == batch.frames.shape
    assert learn(task(tmp_path, model()))._augmented(batch) is batch


def test_clusters_are_found_once(tmp_path, monkeypatch):
    """A training that goes on from another takes over its clusters, unless they are of another task."""
    settings = predicting()
    folders = {"first": RunFolder(tmp_path / "first")}
    first = dataclasses.replace(task(tmp_path, settings), run=folders["first"])
    expected, _ = learning._clusters(first, None)
    again = dataclasses.replace(first, settings=settings.model_copy(update={"initial": "first"}), built_on=folders)
    again = dataclasses.replace(again, run=RunFolder(tmp_path / "again"))
    found = []
    monkeypatch.setattr(learning, "cluster_targets", lambda *_, **__: found.append(1) or ({}, None))
    known, _ = learning._clusters(again, None)
    assert all((known[name] == expected[name]).all() for name in expected)
    assert not again.run.clusters.exists()
    learning._clusters(first, None)  # resumed
    assert not found
    other = settings.model_copy(update={"initial": "first", "objective": PredictionSettings(clusters=6)})
    learning._clusters(dataclasses.replace(again, settings=other), None)
    learning._clusters(dataclasses.replace(again, seed=1), None)
    assert len(found) == 2


def test_of_several_processes_one_finds_the_clusters(tmp_path, monkeypatch):
    given = task(tmp_path, predicting())
    monkeypatch.setattr(processes, "rank", lambda: 1)
    waited = []

    def first_process(seconds):
        """What the first process does meanwhile."""
        waited.append(seconds)
        with monkeypatch.context() as first:
            first.setattr(processes, "rank", lambda: 0)
            waited.append(learning._clusters(given, None)[0])

    monkeypatch.setattr(learning.time, "sleep", first_process)
    found, _ = learning._clusters(given, None)
    assert len(waited) == 2
    assert all((found[name] == waited[1][name]).all() for name in given.train)
