"""Wrong answers to the exercises of lesson 07, and the diagnosis that each must get."""

import torch

from tests.check_kit import gets


def watch(model, layer, x, keep):
    kept = []
    handle = model[layer].register_forward_hook(lambda _, i, o: kept.append(keep(i, o)))
    model(x)
    handle.remove()
    return kept


@gets("your hook still hangs on the `model`")
def keep_output__hook_stays(model, layer, x):
    kept = []
    model[layer].register_forward_hook(lambda _, i, o: kept.append(o.detach().clone()))
    model(x)
    return kept[0]


@gets("what went into the layer")
def keep_output__input(model, layer, x):
    return watch(model, layer, x, lambda inputs, output: inputs[0].detach().clone())[0]


@gets("the output of the whole network")
def keep_output__end(model, layer, x):
    watch(model, layer, x, lambda inputs, output: output)
    return model(x)


@gets("counted from 0")
def keep_output__next(model, layer, x):
    return model[: layer + 2](x)


@gets("worked in place")
def keep_output__no_copy(model, layer, x):
    return watch(model, layer, x, lambda inputs, output: output.detach())[0]


@gets("only the first image")
def keep_output__first_image(model, layer, x):
    return watch(model, layer, x, lambda inputs, output: output.clone())[0][0]


@gets("list index out of range")
def keep_output__never_run(model, layer, x):
    kept = []
    handle = model[layer].register_forward_hook(lambda _, i, o: kept.append(o))
    handle.remove()
    model(x)
    return kept[0]


@gets("returns a list, not a tensor")
def keep_output__list(model, layer, x):
    return watch(model, layer, x, lambda inputs, output: output.detach())


@gets("begins at the place")
def cover__corner(image, row, column, patch):
    image = image.clone()
    image[row : row + patch, column : column + patch] = 0
    return image


def assigned(image, row, column, first, last, least=0):
    image = image.clone()
    rows, columns = (slice(max(at - first, least), at + last) for at in (row, column))
    image[rows, columns] = 0
    return image


@gets("it needs `+ 1`")
def cover__short(image, row, column, patch):
    return assigned(image, row, column, patch // 2, patch // 2)


@gets("counts from the end")
def cover__below_zero(image, row, column, patch):
    return assigned(image, row, column, patch // 2, patch // 2 + 1, least=-100)


@gets("row and column are swapped")
def cover__swapped(image, row, column, patch):
    return assigned(image, column, row, patch // 2, patch // 2 + 1)


@gets("to each side")
def cover__double(image, row, column, patch):
    return assigned(image, row, column, patch, patch + 1)


@gets("everything but the patch")
def cover__turned_round(image, row, column, patch):
    return image - assigned(image, row, column, patch // 2, patch // 2 + 1)


@gets("changed the `image`")
def cover__in_place(image, row, column, patch):
    image[max(row - patch // 2, 0) : row + patch // 2 + 1,
          max(column - patch // 2, 0) : column + patch // 2 + 1] = 0  # fmt: skip
    return image


@gets("Cut them off")
def fool_step__beyond(image, slopes, size):
    return image + size * torch.sign(slopes)


@gets("each pixel moves by its slope, and beyond")
def fool_step__neither(image, slopes, size):
    return image + size * slopes


@gets("downhill")
def fool_step__downhill(image, slopes, size):
    return torch.clamp(image - size * torch.sign(slopes), 0, 255)


@gets("Only the sign counts")
def fool_step__slope(image, slopes, size):
    return torch.clamp(image + size * slopes, 0, 255)


@gets("the size is missing")
def fool_step__no_size(image, slopes, size):
    return torch.clamp(image + torch.sign(slopes), 0, 255)


@gets("where the slope is 0")
def fool_step__no_zero(image, slopes, size):
    return torch.clamp(image + size * (2 * (slopes > 0) - 1), 0, 255)


@gets("up to 255")
def fool_step__to_one(image, slopes, size):
    return torch.clamp(image + size * torch.sign(slopes), 0, 1)


def each_bin(edges, of_bin):
    pairs = zip(edges, edges[1:], strict=False)
    return torch.stack([torch.as_tensor(of_bin(low, high)).double() for low, high in pairs])


@gets("counts in the bin below")
def accuracy_by_bin__closed_above(factor, correct, edges):
    return each_bin(
        edges, lambda low, high: correct[(low < factor) & (factor <= high)].double().mean()
    )


def between(factor, low, high):
    return (low <= factor) & (factor < high)


@gets("counts of correct answers")
def accuracy_by_bin__counts(factor, correct, edges):
    return each_bin(edges, lambda low, high: (correct & between(factor, low, high)).sum())


@gets("divided by all images")
def accuracy_by_bin__of_all(factor, correct, edges):
    return each_bin(edges, lambda low, high: (correct & between(factor, low, high)).double().mean())


@gets("shares of wrong answers")
def accuracy_by_bin__errors(factor, correct, edges):
    return each_bin(
        edges, lambda low, high: 1 - correct[between(factor, low, high)].double().mean()
    )


@gets("how many images lie in each bin")
def accuracy_by_bin__sizes(factor, correct, edges):
    return each_bin(edges, lambda low, high: between(factor, low, high).sum())


@gets("all that lies below")
def accuracy_by_bin__below(factor, correct, edges):
    return each_bin(edges, lambda low, high: correct[factor < high].double().mean())
