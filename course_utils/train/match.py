"""Refuse a network, images and labels that do not belong together, and name both sides."""

import torch
from torch import Tensor, nn

from course_utils import data
from course_utils.train.recipe import Recipe


def check_settings(model: nn.Module, digits: data.Digits, recipe: Recipe) -> None:
    """Refuse what is not a network that can learn, digits and a recipe."""
    wanted = {
        "model": (model, nn.Module, "a network that is built, such as models.course_cnn()"),
        "digits": (digits, data.Digits, "Digits, such as data.load() gives"),
        "recipe": (recipe, Recipe, "a Recipe, such as train.RECIPES['fast']"),
    }
    for name, (value, kind, words) in wanted.items():
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be {words}, got {value!r:.60}")
    if not any(weight.requires_grad for weight in model.parameters()):
        raise ValueError(
            f"the model has nothing to train, none of its {len(list(model.parameters()))} parameter"
            " tensors has requires_grad; add a layer with weights, or thaw one"
        )


def check_tensor(value: Tensor, name: str) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(value).__name__}; use torch.tensor")


def check_pairs(images: Tensor, labels: Tensor, least: int, words: str) -> None:
    """Refuse fewer than `least` images, and labels that are not one whole number for each."""
    check_tensor(images, "images")
    check_tensor(labels, "labels")
    if images.ndim == 0 or len(images) < least or labels.shape != images.shape[:1]:
        raise ValueError(
            f"{words}, got images of shape {tuple(images.shape)} and labels of shape"
            f" {tuple(labels.shape)}"
        )
    if labels.dtype != torch.int64:
        raise ValueError(f"labels must be int64, got {labels.dtype}; use labels.long()")


def check_logits(logits: Tensor, labels: Tensor) -> None:
    if logits.ndim != 2 or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise ValueError(
            "the model must give (N, classes), one output for each class, got"
            f" {tuple(logits.shape)} for labels from {labels.min()} to {labels.max()}"
        )
