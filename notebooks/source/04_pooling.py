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
# # 4. Pooling
#
# "Strongest gust in the county: 104 km/h." The weather report does not say on which hill. Had the gust blown one hill farther on, the report would read the same.
#
# Pooling writes such reports about a map, one for each small window. A 7 that moves by a pixel is still a 7; so how far may it move before the reports change? And what happens to a gust that crosses the county line?
#
# **You will be able to**
# - pool a map by hand, by the largest number and by the mean, and say how large the answer is,
# - say what pooling makes smaller in a network, and what it leaves as it is,
# - measure what a shift of one pixel does, and explain why it does anything at all,
# - send a slope back through both kinds of pooling,
# - say when ReLU and pooling may change places.
#
# **You need** the window that slides (lesson 02) and the size formula of lesson 03, which is repeated here. **Time:** 50 minutes; with all exercises and the further sections, two hours. What begins with *Further* is folded and stands at the end: open what you like.
#
# Run each cell with Shift+Enter, from the top down; what stands below a cell before you run it is from an earlier run. The stop button ends what takes too long.

# %%
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, mine, ops, show, train
from course_utils.lesson import check, claim, guess, quiz
from course_utils.widgets import PoolingExplorer

digits = data.load()

# %% [markdown] tags=["slide"]
# ## One number for each window
#
# Cut a map into windows of 2 by 2, side by side, and keep one number of each: the largest (**max pooling**) or the mean (**average pooling**). There is nothing in it to learn.

# %%
image = torch.tensor([[1.0, 3, 2, 9], [5, 3, 0, 1], [0, 4, 8, 8], [2, 2, 4, 4]])
show.grids(image, titles=["map"], roles=["in"])

# %%
guess("The upper right window holds 2, 9, 0, 1. What does average pooling make of it?",
      [2, 3, 9, 12])

# %% [markdown]
# `unfold` lists windows, as in lesson 02; here they are 2 long and the next one begins 2 farther on, first down the rows, then along the columns.

# %%
windows = image.unfold(0, 2, 2).unfold(1, 2, 2)      # (2, 2, 2, 2): 2 x 2 windows, each of 2 x 2
largest, mean = windows.amax(dim=(2, 3)), windows.mean(dim=(2, 3))
claim("upper right: largest 9, mean 3", (largest[0, 1], mean[0, 1]),
      equals=(9, (2 + 9 + 0 + 1) / 4), answer="3")
claim("PyTorch finds the same four maxima", largest, equals=F.max_pool2d(image[None], 2)[0])
show.grids(image, largest, mean, titles=["map", "max", "average"], roles=["in", "out", "out"])

# %% [markdown]
# The step from one window to the next is the **stride**, as for a convolution. In PyTorch a pooling's stride is the size of its window unless you say otherwise. A layer of 16 maps is pooled map by map: 16 come out, and they never mix.
#
# ### Your turn: max pooling in loops (7 minutes, easy)
#
# Cut the image into windows of `kernel_size` by `kernel_size`, side by side, and keep the largest number of each. Where a last row or column does not fill a window, leave it out.
#
# `max_pool(image, kernel_size)`: shape `(H, W)` and a whole number go in, `(H // kernel_size, W // kernel_size)` comes out. For example, with windows of 2:
#
# ```
#  1 -3  2  9  7
#  5  3  0  1  7      5 9
#  8  8  8  8  8
# ```

# %% tags=["exercise"]
def max_pool(image, kernel_size):
    """Keep the largest number of each window: (H, W), k -> (H // k, W // k)."""
    ...                                   # your code

check.max_pool(max_pool)

# %% [markdown] tags=["hint"]
# How many windows fit? `H // kernel_size` down and `W // kernel_size` across. An output of that shape is `image.new_zeros(rows, columns)`.

# %% [markdown] tags=["hint"]
# Loop over the rows `i` and columns `j` of the *output*. The window that belongs to `(i, j)` begins at row `i * kernel_size` and column `j * kernel_size`.

# %% [markdown] tags=["hint"]
# ```python
# top, left = i * kernel_size, j * kernel_size
# window = image[top : top + kernel_size, left : left + kernel_size]
# output[i, j] = ...                      # its largest number
# ```

# %% tags=["solution"]
def max_pool(image, kernel_size):
    """Keep the largest number of each window: (H, W), k -> (H // k, W // k)."""
    (H, W), k = image.shape, kernel_size
    output = image.new_zeros(H // k, W // k)
    for i in range(H // k):
        for j in range(W // k):
            output[i, j] = image[i * k : i * k + k, j * k : j * k + k].max()
    return output

check.max_pool(max_pool)

# %% [markdown] tags=["slide"]
# ## How large is the answer?
#
# Windows of 2 with stride 2 turn 32 rows into 16, and 28 into 14. Of 7 rows a convolution would drop one (lesson 03).

# %%
guess("7 rows, windows of 2, stride 2, rounding up allowed (ceil_mode=True). Rows that come out?",
      [3, "3.5", 4, 8])

# %%
def count(size, kernel_size, stride, **mode):
    return F.max_pool2d(torch.zeros(1, size, size), kernel_size, stride, **mode).shape[-1]

cases = [(32, 2, 2), (28, 2, 2), (7, 2, 2), (32, 3, 2), (33, 3, 2)]
formula = [ops.output_size(size, k, stride=stride) for size, k, stride in cases]
claim("with ceil_mode 7 rows give", count(7, 2, 2, ceil_mode=True), equals=4, answer="4")
claim("lesson 03's formula counts them all", [count(*case) for case in cases], equals=formula)
rows = [[*case, count(*case), count(*case, ceil_mode=True)] for case in cases]
show.table(["rows of the map", "kernel_size", "stride", "rows that come out",
            "with ceil_mode=True"], rows)

# %% [markdown]
# It is the formula of lesson 03, floor((n + 2p - k) / s) + 1: a window is a window, whatever is done inside. What is left over at the end is dropped: of 7 rows the last is seen by nobody. With `ceil_mode=True` PyTorch rounds up, and the last window hangs over the edge and makes do with what is there.
#
# With a window of 3 and a stride of 2, neighbours share a row. That is allowed, too, and then the sizes depend on luck: 33 rows fit exactly, of 32 the last one is dropped.
#
# ### Your turn: average pooling, with a stride (7 minutes, medium)
#
# Now the windows are `stride` pixels apart, and may overlap or leave gaps. Take the mean of each window that lies wholly within the image.
#
# `avg_pool(image, kernel_size, stride)`: shape `(H, W)` and two whole numbers go in; `(H - kernel_size) // stride + 1` rows come out, and columns likewise. For example windows of 2 and stride 1 turn `[[1, 3, 5], [1, 3, 5]]` into `[[2, 4]]`.

# %% tags=["exercise"]
def avg_pool(image, kernel_size, stride):
    """Take the mean of each window: (H, W), two whole numbers -> (rows, columns)."""
    ...                                   # your code

check.avg_pool(avg_pool)

# %% [markdown] tags=["hint"]
# It is `max_pool` with two changes. Where does window `(i, j)` begin when neighbours are `stride` apart? How far does it reach?

# %% [markdown] tags=["hint"]
# It begins at row `i * stride` and has `kernel_size` rows. The number of rows that come out is `(H - kernel_size) // stride + 1`.

# %% [markdown] tags=["hint"]
# `window.mean()` is the mean of all its numbers, however many there are: `kernel_size * kernel_size`.

# %% tags=["solution"]
def avg_pool(image, kernel_size, stride):
    """Take the mean of each window: (H, W), two whole numbers -> (rows, columns)."""
    (H, W), k = image.shape, kernel_size
    output = image.new_zeros((H - k) // stride + 1, (W - k) // stride + 1)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            top, left = i * stride, j * stride
            output[i, j] = image[top : top + k, left : left + k].mean()
    return output

check.avg_pool(avg_pool)

# %% [markdown] tags=["slide"]
# ## What does it save?
#
# Pooling has no weights and learns nothing. You will read that it "reduces the number of parameters" of a network. Take a colour image of 32 x 32 through three convolutions and a linear layer, with and without pooling, and write the bill.

# %%
guess("With pooling between them, the three convolutions have ...",
      ["fewer parameters", "as many", "more parameters"])

# %%
def bill(pooling):
    """For each layer: its parameters, and its products for one image."""
    x, parameters, products = torch.zeros(1, 3, 32, 32), [], []
    for channels in (16, 32, 64):
        layer = nn.Conv2d(x.shape[1], channels, kernel_size=3, padding=1)
        x = F.relu(layer(x))
        parameters.append(layer.weight.numel() + channels)
        products.append(layer.weight.numel() * x.shape[2] * x.shape[3])  # each weight at each place
        x = F.max_pool2d(x, 2) if pooling else x
    return [*parameters, 10 * (x.numel() + 1)], [*products, 10 * x.numel()]

pooled, plain = bill(pooling=True), bill(pooling=False)
claim("each convolution has as many parameters as before", pooled[0][:3], equals=plain[0][:3],
      answer="as many")
claim("and the linear layer", pooled[0][3], equals=10 * (4 * 4 * 64 + 1))
names = ["first convolution", "second", "third", "linear layer"]
rows = [list(row) for row in zip(names, pooled[0], plain[0], pooled[1], plain[1], strict=True)]
show.table(["layer", "parameters, with pooling", "without", "products, with pooling", "without"],
           rows)

# %% [markdown]
# A kernel does not know how large the map is that it slides over; so pooling cannot change its weights. What shrinks is the *maps*: the second convolution has a quarter of the places to visit, the third a sixteenth. And a **linear** layer at the end, with a weight for each number that arrives, is 64 times smaller: 4 x 4 x 64 = 1,024 numbers arrive and not 32 x 32 x 64 = 65,536. So the sentence is right about networks that end in such a layer, and wrong about convolutions. (Pooling is not the only way to make maps smaller: a convolution may take strides itself. A further section races the two.)
#
# One can go further and pool each map down to a single number, the mean of the whole map: **global average pooling**. Then 64 numbers arrive, 10 x (64 + 1) parameters are enough, and the network takes images of any size.
#
# ### Your turn: one number for each map (4 minutes, easy)
#
# Take the mean of every map, for each image and each channel on its own.
#
# `global_average_pool(maps)`: shape `(N, C, H, W)` goes in, `(N, C)` comes out. For example one image with two maps of 1 by 2, `[[1, 3]]` and `[[10, 20]]`, gives `[[2, 15]]`.

# %% tags=["exercise"]
def global_average_pool(maps):
    """Take the mean of each map: (N, C, H, W) -> (N, C)."""
    ...                                   # your code

check.global_average_pool(global_average_pool)

# %% [markdown] tags=["hint"]
# Which of the four axes are to disappear? Rows and columns, and nothing else.

# %% [markdown] tags=["hint"]
# `mean` takes several axes at once: `maps.mean(dim=(..., ...))`. The axes are numbered from 0: N, C, H, W.

# %% tags=["solution"]
def global_average_pool(maps):
    """Take the mean of each map: (N, C, H, W) -> (N, C)."""
    return maps.mean(dim=(2, 3))

check.global_average_pool(global_average_pool)

# %% [markdown] tags=["slide"]
# ## Wiggle room, measured
#
# You will read that pooling gives a network "wiggle room": as long as the stroke stays somewhere in its window, the strongest answer survives. Your own 7, your own kernel and ReLU; then the 7 moves one pixel to the right.

# %%
def look(images, kernel):
    """Lesson 02's layer: (N, 1, H, W) -> (N, 1, H, W)."""
    return F.relu(F.conv2d(images, kernel[None, None], padding=1))

seven = F.pad(mine.seven().float() / 255, (2, 2, 2, 2))[None, None]                 # (1, 1, 32, 32)
here, there = look(seven, mine.kernel()), look(seven.roll(1, dims=3), mine.kernel())
pictures = {"your 7": seven, "its map": here}
pictures |= {"pooled": F.max_pool2d(here, 2), "moved, pooled": F.max_pool2d(there, 2)}
show.maps(*(x[0, 0] for x in pictures.values()), titles=[*pictures],
          roles=["in", "out", "out", "out"])

# %% [markdown]
# Do the last two look alike? Do not trust the eye: take 500 test digits and the kernel for vertical edges, and compare number by number. Two measures: how much changes, as a share of all there was in the map (0: nothing; 2: all of it vanished, and as much appeared elsewhere); and how many numbers stay exactly as they were, zeros not counted.

# %%
guess("Of the max-pooled numbers, zeros not counted, how many stay?",
      ["nearly all", "about half", "less than a third"])

# %%
def compare(name, before, after):
    alive = (before != 0) | (after != 0)
    change = (after - before).abs().sum() / before.abs().sum()
    return [name, change.item(), (before == after)[alive].float().mean().item()]

edges = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
images = F.pad(digits.test_images[:500].float() / 255, (2, 2, 2, 2))[:, None]     # (500, 1, 32, 32)
before, after = look(images, edges), look(images.roll(1, dims=3), edges)
rows = [compare("no pooling", before, after)]
rows += [compare("average, 2 x 2", F.avg_pool2d(before, 2), F.avg_pool2d(after, 2))]
rows += [compare(f"max, {k} x {k}", F.max_pool2d(before, k), F.max_pool2d(after, k))
         for k in (2, 4, 8, 32)]
claim("2 x 2 max pooling: the share of numbers that stay", rows[2][2], between=(0.08, 0.3),
      answer="less than a third")
claim("its change is less than three quarters of that without pooling", rows[2][1] / rows[0][1],
      below=0.75)
claim("only with one window for the whole map nothing changes", rows[5][1], equals=0.0)
show.table(["one pixel to the right", "change, as a share of the map",
            "share of numbers that stay"], rows)

# %% [markdown]
# So there is wiggle room, but it is narrow. With windows of 2 every second column stands at the right edge of its window, and what moves on from there crosses the county line: one report loses, the next one gains. And where a stroke fades out over several pixels, moving it brings another shade into the window. Larger windows have fewer edges and forgive more, and say less.
#
# Only the last row is *invariant*: the answer stays as it was. It buys that by forgetting all places.

# %% [markdown] tags=["slide"]
# ## How bad can it get?
#
# Lesson 02 told two words apart: *equivariant* (the answer moves along) and *invariant* (the answer stays). You will read that with pooling a network becomes "translation invariant" and finds the cat wherever it sits. For whole, trained networks lesson 01 measured how far that holds. Here is a single layer, and its worst case: a row with a bright pixel in every fourth place.

# %%
guess("The row moves by one pixel. How many of its max-pooled numbers can change?",
      ["none", "a quarter", "half", "all"])

# %%
row = torch.tensor([[0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 9.0]])
pooled, pooled_later = [F.max_pool2d(x[None], (1, 2))[0] for x in (row, row.roll(1, dims=1))]
claim("share of the pooled numbers that change", (pooled != pooled_later).float().mean(),
      equals=1.0, answer="all")
claim("share that changes without pooling", (row != row.roll(1, dims=1)).float().mean(), equals=0.5)
after_two = F.max_pool2d(row.roll(2, dims=1)[None], (1, 2))[0]
claim("after two pixels the pooled row has moved by one place", after_two,
      equals=pooled.roll(1, dims=1))
show.grids(row, pooled, pooled_later, titles=["row", "pooled", "moved by one, pooled"],
           roles=["in", "out", "out"])

# %% [markdown]
# All of them; without pooling it would be half. To a single pixel, pooling is neither invariant nor equivariant. What it follows exactly are steps as long as its stride: two pixels in, one place out. (A stack of three such layers follows steps of 8, and a further section shows it.)
#
# Try it on a 7 whose numbers you can change. Find two shifts after which the pooled 7 is the old one, moved, and two after which it has another shape. Then set the stride to 1: what does the pooled 7 do now? (The gradient route is for a little later.)

# %%
PoolingExplorer()

# %% [markdown]
# ### The culprit is the stride
#
# With stride 1 the pooled 7 moved along like a convolution's map. So max pooling does two things: it takes the largest number at every place, which is equivariant, and then keeps every second one of these, which is not. Keep every second number of fine stripes, and see what is left.

# %%
stripes = torch.tensor([0.0, 9.0]).repeat(4)                     # 0 9 0 9 0 9 0 9
both = torch.stack([stripes, stripes.roll(1)])                   # and one pixel later
blurred = F.conv1d(both[:, None], torch.tensor([[[0.25, 0.5, 0.25]]]))[:, 0]
now, later = both[:, ::2]                                        # every second number of each row
blurred_now, blurred_later = blurred[:, ::2]
claim("after one pixel every sample is another one", (now - later).abs(), equals=[9, 9, 9, 9])
claim("blurred first, no sample changes", blurred_now, equals=blurred_later)
titles = ["stripes", "every second", "moved by one", "blurred first"]
show.grids(*(x[None] for x in (stripes, now, later, blurred_now)), titles=titles,
           roles=["in", "out", "out", "out"])

# %% [markdown]
# All dark, or one pixel later all bright: what is finer than the step of sampling turns up as something that was never there. That is **aliasing**; wheels in films turn backwards for the same reason. The remedy is old: blur away what is too fine, and sample then. (The blur loses a number at each end. Average pooling is such a blur, if a rough one. The further section on blur pooling tries it on digits.)

# %% [markdown] tags=["slide"]
# ## Where does the slope go?
#
# To learn, a network needs the slope of each number: how much does the loss change when this number changes a little? Nudge a number that is not the largest of its window: the maximum stays, so its slope is zero. Nudge the largest one, and the maximum goes along. And if two are the largest?

# %%
guess("A window holds 8, 8, 4, 4, and its maximum has slope 1. Who gets it?",
      ["each 8 gets 1", "each 8 gets 1/2", "one 8 gets it all", "each number gets 1/4"])

# %%
def slopes(pool):
    x = image.clone().requires_grad_()
    pool(x[None], 2).sum().backward()                # a slope of 1 for each number that came out
    return x.grad

of_max, of_average = slopes(F.max_pool2d), slopes(F.avg_pool2d)
claim("in the window with two 8s the first gets it all", of_max[2:, 2:], equals=[[1, 0], [0, 0]],
      answer="one 8 gets it all")
claim("average pooling gives each of the sixteen a quarter", of_average.unique(), equals=[0.25])
show.grids(image, of_max, of_average, titles=["map", "slope, max", "slope, average"],
           roles=["in", "out", "out"])

# %% [markdown]
# Max pooling sends the whole slope to the winner, and the others learn nothing from this image. (In a tie `max_pool2d` chooses the first, row by row; `amax`, which we used above, would share.) Average pooling gives everyone an equal share. Go back to the explorer, tick "gradient route", and let windows overlap: a pixel that wins in two of them is paid twice.
#
# ### Your turn: the way back (12 minutes, hard)
#
# Send slopes back through max pooling with windows side by side. Each slope goes to the largest number of its window, in a tie to the first, row by row; everybody else gets 0.
#
# `route_gradient(image, gradient, kernel_size)`: shapes `(H, W)` and `(H // k, W // k)`, and a whole number `k`, go in; `(H, W)` comes out. For example, with windows of 2:
#
# ```
#  1 3 2 9                     0 0  0 20
#  5 3 0 1    gets  10 20     10 0  0  0
# ```

# %% tags=["exercise"]
def route_gradient(image, gradient, kernel_size):
    """Give each slope to its window's largest number: (H, W), (H // k, W // k), k -> (H, W)."""
    ...                                   # your code

check.route_gradient(route_gradient)

# %% [markdown] tags=["hint"]
# Begin with zeros everywhere, `image.new_zeros(image.shape)`. Then loop over the windows as in `max_pool`; each window writes a single number.

# %% [markdown] tags=["hint"]
# `window.argmax()` counts through the window row by row, from 0, and gives the first place of the largest number. In a window of 2 by 2, what are the row and the column of place 3? And of place 2?

# %% [markdown] tags=["hint"]
# ```python
# row, column = divmod(window.argmax().item(), kernel_size)
# output[i * kernel_size + row, ...] = gradient[i, j]
# ```

# %% tags=["solution"]
def route_gradient(image, gradient, kernel_size):
    """Give each slope to its window's largest number: (H, W), (H // k, W // k), k -> (H, W)."""
    k, output = kernel_size, image.new_zeros(image.shape)
    for i in range(gradient.shape[0]):
        for j in range(gradient.shape[1]):
            window = image[i * k : i * k + k, j * k : j * k + k]          # (k, k)
            row, column = divmod(window.argmax().item(), k)
            output[i * k + row, j * k + column] = gradient[i, j]
    return output

check.route_gradient(route_gradient)

# %% [markdown] tags=["slide"]
# ## ReLU first, or pooling first?
#
# Recipes say convolution, ReLU, pooling. The network of lesson 06 pools first. Does it matter?

# %%
guess("Max pooling then ReLU, or ReLU then max pooling. The results are ...",
      ["the same, to the last bit", "the same, but for rounding", "different"])

# %%
torch.manual_seed(0)
x = torch.randn(8, 16, 28, 28)                       # numbers of either sign
with_max = F.relu(F.max_pool2d(x, 2)) != F.max_pool2d(F.relu(x), 2)
with_average = F.relu(F.avg_pool2d(x, 2)) != F.avg_pool2d(F.relu(x), 2)
claim("max pooling: share that differs", with_max.float().mean(), equals=0.0,
      answer="the same, to the last bit")
claim("average pooling: share that differs", with_average.float().mean(), above=0.5)

# %% [markdown]
# ReLU never changes who is larger: if a is at least b, then ReLU(a) is at least ReLU(b). So the winner stays the winner, and it does not matter when it is clipped. A mean has no winner: the mean of -4 and 4 is 0, and with ReLU first it is 2.
#
# Pooling first, ReLU has a quarter of the numbers to handle. (How much time that saves, a further section measures.)

# %% [markdown] tags=["slide"]
# ## What max pooling forgets
#
# You will read that max pooling "keeps the most important features". It keeps the largest numbers. Here every window of 2 by 2 is turned upside down, which moves strokes about; what does the pooled map say to that?

# %%
def turn_windows(x):
    """Turn each 2 x 2 window by 180 degrees: (N, C, H, W) -> the same shape."""
    windows = x.unfold(2, 2, 2).unfold(3, 2, 2).flip(4, 5)           # (N, C, H / 2, W / 2, 2, 2)
    return windows.permute(0, 1, 2, 4, 3, 5).reshape(x.shape)

turned, turned_seven = turn_windows(images), turn_windows(seven)
changed, pooled_changed = turned != images, F.max_pool2d(turned, 2) != F.max_pool2d(images, 2)
claim("share of the 500 images that have changed", changed.flatten(1).any(1).float().mean(),
      above=0.99)
claim("share of their pooled numbers that have", pooled_changed.float().mean(), equals=0.0)
pictures = [seven, turned_seven, F.max_pool2d(seven, 2), F.max_pool2d(turned_seven, 2)]
titles, roles = ["your 7", "windows turned", "pooled", "turned, pooled"], ["in", "in", "out", "out"]
show.maps(*(x[0, 0] for x in pictures), titles=titles, roles=roles)

# %% [markdown]
# Two images and one report: it does not say on which hill. (Four numbers can stand in a window in up to 24 orders, so that there are very many more such images.) *How strong* is kept, *where in the window* is forgotten. That is the purpose when you ask "is there a 7?", and a loss when you ask "where exactly does the stroke end?". Whether the largest number is also the important one, pooling cannot know: a single bright speck of dirt wins its window, too.

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("04")

# %% [markdown] tags=["quiz"]
# ## You put a 2 x 2 max pooling in front of a convolution with 32 kernels of 3 x 3. What becomes of the convolution's parameters?
# - [x] Nothing: the kernels have as many weights as before
#   Kernel size and channels decide, and the size of the map is not among them. The work falls to a quarter; a linear layer behind it would shrink, too.
# - [ ] They become a quarter as many, since the map has a quarter of the numbers
#   The map has, the kernel has not. It is the number of places that falls to a quarter.
# - [ ] They become more, because pooling brings its own weights
#   Pooling has none. It takes the largest number, and there is nothing to learn in that.

# %% [markdown] tags=["quiz"]
# ## A digit moves one pixel to the right. What happens to its map after convolution and 2 x 2 max pooling with stride 2?
# - [ ] Nothing, since pooling makes the answer invariant
#   You will read that. In this lesson most of the numbers that were not zero changed; in the worst row all did.
# - [ ] It moves half a pixel to the right
#   There are no half places. A shift of two pixels would move it by one, exactly; one pixel is in between.
# - [x] Some of its numbers change, and some stay
#   Where the largest number stays in its window the report is the same. Where it crosses a line, two windows change.
# - [ ] All of its numbers change
#   That can be had with a row made for it, but not with a digit: some maxima do stay in their window.

# %% [markdown] tags=["quiz"]
# ## A window of 2 x 2 holds -1, -3, -2, -7, and a slope of 5 comes back to it. Who gets what, in max pooling and in average pooling?
# - [ ] Max: nobody, since 0 was sent on. Average: 1.25 for each
#   That would be ReLU after the pooling. The maximum of four negative numbers is negative.
# - [x] Max: 5 for the -1. Average: 1.25 for each
#   The winner takes all, whatever its sign. A mean of four moves by a quarter of what one of them moves.
# - [ ] Max: 5 for the -1. Average: 5 for each
#   The mean is a quarter of the sum, so each number counts for a quarter of it.
# - [ ] Max: 5 for the -7, the strongest. Average: 1.25 for each
#   The largest number is meant, not the largest absolute value.

# %% [markdown] tags=["quiz"]
# ## A map of 9 x 9 is pooled with windows of 2 x 2 and stride 2. Why does the last row not matter?
# - [ ] It is averaged into the row before
#   It would have to be in a window for that. Nothing looks at it.
# - [ ] PyTorch refuses such a map, so the case does not occur
#   It floors without a word: 4 x 4 comes out. Only with ceil_mode=True are there 5.
# - [x] Four windows cover eight rows, and a fifth would hang over
#   floor((9 - 2) / 2) + 1 = 4. With ceil_mode=True the fifth window is used, and holds one row.

# %% [markdown] tags=["quiz"]
# ## You swap ReLU and pooling in a trained network without batch norm. When is every output the same as before?
# - [ ] With either kind of pooling, since ReLU looks at each number alone
#   A mean mixes positive and negative numbers, and it matters whether the negative ones were clipped before.
# - [ ] With average pooling, because it is a convolution
#   It is one, and that is the trouble: a sum of clipped numbers is not the clipped sum.
# - [ ] Never exactly; rounding differs
#   Neither the maximum nor ReLU rounds: they hand on a number that was there, or 0.
# - [x] With max pooling
#   ReLU keeps the order of numbers, so the same number wins, clipped before or after.

# %% [markdown] tags=["quiz"]
# ## What does global average pooling tell the next layer about a map?
# - [ ] Where the strongest answer was, if not how strong it was
#   All places are added up with the same weight. The place is what it forgets.
# - [ ] The strongest answer in it
#   That is global max pooling. A lone strong answer hardly moves the mean of 49 numbers.
# - [x] How much of this answer there was, wherever it was
#   One number for each map. Shift the map within an empty border, and the mean stays.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - Pooling keeps one number of each window, learns nothing, and obeys the size formula of lesson 03.
# - It shrinks maps, work, and a following linear layer. A convolution keeps its parameters.
# - One pixel of shift changes most of those numbers of a pooled map that are not zero; a window for the whole map makes the answer invariant, and forgets all places.
# - Sampling what is too fine makes aliases. Blur first.
# - Max pooling sends the slope to the winner, average pooling to all alike.
# - ReLU and max pooling may change places, ReLU and average pooling may not.
#
# **Next:** you stack ten such layers, and their numbers explode, or die out. Lesson 05 keeps them in bounds. Below are sections for those who want to know more. They need the cells above, not each other.

# %% [markdown] tags=["further"]
# ## Further: max or average?
#
# Each loses something. Give both a sparse map, with a lone strong answer in two of its four windows, and a noisy one, which is 5 everywhere but for noise.

# %%
sparse = torch.zeros(1, 8, 8)
sparse[0, 1, 2] = sparse[0, 6, 5] = 9
torch.manual_seed(0)
noisy = 5 + torch.randn(1, 200, 200)                 # noise of spread 1
guess("Average pooling with windows of 4 x 4: what is left of a lone 9?",
      ["9", "2.25", "0.5625", "0"])

# %%
def losses(name, pool):
    denoised = pool(noisy, 2)
    return [name, pool(sparse, 4).max().item(), denoised.mean().item(), denoised.std().item()]

rows = [losses("max", F.max_pool2d), losses("average", F.avg_pool2d)]
show.table(["pooling", "sparse map: left of the 9", "noisy map: mean", "noisy map: spread"], rows)

# %%
claim("the average keeps a sixteenth of a lone 9", rows[1][1], equals=9 / 16, answer="0.5625")
claim("the maximum of four noisy numbers is too high, by about one spread", rows[0][2] - 5,
      between=(0.9, 1.15))
claim("the average halves the noise", rows[1][3], between=(0.45, 0.55))

# %% [markdown]
# Max pooling suits maps where most answers are zero and a few are strong, as after ReLU. Averaging suits maps where every number carries a little and noise a lot.

# %% [markdown] tags=["further"]
# ## Further: a stack, and one pixel
#
# Networks stack convolution and pooling. Does the stack forgive what a layer does not? Three blocks with random kernels and no bias; 50 digits move 0 to 8 pixels; five sets of kernels.

# %%
far = F.pad(digits.test_images[:50].float() / 255, (14, 14, 14, 14))[:, None]      # (50, 1, 56, 56)

def depths(x, kernels):
    """The maps after one, two and three blocks, and the means of the last ones."""
    found = []
    for kernel in kernels:
        x = F.max_pool2d(F.relu(F.conv2d(x, kernel, padding=1)), 2)
        found.append(x)
    return [*found, x.mean(dim=(2, 3))]

# %% [markdown]
# For each shift: how much changes at each depth, as a share of all there was?

# %%
guess("After three blocks, one pixel of shift changes ...",
      ["nothing", "less than after one block", "more than after one block"])

# %%
def changes(seed):
    torch.manual_seed(seed)
    kernels = [nn.Conv2d(c, o, 3).weight.detach() for c, o in ((1, 8), (8, 16), (16, 32))]
    still = depths(far, kernels)
    moved = [depths(far.roll(shift, dims=3), kernels) for shift in range(9)]
    return [[compare("", a, b)[1] for a, b in zip(still, one, strict=True)] for one in moved]

by_seed = torch.tensor([changes(seed)
                        for seed in train.progress_bar(range(5))])      # (seeds, shifts, depths)

# %%
names = ["after 1 block", "after 2 blocks", "after 3 blocks", "global average"]
curves = {name: by_seed[:, :, depth].tolist() for depth, name in enumerate(names)}
show.lines(range(9), curves, xlabel="shift in pixels", ylabel="change, as a share of the map")

# %% [markdown]
# Deeper maps change more slowly, since each of their numbers reports on a larger county; but they change with every pixel. Global averaging takes most of the rest away. Why not all of it? The layers before it move along with steps of 8 pixels only, 2 x 2 x 2: there the last curve comes down to zero.

# %%
one_pixel = by_seed.mean(0)[1]
claim("three blocks against one", one_pixel[2] / one_pixel[0], below=0.9,
      answer="less than after one block")
claim("and yet after three blocks the change is not nothing", one_pixel[2], above=0.05)
claim("global average against three blocks", one_pixel[3] / one_pixel[2], below=0.7)
claim("global average, 8 pixels: no change but for rounding", by_seed[:, 8, 3].max(), below=1e-4)

# %%
kernels = [torch.randn(8, 1, 3, 3), torch.randn(16, 8, 3, 3), torch.randn(32, 16, 3, 3)]
still, moved = depths(far, kernels)[2], depths(far.roll(8, dims=3), kernels)[2]
error = (moved - still.roll(1, dims=3)).abs().max() / still.abs().max()
claim("after 8 pixels the maps of three blocks have moved by one place; relative error", error,
      below=1e-5)

# %% [markdown] tags=["further"]
# ## Further: blur pooling
#
# Take the maximum at every place (stride 1), blur, and only then keep every second number. How do the maps of the 500 digits take one pixel now?

# %%
line = torch.tensor([0.25, 0.5, 0.25])
blur = (line[:, None] * line)[None, None]            # (1, 1, 3, 3), sums to 1

def blur_pool(x):
    return F.conv2d(F.max_pool2d(x, 2, stride=1), blur, padding=1)[:, :, ::2, ::2]

# %%
guess("Which changes least by one pixel?",
      ["every second number", "average pooling", "max pooling", "blur pooling"])

# %%
ways = {
    "every second number": lambda x: x[:, :, ::2, ::2],
    "average pooling": lambda x: F.avg_pool2d(x, 2),
    "max pooling": lambda x: F.max_pool2d(x, 2),
    "blur pooling": blur_pool,
}
rows = [compare(name, way(before), way(after))[:2] for name, way in ways.items()]
ratio = rows[3][1] / rows[2][1]
claim("blur pooling lets less through than max pooling; the ratio", ratio, below=0.95,
      answer="blur pooling")
show.table(["one pixel to the right", "change, as a share of the map"], rows)

# %% [markdown]
# Better, not perfect, and the price is detail. Zhang ("Making convolutional networks shift-invariant again", 2019) found that networks trained with it grew steadier, and read a little better. You may wonder why plain max pooling beats the average here, although the average blurs: the change is measured against the size of the map, and the maximum makes maps larger. Which measure would you choose?

# %% [markdown] tags=["further"]
# ## Further: borders, overlap, and other windows
#
# **Padding.** Around a map of negative numbers, a ring of zeros would win every window that it touches. So for max pooling PyTorch pads with minus infinity, which never wins; for the average it counts the zeros, unless you say `count_include_pad=False`.

# %%
negative = torch.full((1, 3, 3), -4.0)
padded = [pool(negative, 2, stride=2, padding=1)[0] for pool in (F.max_pool2d, F.avg_pool2d)]
claim("max pooling: no zero from the border wins", padded[0].unique(), equals=[-4])
claim("average: the corner window holds three zeros and one -4", padded[1][0, 0], equals=-1)
show.grids(negative[0], *padded, titles=["map", "max", "average"], roles=["in", "out", "out"])

# %% [markdown]
# You will read that pooling typically comes with padding "same", (k - 1) / 2 on each side. For windows of 2 that is half a pixel. PyTorch's default is none; the ResNets pad their one max pooling, of 3 x 3, by 1.
#
# **Ceil mode.** The window that hangs over divides by the numbers that it really holds.

# %%
line_of_five = torch.tensor([[[2.0, 4.0, 6.0, 8.0, 10.0]]])
hanging = F.avg_pool1d(line_of_five, 2, ceil_mode=True)[0]
claim("the last window holds the 10 alone, and its mean is 10", hanging[0, -1], equals=10)
by_hand = ops.avg_pool2d(line_of_five[None], (1, 2), ceil_mode=True)[0, 0]
claim("the pooling in course_utils/ops.py, written to be read, agrees", by_hand, equals=hanging)

# %% [markdown]
# **Adaptive pooling** turns it round: you say how many numbers shall come out, and PyTorch finds the windows. For 3 out of 7 they begin at 0, 2 and 4, and overlap. With 1 it is global average pooling, `nn.AdaptiveAvgPool2d(1)`.

# %%
seven_numbers = torch.tensor([[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]])
windows = [seven_numbers[0, 0:3], seven_numbers[0, 2:5], seven_numbers[0, 4:7]]
means = torch.stack([window.mean() for window in windows])
error = (F.adaptive_avg_pool1d(seven_numbers, 3)[0] - means).abs().max()
claim("these are the three windows: the largest difference is rounding", error, below=1e-5)

# %% [markdown]
# There are more ways to sum up a window: a number drawn at random, large ones more often (*stochastic pooling*), or a mean with learned weights or a learned power between average and maximum. They are rare today.
#
# ### Your turn: max pooling with any stride (8 minutes, medium)
#
# As `avg_pool`, with the largest number in the place of the mean: windows `stride` pixels apart, each wholly within the image.
#
# `strided_max_pool(image, kernel_size, stride)`: shape `(H, W)` and two whole numbers go in; `(H - kernel_size) // stride + 1` rows come out, and columns likewise. For example, with windows of 2 and stride 1:
#
# ```
#  1 5 2      6 6
#  3 6 4      9 6
#  9 0 1
# ```

# %% tags=["exercise"]
def strided_max_pool(image, kernel_size, stride):
    """Keep the largest number of each window: (H, W), two whole numbers -> (rows, columns)."""
    ...                                   # your code

check.strided_max_pool(strided_max_pool)

# %% [markdown] tags=["hint"]
# How did your `avg_pool` find its windows? They are the same ones here.

# %% [markdown] tags=["hint"]
# Rows: `(H - kernel_size) // stride + 1`. Window `(i, j)` begins at `(i * stride, j * stride)` and has `kernel_size` rows and columns.

# %% tags=["solution"]
def strided_max_pool(image, kernel_size, stride):
    """Keep the largest number of each window: (H, W), two whole numbers -> (rows, columns)."""
    (H, W), k = image.shape, kernel_size
    output = image.new_zeros((H - k) // stride + 1, (W - k) // stride + 1)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            top, left = i * stride, j * stride
            output[i, j] = image[top : top + k, left : left + k].max()
    return output

check.strided_max_pool(strided_max_pool)

# %% [markdown] tags=["further"]
# ## Further: average pooling is a convolution
#
# A mean of four is a sum of four products with a quarter. So average pooling is a convolution whose weights are fixed and equal. `groups=16` gives each of 16 maps its own kernel, and mixes none.

# %%
torch.manual_seed(0)
x = torch.randn(2, 16, 12, 12)
quarters = torch.full((16, 1, 2, 2), 0.25)
error = F.conv2d(x, quarters, stride=2, groups=16) - F.avg_pool2d(x, 2)
claim("the largest difference is rounding", error.abs().max(), below=1e-6)

# %% [markdown]
# Max pooling is not: a convolution of a sum is the sum of the convolutions, and maxima do not add up.

# %%
y = torch.randn(2, 16, 12, 12)
error = F.max_pool2d(x + y, 2) - (F.max_pool2d(x, 2) + F.max_pool2d(y, 2))
claim("max(x + y) against max(x) + max(y): the largest difference", error.abs().max(), above=0.5)

# %% [markdown] tags=["further"]
# ## Further: a convolution that takes strides
#
# If averaging is a convolution with stride 2, why not learn its weights? A convolution may take strides itself: the map comes out half as large, the parameters are the same, and it visits a quarter of the places. Two small networks that differ in nothing else; 3,000 training images, two passes, four seeds.

# %%
def network(stride, pooling):
    layers = []
    for inputs, outputs in ((1, 8), (8, 16)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if pooling else []
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 7 * 7, 10))

few = data.Digits(digits.train_images[:3000], digits.train_labels[:3000],
                  digits.test_images[:5000], digits.test_labels[:5000], source=digits.source)

# %% [markdown]
# Since strides save three quarters of the convolutions' products, there is a third run: strides with four times the passes, which is about as much work as pooling.

# %%
guess("The same 3,000 images, the same number of passes. Which is ahead?",
      ["max pooling", "strides", "neither"])

# %%
def accuracy(seed, stride, pooling, epochs):
    torch.manual_seed(seed)
    model = network(stride, pooling)
    train.fit(model, few, recipe=train.Recipe(epochs=epochs), seed=seed, progress=False)
    return 100 * train.evaluate(model, few.test_images, few.test_labels)

settings = {"max pooling, 2 passes": (1, True, 2),      # stride, pooling, epochs
            "strides, 2 passes": (2, False, 2), "strides, 8 passes": (2, False, 8)}
scores = {name: [] for name in settings}
for name, seed in train.progress_bar([(name, seed) for name in settings for seed in range(4)]):
    scores[name].append(accuracy(seed, *settings[name]))

# %%
rows = [[name, sum(s) / 4, min(s), max(s)] for name, s in scores.items()]
claim("as many passes: max pooling is ahead, by points", rows[0][1] - rows[1][1], above=0.3,
      answer="max pooling")
claim("about as much work: strides are ahead, by points", rows[2][1] - rows[0][1], above=0.3)
show.table(["accuracy on 5,000 test digits, %", "mean of 4 seeds", "lowest", "highest"], rows)

# %% [markdown]
# Which is better, then? Look at the ranges before you answer: a single run can be off by a point or two. Beyond that, it depends on what you count, passes or work. And these are tiny networks after a short training: the race says nothing about large ones. (Most large networks of today shrink their maps by strides, and pool once, at the end, over the whole map.)

# %% [markdown] tags=["further"]
# ## Further: does the order save time?
#
# Pooling first, ReLU has a quarter of the numbers to clip. Look at the clock before you believe in a great saving. The fastest of ten runs counts.

# %%
import time

def milliseconds(function, x):
    times = []
    for _ in range(10):
        started = time.perf_counter()
        function(x)
        times.append(1000 * (time.perf_counter() - started))
    return min(times)

# %% [markdown]
# Once with ReLU alone, and once with batch norm, which lesson 05 is about, and ReLU.

# %%
norm, x = nn.BatchNorm2d(16), torch.randn(64, 16, 28, 28)
orders = {
    "ReLU, pooling": lambda x: F.max_pool2d(F.relu(x), 2),
    "pooling, ReLU": lambda x: F.relu(F.max_pool2d(x, 2)),
    "batch norm, ReLU, pooling": lambda x: F.max_pool2d(F.relu(norm(x)), 2),
    "pooling, batch norm, ReLU": lambda x: F.relu(norm(F.max_pool2d(x, 2))),
}
show.table(["order", "milliseconds"],
           [[name, milliseconds(order, x)] for name, order in orders.items()])

# %% [markdown]
# Run the cell a few times: clocks are restless, and no claim is made of them here. Where the first two rows stay alike, ReLU is cheap beside the pooling itself, and its place hardly counts. Batch norm does more for each number; do the last two rows show it? But with batch norm in between, the two orders are no longer the same network; lesson 05 shows why.
