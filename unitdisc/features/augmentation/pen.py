"""Augmentation of lines: other slants, sizes, strokes and hands."""

import torch
from torch import Tensor
from torch.nn import functional

from unitdisc.features.augmentation.augmenter import Augmented, Augmenter, noisy, places, uniform
from unitdisc.features.augmentation.settings import PenSettings

knot = 24  # columns between the random displacements of an elastic change
knots_high = 3


class Pen(Augmenter):
    """Resamples each chunk along a random affine and elastic grid, and changes its strokes."""

    Settings = PenSettings
    settings: PenSettings

    def __call__(self, frames: Tensor) -> Augmented:
        """Return columns (B, T, H), changed, and the column (B, T) of which each is made."""
        plan = self.settings
        batch, columns, rows = frames.shape
        place = places(columns, torch.exp(uniform(batch, plan.stretch)))  # (B, T)
        row = torch.arange(rows) - (rows - 1) / 2
        moved = uniform(batch, plan.shear)[:, None, None] * row[:, None]
        x = place[:, None, :] - (columns - 1) / 2 + moved  # (B, H, T), from the middle of the chunk
        scaled = row * torch.exp(uniform(batch, plan.height))[:, None] + uniform(batch, plan.shift)[:, None]
        y = scaled[:, :, None].expand_as(x)
        if plan.elastic:
            bent = plan.elastic * displacements(2 * batch, rows, columns)
            x, y = x + bent[:batch], y + bent[batch:]
        grid = torch.stack([x / (columns / 2), y / (rows / 2)], dim=3).to(frames.device)
        images = functional.grid_sample(frames.transpose(1, 2).unsqueeze(1), grid, align_corners=False)
        changed = _stroked(images, plan.stroke) if plan.stroke else images
        source = place.round().long().to(frames.device)
        return Augmented(noisy(changed.squeeze(1).transpose(1, 2), noise=plan.noise, offset=plan.offset), source)


def displacements(count: int, rows: int, columns: int) -> Tensor:
    """Draw smooth random displacements (count, rows, columns) of deviation 1 at knots some columns apart."""
    knots = torch.randn(count, 1, knots_high, columns // knot + 2)
    return functional.interpolate(knots, (rows, columns), mode="bicubic", align_corners=True).squeeze(1)


def _stroked(images: Tensor, most: float) -> Tensor:
    """Make the strokes of half of the images (B, 1, H, T) thicker, thinner or blurred, by up to ``most``."""
    thick = functional.max_pool2d(images, 3, stride=1, padding=1)
    thin = -functional.max_pool2d(-images, (3, 1), stride=1, padding=(1, 0))
    blurred = functional.avg_pool2d(images, 3, stride=1, padding=1)
    kinds = torch.stack([thick, thin, blurred, images, images, images])  # (6, B, 1, H, T)
    chosen = torch.randint(len(kinds), (len(images),)).to(images.device)
    target = kinds[chosen, torch.arange(len(images), device=images.device)]
    strength = (most * torch.rand(len(images), 1, 1, 1)).to(images.device)
    return images + strength * (target - images)
