"""Claims are no ornament: break the experiment behind one, and it says so."""

import pytest

import tests.lesson_code as lesson_code
from course_utils import data, handwriting
from course_utils.lesson.claim import ClaimError

# lesson, how the claim begins, what stands in the cells before it, what is put in its place
BROKEN = [
    ("01", "the right neighbour stands", "(784).view(28, 28)", "(784).view(28, 28).T"),
    ("01", "inputs x outputs weights", "(1024 + 1) * 512", "1024 * 512"),
    ("01", "cases that the best of them", "+ biases > 0", "+ biases > 99"),
    ("01", "pixels across, after one", "nn.AvgPool2d(2)", "nn.AvgPool2d(3)"),
    ("02", "the bright, flat piece beats", "[5.0, 5.0, 5.0]", "[1.0, 1.0, 1.0]"),
    ("02", "a pattern that sums to zero", "pattern - pattern.mean()", "pattern - pattern.min()"),
    ("02", "they differ at two places",
     "signal[None, None], kernel[None",
     "signal[None, None], kernel.flip(0)[None"),
    ("02", "turn the kernel round", "kernel.flip(0)", "kernel"),
    ("02", "the upper left number", "image[0:3, 0:3]", "image[0:3, 1:4]"),
    ("02", "two loops give what PyTorch gives", "range(rows)", "range(rows - 1)"),
    ("02", "the sum over channels", "in range(3)]", "in range(2)]"),
    ("02", "the share that ReLU leaves", "F.relu,", "torch.tanh,"),
    ("02", "it moves along", "digit.roll(3, dims=1)", "digit.roll(2, dims=1)"),
    ("02", "the largest difference between the two", "False)", "True)"),
    ("02", "with an equal next layer", "equal_next_layer=True", "equal_next_layer=False"),
    ("02", "the matrix gives", "dim=1)   # (9, 16)", "dim=1).flip(1)   # (9, 16)"),
    ("02", "and all agree", "i * columns + j", "j * columns + i"),
    ("02", "the kernel's slopes are", "2 * answer", "answer"),
    ("02", "the pixels' slopes are", ".flip(2, 3)", ""),
    ("03", "a corner is used once",
     "range(0, padded - kernel_size + 1, stride):\n        for left",
     "range(0, padded - kernel_size, stride):\n        for left"),
    ("03", "with padding 1 a corner is used",
     "kernel_size=3, padding=1)",
     "kernel_size=3, padding=2)"),
    ("03", "a kernel of 5 needs padding", "size + 2 * padding", "size + padding"),
    ("03", "no error: PyTorch takes",
     "torch.ones(1, 1, 2, 2), stride=2",
     "torch.ones(1, 1, 2, 2), stride=1"),
    ("03", "two layers of 3x3 see", "[(3, 1)] * 2", "[(3, 1)] * 3"),
    ("03", "with replicate the sheet stays", 'paint("replicate")', 'paint("zeros")'),
    ("03", "the gradient of a convolution", "send_back, edges", "send_back, edges.flip(2, 3)"),
    ("04", "upper right: largest 9", "windows.mean(", "windows.amin("),
    ("04", "lesson 03's formula counts",
     "stride=stride) for size",
     "stride=stride, padding=1) for size"),
    ("04", "only with one window for the whole", "(2, 4, 8, 32)", "(2, 4, 8, 16)"),
    ("04", "share of the pooled numbers",
     "0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 9.0",
     "0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 9.0, 0.0"),
    ("04", "the maximum of four noisy numbers",
     "torch.randn(1, 200, 200)",
     "torch.randn(1, 100, 100).repeat_interleave(2, 1).repeat_interleave(2, 2)"),
    ("05", "a factor of two at each",
     "spreads_through(2), spreads",
     "spreads_through(2.1), spreads"),
    ("05", "both channels are -1 and 1",
     "dim=(0, 2, 3), keepdim=True)                     #",
     "dim=(0, 1, 2, 3), keepdim=True)                     #"),
    ("05", "PyTorch's batch norm gives", "training=True)", "training=True, eps=1)"),
    ("05", "a bias leaves no trace",
     "(no_bias, no_bias + 5)",
     "(no_bias, no_bias + raw[:, :, 2:, 2:])"),
    ("05", "the mean: nine tenths of 0", "momentum=0.1", "momentum=0.2"),
    ("06", "minus the logarithm of the true share", "-torch.log(shares", "-torch.log2(shares"),
    ("06", "having no idea costs", "torch.zeros(1, 10)", "torch.zeros(1, 11)"),
    ("06", "the loss of a perfect answer",
     "F.one_hot(truth, 10).float()",
     "100 * F.one_hot(truth, 10).float()"),
    ("06", "the third convolution has",
     "block(32, 32), nn.Flatten(),\n                         nn.Linear(288",
     "block(32, 16), nn.Flatten(),\n                         nn.Linear(144"),
    ("06", "with a softmax inside it is weaker", "push(nn.Softmax(dim=1))", "push(nn.Identity())"),
    ("08", "points that cutting out and scaling bring",
     '"paper to 0": shrink(ink)',
     '"paper to 0": torch.stack([fit(one, 28) for one in ink])'),
    ("08", "of 100 photos it now reads", "centre(fit(one, 20))", "centre(fit(one, 9))"),
    ("08", "in grey it reads hardly more", "images.mean(dim=1, dtype=torch.float)", "images[:, 0]"),
    ("08", "without batch norm the mean of the halves", "slice(32, 64))", "slice(33, 64))"),
    ("08", "with weights of zero the block", "out = F.relu(x +", "out = F.relu(2 * x +"),
    ("08", "the share of the weights that is left", "groups=32", "groups=16"),
    ("07", "learnt kernels of the second layer",
     "likeness(network[layer].weight) for layer",
     "likeness(untrained[0][layer].weight) for layer"),
    ("07", "the most that chance gave in thirty",
     "likeness(model[layer].weight)",
     "likeness(network[layer].weight)"),
    ("07", "the edge kernel of lesson 02", "[2.0, 0.0, -2.0]", "[-2.0, 0.0, 2.0]"),
    ("07", "the first ReLU gave sixteen", "network[3].register", "network[4].register"),
    ("07", "the share that it gives to a 4", '"183 46"', '"713"'),
    ("07", "of 100 digits it still reads", "greys.detach() + reach", "greys.detach() - reach"),
    ("07", "and when each pixel goes up or down", "24 * torch.randn", "99 * torch.randn"),
    ("07", "nine sums and a bias are", "(1, 2)) + linear.bias", "(1, 2)) - linear.bias"),
    ("07", "and the most that a logit moves without", "cut[..., 6] = 0, 0", "cut[..., 5] = 0, 0"),
    ("07", "of ten neighbours by the last maps",
     '{"last maps": network,',
     '{"last maps": untrained[1],'),
]  # fmt: skip


@pytest.fixture(scope="module")
def few_digits():
    """Ten thousand drawn digits in the place of seventy thousand: these claims need no more."""
    training, testing = (
        handwriting.draw(count, seed=seed, style="mild")
        for seed, count in [(0, 10_000), (1, 1_000)]
    )
    return data.Digits(
        training.images, training.labels, testing.images, testing.labels, source="drawn"
    )


@pytest.mark.parametrize(("lesson", "sentence", "whole", "broken"), BROKEN,
                         ids=lambda word: word if len(word) > 2 else f"lesson {word}")  # fmt: skip
def test_a_claim_fails_when_its_experiment_is_broken(
    tmp_path, monkeypatch, few_digits, lesson, sentence, whole, broken
):
    monkeypatch.setattr(data, "load", lambda: few_digits)
    cells = lesson_code.needed_for(lesson, sentence)
    lesson_code.run(cells, tmp_path)
    with pytest.raises(ClaimError, match=sentence):
        lesson_code.run(cells, tmp_path, (whole, broken))


def test_broken_experiments_are_enough_and_of_many_lessons():
    assert len(BROKEN) >= 20
    assert {lesson for lesson, *_ in BROKEN} >= {"01", "02", "03", "04", "05", "06", "07"}
