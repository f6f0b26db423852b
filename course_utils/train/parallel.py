"""Training on several processes at once, where torchrun has started them.

Each process holds the whole network and takes its share of each batch. The mean of all their
gradients makes the step, so that every process makes the same one, and the networks stay equal.
A program that runs by itself is one process, and nothing of this happens.
"""

import atexit
import contextlib
import datetime
import os
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, distributed

LONGEST_WAIT = datetime.timedelta(minutes=5)  # for a process that hangs; a dead one is seen at once


def count() -> int:
    """Say how many processes train together."""
    return int(os.environ["WORLD_SIZE"]) if distributed.is_torchelastic_launched() else 1


def rank() -> int:
    """Say which of them this is; number 0 fetches, prints and saves."""
    return int(os.environ["RANK"]) if count() > 1 else 0


def join(device: torch.device) -> None:
    """Find the other processes, and be found, once."""
    if count() > 1 and not distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
        distributed.init_process_group(backend, timeout=LONGEST_WAIT)
        atexit.register(distributed.destroy_process_group)


@contextlib.contextmanager
def after_the_first() -> Iterator[None]:
    """Do something in process 0, then in the others: they find in the cache what it fetched."""
    if rank() > 0:
        distributed.barrier()
    yield
    if rank() == 0 and count() > 1:
        distributed.barrier()


@contextlib.contextmanager
def quiet_but_for_the_first() -> Iterator[None]:
    """Throw away what other processes than number 0 print."""
    with contextlib.ExitStack() as stack:
        if rank() > 0:
            nowhere = stack.enter_context(open(os.devnull, "w"))  # noqa: PTH123
            stack.enter_context(contextlib.redirect_stdout(nowhere))
        yield


def share(batch: Tensor) -> Tensor:
    """Take this process's part of a batch; the parts differ by one image at most."""
    return batch.tensor_split(count())[rank()]


def average(tensors: Iterable[Tensor]) -> None:
    """Replace each tensor by its mean over all processes, all in one message."""
    if count() > 1:
        tensors = list(tensors)
        message = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(message)
        parts = (message / count()).split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))


def copy_first(tensors: Iterable[Tensor]) -> None:
    """Replace each tensor by the one that process 0 has."""
    for tensor in tensors if count() > 1 else ():
        message = tensor.contiguous()
        distributed.broadcast(message, 0)
        tensor.copy_(message)
