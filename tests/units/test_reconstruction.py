"""Units through the decoder: the same from a file as from their encoding, in other voices, with refusals."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

import unitdisc
from tests.helpers.commands import lines_run, speech_run
from tests.helpers.pipeline import in_process
from unitdisc import tables
from unitdisc.config import BottleneckSettings, VQModel
from unitdisc.errors import InputError
from unitdisc.features.handwriting import HandwritingSettings
from unitdisc.features.normalise import statistics
from unitdisc.features.precomputed import PrecomputedSettings
from unitdisc.features.speech import SpeechSettings
from unitdisc.layout import RunFolder
from unitdisc.models import store
from unitdisc.models.batch import Sizes
from unitdisc.models.decoders.pixelcnn import PixelCNNSettings
from unitdisc.models.decoders.window import WindowSettings
from unitdisc.models.encoders.convolutional import ConvolutionalSettings
from unitdisc.models.objectives.prediction import PredictionSettings
from unitdisc.models.store import Trained, build
from unitdisc.records import Utterance
from unitdisc.units.reconstruction import Manner, Reconstructor
from unitdisc.units.unit_encoder import UnitEncoder


def trained(features, inputs, *, codebooks=1, normalise=True, **settings):
    """An untrained model of two speakers."""
    torch.manual_seed(0)
    plan = VQModel(
        encoder=ConvolutionalSettings(channels=8, kernels=(4,), strides=(2,), residual_layers=0),
        bottleneck=BottleneckSettings(codewords=6, dim=4, codebooks=codebooks),
        **settings,
    )
    model = build(plan, Sizes(inputs, speakers=2)).eval()
    draw = np.random.default_rng(0)
    of_train = statistics(iter([draw.normal(3, 2, (50, inputs)).astype(np.float32)])) if normalise else None
    return Trained(model, plan, features, inputs, ("a", "b"), None, 0, of_train=of_train)


def speech(**settings):
    return UnitEncoder(trained(SpeechSettings(type="mfcc", energy=False, deltas=1), 26, **settings))


def lines(**settings):
    return UnitEncoder(trained(HandwritingSettings(straighten=False), 32, normalise=False, **settings))


def source() -> str:
    return tables.read_records("results/speech/utterances.tsv", Utterance)[0].source


def test_units_of_a_recording_sound_as_the_recording_does(here):
    model = unitdisc.load(speech_run, statistics="train")
    whole, again = model.reconstruct(source()), model.reconstruct_units(model.encode(source()))
    assert whole.rate == 16000
    assert np.array_equal(whole.data, again.data)
    runs = model.encode(source(), repeats="collapse")
    assert len(runs.units) < len(model.encode(source()).units)
    assert np.array_equal(whole.data, model.reconstruct_units(runs).data)
    assert not np.array_equal(whole.data, model.reconstruct(source(), seed=1).data)
    assert not np.array_equal(whole.data, model.reconstruct(source(), quantise=False).data)


def test_units_of_a_line_look_as_the_line_does(here):
    model = unitdisc.load(lines_run)
    line = tables.read_records("results/lines/utterances.tsv", Utterance)[0].source
    whole = model.reconstruct(line)
    units = model.encode(line).units
    assert whole.rate is None
    assert (whole.data.dtype, whole.data.shape) == (np.uint8, (32, 2 * len(units)))
    assert np.array_equal(whole.data, model.reconstruct_units(units).data)


def test_a_voice_has_the_statistics_of_its_speaker(here):
    model = unitdisc.load(speech_run)
    rows = [row for row in tables.read_records("results/speech/utterances.tsv", Utterance) if row.split == "train"]
    voices = list(dict.fromkeys(row.speaker for row in rows))[:2]
    units = model.encode(source()).units
    first, second = (model.reconstruct_units(units, speaker=voice) for voice in voices)
    assert not np.array_equal(first.data, second.data)
    assert np.array_equal(first.data, model.reconstruct(source(), speaker=voices[0]).data)
    own = model.statistics_of([row.source for row in rows if row.speaker == voices[0]])
    given = unitdisc.load(speech_run, statistics=own).reconstruct_units(units)
    np.testing.assert_allclose(given.data, first.data, atol=2e-2)


def test_a_decoder_is_told_the_speaker():
    model = lines(decoder=WindowSettings(channels=8, speaker_dim=3))
    units = np.array([0, 3, 5, 1])
    mean, first, second = (model.reconstruct_units(units, speaker=speaker).data for speaker in (None, "a", "b"))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, mean)


def test_each_of_several_units_is_decoded_without_neighbours(here):
    run = RunFolder(lines_run)
    maker = Reconstructor(store.load(run), run, Manner(), torch.device("cpu"))
    units = np.array([3, 0, 5])
    together = maker.of_each(units, 4).data
    assert np.array_equal(together, np.concatenate([maker.of_units(np.full(4, unit)).data for unit in units], axis=1))
    assert not np.array_equal(together, maker.of_units(np.repeat(units, 4)).data)
    with pytest.raises(InputError, match="has the unit 8"):
        maker.of_each(np.array([8]), 4)


@pytest.mark.parametrize("codebooks", [1, 2])
def test_units_of_several_codebooks_are_taken_apart(codebooks):
    model = speech(codebooks=codebooks, decoder=WindowSettings(channels=8))
    samples = np.random.default_rng(1).normal(0, 0.1, 4000).astype(np.float32)
    found = model.reconstruct_units(model.encode(samples, 16000).units)
    frames = torch.tensor(model.features(samples, 16000))
    assert len(found.data) == 2 * 160 * -(-len(frames) // 2)
    normalised = (frames - frames.mean(0)) / frames.std(0)
    network = model.trained.model
    whole = network.reconstruct_units(network.encode(normalised))[: len(frames)]
    assert torch.equal(whole, network.reconstruct(normalised))


def test_values_are_drawn_with_a_seed():
    model = lines(decoder=PixelCNNSettings(channels=4, layers=2))
    units = np.array([1, 2])
    drawn = [model.reconstruct_units(units, values="sampled", seed=seed).data for seed in (0, 0, 1)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    assert not np.array_equal(drawn[0], model.reconstruct_units(units).data)


def test_what_cannot_be_reconstructed_is_one_line():
    for model, options, error in (
        (speech(objective=PredictionSettings()), {}, "has no decoder that reconstructs"),
        (
            UnitEncoder(trained(PrecomputedSettings(), 5)),
            {},
            "kind 'precomputed' cannot be turned back into recordings",
        ),
        (lines(), {"values": "sampled"}, "no distribution to sample values from"),
        (lines(), {"speaker": "c"}, "'c' is no speaker of the model's training data; known are a, b"),
        (
            lines(decoder=WindowSettings(speaker_dim=0)),
            {"speaker": "a"},
            "neither the model's decoder nor its features",
        ),
        (speech(), {"speaker": "a"}, "the features of 'a' are not beside the model"),
    ):
        with pytest.raises(InputError, match=error):
            model.reconstruct_units(np.array([1, 2]), **options)


@pytest.mark.parametrize(
    ("units", "error"),
    [
        ([], "utterance '' has no units"),
        ([1, 6], "has the unit 6, and those of the model are 0 to 5"),
        ([[1, 2]], "has 2 indices where one of the model has 1"),
    ],
)
def test_units_of_another_model_are_refused(units, error):
    with pytest.raises(InputError, match=error):
        lines().reconstruct_units(np.array(units, dtype=np.int64))


def command(*arguments: object):
    return in_process(Path.cwd(), "reconstruct", *map(str, arguments))


def test_files_and_their_units_give_the_same_files(here):
    table = lines_run.parent.parent / "utterances.tsv"
    done = command(table, "--split", "test", "--model", lines_run, "--out", "seen/files")
    assert (done.returncode, done.stdout) == (0, "")
    done = command(
        "--units", lines_run / "test.units.tsv", "--model", lines_run, "--out", "seen/units", "--speakers", table
    )
    assert done.returncode == 0, done.stderr
    names = set(tables.read_units(lines_run / "test.units.tsv"))
    for path in Path("seen/files").glob("*.png"):
        assert path.read_bytes() == (Path("seen/units") / path.name).read_bytes()
        assert Image.open(path).height == 32
    assert {path.stem for path in Path("seen/files").glob("*.png")} == names
    assert {path.name for path in Path("seen").iterdir()} == {"files", "units"}
    assert (Path("seen/files") / "manifest.json").exists()


def test_recordings_are_written_in_another_voice(here):
    table = speech_run.parent.parent / "utterances.tsv"
    done = command(table, "--split", "test", "--model", speech_run, "--out", "heard")
    assert done.returncode == 0, done.stderr
    speaker = next(row.speaker for row in tables.read_records(table, Utterance) if row.split == "train")
    done = command(table, "--split", "test", "--model", speech_run, "--out", "voice", "--speaker", speaker)
    assert done.returncode == 0, done.stderr
    assert any(path.read_bytes() != (Path("voice") / path.name).read_bytes() for path in Path("heard").glob("*.wav"))
    for path in Path("heard").glob("*.wav"):
        samples, rate = soundfile.read(path)
        assert (rate, samples.ndim) == (16000, 1)
        assert np.abs(samples).max() > 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), "give either FILES or --units"),
        (("lines", "--units", "u.tsv"), "give either FILES or --units"),
        (("lines", "--speakers", "u.tsv"), "--speakers is for --units, and excludes FILES"),
        (("--units", "u.tsv", "--unquantised"), "--split and --unquantised are for FILES, and exclude --units"),
        (("--units", "u.tsv"), "u.tsv: no such file"),
        (("--units", "u.tsv", "--statistics", "own"), "units have no features to take statistics of"),
        (("lines", "--speaker", "nobody"), "'nobody' is no speaker of the model's training data"),
        (("--units", "few.txt"), "utterance 'u' has the unit 99999"),
        (("--units", "slow.tsv"), "slow.tsv:2: "),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(here, arguments, error):
    Path("few.txt").write_text("u 1 99999\n")
    Path("slow.tsv").write_text("utterance\tframe_shift\tunits\nu\t7\t1 2\n")
    done = command(*arguments, "--model", lines_run, "--out", "out")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith(f"unitdisc: {error}")
    assert not Path("out").exists()


def test_a_file_that_cannot_be_read_is_named(here):
    Path("lines/w0/broken.png").write_bytes(b"no image")
    done = command("lines", "--model", lines_run, "--out", "seen")
    assert done.returncode == 1
    assert "1 file could not be read; the others are in seen" in done.stderr
    assert len(list(Path("seen").glob("*.png"))) == 9
