"""Training a vector-quantised model, epoch by epoch and step by step."""

import math
import time
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from unitdisc.codebook import UsageHealth
from unitdisc.config import VQModel
from unitdisc.errors import InputError
from unitdisc.features.augmentation.augmenter import Augmenter
from unitdisc.features.normalise import Normalised
from unitdisc.models.batch import Batch, Sizes
from unitdisc.models.recurrent import leave_uncompiled
from unitdisc.progress import track
from unitdisc.training import processes
from unitdisc.training.batches import Chunks, Utterances, ahead_of_gpu
from unitdisc.training.begun_epoch import BegunEpoch
from unitdisc.training.curve import Curve
from unitdisc.training.drift import Drift
from unitdisc.training.evaluation import dev_loss
from unitdisc.training.norm_statistics import NormStatistics
from unitdisc.training.precision import autocast
from unitdisc.training.record import Epoch
from unitdisc.training.start_scale import scale_codewords
from unitdisc.training.state import TrainingState


class Trainer:
    """Trains a model on ``train`` and evaluates it on ``dev``; everything that changes is in ``state``.

    ``curve`` has the splits of the curve of the training, which are only looked at.
    """

    def __init__(
        self,
        settings: VQModel,
        train: Utterances,
        dev: Utterances | None,
        *,
        inputs: int,
        labels: int,
        grid: tuple[int, int] | None = None,
        seed: int,
        device: torch.device,
        augment: Augmenter | None = None,
        curve: Mapping[str, Normalised] | None = None,
    ) -> None:
        self.settings, self.train, self.seed, self.device = settings, train, seed, device
        plan, self._augment = settings.training, augment
        cut = partial(Chunks, chunk=plan.chunk, batch=plan.batch, seed=seed)
        share = (processes.rank(), processes.count())
        ahead = ahead_of_gpu if device.type == "cuda" else 0
        self.batches = cut(train, chunks_per_utterance=plan.chunks_per_utterance, share=share, ahead=ahead)
        self.dev = None if dev is None else cut(dev)
        self.curve = Curve(plan, curve or {}, seed=seed, device=device)
        self._statistics = NormStatistics(self.batches, plan.batch, device)
        self._inputs = inputs
        sizes = Sizes(inputs, len(set(train.speakers.values())), labels, grid=grid)
        self.state = TrainingState(settings, sizes, steps=len(self.batches) * plan.epochs, seed=seed, device=device)
        self.state.drift = self._drift = Drift(self.dev or cut(train), plan, device)
        model = self.state.model
        if plan.compile:  # in place, so that the names of the weights do not change
            leave_uncompiled()
            model.encoder.compile()
            for part in model.objective.children():
                part.compile()
        self._parallel = (
            DistributedDataParallel(model, device_ids=[device] if device.type == "cuda" else None)
            if processes.together()
            else model
        )

    def epoch(self, number: int, pause: Callable[[], None] = lambda: None) -> Epoch:
        """Train for one epoch, counted from 1, or for the rest of one that is under way, and return its row.

        ``pause`` is called after each step, where the state is one that a training can go on from.
        """
        state = self.state
        if not self._drift.begun:
            self._drift.measure(state.model)
        begun = state.begin(number)
        state.model.train()
        batches = self.batches.epoch(number, done=begun.batches)
        for batch in track(batches, f"epoch {number}", total=len(self.batches) - begun.batches):
            begun.reestimations += self._reestimate(number)
            begun.totals += self._step(batch, number, begun.usage)
            begun.batches += 1
            if self.curve.due(state.step, end=len(self.batches) * number):
                start = time.perf_counter()
                self.add_points(number)
                begun.leave_out(time.perf_counter() - start)
            pause()  # also after the last batch, as the evaluation on dev may take long
        row = self._row(begun)
        state.begun = None
        return row

    def add_points(self, epoch: int) -> None:
        """Add the points of the curve for the present weights."""
        quantise, likelihood = self.quantises(epoch), self.settings.likelihood
        self.renew_statistics(epoch)
        self.state.points += self.curve.points(self.state, epoch, likelihood=likelihood, quantise=quantise)

    def renew_statistics(self, epoch: int) -> None:
        """Give averaged weights, if there are any, batch-norm statistics of their own; those of the next step go on."""
        if self.state.average:
            self._statistics.renew(self.state.average.model, quantise=self.quantises(epoch))

    def _row(self, begun: BegunEpoch) -> Epoch:
        """Evaluate an epoch on dev and return its row."""
        state, plan, epoch, quantise = self.state, self.settings.training, begun.number, self.quantises(begun.number)
        frames_per_second = round(len(self.batches) * plan.chunk * plan.batch / begun.seconds, 1)
        loss, task, bottleneck, skipped = (processes.mean(begun.totals) / len(self.batches)).tolist()
        health = begun.usage.record(reestimations=begun.reestimations)
        moves = self._drift.measure(state.model)
        on_dev = partial(dev_loss, dev=self.dev, plan=self.settings.training, device=self.device, quantise=quantise)
        self.renew_statistics(epoch)
        dev = on_dev(state.result)
        if quantise:  # the loss of a warm-up is not comparable
            state.schedule.observe(task if math.isnan(dev) else dev)
        return Epoch(
            epoch=epoch,
            step=state.step,
            loss=loss,
            task_loss=task,
            bottleneck_loss=bottleneck,
            dev_task_loss=dev,
            dev_task_loss_raw=on_dev(state.model) if state.average else math.nan,
            dev_bits_per_dimension=self._bits(dev) if quantise else math.nan,
            units_used=health.units_used,
            perplexity=health.perplexity,
            dead_codewords=health.dead_codewords,
            distance=health.distance,
            input_norm=health.input_norm,
            codeword_norm=health.codeword_norm,
            drift=moves.vectors,
            code_drift=moves.codes,
            moved_tokens=moves.tokens,
            gap=moves.gap,
            reestimations=begun.reestimations,
            collapsed=int(quantise and health.collapsed()),
            skipped_steps=round(skipped * len(self.batches)),
            learning_rate=state.optimiser.param_groups[0]["lr"],
            frames_per_second=frames_per_second,
        )

    def _bits(self, nats: float) -> float:
        """Return bits per dimension from −log p in nats a value; nan where the decoder states no likelihood."""
        if not self.settings.likelihood:
            return math.nan
        model = self.state.model
        return (nats + model.nats_of_token / (model.stride * self._inputs)) / math.log(2)

    def quantises(self, epoch: int) -> bool:
        """Return whether an epoch quantises; those of the warm-up do not."""
        return self.state.reestimation.quantise(epoch) if self.state.reestimation else True

    def _step(self, batch: Batch, epoch: int, usage: UsageHealth) -> Tensor:
        state = self.state
        batch = self._augmented(batch.to(self.device))
        self._scale(batch, epoch)
        with autocast(self.settings.training, self.device):
            losses = self._parallel(batch, quantise=self.quantises(epoch))
        factor = state.schedule.factor(epoch, state.step)
        for group in state.optimiser.param_groups:
            group["lr"] = group["base"] * factor
        state.optimiser.zero_grad(set_to_none=True)
        losses.total.backward()
        taken = self._descend(epoch, losses.total)
        state.step += 1
        state.average_weights()
        output = losses.bottleneck
        if taken and state.reestimation and state.reestimation.collect(epoch, state.step):
            state.reservoir.add(output.vectors, losses.fitted)
        usage.add(output, losses.tokens)
        parts = (losses.total, losses.task, output.loss)
        return torch.stack([*(part.detach().double() for part in parts), losses.total.new_tensor(not taken).double()])

    def _scale(self, batch: Batch, epoch: int) -> None:
        """Scale the codewords by the first batch that is quantised, unless they have been re-estimated."""
        state, plan = self.state, self.settings
        if state.scaled or not self.quantises(epoch):
            return
        state.scaled = True
        ratio = plan.bottleneck and plan.bottleneck.scale_ratio
        if ratio and not (state.reestimation and state.reestimation.done):
            averaged = [state.average.model] if state.average else []
            scale_codewords(state.model, batch, ratio, plan.training, averaged=averaged)

    def _augmented(self, batch: Batch) -> Batch:
        if self._augment is None:
            return batch
        augmented = self._augment(batch.frames)
        return batch.changed(augmented.frames, augmented.source)

    def _descend(self, epoch: int, loss: Tensor) -> bool:
        """Take the optimiser's step, and return whether it was taken: too large a gradient skips it.

        Raises InputError for a gradient that is not finite.
        """
        plan = self.settings.training
        norm = float(torch.nn.utils.clip_grad_norm_(self.state.model.parameters(), plan.gradient_clip))
        # The gradient is shared by all processes, and the loss must be too, so that all take the step or all skip it.
        large = plan.gradient_skip is not None and not norm <= plan.gradient_skip
        if large and bool(processes.mean(loss.detach().clone()).isfinite()):
            return False
        if not math.isfinite(norm):
            raise InputError(
                f"the gradient is {norm} in epoch {epoch}, step {self.state.step + 1}",
                fix="lower training.learning_rate, or look for extreme features",
            )
        self.state.optimiser.step()
        return True

    def _reestimate(self, epoch: int) -> bool:
        state = self.state
        if not state.reestimation or not state.reestimation.due(epoch, state.step):
            return False
        averaged = [state.average.model.bottleneck] if state.average else []
        done = state.reestimation.run(
            state.model.bottleneck, state.reservoir, state.optimiser, averaged=averaged, seed=self.seed + state.step
        )
        if done and state.reestimation.done == 1 and state.average:
            state.average.restart()
        return done
