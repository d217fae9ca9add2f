"""Settings of a training: its budget, optimiser, schedule, and the machine it runs on."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from unitdisc.config.section import Section


def of_kind(usual: str) -> Callable[[Any], Any]:
    """Return what turns the name of a kind into a section, and adds the ``usual`` kind to one that names none."""

    def completed(value: Any) -> Any:
        if isinstance(value, str):
            return {"kind": value}
        return {"kind": usual, **value} if isinstance(value, dict) else value

    return completed


class Constant(Section):
    """The same learning rate throughout."""

    kind: Literal["constant"] = "constant"


class Cosine(Section):
    """Half a cosine from the learning rate to 0 over all steps."""

    kind: Literal["cosine"] = "cosine"


class Halving(Section):
    """Multiply by ``factor`` at the end of epoch ``first`` and every ``every`` epochs from then on, last at ``last``."""

    kind: Literal["halving"] = "halving"
    factor: float = Field(0.5, gt=0, lt=1, description="What the learning rate is multiplied by.")
    every: int = Field(5, ge=1, description="Epochs between two of these steps.")
    first: int = Field(32, ge=1, description="The epoch at whose end the first one is taken.")
    last: int = Field(72, ge=1, description="The last epoch at whose end one is taken.")

    @model_validator(mode="after")
    def _first_comes_first(self) -> "Halving":
        if self.first > self.last:
            raise ValueError(f"first {self.first} comes after last {self.last}")
        return self


class Plateau(Section):
    """Multiply by ``factor`` when the dev loss has not fallen for more than ``patience`` epochs.

    Without a dev split the loss on train decides.
    """

    kind: Literal["plateau"] = "plateau"
    factor: float = Field(0.8, gt=0, lt=1, description="What the learning rate is multiplied by.")
    patience: int = Field(3, ge=0, description="Epochs without a lower loss that are tolerated.")
    floor: float = Field(2.0e-5, ge=0, description="The learning rate goes no lower.")


AnySchedule = Annotated[
    Constant | Cosine | Halving | Plateau, Field(discriminator="kind"), BeforeValidator(of_kind("cosine"))
]


class Training(Section):
    """Budget and optimiser; an epoch draws as many random chunks as cover the training frames once."""

    epochs: int = Field(20, ge=1, description="Epochs.")
    chunk: int = Field(64, ge=1, description="Frames per chunk.")
    batch: int = Field(32, ge=1, description="Chunks per step, shared by all processes.")
    chunks_per_utterance: int | None = Field(
        None, ge=1, description="Draw this many chunks of each utterance per epoch instead."
    )
    optimiser: Literal["adam", "adamw"] = Field("adam", description="The optimiser.")
    learning_rate: float = Field(5.0e-4, gt=0, description="The model's learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay; the codebook has none.")
    schedule: AnySchedule = Field(Cosine(), description="How the learning rate changes over the training.")
    gradient_clip: float = Field(10.0, gt=0, description="Longest gradient; a longer one is shortened.")
    gradient_skip: float | None = Field(
        None, gt=0, description="A step whose gradient has a larger norm than this is left out."
    )
    average: float = Field(0.0, ge=0, lt=1, description="Decay of the averaged weights; 0 for none.")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto takes a GPU where there is one.")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto computes in bfloat16 on a GPU that has it."
    )
    compile: bool = Field(
        False, description="Compile encoder and objective with torch.compile; the first steps take longer."
    )
    processes: int = Field(1, ge=1, description="Processes that share a training, one per GPU or on a CPU.")
    threads: int = Field(1, ge=1, description="CPU threads per process; the bytes of a result depend on their number.")

    @model_validator(mode="after")
    def _shared_evenly(self) -> "Training":
        if self.batch % self.processes:
            raise ValueError(f"a batch of {self.batch} chunks cannot be shared evenly by {self.processes} processes")
        return self
