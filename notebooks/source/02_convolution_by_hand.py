# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] tags=["slide"]
# # 2. Convolution by hand
#
# You can find the edge of a table in the dark: you slide your hand along until something changes. A convolution does the same with numbers. It slides a small grid over a large one, and wherever it stops it asks one question: *how much does this place look like me?*
#
# Which question must the small grid ask so that it finds edges? At the end of this lesson you will have designed it yourself.
#
# **You will be able to**
# - compute a convolution with pencil and paper, and write it in loops,
# - say what convolution and cross-correlation have in common, and what PyTorch calls which,
# - read a kernel, and design one,
# - count the parameters of a convolutional layer, with channels and bias,
# - say precisely what happens to the answer when the image is shifted.
#
# **You need** multiplication, and a little Python: functions, loops, lists. **Time:** 50 minutes; with all exercises and the further sections, two hours and a half. What begins with *Further* is folded: open what you like.
#
# Run each cell with Shift+Enter, from the top down; what stands below a cell before you run it is from an earlier run. The stop button ends what takes too long.

# %%
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, mine, ops, show
from course_utils.lesson import check, claim, guess, quiz
from course_utils.widgets import ConvStepper, KernelExplorer

digits = data.load()

# %% [markdown]
# Numbers in a row, a grid or a stack of grids are kept in a **tensor**. What you need of it here:
#
# | with `row = torch.tensor([3.0, 1.0, 4.0])` | and `grid = torch.tensor([[1.0, 2.0], [3.0, 4.0]])` |
# |---|---|
# | its shape: `row.shape` is `(3,)` | `grid.shape` is `(2, 2)`: rows, columns |
# | a part of it: `row[1:3]` is `1, 4` | `grid[0:2, 1:2]` is the right column |
# | entry by entry: `row * row` is `9, 1, 16` | added up: `grid.sum()` is `10` |
# | zeros, to be filled: `row.new_zeros(2)` | writing into it: `grid[0, 1] = 7` |
# | the other way round: `row.flip(0)` is `4, 1, 3` | rows and columns: `grid.flip(0, 1)` |
#
# (PyTorch writes `torch.Size([3])` for `(3,)` and `tensor(8.)` for 8. Where you see `[None]` below, it puts the tensor into a stack of one, because a function expects a stack. Read over it.)

# %% [markdown] tags=["slide"]
# ## A match is a number
#
# Lay a pattern on a piece of a signal, multiply number by number, and add up. That is the **dot product**. Here are four pieces, one a row, and the pattern 1, 2, 1. The first piece is the pattern itself.

# %%
pattern = torch.tensor([1.0, 2.0, 1.0])
pieces = torch.tensor([[1.0, 2.0, 1.0], [2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [5.0, 5.0, 5.0]])
show.grids(pieces, pattern[None], titles=["four pieces", "pattern"], roles=["in", "kernel"])

# %%
guess("Which piece gives the largest dot product with the pattern?",
      ["1 2 1", "2 1 0", "0 1 2", "5 5 5"])

# %%
answers = pieces @ pattern                           # @ is the dot product, here with each row
claim("the bright, flat piece beats the pattern itself, 20 to 6", (answers[3], answers[0]),
      equals=(20, 6), answer="5 5 5")

# %% [markdown]
# The dot product rewards likeness, and it rewards brightness as well. To be rid of the brightness that a piece has everywhere, take the mean off the pattern, so that its numbers sum to zero: then a flat piece, bright or dark, answers 0. (Strong contrast still counts more than weak.)

# %%
shape_only = pattern - pattern.mean()                # -1/3, 2/3, -1/3
claim("a pattern that sums to zero answers a flat piece by 0, but for rounding",
      (pieces @ shape_only)[3].abs(), below=1e-5)

# %% [markdown]
# Keep that: **a pattern that sums to zero is deaf to what is the same everywhere; it answers to differences.**

# %% [markdown] tags=["slide"]
# ## Slide it
#
# Now let the pattern slide along a signal, one step at a time. `unfold` lists all the windows it stops at, one a row; the dot product with each is one number of the answer.

# %%
signal = torch.tensor([0.0, 0.0, 0.0, 4.0, 4.0, 4.0, 4.0])
step = torch.tensor([-1.0, 1.0])                     # right minus left
windows = signal.unfold(0, 2, 1)                     # (6, 2): every place where two numbers fit
show.grids(signal[None], step[None], (windows @ step)[None], titles=["signal", "kernel", "answer"],
           roles=["in", "kernel", "out"])

# %% [markdown]
# Flat, flat, an edge, flat, flat, flat: one number is not zero, and it stands where the signal jumps. The small grid that slides is called a **kernel** (others say *filter*; we stay with kernel), and the sliding is called **cross-correlation**; the next section says why that is not yet convolution. Six numbers came out of seven, because a kernel of two fits in six places.

# %% [markdown]
# ### Your turn: slide along a line (5 minutes, easy)
#
# Write in a loop what `unfold` did for us: put the kernel on each place where it lies wholly within the signal, multiply entry by entry, add up.
#
# `cross_correlate_1d(signal, kernel)`: shapes `(N,)` and `(K,)` go in, `(N - K + 1,)` comes out. For example `[1, 2, 4]` with the kernel `[1, 10]` gives `[21, 42]`.

# %% tags=["exercise"]
def cross_correlate_1d(signal, kernel):
    """Slide the kernel along the signal: (N,), (K,) -> (N - K + 1,)."""
    ...                                   # your code

check.cross_correlate_1d(cross_correlate_1d)

# %% [markdown] tags=["hint"]
# How many places are there? Count them on paper for a signal of 3 and a kernel of 2, then for 3 and 3. That many numbers come out; `signal.new_zeros(n)` has room for n of them.

# %% [markdown] tags=["hint"]
# The window at place `i` is `signal[i : i + len(kernel)]`. It is as long as the kernel, so that you can multiply the two.

# %% [markdown] tags=["hint"]
# ```python
# for i in range(len(output)):
#     window = signal[i : i + len(kernel)]
#     output[i] = ...                     # multiply and add up
# ```

# %% tags=["solution"]
def cross_correlate_1d(signal, kernel):
    """Slide the kernel along the signal: (N,), (K,) -> (N - K + 1,)."""
    size = len(kernel)
    output = signal.new_zeros(len(signal) - size + 1)
    for i in range(len(output)):
        output[i] = (signal[i : i + size] * kernel).sum()
    return output

check.cross_correlate_1d(cross_correlate_1d)

# %% [markdown] tags=["slide"]
# ## "It is called convolution"
#
# You will read that this sliding is *convolution*, in papers and in PyTorch's own names. You will also read that a convolution turns its kernel round first: a row `1 2 5` becomes `5 2 1`. Let NumPy, which was made for mathematics, and PyTorch do the same job, on the signal of above and this kernel.

# %%
kernel = torch.tensor([1.0, 2.0, 5.0])
guess("np.convolve and F.conv1d, same numbers. Do they agree?", ["yes", "no"])

# %%
numpy_says = torch.tensor(np.convolve(signal, kernel, mode="valid"))
torch_says = F.conv1d(signal[None, None], kernel[None, None])[0, 0]
claim("they differ at two places, where the window holds the jump",
      (numpy_says != torch_says).nonzero().flatten(), equals=(1, 2), answer="no")
turned = F.conv1d(signal[None, None], kernel.flip(0)[None, None])[0, 0]
claim("turn the kernel round, and they are the same", turned, equals=numpy_says)
show.grids(numpy_says[None], torch_says[None], titles=["np.convolve", "F.conv1d"],
           roles=["out", "out"])

# %% [markdown]
# So there are two operations. **Cross-correlation** slides the kernel as it is: that is what PyTorch computes, and everybody who trains networks. **Convolution** turns it by 180 degrees first. A network does not care: it learns its kernels, and would learn the turned ones. You must care when you copy a kernel from a book on signals.

# %% [markdown] tags=["slide"]
# ## Two dimensions, with a pencil
#
# An image is a grid, so the kernel is a grid, and it slides across and down. Take paper. Four numbers come out; compute the upper left one.

# %%
image = torch.tensor([[1.0, 2.0, 0.0, 1.0], [0.0, 1.0, 3.0, 1.0],
                      [2.0, 1.0, 0.0, 2.0], [1.0, 0.0, 1.0, 3.0]])
kernel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
show.grids(image, kernel, titles=["image", "kernel"], roles=["in", "kernel"])

# %%
guess("The upper left number of the answer?", [-3, 0, 2, 9])

# %%
window = image[0:3, 0:3]                             # rows 0 to 2, columns 0 to 2
claim("the upper left number: the left column minus the right one, the middle row counted twice",
      (window * kernel).sum(), equals=(1 + 2 * 0 + 2) - (0 + 2 * 3 + 0))

# %% [markdown]
# Now do the other three with the stepper. Step with the arrow keys; change any number and see what depends on it. (The knobs for stride, padding and dilation, and the formula below, belong to lesson 03.)

# %%
ConvStepper(image=image, kernel=kernel)

# %% [markdown]
# ### Your turn: slide over an image (10 minutes, medium)
#
# Now the window has rows and columns, and it goes to the right and down. Two loops are enough.
#
# `cross_correlate(image, kernel)`: shapes `(H, W)` and `(kh, kw)` go in, `(H - kh + 1, W - kw + 1)` comes out. The image need not be square, and neither need the kernel. For example:
#
# ```
#  1 2 3                 1*1 + 5*10   2*1 + 6*10        51 62
#  4 5 6   with   1  0   4*1 + 8*10   5*1 + 9*10   =    84 95
#  7 8 9          0 10
# ```

# %% tags=["exercise"]
def cross_correlate(image, kernel):
    """Slide the kernel over the image: (H, W), (kh, kw) -> (H - kh + 1, W - kw + 1)."""
    ...                                   # your code

check.cross_correlate(cross_correlate)

# %% [markdown] tags=["hint"]
# Begin with the sizes: `(H, W), (kh, kw) = image.shape, kernel.shape`. An output of the right shape, full of zeros, is `image.new_zeros(H - kh + 1, W - kw + 1)`.

# %% [markdown] tags=["hint"]
# The outer loop goes over the rows of the *output*, the inner one over its columns. With its upper left corner at `(i, j)` the window is `image[i : i + kh, j : j + kw]`.

# %% [markdown] tags=["hint"]
# The window has the shape of the kernel. `(window * kernel).sum()` is the number that belongs at `output[i, j]`. The `return` stands after both loops, not within them.

# %% tags=["solution"]
def cross_correlate(image, kernel):
    """Slide the kernel over the image: (H, W), (kh, kw) -> (H - kh + 1, W - kw + 1)."""
    (H, W), (kh, kw) = image.shape, kernel.shape
    output = image.new_zeros(H - kh + 1, W - kw + 1)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            window = image[i : i + kh, j : j + kw]      # (kh, kw)
            output[i, j] = (window * kernel).sum()
    return output

check.cross_correlate(cross_correlate)

# %% [markdown]
# **Stop here** until your check says "Correct"; or go on now if you only want to read. Here is one way to write it: two loops over the places where the kernel fits.

# %%
def slide(image, kernel):
    rows = image.shape[0] - kernel.shape[0] + 1
    columns = image.shape[1] - kernel.shape[1] + 1
    answer = image.new_zeros(rows, columns)          # (H - kh + 1, W - kw + 1)
    for row in range(rows):
        for column in range(columns):
            window = image[row : row + kernel.shape[0], column : column + kernel.shape[1]]
            answer[row, column] = (window * kernel).sum()
    return answer

claim("two loops give what PyTorch gives", slide(image, kernel),
      equals=F.conv2d(image[None, None], kernel[None, None])[0, 0])

# %% [markdown] tags=["slide"]
# ## What a kernel sees
#
# Nine numbers, and each set of nine asks another question. Try the presets, then write your own; hover over the answer to see the sum behind a pixel. Choose one of the goals and try to reach it.

# %%
explorer = KernelExplorer(padding_mode="none")
explorer

# %% [markdown]
# What did you notice about kernels that sum to 1, and about those that sum to 0? The first kind leaves a plain area as bright as it was; the second answers it by nothing.
#
# Take along a 3 x 3 kernel that you like: choose the size 3 x 3, and run `mine.keep_kernel(torch.tensor(explorer.kernel)); mine.kernel()` in a cell of your own (the + above makes one): it prints what was kept. The next lessons use it, and lesson 06 puts it into a network.

# %% [markdown]
# ### Your turn: design an eye for vertical edges (5 minutes, medium)
#
# Find nine numbers that answer where left and right differ, and keep silent where top and bottom differ. (In the explorer the goal *vertical edges* hides the presets that give it away. Find one there first.)
#
# `vertical_edge_kernel()` takes nothing and returns a kernel of shape `(3, 3)`. Its strongest answer to a vertical edge (dark on the left, bright on the right) must be at least 5 times its strongest answer to a horizontal one, and a plain area must be answered by 0. The sign is yours to choose. Many kernels do that. One that does not: `torch.ones(3, 3)` answers a plain area of ones by 9.

# %% tags=["exercise"]
def vertical_edge_kernel():
    """Return a kernel that answers to vertical edges: () -> (3, 3)."""
    ...                                   # your code: torch.tensor([[...], [...], [...]])

check.vertical_edge_kernel(vertical_edge_kernel)

# %% [markdown] tags=["hint"]
# On a plain area all nine pixels are equal, so the answer is that pixel times the sum of the kernel. What must the sum be?

# %% [markdown] tags=["hint"]
# A vertical edge is brighter on one side. Let one column count for the answer and one against it.

# %% [markdown] tags=["hint"]
# Across a horizontal edge the rows differ. If *each row* of the kernel sums to 0, no row answers to it.

# %% tags=["solution"]
def vertical_edge_kernel():
    """Return a kernel that answers to vertical edges: () -> (3, 3)."""
    return torch.tensor([[-1.0, 0.0, 1.0],
                         [-1.0, 0.0, 1.0],
                         [-1.0, 0.0, 1.0]])

check.vertical_edge_kernel(vertical_edge_kernel)

# %% [markdown]
# Here are four kernels at work on your 7 (or ours, if you drew none in lesson 00). The last two bear the name of *Sobel*; left minus right or right minus left is a matter of sign.

# %%
digit = mine.seven() / 255                           # (28, 28), from 0 to 1
kernels = {
    "blur": torch.ones(3, 3) / 9,
    "sharpen": torch.tensor([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "vertical edges": torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]),
    "horizontal edges": torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]]),
}
answers = [slide(digit, kernel) for kernel in kernels.values()]
show.maps(digit, *answers, titles=["digit", *kernels], roles=["in", "out", "out", "out", "out"])

# %% [markdown]
# Where a map has both signs, green is positive, purple is negative, white is zero (the blur has no negative answers, and is drawn in grey). A stroke has a left and a right edge, and the edge kernels answer to them with opposite signs. A picture that shows only the positive half, or the absolute value, hides that. (An *edge* kernel answers every plain area by zero, paper or ink: its numbers sum to zero.)

# %% [markdown] tags=["slide"]
# ## Three colours, one answer
#
# A colour image is three grids: red, green, blue. Each of them is a **channel**. Its kernel has three sheets, too, and the three answers are **added**. One kernel, however deep, gives one grid of answers, a **map**; you will also meet the names *feature map* and *activation map* for it.

# %%
torch.manual_seed(0)
colours, kernel = torch.rand(3, 6, 6), torch.randn(3, 3, 3)      # both (C, height, width)
together = F.conv2d(colours[None], kernel[None])[0, 0]           # (4, 4)
one_by_one = [slide(colours[channel], kernel[channel]) for channel in range(3)]
claim("the sum over channels and nothing else: the largest difference is rounding",
      (together - sum(one_by_one)).abs().max(), below=1e-5)

# %% [markdown]
# To ask several questions, take several kernels: `O` kernels give `O` maps. Side by side they are a **layer**; its numbers are the **weights**, of shape (O, C, kh, kw). Each kernel also gets one number that is added everywhere, the **bias**. Weights and biases together are the **parameters**: all that the layer can learn. How many are there?

# %% [markdown]
# ### Your turn: what does a layer have to learn? (3 minutes, easy)
#
# Count all weights and biases of a convolution layer, without building it.
#
# `count_parameters(in_channels, out_channels, kernel_size)`: three whole numbers go in, one comes out. The kernels are square. For example 3 channels in, 1 out and kernels of 2 by 2 have `3 * 4 + 1 = 13`.

# %% tags=["exercise"]
def count_parameters(in_channels, out_channels, kernel_size):
    """Count the weights and biases of a convolution layer: three whole numbers -> one."""
    ...                                   # your code

check.count_parameters(count_parameters)

# %% [markdown] tags=["hint"]
# Begin with a single output channel. Its kernel is as deep as the input, and it has one bias.

# %% [markdown] tags=["hint"]
# Such a kernel has `in_channels * kernel_size * kernel_size` weights. How many numbers with its bias, and how many such kernels are there?

# %% tags=["solution"]
def count_parameters(in_channels, out_channels, kernel_size):
    """Count the weights and biases of a convolution layer: three whole numbers -> one."""
    return out_channels * (in_channels * kernel_size**2 + 1)

check.count_parameters(count_parameters)

# %% [markdown]
# Did you need the size of the image? It does not occur. A large image needs no more weights than a small one.
#
# ### After the answer: ReLU
#
# Behind the convolution stands a function that bends. Without one, two layers are no more than one layer with a larger kernel: 2 times (3 times x) is only 6 times x, and two sums of products in a row are again one sum of products. **ReLU** keeps what is positive and turns the rest into zero: of 3 it makes 3, of -3 it makes 0. (With a bias of -2 only answers above 2 get through: the bias sets the threshold.) Its older relative, the **sigmoid**, squeezes everything between 0 and 1. Which share of the numbers is exactly zero afterwards?

# %%
torch.manual_seed(0)
maps = nn.Conv2d(1, 16, 3)(data.normalize(digits.test_images[:100])).detach()
zeros = [(bend(maps) == 0).float().mean().item() for bend in (F.relu, torch.sigmoid)]
claim("the share that ReLU leaves at exactly zero", zeros[0], between=(0.2, 0.8))
claim("the sigmoid leaves nothing at zero", zeros[1], equals=0.0)

# %% [markdown]
# So many zeros are called *sparsity*. These kernels are still random, so about half of their answers are negative; training decides what the zeros come to mean.

# %% [markdown] tags=["slide"]
# ## Shift the image
#
# The same kernel looks everywhere. You will read that a convolutional layer is therefore *translation invariant*. Put it to the test: shift the digit by three pixels, then look, and compare with looking first and shifting the answer.

# %%
guess("The digit moves 3 pixels to the right. The answer of a convolution ...",
      ["stays as it was", "moves 3 pixels to the right", "gets weaker"])

# %%
moved = digit.roll(3, dims=1)                               # nothing falls off: the border is empty
before, after = slide(digit, kernels["vertical edges"]), slide(moved, kernels["vertical edges"])
show.maps(digit, before, moved, after, titles=["digit", "its map", "moved", "its map"],
          roles=["in", "out", "in", "out"])

# %% [markdown]
# Is the second map the first one, moved? Lay them over each other, three columns apart; and then without moving.

# %%
claim("it moves along: the largest difference after moving is",
      (after[:, 3:] - before[:, :-3]).abs().max(), below=1e-5, answer="moves 3 pixels to the right")
claim("so it is not the same as before: the largest difference without moving is",
      (after - before).abs().max(), above=0.1)

# %% [markdown]
# *Invariant* means that the answer stays the same. *Equivariant* means that it moves along, and that is what a convolution is. A network that shall say "7" wherever the 7 stands needs something more; lesson 04 is about that.

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("02")

# %% [markdown] tags=["quiz"]
# ## Cross-correlation and convolution: for which kernels do the two give the same, whatever the image?
# - [ ] For none: they are two different operations with different answers
#   They differ by the flip alone. A kernel that the flip leaves as it is makes them equal.
# - [ ] For kernels that sum to 0
#   `[-1, 1]` sums to 0, and flipped it is `[1, -1]`: every answer changes its sign.
# - [ ] For all: PyTorch computes both with `conv2d`
#   `conv2d` computes cross-correlation, whatever its name says. You get convolution from it by flipping the kernel yourself.
# - [x] For those that a turn by 180 degrees leaves as they are
#   Convolution flips the kernel first, and these do not notice. The blur kernels of this lesson are of that sort; Sobel's are not.

# %% [markdown] tags=["quiz"]
# ## A kernel of 5 x 5 slides over an image of 28 x 28 without padding, and a second one of 5 x 5 over what came out. How large is the result?
# - [ ] 28 x 28
#   Only with padding. Without it every window must lie within the image, and each layer loses some of the border.
# - [ ] 24 x 24
#   That is after the first kernel: 28 - 5 + 1. The second one loses 4 rows and columns more.
# - [x] 20 x 20
#   28 - 5 + 1 = 24, and 24 - 5 + 1 = 20. A kernel of size k costs k - 1 rows and columns each time.
# - [ ] 18 x 18
#   That takes off 5 each time. Count the places of a kernel of 5 on a line of 5: there is one, not none.

# %% [markdown] tags=["quiz"]
# ## An image has 3 channels: red, green, blue. A layer with 8 output channels and kernels of 3 x 3 looks at it. How many numbers does it learn?
# - [ ] 80
#   That is 8 x (3 x 3 + 1), right for a grey image. Here each kernel also has a depth of 3.
# - [ ] 216
#   Those are the weights, 8 x 3 x 3 x 3. Each output channel has a bias, too.
# - [x] 224
#   Eight kernels of 3 x 3 x 3 with one bias each: 8 x (27 + 1). How large the image is does not matter.
# - [ ] 240
#   That would be a bias for each pair of channels. The three sums of a kernel are added first, and then one bias.

# %% [markdown] tags=["quiz"]
# ## You move the digit in the image 3 pixels to the right; no border is near. What happens to the map that a convolution makes of it?
# - [x] It moves 3 pixels to the right, too
#   That is equivariance: shift first and convolve then, or the other way round, it is the same.
# - [ ] It stays the same, because the same kernel is used everywhere
#   You will read that. If the map stayed the same it could not say where the digit is. The answer moves along.
# - [ ] It changes everywhere, since all windows see other pixels
#   Each window now sees what its neighbour three steps to the left saw before. So its answer is that neighbour's old answer.

# %% [markdown] tags=["quiz"]
# ## Two layers of 3 x 3 in a row, one channel each, no bias, and nothing in between. Which single kernel could do the same?
# - [x] One of 5 x 5
#   A number of the second layer sees 3 x 3 numbers of the first, and those see 5 x 5 pixels. It is a sum of sums of products, and that is one sum of products.
# - [ ] One of 6 x 6
#   The two windows overlap: the second adds one pixel on each side of the first, so 3 + 2.
# - [ ] One of 9 x 9
#   So it would be if every number of the second layer saw nine windows side by side. They are one pixel apart.
# - [ ] None: two layers can always do more than one
#   They can as soon as something that bends stands between them, such as ReLU. Without it two layers are one.

# %% [markdown] tags=["quiz"]
# ## An edge kernel answers the left edge of a stroke by 3 and its right edge by -3. Then comes ReLU. What does the next layer get to know about the right edge from this map?
# - [ ] As much as before, only without the sign
#   That would be the absolute value. ReLU keeps 3, and turns -3 into 0.
# - [ ] A little: a small positive number is left of the -3
#   The sigmoid would do that (it gives 0.05). ReLU gives 0 for everything below zero, and all of it looks alike afterwards.
# - [ ] Nothing, and the network cannot learn about right edges any more
#   This map has lost them. Another kernel of the same layer, with opposite signs, answers them by 3.
# - [x] Nothing: for that it needs a second kernel, with all signs turned round
#   There is one map for what brightens and one for what darkens. Such pairs are often seen among the kernels that a network learns.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - A dot product measures likeness, and brightness; a kernel that sums to zero asks about change.
# - Cross-correlation slides the kernel as it is. Convolution turns it first. PyTorch says convolution and does cross-correlation.
# - A kernel is as deep as the image has channels; the channels' answers are added. O kernels give O maps. O (C k² + 1) parameters.
# - Shift the image, and the map shifts along: equivariant, not invariant.
#
# **Next:** a pixel in the corner is seen once, one in the middle nine times. Lesson 03 asks what to do about it. Below are sections for those who want to know more. They need the cells above, not each other.

# %% [markdown] tags=["further"]
# ## Further: why do kernels become different?
#
# A layer has sixteen kernels, all with the same images and the same rule for learning. "They start from random numbers, therefore they become different", you will read. Test it: start two kernels **equal**, to the last bit, and train. (You need not follow every line; lesson 06 explains training. A kernel of 5 has 24 x 24 = 576 places on a digit, and the next layer gives each its own weight.)

# %%
def train_twins(equal_next_layer):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 5), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 576, 10))
    with torch.no_grad():
        model[0].weight[1], model[0].bias[1] = model[0].weight[0], model[0].bias[0]
        if equal_next_layer:
            model[3].weight[:, 576:] = model[3].weight[:, :576]
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for batch in torch.randperm(10_000).split(100):              # 100 steps
        loss = F.cross_entropy(model(data.normalize(digits.train_images[batch])),
                               digits.train_labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (model[0].weight[0] - model[0].weight[1]).abs().max().item()

# %%
guess("Two equal kernels, the next layer random as usual. After 100 steps they are ...",
      ["still equal", "different"])

# %%
claim("the largest difference between the two kernels, after 100 steps",
      train_twins(equal_next_layer=False), above=0.001, answer="different")

# %% [markdown]
# Equal kernels, and yet they part: the *next* layer listens to each with other weights, so each is told something else. Only when that layer is equal, too, nobody can tell them apart.

# %%
claim("with an equal next layer the largest difference stays 0, to the last bit",
      train_twins(equal_next_layer=True), equals=0.0)

# %% [markdown]
# What must be broken is the symmetry of the whole path. Random numbers in one of the two layers are enough; networks start with random numbers in both.

# %% [markdown] tags=["further"]
# ## Further: your own slider
#
# `interact` makes a slider for each argument of a function that it stands above. Turn an edge kernel: which strokes light up, which go out?

# %%
from ipywidgets import interact

@interact(angle=(0, 345, 15))
def turned_edges(angle=0):
    across, down = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    kernel = across * kernels["vertical edges"] + down * kernels["horizontal edges"]
    return show.maps(digit, slide(digit, kernel), titles=["digit", f"{angle} degrees"],
                     roles=["in", "out"])

# %% [markdown] tags=["further"]
# ## Further: what mathematics calls convolution
#
# Two things about the operation that turns its kernel: write it, and count what comes out of it.
#
# ### Your turn: turn, then slide (5 minutes, easy)
#
# True convolution turns the kernel by 180 degrees first, and then does what you have built. Your `cross_correlate` may help; so may `F.conv2d(image[None, None], kernel[None, None])[0, 0]`.
#
# `convolve(image, kernel)`: shapes `(H, W)` and `(kh, kw)` go in, `(H - kh + 1, W - kw + 1)` comes out. For example an image that is 0 but for a single 1 in its middle, 3 by 3, and a kernel of 2 by 2: out comes *the kernel itself*. (Cross-correlation gives it turned by 180 degrees. Try it.)

# %% tags=["exercise"]
def convolve(image, kernel):
    """Turn the kernel by 180 degrees, then slide it: (H, W), (kh, kw) -> (rows, columns)."""
    ...                                   # your code

check.convolve(convolve)

# %% [markdown] tags=["hint"]
# Turn a sheet of paper by 180 degrees: what was at the top is at the bottom, and what was on the left is on the right. So both directions are reversed.

# %% [markdown] tags=["hint"]
# `kernel.flip(0)` reverses the rows and gives a new tensor; the old one stays as it was. `flip` takes several directions at once.

# %% tags=["solution"]
def convolve(image, kernel):
    """Turn the kernel by 180 degrees, then slide it: (H, W), (kh, kw) -> (rows, columns)."""
    (H, W), (kh, kw) = image.shape, kernel.shape
    turned = kernel.flip(0, 1)
    output = image.new_zeros(H - kh + 1, W - kw + 1)
    for i in range(H - kh + 1):
        for j in range(W - kw + 1):
            output[i, j] = (image[i : i + kh, j : j + kw] * turned).sum()
    return output

check.convolve(convolve)

# %% [markdown]
# Why turn it at all? Because then the two may change places: signal with kernel is the same as kernel with signal. Cross-correlation does not allow that.

# %%
one, other = np.array([1.0, 2.0, 5.0]), np.array([3.0, 0.0, 1.0, 4.0])
claim("convolution: signal and kernel may change places; the largest difference",
      abs(np.convolve(one, other) - np.convolve(other, one)).max(), equals=0.0)
claim("cross-correlation: they may not",
      abs(np.correlate(one, other, "full") - np.correlate(other, one, "full")).max(), above=1)

# %% [markdown]
# ### How long is the answer?
#
# It depends on how far the kernel may hang over the ends. NumPy knows three customs.

# %%
rows = [[mode, len(np.convolve(np.ones(7), np.ones(3), mode=mode))]
        for mode in ("full", "same", "valid")]
show.table(["signal of 7, kernel of 3", "numbers that come out"], rows)

# %%
n, m = 7, 3
claim("full is n + m - 1, same is n, valid is n - m + 1", [count for _, count in rows],
      equals=(n + m - 1, n, n - m + 1))

# %% [markdown]
# In this lesson the kernel stays inside: *valid*. What happens at the border otherwise is the whole of lesson 03.

# %% [markdown] tags=["further"]
# ## Further: a whole layer, by hand
#
# ### Your turn: channels in, channels out (15 minutes, hard)
#
# Each output channel has a kernel of its own, as deep as the image; it slides over all input channels at once and adds everything up, its bias included.
#
# `convolve_channels(image, weight, bias)`: shapes `(C, H, W)`, `(O, C, kh, kw)` and `(O,)` go in, `(O, H - kh + 1, W - kw + 1)` comes out. As in PyTorch, the kernels are not flipped. For example three channels of one pixel each, `2, 3, 4`, the weights `1, 10, 100` and the bias `0.5` give `2 + 30 + 400 + 0.5 = 432.5`.

# %% tags=["exercise"]
def convolve_channels(image, weight, bias):
    """Apply a layer: (C, H, W), (O, C, kh, kw), (O,) -> (O, rows, columns)."""
    ...                                   # your code

check.convolve_channels(convolve_channels)

# %% [markdown] tags=["hint"]
# Take it apart: output channel `o` needs one deep kernel, `weight[o]`, of shape `(C, kh, kw)`, and the single number `bias[o]`.

# %% [markdown] tags=["hint"]
# A window through all channels is `image[:, i : i + kh, j : j + kw]`, of shape `(C, kh, kw)`: the shape of `weight[o]`. One `.sum()` adds over channels, rows and columns.

# %% [markdown] tags=["hint"]
# Three loops: over `o`, `i` and `j`. The output is `image.new_zeros(O, H - kh + 1, W - kw + 1)`; the bias is added once for each of its numbers.

# %% tags=["solution"]
def convolve_channels(image, weight, bias):
    """Apply a layer: (C, H, W), (O, C, kh, kw), (O,) -> (O, rows, columns)."""
    (C, H, W), (O, C, kh, kw) = image.shape, weight.shape
    output = image.new_zeros(O, H - kh + 1, W - kw + 1)
    for o in range(O):
        for i in range(H - kh + 1):
            for j in range(W - kw + 1):
                window = image[:, i : i + kh, j : j + kw]      # (C, kh, kw)
                output[o, i, j] = (window * weight[o]).sum() + bias[o]
    return output

check.convolve_channels(convolve_channels)

# %% [markdown]
# ### A kernel of one pixel
#
# A 1 x 1 kernel sees a single pixel. Is it good for anything? It sees all *channels* of that pixel, and mixes them. This one makes grey out of colour.

# %%
grey = F.conv2d(colours[None], torch.tensor([0.3, 0.6, 0.1]).view(1, 3, 1, 1))[0, 0]
claim("1 x 1 mixes the channels of each pixel: the largest difference is rounding",
      (grey - (0.3 * colours[0] + 0.6 * colours[1] + 0.1 * colours[2])).abs().max(), below=1e-6)

# %% [markdown]
# ### Why not the sigmoid?
#
# Where the sigmoid is nearly 0 or nearly 1 it is flat, and what is flat has no slope to learn from. (Below zero it is ReLU that is flat, and wholly: a kernel that answers every image below zero learns no more.)

# %%
far = torch.tensor([6.0, 6.0], requires_grad=True)
(F.relu(far[0]) + torch.sigmoid(far[1])).backward()
claim("slopes at 6: ReLU's is 1, and the sigmoid's is", far.grad[1], below=0.01)

# %% [markdown] tags=["further"]
# ## Further: a convolution is a matrix
#
# Every number of the answer is a weighted sum of pixels; so there is one large matrix that does it all. Its columns belong to pixels, its rows to places of the kernel. To find it, send in images with a single bright pixel.

# %%
kernel = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
single = torch.eye(16).view(16, 4, 4)                   # sixteen images, each with one bright pixel
matrix = torch.stack([slide(image, kernel).flatten() for image in single], dim=1)   # (9, 16)
show.grids(matrix, titles=["9 places, 16 pixels"], roles=["kernel"])

# %%
claim("the matrix gives what sliding gives", matrix @ image.flatten(),
      equals=slide(image, kernel).flatten())

# %%
claim("of its 144 entries only so many are numbers to learn; the others are zero, or repeat them",
      kernel.numel(), equals=matrix.unique().count_nonzero())

# %% [markdown]
# Two things make a convolution: most entries are zero (it looks at a small place, *local connectivity*), and the rest repeat (the same everywhere, *weight sharing*).

# %% [markdown] tags=["further"]
# ## Further: the same thing, faster
#
# Two loops in Python are slow. `ops.conv2d` loops over the nine cells of the kernel instead of all the pixels; the third way lays all windows side by side as columns (`F.unfold`, known as *im2col*), so that one product of matrices does it all; and the library calls code made for your processor.

# %%
import time

def fastest(function, *arguments):
    times = []
    for _ in range(10):
        started = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - started)
    return min(times)

# %% [markdown]
# The fastest of ten runs counts: what else the computer does can only slow it down.

# %%
x, weight = digit[None, None], kernels["vertical edges"][None, None]
seconds = {
    "two loops over pixels": fastest(slide, digit, kernels["vertical edges"]),
    "two loops over the kernel": fastest(ops.conv2d, x, weight),
    "windows as columns": fastest(lambda: weight.flatten() @ F.unfold(x, 3)[0]),
    "F.conv2d": fastest(F.conv2d, x, weight),
}
show.table(["written as", "milliseconds", "times F.conv2d"],
           [[name, 1000 * s, s / seconds["F.conv2d"]] for name, s in seconds.items()])

# %%
library = F.conv2d(x, weight).flatten()
others = [slide(digit, weight[0, 0]).flatten(), ops.conv2d(x, weight).flatten(),
          weight.flatten() @ F.unfold(x, 3)[0]]
claim("all four agree, up to", max((other - library).abs().max() for other in others), below=1e-5)

# %%
claim("looping over the kernel is at least five times faster than over pixels",
      seconds["two loops over pixels"] / seconds["two loops over the kernel"], above=5)

# %% [markdown]
# ### Many channels: shifts along one line
#
# In a network, many channels go in and many come out; the second layer of lesson 06 makes 32 maps out of 16. There one idea more pays. Write all pixels of all images into *one line*, row after row, the channels of a pixel side by side. One step to the right is then one place further along the line, and one step down is a row's length further. So each cell of the kernel is a shift along the line: nine shifts, nine products of matrices, added up.

# %%
def along_a_line(x, weight):
    """3 x 3, no padding: images (N, C, H, W), kernels (O, C, 3, 3) -> (N, O, H - 2, W - 2)."""
    images, channels, rows, columns = x.shape
    line = x.permute(0, 2, 3, 1).reshape(-1, channels)               # (all pixels, C)
    out = torch.zeros(len(line), len(weight))
    for i in range(3):
        for j in range(3):
            shift = i * columns + j
            out[: len(line) - shift].addmm_(line[shift:], weight[:, :, i, j].T)   # += line @ cell
    return out.view(images, rows, columns, -1)[:, :-2, :-2].permute(0, 3, 1, 2)

# %% [markdown]
# A window that reaches over the end of a row is nonsense, half on the next row. It is computed like all others, and the last line cuts it off.

# %%
guess("100 images, 16 channels to 32. Which is the fastest of the three that we wrote ourselves?",
      ["two loops over the kernel", "windows as columns", "shifts along one line"])

# %%
x, weight = torch.randn(100, 16, 14, 14), torch.randn(32, 16, 3, 3)

def as_columns():
    return (weight.flatten(1) @ F.unfold(x, 3)).view(100, 32, 12, 12)

seconds = {
    "two loops over the kernel": fastest(ops.conv2d, x, weight),
    "windows as columns": fastest(as_columns),
    "shifts along one line": fastest(along_a_line, x, weight),
    "F.conv2d": fastest(F.conv2d, x, weight),
}
show.table(["written as", "milliseconds", "times F.conv2d"],
           [[name, 1000 * s, s / seconds["F.conv2d"]] for name, s in seconds.items()])

# %%
better = min(seconds["two loops over the kernel"], seconds["windows as columns"])
ratio = better / seconds["shifts along one line"]
claim("shifts along one line are so many times as fast as the better of the other two", ratio,
      above=1, answer="shifts along one line")
difference = max((other - F.conv2d(x, weight)).abs().max()
                 for other in (as_columns(), along_a_line(x, weight)))
claim("and all agree, up to", difference, below=1e-3)

# %% [markdown]
# Nothing is copied nine times over, as the columns are, and each product of matrices is a long one, which is what a processor does best. It comes near the library, in ten lines of Python. (How near, for other sizes and more channels, is in `docs/audit/convolution.md`.)

# %% [markdown] tags=["further"]
# ## Further: how does a kernel learn?
#
# To learn, each weight needs its slope: how much does the loss change when this weight changes a little? Wiggle one weight, and see; then ask PyTorch.

# %%
weight = kernels["vertical edges"].double()[None, None].requires_grad_()
x = digit.double()[None, None]
ops.conv2d(x, weight).square().mean().backward()                 # some loss

# %% [markdown]
# PyTorch has now written a slope for each of the nine weights into `weight.grad`. Wiggle them one by one, up and down.

# %%
def loss(kernel):
    return ops.conv2d(x, kernel).square().mean()

tiny, slopes = 1e-5, torch.zeros(3, 3, dtype=torch.float64)
for i in range(3):
    for j in range(3):
        wiggle = torch.zeros_like(weight)
        wiggle[0, 0, i, j] = tiny
        slopes[i, j] = ((loss(weight + wiggle) - loss(weight - wiggle)) / (2 * tiny)).item()
difference = (slopes - weight.grad[0, 0]).abs().max() / slopes.abs().max()
claim("wiggling gives PyTorch's nine slopes; relative difference", difference, below=1e-6)

# %% [markdown]
# And the slopes of all nine weights are themselves a cross-correlation: of the image with the slope of the loss at each place of the answer. (The loss is the mean of the squares; the slope of a² is 2a, and the mean divides by how many there are.)

# %%
answer = ops.conv2d(x, weight.detach())
at_answer = 2 * answer / answer.numel()                          # slope of the loss at every place
claim("the kernel's slopes are a cross-correlation, too: the difference is",
      (ops.conv2d(x, at_answer)[0, 0] - weight.grad[0, 0]).abs().max(), below=1e-10)

# %% [markdown]
# ### Where the flip comes back
#
# To pass the loss on to a layer in front, each *pixel* needs its slope, too. Each place of the answer sends its slope back to the pixels that it has seen. That is sliding once more, with the kernel turned round and hanging over the border: a true convolution, of full size.

# %%
pixels = x.clone().requires_grad_()
ops.conv2d(pixels, weight.detach()).square().mean().backward()
full = F.conv2d(at_answer, weight.detach().flip(2, 3), padding=2)
claim("the pixels' slopes are a full convolution: the difference is",
      (full - pixels.grad).abs().max(), below=1e-10)

# %% [markdown]
# ### Learn Sobel's kernel back
#
# Show a layer nothing but digits before and after. Can it find out which kernel was at work?

# %%
before = data.normalize(digits.train_images[:100])
after = F.conv2d(before, kernels["vertical edges"][None, None])
torch.manual_seed(0)
learner = nn.Conv2d(1, 1, kernel_size=3, bias=False)
optimizer = torch.optim.Adam(learner.parameters(), lr=0.1)
for _ in range(200):
    loss_now = F.mse_loss(learner(before), after)
    optimizer.zero_grad()
    loss_now.backward()
    optimizer.step()

# %%
found = learner.weight[0, 0].detach()
claim("largest error of the nine numbers that it found",
      (found - kernels["vertical edges"]).abs().max(), below=0.1)
show.grids(found, kernels["vertical edges"], titles=["found", "at work"],
           roles=["kernel", "kernel"])
