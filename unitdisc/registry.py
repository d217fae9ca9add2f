"""What a ``kind`` can name: classes of unitdisc and of other installed packages, imported only when one is chosen."""

from collections.abc import Mapping
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, distributions
from typing import Any

from unitdisc.errors import InputError, nearest


class Registry:
    """Classes by kind; another package adds to them by entry points of the group ``unitdisc.NAME``.

    Each class has an attribute ``Settings``, a pydantic section whose ``kind`` is the name (export formats have none).
    Those of our own kinds can be in a module of their own, ``settings_in``: a configuration is then checked without
    importing the class, and torch with it.
    """

    def __init__(self, name: str, builtin: Mapping[str, str], *, settings_in: str = "") -> None:
        self.name, self.group, self._settings_in = name, f"unitdisc.{name}", settings_in
        self._builtin = {kind: EntryPoint(kind, path, self.group) for kind, path in builtin.items()}

    @cached_property
    def _entries(self) -> dict[str, EntryPoint]:
        entries = dict(self._builtin)
        for entry in (entry for entry in installed() if entry.group == self.group):
            if entries.setdefault(entry.name, entry).value != entry.value:
                raise InputError(
                    f"two packages add the kind {entry.name!r} to {self.group}: {entries[entry.name].value} and "
                    f"{entry.value}",
                    fix="uninstall one of them",
                )
        return entries

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, str) and kind in self._entries

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds, those of unitdisc first."""
        return tuple(self._entries)

    @property
    def own_kinds(self) -> tuple[str, ...]:
        """The kinds of unitdisc itself."""
        return tuple(self._builtin)

    def module(self, kind: str) -> str:
        """Return the name of the module that holds a kind, without importing it."""
        return self._entry(kind).module

    def load(self, kind: str) -> Any:
        """Import and return the class of a kind; raises InputError for one that is unknown or cannot be imported."""
        entry = self._entry(kind)
        try:
            return getattr(import_module(entry.module), entry.attr or "")
        except Exception as error:  # whatever the module of another package raises
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"{entry.value}, which is the kind {kind!r} of {self.group}, cannot be loaded ({reason})"
            ) from error

    def settings(self, kind: str) -> Any:
        """Return the settings of a kind, a class; raises InputError as ``load`` does."""
        return self._own_settings.get(kind) or self.load(kind).Settings

    def fact(self, kind: str, name: str) -> Any:
        """Return an attribute of the class of a kind, from its settings where these have it too."""
        settings = self._own_settings.get(kind)
        return getattr(self.load(kind) if settings is None or not hasattr(settings, name) else settings, name)

    @cached_property
    def _own_settings(self) -> dict[str, Any]:
        """The classes of ``settings_in`` that are the settings of a kind of ours."""
        found = vars(import_module(self._settings_in)).values() if self._settings_in else ()
        kinds = {value: getattr(value, "model_fields", {}).get("kind") for value in found if isinstance(value, type)}
        own = {kind.default: value for value, kind in kinds.items() if kind is not None}
        return {kind: value for kind, value in own.items() if kind in self._builtin}

    def _entry(self, kind: str) -> EntryPoint:
        if kind not in self._entries:
            raise InputError(f"{self.group} has no kind {kind!r}{nearest(kind, self._entries)}")
        return self._entries[kind]


@cache
def installed() -> tuple[EntryPoint, ...]:
    """Return the entry points in unitdisc's groups of all installed packages, which are read once."""
    return tuple(
        entry for package in distributions() for entry in package.entry_points if entry.group.startswith("unitdisc.")
    )


models = Registry(
    "models",
    {
        "kmeans": "unitdisc.models.kmeans:KMeans",
        "codebook": "unitdisc.models.codebook:Codebook",
        "trained": "unitdisc.models.trained:TrainedElsewhere",
        "vq": "unitdisc.models.model:Model",
    },
    settings_in="unitdisc.config",
)
encoders = Registry(
    "encoders",
    {
        "convolutional": "unitdisc.models.encoders.convolutional:ConvolutionalEncoder",
        "dilated": "unitdisc.models.encoders.dilated:DilatedEncoder",
        "transformer": "unitdisc.models.encoders.transformer:TransformerEncoder",
        "spectrogram": "unitdisc.models.encoders.spectrogram:SpectrogramEncoder",
        "line-image": "unitdisc.models.encoders.line_image:LineImageEncoder",
        "image": "unitdisc.models.encoders.image:ImageEncoder",
    },
    settings_in="unitdisc.models.encoders.settings",
)
decoders = Registry(
    "decoders",
    {
        "window": "unitdisc.models.decoders.window:WindowDecoder",
        "pixelcnn": "unitdisc.models.decoders.pixelcnn:PixelCNN",
        "image": "unitdisc.models.decoders.image:ImageDecoder",
    },
    settings_in="unitdisc.models.decoders.settings",
)
objectives = Registry(
    "objectives",
    {
        "reconstruction": "unitdisc.models.objectives.reconstruction:Reconstruction",
        "prediction": "unitdisc.models.objectives.prediction:Prediction",
        "ctc": "unitdisc.models.objectives.ctc:Ctc",
    },
    settings_in="unitdisc.models.objectives.settings",
)
features = Registry(
    "features",
    {
        "speech": "unitdisc.features.speech:Speech",
        "handwriting": "unitdisc.features.handwriting:Handwriting",
        "images": "unitdisc.features.images:Images",
        "ssl": "unitdisc.features.self_supervised:Ssl",
        "precomputed": "unitdisc.features.precomputed:Precomputed",
    },
)
augmentations = Registry(
    "augmentations",
    {
        "vocal-tract": "unitdisc.features.augmentation.vocal_tract:VocalTract",
        "pen": "unitdisc.features.augmentation.pen:Pen",
    },
    settings_in="unitdisc.features.augmentation.settings",
)
corpora = Registry(
    "corpora",
    {
        "kaldi": "unitdisc.corpora.kaldi:KaldiCorpus",
        "scribblelens": "unitdisc.corpora.scribblelens:ScribbleLensCorpus",
        "folder": "unitdisc.corpora.folder:FolderCorpus",
        "pages": "unitdisc.corpora.pages:PagesCorpus",
        "discophon": "unitdisc.corpora.discophon:DiscoPhonCorpus",
        "table": "unitdisc.corpora.table:TableCorpus",
        "cifar10": "unitdisc.corpora.cifar10:Cifar10Corpus",
        "sample-speech": "unitdisc.corpora.samples.speech:SampleSpeech",
        "sample-handwriting": "unitdisc.corpora.samples.handwriting:SampleHandwriting",
        "sample-pages": "unitdisc.corpora.samples.pages:SamplePages",
        "sample-images": "unitdisc.corpora.samples.images:SampleImages",
    },
)
exports = Registry(
    "exports",
    {
        "jsonl": "unitdisc.units.exports.jsonl:JsonLines",
        "kaldi-text": "unitdisc.units.exports.kaldi_text:KaldiText",
        "kaldi-ark": "unitdisc.units.exports.kaldi_ark:KaldiArchive",
        "fairseq": "unitdisc.units.exports.fairseq:Fairseq",
        "hubert": "unitdisc.units.exports.hubert:Hubert",
        "vocoder": "unitdisc.units.exports.vocoder:Vocoder",
        "discophon": "unitdisc.units.exports.discophon:DiscoPhon",
        "parquet": "unitdisc.units.exports.parquet:Parquet",
        "parquet-utterances": "unitdisc.units.exports.parquet_utterances:ParquetUtterances",
        "ctm": "unitdisc.units.exports.ctm:Ctm",
        "textgrid": "unitdisc.units.exports.textgrid:TextGrid",
        "pagexml": "unitdisc.units.exports.pagexml:PageXml",
        "pages": "unitdisc.units.exports.pages:Pages",
        "npz": "unitdisc.units.exports.npz:NumpyArchive",
    },
)
registries = {
    registry.name: registry
    for registry in (corpora, features, models, encoders, decoders, objectives, augmentations, exports)
}
