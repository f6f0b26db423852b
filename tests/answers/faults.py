"""All that a learner's function can do wrong whatever the exercise, with the diagnosis."""

import sys
import threading

import torch


def right(image, kernel):
    return torch.nn.functional.conv2d(image[None, None], kernel[None, None])[0, 0]


def raises(image, kernel):
    output = image.new_zeros(1, 1)
    output[5, 5] = 1
    return output


def raises_deep_within(image, kernel):
    return torch.nn.functional.conv2d(image, kernel, padding="large")


def calls_itself(image, kernel):
    return calls_itself(image, kernel)


def leaves(image, kernel):
    sys.exit("done")


def never_ends(image, kernel):
    while True:
        pass


def never_ends_and_catches_everything(image, kernel):
    while True:
        try:
            image = image + 1
        except:  # noqa: E722
            continue


def waits_forever(image, kernel):
    threading.Event().wait()


def forgets_to_return(image, kernel):
    output = right(image, kernel)  # noqa: F841


def prints(image, kernel):
    print(right(image, kernel))


def prints_and_keeps_the_dots(image, kernel):
    ...
    print(right(image, kernel))


def returns_a_list(image, kernel):
    return right(image, kernel).tolist()


def returns_an_array(image, kernel):
    return right(image, kernel).numpy()


def returns_two(image, kernel):
    return right(image, kernel), kernel


def yields(image, kernel):
    yield right(image, kernel)


def returns_a_number(image, kernel):
    return right(image, kernel)[0, 0].item()


def returns_words(image, kernel):
    return "an output"


def returns_rows_in_a_list(image, kernel):
    return list(right(image, kernel))


def cuts_to_whole_numbers(image, kernel):
    return right(image, kernel).long()


def says_only_where_it_is_positive(image, kernel):
    return right(image, kernel) > 0


def is_complex(image, kernel):
    return right(image, kernel) * (1 + 0j)


def has_no_memory(image, kernel):
    return torch.empty(2, 2, device="meta")


def leaves_nan(image, kernel):
    return right(image, kernel) / torch.zeros(())


def has_another_shape(image, kernel):
    return right(image, kernel)[None]


def changes_the_image(image, kernel):
    output = right(image, kernel)
    image[0, 0] = 0
    return output


def changes_the_kernel(image, kernel):
    output = right(image, kernel)
    kernel.mul_(2)
    return output


def takes_one(image):
    return image


FAULTS = [
    (raises, "IndexError: index 5 is out of bounds"),
    (raises, f"line {raises.__code__.co_firstlineno + 2}, `output[5, 5] = 1`"),
    (raises_deep_within, "`return torch.nn.functional.conv2d(image, kernel, padding=\"large\")`"),
    (calls_itself, "RecursionError"),
    (leaves, "SystemExit: done"),
    (never_ends, "had not ended when the time was up; it was in line"),
    (never_ends_and_catches_everything, "had not ended when the time was up"),
    (waits_forever, "had not ended when the time was up"),
    (forgets_to_return, "returns None. Does its last line begin with `return`?"),
    (prints, "prints its answer. Hand it back instead"),
    (prints_and_keeps_the_dots, "prints its answer. Hand it back instead"),
    (returns_a_list, "returns a list, not a tensor. Make a tensor of the list"),
    (returns_an_array, "returns a NumPy array, not a tensor. Make a tensor of the array"),
    (returns_two, "returns a tuple, not a tensor. Return one tensor alone"),
    (yields, "returns a generator, not a tensor. Use `return` in place of `yield`"),
    (returns_a_number, "returns a float, not a tensor. Collect the numbers"),
    (returns_words, "returns a str, not a tensor."),
    (returns_rows_in_a_list, "Stack the tensors of the list: `torch.stack(your_list)`."),
    (cuts_to_whole_numbers, "came out as int64, which has no room for"),
    (says_only_where_it_is_positive, "came out as bool"),
    (is_complex, "came out as complex128"),
    (has_no_memory, "stopped with NotImplementedError"),
    (leaves_nan, "not finite (nan or inf)"),
    (has_another_shape, "the output has shape (1, 1, 2); expected: (1, 2)."),
    (changes_the_image, "changed the `image` that it was given"),
    (changes_the_kernel, "changed the `kernel` that it was given"),
    (takes_one, "takes `(image)`. This exercise calls it with `(image, kernel)`"),
    (lambda: 1, "takes `()`"),
    (right(torch.ones(3, 3), torch.ones(2, 2)), "needs your function itself, and got a Tensor"),
    (None, "needs your function itself, and got None. Write `check.cross_correlate(cross_cor"),
]  # fmt: skip


def dots(image, kernel): ...


def dots_with_docstring(image, kernel):
    """Slide the kernel over the image."""
    ...  # your code


def dots_after_a_given_line(image, kernel):
    (H, W) = image.shape  # noqa: F841
    ...


def dots_as_a_value(image, kernel):
    output = ...
    return output  # noqa: RET504


def says_that_it_is_not_written(image, kernel):
    raise NotImplementedError


def passes(image, kernel):
    pass


UNTOUCHED = [dots, dots_with_docstring, dots_after_a_given_line, dots_as_a_value, passes,
             says_that_it_is_not_written, ...]  # fmt: skip
