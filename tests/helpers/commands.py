"""Commands on the two tiny runs that ``tests/steps/conftest.py`` makes: speech by k-means, lines by a VQ model."""

from pathlib import Path

import yaml
from typer.testing import CliRunner

from unitdisc import tables
from unitdisc.cli import app, commands

speech = ("--corpus", "speech", "--model", "kmeans")
lines = ("--corpus", "lines", "--model", "vq")
speech_run = Path("results/speech/kmeans/seed0")
lines_run = Path("results/lines/vq/seed0")


def run(*arguments: str) -> str:
    commands()
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def change_config(**sections: object) -> None:
    """Change sections of the configuration."""
    values = yaml.safe_load(Path("config.yaml").read_text())
    Path("config.yaml").write_text(yaml.safe_dump({**values, **sections}, sort_keys=False))


def word_times(split: str, middle: float = 0.3) -> str:
    """Return a CTM of two words an utterance, which meet at ``middle`` seconds."""
    names = tables.read_units(speech_run / f"{split}.units.tsv")
    return "".join(f"{n} 1 0.0 {middle} yes\n{n} 1 {middle} {0.6 - middle:.1f} no\n" for n in names)
