"""Wrong answers to the exercises of lesson 08, with what each must be told."""

import torch
from torch.nn import functional as F

from tests.check_kit import gets


def ends(ink):
    rows, columns = [(ink > 0).any(dim=side).nonzero().flatten() for side in (1, 0)]
    return rows[0], rows[-1], columns[0], columns[-1]


@gets("the last row and the last column with ink are missing")
def crop__slices_that_end_too_early(ink):
    top, bottom, left, right = ends(ink)
    return ink[top:bottom, left:right]


@gets("the last row with ink is missing")
def crop__last_row_missing(ink):
    top, bottom, left, right = ends(ink)
    return ink[top:bottom, left : right + 1]


@gets("the last column with ink is missing")
def crop__last_column_missing(ink):
    top, bottom, left, right = ends(ink)
    return ink[top : bottom + 1, left:right]


@gets("empty rows and columns within the digit are gone")
def crop__all_that_is_empty(ink):
    return ink[ink.sum(1) > 0][:, ink.sum(0) > 0]


@gets("only the rows are cut")
def crop__rows_alone(ink):
    top, bottom, *_ = ends(ink)
    return ink[top : bottom + 1]


@gets("only the columns are cut")
def crop__columns_alone(ink):
    *_, left, right = ends(ink)
    return ink[:, left : right + 1]


@gets("the empty border is still there")
def crop__nothing_cut(ink):
    return ink * (ink > 0)


@gets("rows and columns are swapped")
def crop__turned(ink):
    top, bottom, left, right = ends(ink)
    return ink.T[left : right + 1, top : bottom + 1]


@gets("the part is square")
def crop__square(ink):
    top, bottom, left, right = ends(ink)
    first, last = min(top, left), max(bottom, right) + 1
    return ink[first:last, first:last]


@gets("returns a tuple, not a tensor")
def crop__the_numbers(ink):
    return tuple(ends(ink))


@gets("your function changed the `ink`")
def crop__in_place(ink):
    ink += 1
    return ink


def two(x, first, second):
    return F.conv2d(F.relu(F.conv2d(x, first, padding=1)), second, padding=1)


@gets("the shortcut is missing")
def residual_block__plain(x, first, second):
    return F.relu(two(x, first, second))


@gets("the last ReLU is missing")
def residual_block__open_end(x, first, second):
    return two(x, first, second) + x


@gets("the last ReLU comes too early")
def residual_block__clipped_before_the_sum(x, first, second):
    return F.relu(two(x, first, second)) + x


@gets("both ReLUs are missing")
def residual_block__straight(x, first, second):
    return x + F.conv2d(F.conv2d(x, first, padding=1), second, padding=1)


@gets("the ReLU between the two convolutions is missing")
def residual_block__no_bend_within(x, first, second):
    return F.relu(x + F.conv2d(F.conv2d(x, first, padding=1), second, padding=1))


@gets("the input is multiplied")
def residual_block__product(x, first, second):
    return F.relu(x * two(x, first, second))


@gets("the input is taken off")
def residual_block__difference(x, first, second):
    return F.relu(two(x, first, second) - x)


@gets("the input is clipped before it is added")
def residual_block__input_clipped(x, first, second):
    return F.relu(F.relu(x) + two(x, first, second))


@gets("the second convolution does not get what the first one gave")
def residual_block__second_of_the_input(x, first, second):
    return F.relu(x + F.conv2d(x, second, padding=1))


@gets("one convolution is missing")
def residual_block__first_alone(x, first, second):
    return F.relu(x + F.relu(F.conv2d(x, first, padding=1)))


@gets("Kernel size can't be greater than actual input size")
def residual_block__smaller_maps(x, first, second):
    return torch.relu(F.conv2d(torch.relu(F.conv2d(x, first)), second))
