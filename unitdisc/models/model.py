"""The vector-quantised model: encoder, bottleneck, mixer, and the objective that trains them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from unitdisc import registry
from unitdisc.codebook import Bottleneck, BottleneckOutput, VectorQuantizer
from unitdisc.codebook.product_units import product_codewords, product_indices, product_units
from unitdisc.codebook.unquantised import Unquantised
from unitdisc.config import BottleneckSettings, VQModel
from unitdisc.features.activity import fitted
from unitdisc.models.batch import Batch, Sizes, any_frame
from unitdisc.models.decoding import Decoding, usual
from unitdisc.models.exemplars import Exemplars
from unitdisc.models.likelihood import Likelihoods
from unitdisc.models.mixer import Mixer
from unitdisc.models.parts import Encoder, Objective
from unitdisc.models.stretches import joined, stretches
from unitdisc.models.unit_model import UnitModel
from unitdisc.stages import Stage


@dataclass(frozen=True, slots=True)
class Losses:
    """The loss of a training step (``total``), the objective's loss (``task``), and the output of the bottleneck."""

    total: Tensor
    task: Tensor
    bottleneck: BottleneckOutput
    tokens: Tensor  # mask (B, T') of real tokens
    fitted: Tensor  # mask (B, T') of those whose vectors codewords are fitted to


class Model(UnitModel):
    """Frames (B, T, inputs) → encoder → bottleneck → mixer → objective.

    Without settings of a bottleneck it is the network alone: the encoder's outputs go on as they are.
    ``sizes`` has the numbers of feature columns, speakers and labels; its stride is replaced by that of the encoder.
    Raises ValueError for inputs that the encoder does not accept.
    """

    Settings = VQModel
    stage_names: tuple[Stage, ...] = (Stage.FEATURES, Stage.ENCODER, Stage.CODES)
    trained_by = VQModel.trained_by

    def __init__(self, settings: VQModel, sizes: Sizes) -> None:
        super().__init__()
        self.encoder: Encoder = registry.encoders.load(settings.encoder.kind)(sizes, settings.encoder)
        self.bottleneck = _bottleneck(settings.bottleneck, self.encoder.outputs)
        self.exemplars = _exemplars(settings.bottleneck, self.bottleneck.dim)
        self.indices = 1 if settings.bottleneck is None else settings.bottleneck.indices
        if settings.bottleneck is None:
            self.stage_names = self.stage_names[:2]  # without codes
        self.mixer = Mixer(self.bottleneck.dim, settings.mixer) if settings.mixer else None
        width = self.mixer.outputs if self.mixer else self.bottleneck.dim
        fitted = replace(sizes, stride=self.encoder.stride)
        objective = registry.objectives.load(settings.objective.kind)
        self.objective: Objective = objective(width, fitted, settings.objective, settings.decoder)
        self.task = settings.objective
        self.stride = self.encoder.stride

    @property
    def codebook(self) -> Tensor:
        """The codewords (K, D); with several codebooks those of all product units, or (G, K, D/G) for too many.

        Raises ValueError for a network without a quantiser, as what returns units does.
        """
        codebook = self._quantizer.codebook.detach().float()
        return codebook if self.indices > 1 else product_codewords(codebook)

    def forward(self, batch: Batch, *, quantise: bool = True) -> Losses:
        """Return the losses of a batch; without ``quantise`` the vectors are not quantised (see Bottleneck).

        Raises ValueError if the objective needs labels and the batch has none.
        """
        batch = self.objective.inputs(batch)
        encoded, tokens = self.encoder(batch.frames, batch.mask)
        squeezed = self.bottleneck(encoded, tokens, quantise=quantise)
        task = self.objective.loss(self.mixed(squeezed.codes, tokens), tokens, batch)
        total = self.objective.weight * task + squeezed.loss
        return Losses(total, task, squeezed, tokens, fitted_tokens(batch, tokens, self.stride))

    @property
    def nats_of_token(self) -> float:
        """What a token costs in nats where every codeword is as likely: Σ ln K over its codebooks."""
        return self.bottleneck.quantizer.codebooks * log(self.bottleneck.quantizer.codewords)

    @torch.no_grad()
    def likelihoods(self, batch: Batch, *, quantise: bool = True) -> Likelihoods:
        """Return −log p of each utterance of a batch given its units, and the units.

        Raises ValueError for a model whose objective or decoder states no likelihood.
        """
        encoded, tokens = self.encoder(batch.frames, batch.mask)
        squeezed = self.bottleneck(encoded, tokens, quantise=quantise)
        nats, values = self.objective.nats(self.mixed(squeezed.codes, tokens), tokens, batch)
        return Likelihoods(nats, values, squeezed.units, tokens)

    def mixed(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Return the input of the objective, given codes (B, T', D): the codes themselves if there is no mixer."""
        if self.mixer is None:
            return codes
        mixed: Tensor = self.mixer(codes, tokens)
        return mixed

    @torch.no_grad()
    def start_from(self, other: "Model") -> None:
        """Take over the weights of another model that fit, those of its objective only for the same task and tokens.

        Its exemplars are what its own encoder makes of train, and stay behind.
        """
        taken = self.state_dict()
        same_task = self.task.same_task(other.task) and self.stride == other.stride
        for name, weight in other.state_dict().items():
            left = name.startswith("exemplars.") or (name.startswith("objective.") and not same_task)
            if name in taken and taken[name].shape == weight.shape and not left:
                taken[name] = weight
        self.load_state_dict(taken)

    def vectors(self, frames: Tensor) -> Tensor:
        """Return the input of the quantiser (T', D) for one utterance's normalised frames (T, D).

        It is the encoder's output if there is no quantiser.
        """
        return joined(self.vector_stretches(frames))

    @torch.no_grad()
    def vector_stretches(self, frames: Tensor) -> Iterator[Tensor]:
        """Yield the input of the quantiser (t, D), that of a long utterance some minutes at a time."""
        reach = self.encoder.reach
        if self.exemplars is not None and reach is not None:
            reach += self.exemplars.reach * self.stride
        for stretch, wanted in stretches(frames, stride=self.stride, reach=reach):
            encoded, tokens = self.encoder(stretch.unsqueeze(0), all_real(stretch))
            yield self._vectors(encoded, tokens)[0][wanted]

    @torch.no_grad()
    def encode(self, frames: Tensor) -> Tensor:
        """Return the units (T',), or indices (T', G), of one utterance's normalised frames (T, D); see UnitModel."""
        return joined(self._units(part.unsqueeze(0))[0] for part in self.vector_stretches(frames))

    @torch.no_grad()
    def encode_batch(self, batch: Sequence[Tensor]) -> list[Tensor]:
        """Return the units of each of several utterances (T, D), as ``encode``, which are encoded together, padded."""
        lengths = torch.tensor([len(frames) for frames in batch], device=batch[0].device)
        padded = pad_sequence(list(batch), batch_first=True)
        mask = torch.arange(padded.shape[1], device=padded.device) < lengths.unsqueeze(1)
        units = self._units(self._vectors(*self.encoder(padded, mask)))
        return [row[: -(-len(frames) // self.stride)] for row, frames in zip(units, batch, strict=True)]

    @torch.no_grad()
    def stages(self, frames: Tensor) -> dict[Stage, Tensor]:
        """Return the frames, the encoder's output (T', C) before the bottleneck's batch norm, and the codes (T', D).

        A network without a quantiser has no codes.
        """
        encoded = joined(part[0] for part in self._encoded(frames)).unsqueeze(0)
        found = {Stage.FEATURES: frames, Stage.ENCODER: encoded[0]}
        if Stage.CODES in self.stage_names:
            units = self._quantizer.encode(self._vectors(encoded, all_real(encoded[0])))
            found[Stage.CODES] = self._quantizer.decode(units)[0]
        return found

    @torch.no_grad()
    def predict(self, frames: Tensor) -> Tensor:
        """Return the most likely class (T',) of each token of one utterance: 0 for the blank, label y as y + 1."""
        return self.objective.predict(self._mixed_codes(frames))[0]

    @property
    def reconstructs(self) -> bool:
        """Whether the decoder reconstructs frames."""
        return self.objective.reconstructing is not None

    @property
    def by_speaker(self) -> bool:
        """Whether the decoder is conditioned on the speaker."""
        return self.objective.reconstructing is not None and self.objective.reconstructing.by_speaker

    @property
    def draws(self) -> bool:
        """Whether the decoder has a distribution."""
        return self.objective.reconstructing is not None and self.objective.reconstructing.draws

    @torch.no_grad()
    def reconstruct(self, frames: Tensor, how: Decoding = usual, *, quantise: bool = True) -> Tensor:
        """Return the frames (T, D) that the decoder makes of an utterance's codes, or of its vectors without units."""
        return self.objective.frames(self._mixed_codes(frames, quantise=quantise), how)[0, : len(frames)]

    @torch.no_grad()
    def reconstruct_units(self, units: Tensor, how: Decoding = usual) -> Tensor:
        """Return the frames (T' · stride, D) that the decoder makes of units (T',), or of indices (T', G)."""
        quantizer = self._quantizer
        if quantizer.codebooks > 1 and units.ndim == 1:
            units = product_indices(units, quantizer.codewords, quantizer.codebooks)
        codes = quantizer.decode(units.reshape(1, len(units), -1) if quantizer.codebooks > 1 else units.reshape(1, -1))
        return self.objective.frames(self.mixed(codes, all_real(codes[0])), how)[0]

    def _mixed_codes(self, frames: Tensor, *, quantise: bool = True) -> Tensor:
        """Return the input of the objective (1, T', D) for one utterance's frames (T, D)."""
        encoded = joined(part[0] for part in self._encoded(frames)).unsqueeze(0)
        tokens = all_real(encoded[0])
        return self.mixed(self.bottleneck(encoded, tokens, quantise=quantise).codes, tokens)

    def _encoded(self, frames: Tensor) -> Iterator[Tensor]:
        """Yield the encoder's output (1, t, C) for each stretch of an utterance's frames (T, D)."""
        for stretch, wanted in stretches(frames, stride=self.stride, reach=self.encoder.reach):
            encoded, _ = self.encoder(stretch.unsqueeze(0), all_real(stretch))
            yield encoded[:, wanted]

    def _vectors(self, encoded: Tensor, tokens: Tensor) -> Tensor:
        """Return what is quantised (B, T', D) of the encoder's output (B, T', C) for tokens (B, T'), some real.

        Tokens that are not real come after those that are.
        """
        vectors: Tensor = self.bottleneck.project(encoded, tokens)
        if self.exemplars is None:
            return vectors
        rows = [self.exemplars(row[real]) for row, real in zip(vectors, tokens, strict=True)]
        return pad_sequence(rows, batch_first=True)

    def _units(self, vectors: Tensor) -> Tensor:
        """Return the units (B, T'), or (B, T', G), of what is quantised (B, T', D)."""
        quantizer = self._quantizer
        units: Tensor = quantizer.encode(vectors)
        if units.ndim == 2 or self.indices > 1:
            return units
        return product_units(units.flatten(0, 1), quantizer.codewords).view(vectors.shape[:2])

    @property
    def _quantizer(self) -> VectorQuantizer:
        if isinstance(self.bottleneck, Unquantised):
            raise ValueError("a network without a quantiser has no units")
        return self.bottleneck.quantizer


def _bottleneck(plan: BottleneckSettings | None, inputs: int) -> Bottleneck:
    """Return the bottleneck of ``inputs`` dimensions; one that quantises nothing without a ``plan``."""
    if plan is None:
        return Unquantised(inputs)
    return Bottleneck(
        inputs,
        plan.dim,
        plan.codewords,
        batch_norm=plan.batch_norm,
        commitment=plan.commitment,
        update=plan.update,
        codebooks=plan.codebooks,
        decay=plan.decay,
        initial=plan.initial,
    )


def _exemplars(plan: BottleneckSettings | None, width: int) -> Exemplars | None:
    """Return the place of the exemplars of vectors of this width, if the ``plan`` has any."""
    return Exemplars(width, plan.exemplars) if plan and plan.exemplars else None


def fitted_tokens(batch: Batch, tokens: Tensor, stride: int) -> Tensor:
    """Return which real tokens (B, T') codewords are fitted to: those with active and without hidden frames mainly."""
    if batch.active is not None:
        tokens = tokens & fitted(any_frame(batch.active, stride))
    return tokens if batch.hidden is None else tokens & ~any_frame(batch.hidden, stride)


def all_real(frames: Tensor) -> Tensor:
    """Return the mask (1, T) of a batch of one utterance (T, D) without padding."""
    return torch.ones(1, len(frames), dtype=torch.bool, device=frames.device)
