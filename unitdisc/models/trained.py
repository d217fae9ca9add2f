"""The kind of a model that is trained already; its run holds the weights and the settings of that model."""

from typing import Any

from unitdisc.config import TrainedModel
from unitdisc.models.unit_model import UnitModel


class TrainedElsewhere(UnitModel):
    """Stands for the model that is taken over, of another kind, which is the one that a run stores and loads."""

    Settings = TrainedModel
    stage_names = ()
    trained_by = TrainedModel.trained_by

    def __init__(self, settings: Any, sizes: Any) -> None:  # noqa: ARG002 (as of every model)
        super().__init__()
        raise ValueError("a model of kind trained has no weights of its own")
