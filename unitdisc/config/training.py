"""Settings of a training: its budget, optimiser, schedule, and the machine it runs on."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from unitdisc.config.section import Section, of_kind


class Constant(Section):
    """The same learning rate throughout."""

    kind: Literal["constant"] = "constant"


class Cosine(Section):
    """Half a cosine from the learning rate to 0 over all steps."""

    kind: Literal["cosine"] = "cosine"


class Halving(Section):
    """Times ``factor`` at the end of epoch ``first`` and every ``every`` epochs from then on, last at ``last``."""

    kind: Literal["halving"] = "halving"
    factor: float = Field(0.5, gt=0, lt=1)
    every: int = Field(5, ge=1)
    first: int = Field(32, ge=1)
    last: int = Field(72, ge=1)

    @model_validator(mode="after")
    def _first_comes_first(self) -> "Halving":
        if self.first > self.last:
            raise ValueError(f"first {self.first} comes after last {self.last}")
        return self


class Plateau(Section):
    """Times ``factor`` once the dev loss (of train where there is no dev) has not fallen for over ``patience`` epochs.

    The learning rate stops at ``floor``.
    """

    kind: Literal["plateau"] = "plateau"
    factor: float = Field(0.8, gt=0, lt=1)
    patience: int = Field(3, ge=0)
    floor: float = Field(2.0e-5, ge=0)


AnySchedule = Annotated[
    Constant | Cosine | Halving | Plateau, Field(discriminator="kind"), BeforeValidator(of_kind("cosine"))
]


class Training(Section):
    """Budget and optimiser; an epoch draws as many random chunks as cover the training frames once.

    With ``chunks_per_utterance`` it draws so many of each utterance instead. A batch is shared by all ``processes``.
    """

    epochs: int = Field(20, ge=1)
    chunk: int = Field(64, ge=1)  # frames
    batch: int = Field(32, ge=1)  # chunks
    chunks_per_utterance: int | None = Field(None, ge=1)
    optimiser: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(5.0e-4, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    schedule: AnySchedule = Cosine()
    gradient_clip: float = Field(10.0, gt=0)
    gradient_skip: float | None = Field(None, gt=0)  # a step whose gradient has a larger norm is left out
    average: float = Field(0.0, ge=0, lt=1)  # decay of the averaged weights; 0: none
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # auto: bfloat16 where a GPU has it
    compile: bool = False  # by torch.compile: encoder and decoder; the first steps take longer
    processes: int = Field(1, ge=1)  # one a GPU, or on a CPU; started by torchrun
    threads: int = Field(1, ge=1)  # of a CPU, a process; a result belongs to their number

    @model_validator(mode="after")
    def _shared_evenly(self) -> "Training":
        if self.batch % self.processes:
            raise ValueError(f"a batch of {self.batch} chunks cannot be shared evenly by {self.processes} processes")
        return self
