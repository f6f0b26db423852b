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
# # 3. Padding and stride
#
# Give a network a blank sheet, the same grey everywhere, and ask it to paint one corner dark and the opposite one light. Its kernels do the same at every place, and every place looks the same. Nothing on the sheet says where the corner is.
#
# It can do it all the same. Who tells it where it is? The answer stands at the border, and at the end of this lesson you will switch it off.
#
# **You will be able to**
# - say how often each pixel is used, and what padding changes about it,
# - predict the size of what comes out, for any kernel, padding, stride and dilation,
# - choose the padding that keeps the size,
# - say how far a number deep in a network can see,
# - read the shapes of a whole network off its layers.
#
# **You need** lesson 02: how a kernel slides. **Time:** 50 minutes; with all exercises and the further sections, two hours. What begins with *Further* is folded: open what you like.
#
# Run each cell with Shift+Enter, from the top down; what stands below a cell before you run it is from an earlier run. The stop button ends what takes too long.

# %%
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, mine, ops, show
from course_utils.lesson import check, claim, guess, quiz
from course_utils.widgets import ConvStepper

digits = data.load()

# %% [markdown] tags=["slide"]
# ## Who sees the corner?
#
# Slide a 3x3 kernel over a 5x5 image, one pixel at a time. The pixel in the middle is under the kernel nine times, once in each of its cells. The function below lays the windows down one after another and counts, for each pixel, how many contain it. (Leave its `padding` and `stride` for later.)

# %%
def border_coverage(image_size, kernel_size, padding=0, stride=1):
    """Count for each pixel the windows that contain it: (image_size, image_size)."""
    padded = image_size + 2 * padding
    uses = torch.zeros(padded, padded)
    for top in range(0, padded - kernel_size + 1, stride):
        for left in range(0, padded - kernel_size + 1, stride):
            uses[top : top + kernel_size, left : left + kernel_size] += 1
    return uses[padding : padding + image_size, padding : padding + image_size]

guess("How often is the corner pixel under it?", [0, 1, 4, 9])

# %%
uses = border_coverage(image_size=5, kernel_size=3)
claim("a corner is used once, the middle nine times", (uses[0, 0], uses[2, 2]), equals=(1, 9),
      answer="1")
show.grids(uses, titles=["without padding"], roles=["in"])

# %% [markdown]
# Once. A stroke that ends in the corner gets a single chance to be seen, and every layer after this one lives with what was seen there.
#
# So we give the image a border of zeros, and the window may hang over the edge: **padding**. You will read that padding "makes every pixel count equally". Does it?

# %%
guess("With one ring of zeros, how often is the corner used now?", [1, 4, 6, 9])

# %%
uses = border_coverage(image_size=5, kernel_size=3, padding=1)
claim("with padding 1 a corner is used four times, the middle still nine", (uses[0, 0], uses[2, 2]),
      equals=(4, 9), answer="4")
show.grids(uses, titles=["with padding 1"], roles=["in"])

# %% [markdown]
# Four: better, not equal. To make it nine we would need padding 2, and then the output is *larger* than the image. Try it: change `padding` above to 2 (the claim will tell you that it no longer holds, and the lesson goes on). How many windows are there in a row then, and why is it 7 and not 5?
#
# ### Your turn: a border of zeros (5 minutes, easy)
#
# Put `padding` rows and columns of zeros on each side of an image.
#
# `pad(image, padding)`: shape `(H, W)` and a whole number go in, `(H + 2 * padding, W + 2 * padding)` comes out; the image itself stays as it is. For example `[[7]]` with padding 1 gives a 7 in the middle of 3 x 3, and eight zeros round it.

# %% tags=["exercise"]
def pad(image, padding):
    """Put zeros round the image: (H, W), p -> (H + 2p, W + 2p)."""
    ...                                   # your code

check.pad(pad)

# %% [markdown] tags=["hint"]
# Begin with the canvas: `image.new_zeros(rows, columns)` makes zeros. How many rows, if `padding` of them come above the image and as many below?

# %% [markdown] tags=["hint"]
# The image begins at row `padding` and column `padding` of the canvas. Into a piece of a tensor you write with `canvas[first : last, first : last] = ...`.

# %% [markdown] tags=["hint"]
# From row `padding` on there are H rows of the image: `canvas[padding : padding + H, padding : padding + W] = image`.

# %% tags=["solution"]
def pad(image, padding):
    """Put zeros round the image: (H, W), p -> (H + 2p, W + 2p)."""
    H, W = image.shape
    canvas = image.new_zeros(H + 2 * padding, W + 2 * padding)
    canvas[padding : padding + H, padding : padding + W] = image
    return canvas

check.pad(pad)

# %% [markdown] tags=["slide"]
# ## How large is the answer?
#
# The size of the answer is a number of *places*: all the places at which the kernel can stop. So count them. Along one side of the image the first window begins at 0, the next one a step further, and so on, as long as the window still ends within the padded image.

# %%
def count_places(size, kernel_size, padding=0, stride=1):
    """Count where a window can begin along one axis of the padded image."""
    return len(range(0, size + 2 * padding - kernel_size + 1, stride))

guess("A kernel of 5 on 28 pixels. Which padding gives 28 again?", ["1", "2", "3", "5"])

# %% [markdown]
# Three customs have names. **Valid** is no padding, and gives n - k + 1. **Same** gives n. **Full**, where the kernel goes on as long as it touches the image at all, gives n + k - 1. One formula holds them all. The padded image has n + 2p pixels, the kernel takes up k of them, and what is left over is the room to move: n + 2p - k steps, and 1 for the place where the kernel begins. **n + 2p - k + 1.**
#
# Somewhere you will read `28 - 2 - 3 + 1 = 28`, for an image of 28, padding 1 and a kernel of 3. Add it up.

# %%
kept = {k: [p for p in range(8) if count_places(28, k, p) == 28] for k in range(1, 8)}
claim("a kernel of 5 needs padding", kept[5][0], equals=2, answer="2")
claim("paddings that keep 28 with a kernel of 4", len(kept[4]), equals=0)
counts = [count_places(32, 3, p) for p in (0, 1, 2)]
claim("3x3 on 32 pixels with padding 0, 1, 2: valid, same, full", counts,
      equals=(32 - 3 + 1, 32, 32 + 3 - 1))
claim("that sum comes to 24; with the padding added it is 28", (28 - 2 - 3 + 1, 28 + 2 - 3 + 1),
      equals=(24, 28))
found = [str(*paddings) or "none" for paddings in kept.values()]
show.table(["kernel", *kept], [["padding that keeps 28", *found]])

# %% [markdown]
# The result of that sum was right and its sign was not: **padding is added**. It also shows how much a drawing can leave unsaid: "a 3x3 kernel turns 32 x 32 into 32 x 32" is true with padding 1, and with no other.
#
# To keep the size, the k - 1 that the kernel costs must come back from two sides: **p = (k - 1) / 2**. That is a whole number for odd kernels alone, and this is why you meet 3, 5 and 7 everywhere. An odd kernel has a middle, and hangs over by the same number of pixels on both sides.

# %% [markdown] tags=["slide"]
# ## Larger steps
#
# A **stride** of 2 lets the kernel go two pixels at a time. Take an image of 7 and a kernel of 2. (7 - 2) / 2 is two and a half steps. You will read that a stride that does not divide is an error.

# %%
guess("7 x 7, a kernel of 2 x 2, stride 2. What comes out of PyTorch?",
      ["an error", "3 x 3", "3.5 x 3.5", "4 x 4"])

# %%
answer = F.conv2d(torch.ones(1, 1, 7, 7), torch.ones(1, 1, 2, 2), stride=2)
claim("no error: PyTorch takes the whole steps and drops the rest", answer.shape[2:], equals=(3, 3),
      answer="3 x 3")
show.grids(border_coverage(7, 2, stride=2), answer[0, 0], titles=["uses of each pixel", "answer"],
           roles=["in", "out"])

# %% [markdown]
# The last row and the last column are in no window. Whatever stands there, the answer is the same. Half a step is no step, so the number of steps is rounded *down*:
#
# $$\left\lfloor \frac{n + 2p - k}{s} \right\rfloor + 1$$
#
# The brackets with feet (*floor*) mean: round down. You will also meet the formula without them; then it is right only where the stride happens to divide.
#
# In the stepper the dropped pixels are marked, and the formula is filled in. What does stride 3 drop? Go back to 2, and set **dilation** to 2: the kernel's cells move apart. What is dropped now, and what is skipped in between?

# %%
image = torch.tensor([[(3 * row + 2 * column) % 5 for column in range(7)] for row in range(7)])
ConvStepper(image=image, kernel=[[1, 0], [0, 1]], stride=2)

# %% [markdown]
# A dilated kernel has k cells, each d pixels from the next, so it reaches over **d (k - 1) + 1** pixels, and in the formula this reach takes the place of k. It looks further with no more multiplications, and does not see what lies between its cells.
#
# ### Your turn: the size, before you compute anything (8 minutes, medium)
#
# Predict how many numbers come out along one axis, from numbers alone.
#
# `output_size(size, kernel_size, stride, padding, dilation)`: five whole numbers go in, one comes out, the one that `F.conv2d` would give. For example 7 pixels, a kernel of 2, stride 2, no padding, dilation 1 give 3; with dilation 2 the kernel reaches over 3 pixels, and it is 3 as well.

# %% tags=["exercise"]
def output_size(size, kernel_size, stride, padding, dilation):
    """Count the places of the kernel along one axis: five whole numbers -> one."""
    ...                                   # your code

check.output_size(output_size)

# %% [markdown] tags=["hint"]
# Forget dilation at first, and stride as well. A kernel of 3 on a padded image of 10: how many places?

# %% [markdown] tags=["hint"]
# Three steps: the kernel's reach, `dilation * (kernel_size - 1) + 1`; the room to move, which is the padded size less the reach; how many strides fit into that room.

# %% [markdown] tags=["hint"]
# `//` divides and rounds down: `7 // 2` is 3. The 1 for the first place is added at the very end.

# %% tags=["solution"]
def output_size(size, kernel_size, stride, padding, dilation):
    """Count the places of the kernel along one axis: five whole numbers -> one."""
    reach = dilation * (kernel_size - 1) + 1
    room = size + 2 * padding - reach
    return room // stride + 1

check.output_size(output_size)

# %% [markdown] tags=["slide"]
# ### What a stride costs, and what it saves
#
# With stride 2 you get every second number of every second row: the others are never computed.

# %%
guess("A 3x3 kernel on 28 x 28, padding 1. Stride 2 in place of 1 makes the work ...",
      ["half", "a third", "a quarter", "a ninth"])

# %%
seven = mine.seven()[None, None] / 255         # (1, 1, 28, 28): your own 7, or ours
kernel = mine.kernel()[None, None]             # (1, 1, 3, 3): your own kernel, or ours
padded = ops.pad(seven, 1).double()            # (1, 1, 30, 30): the course's pad, for channels, too
every, second = (F.conv2d(padded, kernel.double(), stride=stride) for stride in (1, 2))
claim("stride 1 computes this many times the numbers of stride 2", every.numel() / second.numel(),
      equals=4.0, answer="a quarter")
difference = (second - every[:, :, ::2, ::2]).abs().max()
claim("stride 2 gives every second one of them; the largest difference is", difference, below=1e-6)
show.maps(seven[0, 0], every[0, 0], second[0, 0], titles=["your 7", "stride 1", "stride 2"],
          roles=["in", "out", "out"])

# %% [markdown]
# The right one is drawn as large as the others, and has 14 x 14 numbers. Half the rows, half the columns, a quarter of the work, and a quarter in every later layer, too. So networks let their maps shrink on the way in, which is called *downsampling*, and pay with detail. (Pixels are used unequally again, all over the image. A further section draws the map of that.)
#
# ### Your turn: larger steps (8 minutes, medium)
#
# Slide a kernel over an image with a stride. The kernel stays within the image, and what does not fit is dropped.
#
# `cross_correlate_strided(image, kernel, stride)`: shapes `(H, W)`, `(kh, kw)` and a whole number go in, `((H - kh) // stride + 1, (W - kw) // stride + 1)` comes out. For example the image `[[1, 2, 3, 4, 5]]` with the kernel `[[1, 1]]` and stride 2 gives `[[3, 7]]`.

# %% tags=["exercise"]
def cross_correlate_strided(image, kernel, stride):
    """Slide the kernel in steps of `stride`: (H, W), (kh, kw), s -> (rows, columns)."""
    ...                                   # your code

check.cross_correlate_strided(cross_correlate_strided)

# %% [markdown] tags=["hint"]
# Two loops over the rows and columns of the *output*, as in lesson 02. The output is `image.new_zeros((H - kh) // stride + 1, (W - kw) // stride + 1)`.

# %% [markdown] tags=["hint"]
# Output `[0, 0]` belongs to the window that begins at `[0, 0]`, output `[0, 1]` to the one that begins at `[0, stride]`. Where does the window of `[i, j]` begin?

# %% [markdown] tags=["hint"]
# `top, left = i * stride, j * stride`, and the window is `image[top : top + kh, left : left + kw]`.

# %% tags=["solution"]
def cross_correlate_strided(image, kernel, stride):
    """Slide the kernel in steps of `stride`: (H, W), (kh, kw), s -> (rows, columns)."""
    (H, W), (kh, kw) = image.shape, kernel.shape
    output = image.new_zeros((H - kh) // stride + 1, (W - kw) // stride + 1)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            top, left = i * stride, j * stride
            output[i, j] = (image[top : top + kh, left : left + kw] * kernel).sum()
    return output

check.cross_correlate_strided(cross_correlate_strided)

# %% [markdown] tags=["slide"]
# ## How far does a number see?
#
# A number of the first map sees 3 x 3 pixels. A number of the second map sees 3 x 3 numbers of the first, and so a larger piece of the image. That piece is its **receptive field**.
#
# How large is it? Ask PyTorch, which keeps track of what each number was made of. The gradient of one number says how much each pixel counts for it: zero where a pixel does not reach it at all.

# %%
def probe(layers, image_size=64):
    """Follow the middle number behind these layers back to the pixels: (image_size, image_size)."""
    image = torch.zeros(1, 1, image_size, image_size, requires_grad=True)
    x = image
    for kernel_size, stride in layers:
        x = F.conv2d(x, torch.ones(1, 1, kernel_size, kernel_size), stride=stride)
    x[0, 0, x.shape[2] // 2, x.shape[3] // 2].backward()
    return image.grad[0, 0]

def width(gradient):
    return gradient.any(dim=0).sum().item()                      # columns that count at all

guess("Two layers of 3x3, stride 1. How many pixels wide does a number behind them see?",
      ["3", "5", "6", "9"])

# %%
stacks = {"two of 3x3": [(3, 1)] * 2, "three of 3x3": [(3, 1)] * 3, "one of 7x7": [(7, 1)],
          "two of 3x3, the first with stride 2": [(3, 2), (3, 1)]}
rows = [[name, width(probe(layers)), ops.receptive_field(layers)]
        for name, layers in stacks.items()]
claim("two layers of 3x3 see 5 pixels", rows[0][1], equals=5, answer="5")
claim("the probe and the formula of the course agree", [row[1] for row in rows],
      equals=[row[2] for row in rows])
show.table(["layers", "the gradient reaches", "by the formula"], rows)

# %% [markdown]
# Each further layer of 3x3 adds k - 1 = 2 pixels. Three of them see as far as one 7x7, with 27 weights in place of 49 (for each pair of channels), and with a ReLU after each: that is why most networks stack small kernels.
#
# Behind a stride of 2, neighbours on the map lie 2 pixels of the image apart. So the second layer in the last row adds (k - 1) x 2, and 7 come out. (Behind two strides of 2 they lie 4 apart.) You can write the formula now.
#
# ### Your turn: the formula (10 minutes, hard)
#
# Compute how wide the receptive field is behind a stack of layers.
#
# `receptive_field(layers)`: a tuple of pairs `(kernel_size, stride)`, the first layer first, goes in, and a whole number comes out. For example `((3, 2), (3, 1))` gives 7: the first layer sees 3, and the second adds 2 numbers of the map, which lie 2 pixels apart.

# %% tags=["exercise"]
def receptive_field(layers):
    """Count the pixels that a number sees: ((kernel_size, stride), ...) -> a whole number."""
    ...                                   # your code

check.receptive_field(receptive_field)

# %% [markdown] tags=["hint"]
# Without any layer a number sees one pixel. Begin with `seen = 1`, and go through the layers: `for kernel_size, stride in layers:`.

# %% [markdown] tags=["hint"]
# Keep a second number: how many pixels apart neighbours are. At first 1; behind a layer with stride 2 twice as much as before.

# %% [markdown] tags=["hint"]
# A layer adds `(kernel_size - 1) * apart` to what is seen. Only then `apart` grows by its stride: a layer's own stride does not change what it sees itself.

# %% tags=["solution"]
def receptive_field(layers):
    """Count the pixels that a number sees: ((kernel_size, stride), ...) -> a whole number."""
    seen, apart = 1, 1
    for kernel_size, stride in layers:
        seen += (kernel_size - 1) * apart
        apart *= stride
    return seen

check.receptive_field(receptive_field)

# %% [markdown] tags=["slide"]
# ## Shape puzzles
#
# Take a pencil. Here is a network for your 7; no ReLU, because that changes no shape. Write down what comes out of each layer: channels, rows, columns.

# %%
model = nn.Sequential(
    nn.Conv2d(1, 16, kernel_size=3, padding=1),
    nn.Conv2d(16, 32, kernel_size=3, stride=2, padding=1),
    nn.Conv2d(32, 32, kernel_size=5, stride=2, padding=2),
    nn.Conv2d(32, 64, kernel_size=2, stride=2),
    nn.Flatten(),
    nn.Linear(576, 10),
)
guess("How large are the 64 maps before they are flattened?", ["2 x 2", "3 x 3", "4 x 4", "7 x 7"])

# %%
maps = model[:4](seven)                                           # behind the first four layers
claim("64 maps of 3 x 3 reach Flatten, 576 numbers", (maps.shape[1:], maps.numel()),
      equals=((64, 3, 3), 576), answer="3 x 3")
show.trail(model, seven)

# %% [markdown]
# The 576 of the linear layer had to be known before anything ran. Somebody did this puzzle.
#
# Which knob changes what? Seven layers, each differs in one thing from the first. The work is counted in multiplications: one for each weight at each place.

# %%
usual = {"in_channels": 16, "out_channels": 16, "kernel_size": 3, "stride": 1, "padding": 1}
changes = [{}, {"kernel_size": 5}, {"stride": 2}, {"padding": 0}, {"dilation": 2},
           {"in_channels": 32}, {"out_channels": 32}]
rows = []
for change in changes:
    layer = nn.Conv2d(**(usual | change))
    channels, size, _ = layer(torch.zeros(1, layer.in_channels, 28, 28))[0].shape
    parameters = sum(parameter.numel() for parameter in layer.parameters())
    what = " ".join(f"{knob} {value}" for knob, value in change.items())
    rows.append([what or "16 to 16 channels, 3x3, padding 1", f"{channels} x {size} x {size}",
                 parameters, layer.weight.numel() * size**2])
show.table(["what differs", "what comes out of 28 x 28", "parameters", "multiplications"], rows)

# %% [markdown]
# Kernel size and channels change the parameters. Stride, padding and dilation change not one of them: they say where the same kernel goes, and so how large the answer is and how much work it makes.

# %% [markdown] tags=["slide"]
# ## What stands at the border
#
# In these digits paper is 0, and hardly any has ink in its outermost ring, so a border of zeros is more paper. Now draw the 7 with chalk: the board is 1, the chalk 0. Zeros at the border are a frame of chalk that nobody drew. There are other ways to fill it: *reflect* mirrors the image at its edge, *replicate* repeats the outermost pixel.

# %%
ring = digits.test_images.sum((1, 2)) - digits.test_images[:, 1:-1, 1:-1].sum((1, 2))
claim("share of the test digits with nothing but paper in their outermost ring",
      (ring == 0).float().mean(), above=0.9)
board, edges = 1 - seven, torch.tensor([[[[1.0, 0, -1], [2, 0, -2], [1, 0, -1]]]])
modes = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate"}
empty = torch.ones(1, 1, 12, 12)
at_border = [F.conv2d(F.pad(empty, [1, 1, 1, 1], mode), edges).abs().max()
             for mode in modes.values()]
claim("an edge kernel on an empty board: its strongest answer with zeros, reflect, replicate",
      at_border, equals=(4, 0, 0))
maps = [F.conv2d(F.pad(board, [1, 1, 1, 1], mode), kernel)[0, 0] for mode in modes.values()]
show.maps(board[0, 0], *maps, titles=["chalk 7", *modes], roles=["in", "out", "out", "out"])

# %% [markdown]
# The maps are made by your own kernel. Wherever it answers to edges, zeros give it one to answer to along the border, as strong as any stroke. A layer does this for you: `nn.Conv2d(..., padding_mode="replicate")`. Zeros are what you get if you say nothing. (Before training, lesson 06 moves all numbers so that paper is not 0 any more. From then on the frame is round every digit.)

# %% [markdown] tags=["slide"]
# ## Who tells the network where it is?
#
# Now the question from the beginning. A blank sheet goes in, every pixel 1, the same everywhere. Five layers of 3x3 shall paint a ramp, from a corner at 0 to the opposite one at 1. Two hundred steps of training are all they get (lesson 06 explains them). All that differs between the two networks is what stands at the border.

# %%
ramp = torch.linspace(0, 1, 12)
blank, wanted = torch.ones(1, 1, 12, 12), ((ramp[:, None] + ramp) / 2)[None, None]

def paint(padding_mode):
    def conv(channels_in, channels_out):
        return nn.Conv2d(channels_in, channels_out, 3, padding=1, padding_mode=padding_mode)

    torch.manual_seed(0)
    model = nn.Sequential(conv(1, 16), nn.ReLU(), conv(16, 16), nn.ReLU(), conv(16, 16), nn.ReLU(),
                          conv(16, 16), nn.ReLU(), conv(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(200):
        loss = F.mse_loss(model(blank), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model(blank).detach()

guess("Which network can paint the ramp on a blank sheet?",
      ["both", "the one with zeros", "the one with replicate", "neither"])

# %%
zeros, replicate = paint("zeros"), paint("replicate")
plain_grey = wanted.var(unbiased=False)                          # the error of the best plain grey
error = F.mse_loss(zeros, wanted) / plain_grey
claim("with zeros: the error, as a share of that of the best plain grey", error, below=0.3,
      answer="the one with zeros")
claim("with replicate the sheet stays plain: largest minus smallest",
      replicate.max() - replicate.min(), below=1e-4)
show.maps(wanted[0, 0], zeros[0, 0], replicate[0, 0], titles=["wanted", "zeros", "replicate"],
          same_scale=True)

# %% [markdown]
# The zeros told it. After the first layer only the outermost ring differs from the rest; each layer carries the news one ring further in. With replicate every window sees nothing but the same grey, everywhere and in every layer, and no training can help.
#
# So "a convolution treats every place alike", as lesson 02 found, is exact only away from the border. With zero padding it is not quite equivariant, and a network can find out where it is (Islam and others, "How much position information do convolutional neural networks encode?", 2020). Whether you want that is another question: it helps to name what is in the sky and what on the ground, and it hurts where a thing should be the same thing everywhere.

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("03")

# %% [markdown] tags=["quiz"]
# ## A kernel of 5 x 5, padding 2, stride 1, on a large image. In how many windows is the corner pixel?
# - [ ] 1
#   That is without padding. With it the window may begin up to two rows above the image and two columns to the left.
# - [ ] 4
#   So it is for 3 x 3 with padding 1. Here the window can begin at -2, -1 or 0: three ways down, three across.
# - [x] 9
#   Three ways down times three across. A pixel inside is in 25: padding makes it less unequal, no more.
# - [ ] 25, as often as every other pixel
#   You will read that padding makes all pixels count equally. For 25 the window would have to begin four rows outside, with padding 4.

# %% [markdown] tags=["quiz"]
# ## A colour photo of 224 x 224 goes through two layers. The first, as in ResNet, a well-known network, has 64 kernels of 7 x 7, stride 2, padding 3; the second has 128 kernels of 3 x 3, stride 2, padding 1. What comes out?
# - [ ] 128 maps of 51 x 51
#   There the padding was taken away in both layers: (224 - 6 - 7) / 2, and so on. It is added.
# - [ ] 128 maps of 55 x 55
#   111 whole steps fit into the first room, 224 + 6 - 7 = 223. The place where a kernel begins counts as well, in each layer.
# - [ ] 64 maps of 56 x 56
#   The size is right. But each of the 128 kernels of the second layer looks at all 64 maps, and makes one of them.
# - [x] 128 maps of 56 x 56
#   223 is the room to move, 111 steps of 2 fit in, and the first place makes 112. Then 112 + 2 - 3 = 111, 55 steps, 56 places. As many maps come out as the last layer has kernels.
# - [ ] An error, because 223 cannot be divided by 2
#   PyTorch rounds down and drops what is left over, without a word.

# %% [markdown] tags=["quiz"]
# ## Kernels of 3 x 3 with dilation 3, stride 1. Which padding keeps the size?
# - [ ] 1
#   So it is without dilation. These nine cells are spread out.
# - [x] 3
#   The reach is 3 x 2 + 1 = 7 pixels. The middle stays in the image, and 3 hang over on each side.
# - [ ] 6
#   That is what hangs over on both sides together. Padding is counted on each side.
# - [ ] None: the dilated kernel has gaps
#   Gaps do not matter here. The reach of 7 is odd, so there is a middle.

# %% [markdown] tags=["quiz"]
# ## You give a layer stride 2 in place of 1, and leave all else. What becomes of its parameters?
# - [x] Nothing: there are as many as before
#   The kernel is the same; it goes to fewer places. What falls to a quarter is the work.
# - [ ] There are a quarter as many, since only a quarter of the places is left
#   The places got fewer. But the same kernel goes to all of them, and it is stored once.
# - [ ] There are half as many
#   Nothing in the kernel was halved. What got smaller is the map that comes out.
# - [ ] There are more, because each number must now describe a larger piece
#   Each number still sees as many pixels as before. It is the *later* layers that see more.

# %% [markdown] tags=["quiz"]
# ## Three layers of 3 x 3. The first has stride 2, the others 1. How many pixels wide does a number behind them see?
# - [ ] 7
#   That would be with stride 1 throughout. Behind the first layer neighbours lie two pixels apart.
# - [ ] 9
#   The layers' kernel sizes, added up. They overlap, and the stride is not in it.
# - [x] 11
#   The first sees 3. Each of the others adds 2 numbers of a map on which neighbours lie 2 pixels apart: 3 + 4 + 4.
# - [ ] 14
#   That is twice 7. The stride counts for what the later layers add, not for what the first one sees itself.

# %% [markdown] tags=["quiz"]
# ## A network of convolutions and ReLU, with random weights and replicate padding, gets a blank sheet. What comes out?
# - [ ] Noise, because the weights are random
#   They are random, and the same ones everywhere. Every window sees the same grey and gives the same answer.
# - [ ] A sheet that is plain in the middle and different at the rim
#   That is what zero padding does. Replicate goes on with the same grey beyond the edge.
# - [ ] Zeros, because there are no edges on the sheet
#   Only kernels that sum to zero answer a plain area by 0, and there is a bias as well. Plain, yes; zero, no.
# - [x] Maps that are each the same everywhere
#   No window can differ from another, not even at the border. With zero padding the rim would differ, and with each layer what lies further inside.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - A corner is seen once; with padding 1 four times, and the middle nine times. Padding helps, and does not make equal.
# - The size is a count of places: ⌊(n + 2p - k) / s⌋ + 1. Padding is added, the steps are rounded down, and what does not fit is dropped. A dilated kernel counts with its reach.
# - p = (k - 1) / 2 keeps the size at stride 1, for odd kernels; dilated ones count with their reach.
# - Stride, padding and dilation cost no parameters. Stride 2 cuts the work to a quarter.
# - A layer adds k - 1 to what a number sees, times all strides before it.
# - The border is not neutral: an edge kernel sees it, and a network can find its way by it.
#
# **Next:** there is another way to shrink a map, one without any weights. Lesson 04 keeps the largest of four, and asks what is lost. Below are sections for those who want to know more. They need the cells above, not each other.

# %% [markdown] tags=["further"]
# ## Further: how deep must a network be?
#
# How deep must a network of convolutions alone be until one number sees the whole image, 28 pixels? (It need not: the last maps of lesson 06's network see 22, and its linear layer puts them together.)

# %%
guess("3x3 layers of stride 1: how many until one number sees 28 pixels?", ["3", "5", "9", "14"])

# %%
def layers_needed(kernel_size, stride):
    return next(n for n in range(1, 99) if ops.receptive_field([(kernel_size, stride)] * n) >= 28)

claim("with stride 1 it takes 14 layers", layers_needed(3, 1), equals=14, answer="14")
claim("with stride 2 in each of them 4", layers_needed(3, 2), equals=4)

# %% [markdown]
# With stride 1 a layer adds 2 pixels; with stride 2 every layer doubles what the later ones add. That is the second reason why networks shrink their maps.
#
# And does a number see all of its field equally well? A pixel in the middle reaches it on many ways, one at the rim on few. Here is the probe behind eight layers, a field of 17 x 17.

# %%
guess("What share of the gradient falls on the inner 9 x 9, which are 28 % of the field?",
      ["28 %", "about half", "about nine tenths"])

# %%
gradient = probe([(3, 1)] * 8)
field = gradient[gradient.any(dim=1)][:, gradient.any(dim=0)]    # (17, 17)
claim("the share of the inner 9 x 9", field[4:13, 4:13].sum() / field.sum(), above=0.85,
      answer="about nine tenths")
show.maps(field, titles=["what counts"], roles=["in"])

# %% [markdown]
# A bell, with hardly anything at the rim (Luo and others, "Understanding the effective receptive field", 2016). All weights were equal here; training can change that. But the *effective* receptive field begins far smaller than the formula says.
#
# Dilation reaches further in fewer layers. Look what it reaches.

# %%
def dilated(dilations):
    image = torch.zeros(1, 1, 31, 31, requires_grad=True)
    x = image
    for dilation in dilations:
        x = F.conv2d(x, torch.ones(1, 1, 3, 3), dilation=dilation, padding=dilation)
    x[0, 0, 15, 15].backward()
    return image.grad[0, 0]

even, growing = dilated([2, 2, 2]), dilated([1, 2, 4])
reached = (even.count_nonzero(), growing.count_nonzero())
claim("dilation 2, 2, 2 reaches 49 pixels of 13 x 13; 1, 2, 4 all of 15 x 15", reached,
      equals=(49, 225))
show.maps(even != 0, growing != 0, titles=["dilation 2, 2, 2", "dilation 1, 2, 4"],
          roles=["in", "in"])

# %% [markdown]
# Three times the same dilation leaves holes: about seven pixels in ten are never seen. Dilations that double fill the field without a gap.

# %% [markdown] tags=["further"]
# ## Further: a border on one side only
#
# Even kernels have no middle, so at stride 1 no border that is the same on both sides keeps the size. PyTorch's `padding="same"` does it all the same. How? Send a single 1 through a kernel of two ones.

# %%
import warnings

warnings.filterwarnings("ignore", message="Using padding='same'")   # the input is copied, it says
spike = torch.tensor([0.0, 0, 0, 1, 0, 0, 0])
answer = F.conv1d(spike[None, None], torch.ones(1, 1, 2), padding="same")[0, 0]
claim("seven numbers again, and the 1 answers at places 2 and 3",
      (len(answer), answer.nonzero().flatten()), equals=(7, (2, 3)))
show.grids(spike[None], answer[None], titles=["in, a 1 at place 3", "out"], roles=["in", "out"])

# %% [markdown]
# Place 2 has seen what comes at place 3: the one zero that was needed stands on the right. The answer has moved by half a pixel to the left.
#
# Sometimes one side is the point. If the signal is sound, or the words of a sentence, then the answer *now* must not depend on what comes *later*. So the whole border goes to the left, k - 1 zeros: **causal** padding.

# %%
sound, echo = torch.rand(1, 1, 20), torch.tensor([[[0.2, 0.3, 0.5]]])
changed = sound.clone()
changed[..., 10:] = 2                                            # another future
differences = {}
for name, border in {"causal": (2, 0), "on both sides": (1, 1)}.items():
    one, other = (F.conv1d(F.pad(signal, border), echo)[..., :10] for signal in (sound, changed))
    differences[name] = (one - other).abs().max()
claim("another future from place 10 on, causal padding: the answers before it change by",
      differences["causal"], equals=0.0)
claim("with a border on both sides they do", differences["on both sides"], above=0.1)

# %% [markdown]
# ### Your turn: keep the size (4 minutes, easy)
#
# Find the padding that keeps the size of the image at stride 1.
#
# `same_padding(kernel_size, dilation)`: an odd kernel size and a dilation go in, the padding on each side comes out, a whole number. For example a kernel of 5 needs 2; with dilation 2 it reaches over 9 pixels, and needs 4.

# %% tags=["exercise"]
def same_padding(kernel_size, dilation):
    """Give the padding on each side that keeps the size: two whole numbers -> one."""
    ...                                   # your code

check.same_padding(same_padding)

# %% [markdown] tags=["hint"]
# Put the kernel's middle cell on the corner pixel. By how many pixels does it hang over?

# %% [markdown] tags=["hint"]
# On each side of the middle there are `(kernel_size - 1) / 2` cells, and each is `dilation` pixels from the next one. `//` keeps a whole number whole.

# %% tags=["solution"]
def same_padding(kernel_size, dilation):
    """Give the padding on each side that keeps the size: two whole numbers -> one."""
    return dilation * (kernel_size - 1) // 2

check.same_padding(same_padding)

# %% [markdown] tags=["further"]
# ## Further: the way back, and its checkerboard
#
# With stride 2 the windows overlap here and not there. How often is each pixel used?

# %%
uses = border_coverage(image_size=7, kernel_size=3, padding=1, stride=2)
claim("with stride 2 pixels are used once, twice or four times", uses.unique(), equals=(1, 2, 4))
show.grids(uses, titles=["3x3, padding 1, stride 2"], roles=["in"])

# %% [markdown]
# A checkerboard: even in the middle, neighbours count unequally. It comes back when a network goes the other way, from small maps to a large image. The **transposed convolution** does that: each number is a stamp, it prints the whole kernel, each cell multiplied by that number, and stamps that overlap add up. Stamp 3 x 3 ones with a kernel of ones, a stride of 2 apart.

# %%
guess("3 numbers, a kernel of 3, stride 2, the other way round. How many come out?",
      ["5", "6", "7", "9"])

# %%
stamps = F.conv_transpose2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 3, 3), stride=2)[0, 0]
claim("two steps of 2, and a kernel of 3", stamps.shape, equals=(2 * 2 + 3, 2 * 2 + 3), answer="7")
difference = (stamps - border_coverage(7, 3, stride=2)).abs().max()
claim("it is the coverage map of the way there; the largest difference", difference, equals=0.0)
show.grids(stamps, titles=["stamped"], roles=["out"])

# %% [markdown]
# The size is the formula the other way round: **(n - 1) s + k**, less 2p where the border is cut off. And it is the checkerboard that you see in pictures painted by networks. The *counts* are even inside when the stride divides the kernel's size. (The weights can still paint a pattern, so many networks enlarge the map first and then convolve: Odena and others, "Deconvolution and checkerboard artifacts", 2016.)

# %%
even = F.conv_transpose2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 4, 4), stride=2)[0, 0]
claim("kernel 4, stride 2: away from the border every number is made of 4 stamps",
      even[2:-2, 2:-2].unique(), equals=(4,))
show.grids(even, titles=["kernel 4, stride 2"], roles=["out"])

# %% [markdown]
# Why *transposed*? Lesson 02 wrote a convolution as a matrix. Turn rows into columns, and you have this. It is also what carries the gradient back through a convolution: PyTorch needs it for every step of learning. A transposed convolution is not the inverse. It brings back the shape, not the numbers, and not even the shape for certain.

# %%
claim("7 and 8 pixels both give 3 places",
      (count_places(7, 3, stride=2), count_places(8, 3, stride=2)), equals=(3, 3))
x = torch.randn(1, 1, 7, 7, requires_grad=True)
answer = F.conv2d(x, edges, stride=2)
send_back = torch.randn_like(answer)
answer.backward(send_back)
difference = (x.grad - F.conv_transpose2d(send_back, edges, stride=2)).abs().max()
claim("the gradient of a convolution is a transposed one: the largest difference is", difference,
      below=1e-4)

# %% [markdown]
# Which of the two it came from nobody can tell from the 3. You say it yourself: `output_padding=1` asks for 8.
