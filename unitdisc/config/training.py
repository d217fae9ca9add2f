"""Settings of a training: its budget, optimiser, schedule and hardware."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from unitdisc.choices import Device
from unitdisc.config.section import Section


def of_kind(usual: str) -> Callable[[Any], Any]:
    """Return a validator that turns the name of a kind into a section and adds the ``usual`` kind to one without."""

    def completed(value: Any) -> Any:
        if isinstance(value, str):
            return {"kind": value}
        return {"kind": usual, **value} if isinstance(value, dict) else value

    return completed


class Constant(Section):
    """The same learning rate throughout."""

    kind: Literal["constant"] = "constant"


class Cosine(Section):
    """Half a cosine from the learning rate to 0, over all steps."""

    kind: Literal["cosine"] = "cosine"


class Halving(Section):
    """Multiply by ``factor`` at the end of epoch ``first``, and every ``every`` epochs until epoch ``last``."""

    kind: Literal["halving"] = "halving"
    factor: float = Field(0.5, gt=0, lt=1, description="Factor of the learning rate.")
    every: int = Field(5, ge=1, description="Epochs between two reductions.")
    first: int = Field(32, ge=1, description="The epoch after which the first reduction is made.")
    last: int = Field(72, ge=1, description="The last epoch after which a reduction is made.")

    @model_validator(mode="after")
    def _first_comes_first(self) -> "Halving":
        if self.first > self.last:
            raise ValueError(f"first {self.first} comes after last {self.last}")
        return self


class Plateau(Section):
    """Multiply by ``factor`` when the dev loss has not fallen for more than ``patience`` epochs.

    Without a dev split the loss on train is used.
    """

    kind: Literal["plateau"] = "plateau"
    factor: float = Field(0.8, gt=0, lt=1, description="Factor of the learning rate.")
    patience: int = Field(3, ge=0, description="Epochs without a lower loss before a reduction.")
    floor: float = Field(2.0e-5, ge=0, description="Lower limit of the learning rate.")


Schedule = Annotated[Constant | Cosine | Halving | Plateau, Field(discriminator="kind")]
ScheduleName = Literal["constant", "cosine", "halving", "plateau"]
AnySchedule = Annotated[Schedule, BeforeValidator(of_kind("cosine"), json_schema_input_type=Schedule | ScheduleName)]


class Curve(Section):
    """Losses on dev and test over the training, in curve.tsv: of raw and of averaged weights, side by side.

    Nothing in the training depends on them.
    """

    splits: tuple[Literal["dev", "test"], ...] = Field(
        ("dev", "test"),
        min_length=1,
        description="Splits that are evaluated, where the corpus has them. Test is read for this curve alone: no "
        "weight, schedule or choice depends on it. Choose nothing by it either.",
    )
    steps: int | None = Field(
        None, ge=1, description="Training steps from one point to the next; null for a point after each epoch."
    )
    utterances: int = Field(
        256, ge=1, description="Utterances of a split, at most: drawn by the seed, whole, and the same at every point."
    )
    plain: bool = Field(
        True,
        description="Where weights are averaged: also evaluate a plain average of everything, with the same decay, "
        "whose codewords are averaged too and never re-clustered. It is in no result but the curve.",
    )


class Training(Section):
    """Budget and optimiser; an epoch has as many random chunks as cover the training frames once."""

    epochs: int = Field(20, ge=1, description="Number of epochs.")
    chunk: int = Field(64, ge=1, description="Frames per chunk.")
    batch: int = Field(32, ge=1, description="Chunks per step, shared by all processes.")
    chunks_per_utterance: int | None = Field(
        None, ge=1, description="Chunks per utterance and epoch; by default, chunks cover the frames of an epoch once."
    )
    optimiser: Literal["adam", "adamw"] = Field("adam", description="The optimiser.")
    learning_rate: float = Field(5.0e-4, gt=0, description="The model's learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay; the codebook has none.")
    schedule: AnySchedule = Field(Cosine(), description="How the learning rate changes over the training.")
    rise: int = Field(0, ge=0, description="Steps at the start over which the learning rate rises to the schedule's.")
    gradient_clip: float = Field(10.0, gt=0, description="Maximum norm of the gradient; longer ones are scaled down.")
    gradient_skip: float | None = Field(
        None, gt=0, description="Steps whose gradient has a larger norm are skipped; null for none."
    )
    average: float = Field(0.0, ge=0, lt=1, description="Decay of the averaged weights; 0 for no average.")
    curve: Curve | None = Field(
        None, description="Losses on dev and test over the training, in a table of their own; null for none."
    )
    save_minutes: float | None = Field(
        10.0, gt=0, description="Minutes after which a long epoch is saved within; null to save after epochs only."
    )
    device: Device = Field("auto", description="auto uses a GPU if there is one.")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto uses bfloat16 on a device that is made for it: many GPUs, and CPUs with AMX."
    )
    compile: bool = Field(
        False, description="Compile encoder and objective with torch.compile; the first steps take longer."
    )
    processes: int = Field(1, ge=1, description="Processes that share a training, one per GPU, or on a CPU.")
    threads: int = Field(
        1, ge=1, description="CPU threads per process; results may differ in their last digits with another number."
    )

    @model_validator(mode="after")
    def _shared_evenly(self) -> "Training":
        if self.batch % self.processes:
            raise ValueError(f"a batch of {self.batch} chunks cannot be shared evenly by {self.processes} processes")
        return self
