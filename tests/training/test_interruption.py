"""The interruption of a training: it ends at any step as if it had never been interrupted."""

import multiprocessing
import os
import random
import signal
import time

import pytest
import torch

from tests.helpers.training import cpu, model, utterances
from unitdisc import signals
from unitdisc.config import MixerSettings, ReestimationSettings
from unitdisc.features.augmentation.vocal_tract import VocalTractSettings
from unitdisc.features.speech import SpeechSettings
from unitdisc.layout import RunFolder
from unitdisc.models.encoders.transformer import TransformerSettings
from unitdisc.models.objectives.ctc import CtcSettings
from unitdisc.models.objectives.prediction import PredictionSettings
from unitdisc.registry import augmentations
from unitdisc.training import loop, processes
from unitdisc.training.batches import Utterances
from unitdisc.training.interruption import Interruption, Wish
from unitdisc.training.trainer import Trainer

growing = ReestimationSettings(warmup_epochs=1, every="growing", final=True)
plain = model(epochs=3, average=0.9, schedule="plateau", bottleneck={"reestimation": growing})
attentive = model(
    epochs=3,
    optimiser="adamw",
    chunks_per_utterance=6,
    rise=20,
    bottleneck={"update": "ema", "reestimation": ReestimationSettings(warmup_epochs=1), "codebooks": 2},
).model_copy(update={"encoder": TransformerSettings(channels=8, heads=2, depth=1, feedforward=8, dropout=0.2)})
predicting = plain.model_copy(
    update={
        "objective": PredictionSettings(clusters=12, channels=8, span=2),
        "mixer": MixerSettings(channels=8, dilations=(1,), batch_norm=True, dropout=0.2),
    }
)
recognising = plain.model_copy(update={"objective": CtcSettings()})
warped = plain.model_copy(update={"augmentation": VocalTractSettings(), "training": attentive.training})
alone = recognising.model_copy(update={"bottleneck": None})
kinds = {
    "alone": alone,
    "plain": plain,
    "attentive": attentive,
    "predicting": predicting,
    "recognising": recognising,
    "warped": warped,
}


pytestmark = pytest.mark.usefixtures("handlers")


def trained(folder, plan, *, stops=(), minutes=None):
    """Train in a folder until it is done, asked by a signal to end at these steps; return how often it was begun."""
    plan = plan.model_copy(update={"training": plan.training.model_copy(update={"save_minutes": minutes})})
    known = utterances()
    shown = Utterances(
        known.matrices, known.speakers, known.labels if plan.objective.kind != "reconstruction" else None
    )
    features = SpeechSettings(bins=5)
    kind = None if plan.augmentation is None else augmentations.load(plan.augmentation.kind)
    augment = None if kind is None else kind(plan.augmentation, features, known.matrices)
    dev = utterances(4, seed=1)
    unseen = Utterances(dev.matrices, {}, shown.labels and dev.labels)
    waiting, starts = set(stops), 0
    while True:
        starts += 1
        trainer = Trainer(plan, shown, unseen, inputs=6, labels=12, seed=0, device=cpu, augment=augment)
        step = trainer._step

        def signalled(*arguments, trainer=trainer, step=step, draw=random.Random(starts)):
            done = step(*arguments)
            if trainer.state.step in waiting:
                waiting.remove(trainer.state.step)
                os.kill(os.getpid(), draw.choice(signals.asking))
            return done

        trainer._step = signalled
        try:
            found = loop.train(trainer, RunFolder(folder), digest="x")
        except SystemExit as end:
            assert end.code == signals.EXIT_AGAIN  # noqa: PT017
            for number in signals.asking:
                signal.signal(number, signal.SIG_DFL)
            continue
        torch.save({**found.state_dict()}, folder / "weights.pt")
        return starts


def result_of(folder):
    """The bytes of the weights, and the record of the training but for its speed."""
    rows = [line.split("\t")[:-1] for line in (folder / "training.tsv").read_text().splitlines()]
    return {name: value.numpy().tobytes() for name, value in torch.load(folder / "weights.pt").items()}, rows


@pytest.mark.parametrize("kind", kinds)
def test_every_kind_of_training_goes_on_within_an_epoch(tmp_path, kind):
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    trained(tmp_path / "whole", kinds[kind])
    # Three epochs of 18 steps: within each, at the end of one, and at the end of all.
    assert trained(tmp_path / "parts", kinds[kind], stops=(1, 17, 18, 30, 54)) == 6
    assert result_of(tmp_path / "parts") == result_of(tmp_path / "whole")


def in_a_process(folder, plan, minutes, ready):
    """Train as a process that a scheduler may end at any time."""
    torch.set_num_threads(1)
    with signals.ending(signals.EXIT_AGAIN):
        ready.set()
        trained(folder, plan, minutes=minutes)


def killed_until_done(folder, plan, numbers, *, minutes, seconds, seed):
    """Train in processes, each ended by one of these signals after a random time; return their exit codes."""
    draw, codes = random.Random(seed), []
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # so that a process is there in no time
    while not codes or codes[-1]:
        ready = context.Event()
        process = context.Process(target=in_a_process, args=(folder, plan, minutes, ready))
        process.start()
        assert ready.wait(60)
        process.join(draw.uniform(0.1, seconds))
        if process.exitcode is None:
            os.kill(process.pid, draw.choice(numbers))
        process.join(60)
        codes.append(process.exitcode)
        seconds *= 1.6  # so that it ends
    return codes


@pytest.mark.parametrize(
    ("numbers", "minutes", "expected"),
    [
        (signals.asking, None, {signals.EXIT_AGAIN}),  # saved because a signal came
        ([signal.SIGKILL, *signals.asking], 1e-3, {signals.EXIT_AGAIN, -signal.SIGKILL}),  # and by the clock
    ],
    ids=["asked", "killed"],
)
def test_a_process_that_is_ended_at_random_goes_on_to_the_same_bytes(tmp_path, numbers, minutes, expected):
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    start = time.perf_counter()
    trained(tmp_path / "whole", plain)
    seconds = 0.4 * (time.perf_counter() - start)
    codes = killed_until_done(tmp_path / "parts", plain, numbers, minutes=minutes, seconds=seconds, seed=4)
    assert len(codes) > 2
    assert set(codes[:-1]) <= expected
    assert result_of(tmp_path / "parts") == result_of(tmp_path / "whole")


def test_the_clock_asks_for_a_saving_and_a_signal_for_the_end(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    noted = signals.Noted()
    asked = Interruption(noted, minutes=2)
    assert asked.wish() == Wish.GO_ON
    now[0] = 121.0
    assert asked.wish() == Wish.SAVE
    asked.saved()
    assert asked.wish() == Wish.GO_ON
    assert Interruption(noted, minutes=None).wish() == Wish.GO_ON
    noted.note(signal.SIGUSR1, None)
    assert (asked.wish(), asked.signal) == (Wish.STOP, "SIGUSR1")


def test_another_process_of_the_training_is_asked_too(monkeypatch):
    monkeypatch.setattr(processes, "largest", lambda value: max(value, Wish.STOP))
    asked = Interruption(signals.Noted(), minutes=None)
    assert (asked.wish(), asked.signal) == (Wish.STOP, "a signal")
