"""Features of self-supervised networks: what torchaudio computes, frames in their places, and nothing of neighbours."""

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.helpers.corpora import rate, tone
from tests.helpers.networks import families, made, one_pass, written
from unitdisc.errors import InputError
from unitdisc.features.pretrained import transformer
from unitdisc.features.self_supervised import Ssl, SslSettings


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("networks")
    return {family: written(root / family, family) for family in families}


def ssl(folder, **options):
    return Ssl(SslSettings(model=folder, **{"layer": 2, **options}))


@pytest.mark.parametrize("family", families)
@pytest.mark.parametrize("layer", [1, 2, 3])
def test_layers_are_those_of_torchaudio(folders, family, layer):
    samples = tone(2.345)
    expected = one_pass(made(family), samples, family)[layer - 1]
    found = ssl(folders[family], layer=layer).compute(samples, rate)
    assert found.dtype == np.float32
    assert expected.std() > 0.5
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("family", families)
def test_layer_0_is_the_input_of_the_first_layer(folders, family):
    network, seen = made(family), []
    network.encoder.transformer.layers[0].register_forward_pre_hook(lambda _, given: seen.append(given[0][0].numpy()))
    one_pass(network, tone(1.0), family)
    np.testing.assert_allclose(ssl(folders[family], layer=0).compute(tone(1.0), rate), seen[0], atol=2e-5)


@pytest.mark.parametrize("family", families)
def test_the_feed_forward_part_is_what_the_sum_adds(folders, family):
    network, seen = made(family), []
    network.encoder.transformer.layers[1].feed_forward.register_forward_hook(
        lambda module, given, output: seen.append(output[0].numpy())
    )
    one_pass(network, tone(1.0), family)
    found = ssl(folders[family], output="feedforward").compute(tone(1.0), rate)
    np.testing.assert_allclose(found, seen[0], atol=2e-5)


@pytest.mark.parametrize("family", ["hubert-large", "wavlm-large"])
def test_the_last_norm_is_applied_where_that_is_asked_for(folders, family):
    network = made(family)
    with torch.inference_mode():
        plain = torch.from_numpy(one_pass(network, tone(1.0), family)[-1])
        expected = network.encoder.transformer.layer_norm(plain).numpy()
    found = ssl(folders[family], layer=3, output="normalised").compute(tone(1.0), rate)
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.abs(expected - plain.numpy()).max() > 0.1


# --- time ---------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(st.integers(160, 40_000))
def test_frames_are_the_duration_over_the_shift_rounded(folders, samples):
    assert len(ssl(folders["hubert"], layer=0).compute(tone(3)[:samples], rate)) == (samples + 160) // 320


def test_less_than_half_a_frame_is_told(folders):
    with pytest.raises(InputError, match="159 samples are less than half a frame"):
        ssl(folders["hubert"]).compute(tone(1)[:159], rate)


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A network without a norm over time, whose layer 0 sees no other frame."""
    return written(
        tmp_path_factory.mktemp("local"),
        "hubert-large",
        encoder_pos_conv_kernel=1,
        said={"normalize_waveform": False},
    )


@pytest.mark.parametrize("frame", [0, 1, 57, 98, 99])
def test_a_click_lands_in_its_frame(local, frame):
    quiet = 1e-3 * tone(2.0)
    clicked = quiet.copy()
    clicked[320 * frame + 160] += 0.9  # in the middle, where no other frame reaches
    change = np.abs(ssl(local, layer=0).compute(clicked, rate) - ssl(local, layer=0).compute(quiet, rate)).max(axis=1)
    assert np.flatnonzero(change > 1e-4).tolist() == [frame]


@pytest.mark.parametrize("place", [0, 40, 159, 160, 161, 280, 319])
def test_a_click_anywhere_in_a_frame_reaches_it_and_at_most_one_neighbour(local, place):
    quiet = 1e-3 * tone(2.0)
    clicked = quiet.copy()
    clicked[320 * 30 + place] += 0.9
    change = np.abs(ssl(local, layer=0).compute(clicked, rate) - ssl(local, layer=0).compute(quiet, rate)).max(axis=1)
    reached = np.flatnonzero(change > 1e-4).tolist()
    assert 30 in reached
    assert set(reached) <= ({29, 30} if place < 160 else {30, 31})
    assert len(reached) == 1 or place < 40 or place >= 280


def test_recordings_are_resampled(folders):
    import librosa

    samples = tone(1.5)
    slow = librosa.resample(samples, orig_sr=rate, target_sr=44100)
    found, plain = (ssl(folders["hubert"]).compute(*each) for each in ((slow, 44100), (samples, rate)))
    assert found.shape == plain.shape
    assert np.abs(found - plain).mean() < 0.1


# --- neighbours, pieces -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", families)
def test_recordings_do_not_depend_on_their_neighbours(tmp_path, folders, family):
    names = []
    for number, seconds in enumerate((0.5, 2.0, 0.02, 1.2)):
        names.append(str(tmp_path / f"{number}.wav"))
        soundfile.write(names[-1], tone(seconds, seed=number), rate, subtype="FLOAT")
    together = list(ssl(folders[family]).read(names))
    for name, matrix in zip(names[::-1], together[::-1], strict=True):
        (alone,) = ssl(folders[family]).read([name])
        np.testing.assert_array_equal(alone, matrix)


@pytest.mark.parametrize("family", families)
def test_all_but_attention_is_the_same_in_pieces(folders, family):
    # The norms over the recording, the convolutions and the positions: 16 frames reach as far as the positions do.
    samples = tone(7.0) * np.linspace(0.1, 1, 7 * rate, dtype=np.float32)
    whole = ssl(folders[family], layer=0, piece=None).compute(samples, rate)
    found = ssl(folders[family], layer=0, piece=2, overlap=0.4).compute(samples, rate)
    assert found.shape == whole.shape == (350, 32)
    np.testing.assert_allclose(found, whole, atol=1e-4)


@pytest.mark.parametrize("family", families)
def test_layers_are_the_same_in_pieces_where_attention_adds_nothing(tmp_path, folders, family):
    from safetensors.torch import load_file, save_file

    folder = written(tmp_path, family)
    weights = load_file(folder / "model.safetensors")
    for name, each in weights.items():
        if "out_proj" in name:
            each.zero_()
    save_file(weights, folder / "model.safetensors")
    samples = tone(7.0)
    whole = ssl(folder, layer=3, piece=None).compute(samples, rate)
    np.testing.assert_allclose(ssl(folder, layer=3, piece=2, overlap=0.4).compute(samples, rate), whole, atol=1e-4)
    attending = ssl(folders[family], layer=3, piece=None).compute(samples, rate)
    assert np.abs(attending - whole).max() > 0.1


@pytest.mark.parametrize("family", families)
@pytest.mark.parametrize("layer", [1, 3])
def test_a_whole_recording_in_stretches_is_one_pass(monkeypatch, folders, family, layer):
    monkeypatch.setattr(transformer, "stretch", 37)
    monkeypatch.setattr(transformer, "most_biases", 4 * 350 * 5)  # WavLM's stretches have five frames
    samples = tone(7.0) * np.linspace(0.1, 1, 7 * rate, dtype=np.float32)
    found = ssl(folders[family], layer=layer, piece=None).compute(samples, rate)
    np.testing.assert_allclose(found, one_pass(made(family), samples, family)[layer - 1], atol=2e-5)


@pytest.mark.parametrize("family", families)
def test_a_long_recording_without_pieces_is_one_pass(folders, family):
    samples = tone(60.0) * np.linspace(0.1, 1, 60 * rate, dtype=np.float32)
    assert len(samples) // 320 > transformer.stretch
    found = ssl(folders[family], layer=3, piece=None).compute(samples, rate)
    np.testing.assert_allclose(found, one_pass(made(family), samples, family)[-1], atol=1e-4)


@pytest.mark.parametrize("family", ["hubert-large", "wavlm-large"])
@pytest.mark.parametrize("output", ["normalised", "feedforward"])
def test_stretches_change_no_output(monkeypatch, folders, family, output):
    samples = tone(3.0)
    whole = ssl(folders[family], layer=3, output=output, piece=None).compute(samples, rate)
    monkeypatch.setattr(transformer, "stretch", 16)
    found = ssl(folders[family], layer=3, output=output, piece=None).compute(samples, rate)
    np.testing.assert_allclose(found, whole, atol=2e-5)


def test_longer_pieces_come_closer_to_one_pass(folders):
    samples = tone(12.0) * np.linspace(0.1, 1, 12 * rate, dtype=np.float32)
    whole = ssl(folders["hubert"], piece=None).compute(samples, rate)
    far, near = (
        np.abs(ssl(folders["hubert"], piece=piece, overlap=0.5).compute(samples, rate) - whole).mean()
        for piece in (1.5, 9)
    )
    assert near < far / 2


def test_a_recording_no_longer_than_a_piece_is_one_pass(folders):
    samples = tone(2.0)
    whole = ssl(folders["hubert"], piece=None).compute(samples, rate)
    np.testing.assert_array_equal(ssl(folders["hubert"], piece=2.0, overlap=0.2).compute(samples, rate), whole)


@pytest.mark.parametrize("family", families)
@pytest.mark.parametrize("samples", [np.zeros(8000, "f4"), np.full(8000, 0.5, "f4")])
def test_silence_has_finite_features(folders, family, samples):
    assert np.isfinite(ssl(folders[family]).compute(samples, rate)).all()


def test_the_same_recording_has_the_same_features_again(folders):
    first, second = (ssl(folders["wavlm"]).compute(tone(3.0), rate) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("family", families)
def test_a_gpu_gives_what_the_cpu_gives(folders, family):
    samples = tone(7.0)
    for options in ({}, {"piece": 2, "overlap": 0.4}):
        found, expected = (
            ssl(folders[family], device=device, **options).compute(samples, rate) for device in ("cuda", "cpu")
        )
        np.testing.assert_allclose(found, expected, atol=1e-3)


# --- settings and facts -------------------------------------------------------------------------------------------


def test_facts_are_the_weights_and_the_layer(folders):
    import hashlib

    digest = hashlib.sha256((folders["hubert"] / "model.safetensors").read_bytes()).hexdigest()
    assert ssl(folders["hubert"], output="feedforward").facts() == {
        "model": str(folders["hubert"]),
        "weights": "model.safetensors",
        "sha256": digest,
        "architecture": "config.json",
        "waveform": "as it is",
        "layer": "2",
        "output": "feedforward",
    }


def test_other_weights_in_the_same_file_are_seen(tmp_path):
    extractor = ssl(written(tmp_path))
    before, facts = extractor.compute(tone(0.5), rate), extractor.facts()
    written(tmp_path, seed=1)
    assert np.abs(extractor.compute(tone(0.5), rate) - before).max() > 0.1
    assert extractor.facts()["sha256"] != facts["sha256"]


@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_broken_weights_are_no_fault_of_a_recording(tmp_path, policy):
    from unitdisc.features.shards import extract
    from unitdisc.records import Utterance

    (written(tmp_path / "network") / "model.safetensors").write_bytes(b"broken")
    soundfile.write(tmp_path / "a.wav", tone(0.5), rate)
    utterance = Utterance("a", "train", "s", str(tmp_path / "a.wav"), 0.5)
    with pytest.raises(InputError) as told:
        extract({tmp_path / "x.ark": [utterance]}, ssl(tmp_path / "network"), on_bad=policy)
    assert str(told.value).startswith(f"{tmp_path / 'network' / 'model.safetensors'}: cannot be read as weights")


def test_shards_of_other_weights_are_not_kept(tmp_path):
    from unitdisc.features.archive import Archive
    from unitdisc.features.shards import extract
    from unitdisc.records import Utterance

    written(tmp_path / "network")
    soundfile.write(tmp_path / "a.wav", tone(0.5), rate)
    here = Utterance("a", "train", "s", str(tmp_path / "a.wav"), 0.5)
    gone = Utterance("b", "train", "s", str(tmp_path / "b.wav"), 0.5)
    extractor = ssl(tmp_path / "network", shard=1)
    with pytest.raises(InputError, match=r"b\.wav: no such recording"):
        extract({tmp_path / "x.ark": [here, gone]}, extractor)
    soundfile.write(tmp_path / "b.wav", tone(0.5), rate)
    written(tmp_path / "network", seed=1)
    extract({tmp_path / "x.ark": [here, gone]}, extractor)
    found = Archive(tmp_path / "x.scp")
    np.testing.assert_array_equal(found["a"], found["b"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"piece": 10, "overlap": 5}, "pieces of 10 s are no longer than two overlaps of 5 s"),
        ({"layer": 0, "output": "feedforward"}, "layer 0 is the input of the first layer and has no feed-forward part"),
        ({"layer": -1}, "greater than or equal to 0"),
        ({"output": "residual"}, "Input should be 'layer'"),
    ],
)
def test_settings_that_cannot_be_are_told(options, message):
    with pytest.raises(ValidationError, match=message):
        SslSettings(**options)


def test_settings_are_read_back_as_they_were_written(folders):
    for given_ in (SslSettings(), SslSettings(model="WAVLM_LARGE", layer=24), SslSettings(model=folders["hubert"])):
        assert SslSettings.model_validate(given_.model_dump(mode="json")) == given_
    assert SslSettings().shift == 0.02


def test_there_is_no_level(folders):
    with pytest.raises(InputError, match="features of kind 'ssl' have no level"):
        ssl(folders["hubert"]).level(np.zeros((3, 32), "f4"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": 4}, "model.safetensors: has 3 layers, and not 4; choose a lower layer"),
        ({"output": "normalised"}, "model.safetensors: normalises the output of every layer already; leave out output"),
    ],
)
def test_what_the_network_lacks_is_told(folders, options, message):
    with pytest.raises(InputError, match=message):
        ssl(folders["hubert"], **options).compute(tone(0.5), rate)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without GPU")
def test_a_gpu_that_is_not_there_is_told(folders):
    with pytest.raises(
        InputError, match=r"features\.device is cuda, and no CUDA device is visible; set it to auto or cpu"
    ):
        ssl(folders["hubert"], device="cuda").compute(tone(0.5), rate)
