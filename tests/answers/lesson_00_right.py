"""Right answers to the exercise of lesson 00, each written in its own way."""

import torch


def inked_share__count(image):
    inked = (image > 0).sum()
    return (inked / image.numel()).item()


def inked_share__mean(image):
    return (image > 0).double().mean().item()


def inked_share__loops(image):
    H, W = image.shape
    count = 0
    for i in range(H):
        for j in range(W):
            if image[i, j] > 0:
                count += 1
    return count / (H * W)


OTHER_INPUTS = {
    "inked_share": [
        (torch.tensor(rows, dtype=torch.float64),)
        for rows in ([[1, 0, 2]], [[0, 255], [1, 0], [7, 0]], [[0] * 5], [[3, 1]], [[2, 0], [0, 1]])
    ]
}
