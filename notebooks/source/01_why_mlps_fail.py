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
# # 1. Why MLPs fail on images
#
# Cut the picture of a 7 into 784 small squares and lay them out again in an order drawn by lot. Nobody can read it now. In this lesson you train a network that reads jumbled sevens as well as whole ones. It never knew which squares lay side by side.
#
# Is that a talent, or is it what is wrong with it?
#
# **You will be able to**
# - say what an image is to a computer, and what is lost when it becomes a row of numbers,
# - explain one step of training, with one weight, on paper,
# - count the parameters of a multilayer perceptron,
# - show by experiments where it fails, and what a convolutional network does instead,
# - say where the convolutional network fails, too.
#
# **You need** multiplication, squares, and a little Python: functions, loops, lists. **Time:** 50 minutes; with the exercises and the further sections, two hours.
#
# Run each cell with Shift+Enter, from the top down; what stands below a cell before you run it is from an earlier run. The stop button ends what takes too long. You need not understand every line of code: read its remarks, and what comes out. For the exercises you need nothing that is not explained.

# %%
from dataclasses import replace
from statistics import mean

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, mine, models, show, train
from course_utils.lesson import check, claim, guess, quiz
from course_utils.widgets import DrawPad

digits = data.load()

# %% [markdown] tags=["slide"]
# ## An image is a grid
#
# Here is a piece from the middle of a 7. Somebody has measured how dark each small square is, each **pixel**: 0 is paper, 255 full ink. You see the stroke because the numbers stand where they stand.

# %%
seven = mine.seven()                                 # (28, 28): height, width
show.grids(seven[5:15, 8:20], titles=["10 of the 28 rows, 12 of the 28 columns"], roles=["in"])

# %% [markdown]
# A colour image has three such grids, one for each of red, green and blue. They are its **channels**.

# %%
picture = torch.zeros(3, 32, 32)                     # channels, height, width
picture[2, :20] = 0.9                                # sky: blue in the upper 20 rows
picture[1, 20:] = 0.7                                # grass: green in the rows below
rows, columns = torch.meshgrid(torch.arange(32), torch.arange(32), indexing="ij")
sun = (rows - 9) ** 2 + (columns - 22) ** 2 < 30
picture[:, sun] = torch.tensor([[1.0], [0.8], [0.0]])   # the sun: red and green look yellow
claim("a colour image of 32 x 32 is a block of 3 x 32 x 32 numbers", picture.numel(), equals=3_072)
claim("and one of 256 x 256", torch.zeros(3, 256, 256).numel(), equals=196_608)
show.maps(picture.permute(1, 2, 0), *picture, titles=["seen together", "red", "green", "blue"],
          roles=["in"] * 4)

# %% [markdown]
# (A channel is drawn like ink: dark where there is much of its colour.)
#
# A network takes many images at once. So what goes in has four axes: **N, C, H, W**, the number of images, channels, height, width. A hundred of our digits are a **tensor**, a block of numbers, of shape (100, 1, 28, 28).

# %% [markdown] tags=["slide"]
# ## What flattening throws away
#
# The oldest kind of network wants no grid. It wants a row of numbers, so the image is read like a page, row after row, into one line. That is **flattening**: 784 numbers for a digit, 3,072 for the picture above.

# %%
place = torch.arange(784).view(28, 28)               # the place that each pixel gets in the line
to_the_right, below = place[10, 13] - place[10, 12], place[11, 12] - place[10, 12]
claim("the right neighbour stands 1 place further on, the one below 28", (to_the_right, below),
      equals=(1, 28))
line = seven.flatten()                               # (784,)
show.maps(seven, line.expand(784, 784), titles=["your 7", "flattened"], roles=["in", "in"])

# %% [markdown]
# On the right is your 7 as a line of 784 numbers, drawn tall like a barcode. Nothing is missing.
#
# But the network is not told the number 28. That inputs 292 and 320 were neighbours on paper, one above the other, stands nowhere. Strokes and corners are a matter of neighbours; whatever the network is to know about them it must find out from examples.

# %% [markdown]
# ### Your turn: find the place in the line (5 minutes, easy)
#
# What you need of tensors in this lesson: `t.shape` is the size along each axis; `t[0, 2]` reads a number and `t[0, 2] = 7` writes one; `t[:, 0, 2]` is that pixel in all images; `a * b` works entry by entry; `t.mean()` is one number.
#
# Flattening takes the first channel, row by row, then the second channel, and so on. Where does one number end up? Counting begins at 0 everywhere.
#
# `flat_index(channel, row, column, height, width)`: five whole numbers go in, one comes out. For example in an image of 3 rows and 5 columns, channel 1, row 0, column 2 gets place 17: a whole channel of 15 comes first.

# %% tags=["exercise"]
def flat_index(channel, row, column, height, width):
    """Say where a number of a (C, height, width) image stands after flattening."""
    ...                                   # your code

check.flat_index(flat_index)

# %% [markdown] tags=["hint"]
# Begin with a grey image, channel 0. How many numbers stand in the rows above yours? Each of them has as many numbers as the image is wide.

# %% [markdown] tags=["hint"]
# In channel 0 the place is `row * width + column`. How many numbers has a whole channel? So many come first for each channel before yours.

# %% tags=["solution"]
def flat_index(channel, row, column, height, width):
    """Say where a number of a (C, height, width) image stands after flattening."""
    return channel * height * width + row * width + column

check.flat_index(flat_index)

# %% [markdown] tags=["slide"]
# ## What training does, in ten minutes
#
# A network is a formula full of numbers that are open at first, its **weights**. Training finds them. Take the smallest network there is, with one weight: `prediction = weight * x`. It shall learn from three examples, in which y is three times x; nobody tells it so.
#
# How wrong is a weight? Take each example's error, prediction minus y; square it; take the mean. That is the **loss**. Here it is for nine weights.

# %%
x, y = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([3.0, 6.0, 9.0])
weights = range(-1, 8)
losses = [((weight * x - y) ** 2).mean() for weight in weights]
show.lines(weights, {"loss": losses}, xlabel="weight", ylabel="mean squared error")

# %% [markdown]
# A valley, with its bottom at 3. With one weight you can look at all of it. With a hundred thousand you cannot: you stand somewhere in the fog, and feel with your foot which way is down.
#
# **The slope.** Make the weight larger by a tiny h. Then the error of an example grows by `x * h`, and its square by about `2 * error * x * h`. So the slope, growth for each h, is the mean of `2 * error * x`. At weight 0 the errors are -3, -6, -9, the three products are -6, -24, -54, and their mean is -28: steep, and downhill to the right.
#
# **The step.** Go against the slope, a little: new weight = old weight - learning rate * slope. With a **learning rate** of 0.05 that is 0 - 0.05 * (-28) = 1.4. The next step starts from there.

# %% [markdown]
# ### Your turn: one step downhill (10 minutes, medium)
#
# `gradient_step(weight, x, y, learning_rate)`: a weight (a tensor with one number and no axes), examples of shapes `(N,)` and `(N,)`, and a number go in; the new weight comes out. The loss is the mean of `(weight * x - y)²`, as above. For example weight 0, x = [1, 2], y = [2, 4] and learning rate 0.1 give 1: the slope is the mean of -4 and -16.

# %% tags=["exercise"]
def gradient_step(weight, x, y, learning_rate):
    """Take one step downhill: a weight, (N,), (N,), a number -> the new weight."""
    ...                                   # your code

check.gradient_step(gradient_step)

# %% [markdown] tags=["hint"]
# Go through the three lines of the text above: the errors, the slope, the step. `weight * x - y` gives all errors at once, shape `(N,)`.

# %% [markdown] tags=["hint"]
# Multiply the errors by `x`, entry by entry, and by 2. `.mean()` of that is the slope, one number.

# %% [markdown] tags=["hint"]
# A positive slope means that the loss grows with the weight. So subtract: `weight - learning_rate * slope`.

# %% tags=["solution"]
def gradient_step(weight, x, y, learning_rate):
    """Take one step downhill: a weight, (N,), (N,), a number -> the new weight."""
    error = weight * x - y                           # (N,)
    slope = (2 * error * x).mean()
    return weight - learning_rate * slope

check.gradient_step(gradient_step)

# %% [markdown]
# A learning rate of 0.05 comes close to the bottom in six steps. Why not take five times as much?

# %%
guess("Learning rate 0.25 in place of 0.05. After six steps the weight is ...",
      ["closer to 3", "as close as before", "further away than at the start"])

# %%
def descend(learning_rate):
    weight, path = torch.tensor(0.0, requires_grad=True), [0.0]
    for _ in range(6):
        loss = ((weight * x - y) ** 2).mean()       # forward: predict, and say how wrong
        loss.backward()                             # backward: PyTorch finds the slope, weight.grad
        with torch.no_grad():
            weight -= learning_rate * weight.grad   # the step
        weight.grad = None                          # forget the slope
        path.append(weight.item())
    return path

paths = {f"learning rate {rate}": descend(rate) for rate in (0.05, 0.25)}
claim("with 0.25 the distance from the bottom, 3 at the start, has grown to",
      abs(paths["learning rate 0.25"][-1] - 3), above=3, answer="further away than at the start")
claim("with 0.05 it has shrunk to", abs(paths["learning rate 0.05"][-1] - 3), below=0.1)
show.lines(range(7), paths, xlabel="step", ylabel="weight")

# %% [markdown]
# Too long a step leaps across the valley and lands higher up on the other side.
#
# Forward, loss, backward, step: all training is that. With more weights, `backward` finds a slope for each of them. And instead of our step most people use **Adam**, which chooses the length of each weight's step from its recent slopes.

# %% [markdown] tags=["slide"]
# ## One layer: ten stencils
#
# Now for digits. Give each of the ten digits its own 784 weights. Multiply the line of pixels by them, number by number, add up, and add one more number, the **bias**: that is the digit's *score*, and the highest score wins. That is a **perceptron**; `nn.Linear(784, 10)` holds ten.
#
# 7,850 numbers to learn, by the same four moves. (The loss is now the cross-entropy, which wants a high score for the true digit and low ones for the others; lesson 06 opens it up. `data.normalize` brings the pixels to a scale that networks like.)

# %%
def correct(network, images):                        # in %, of the test digits
    answers = train.predict(network, images, batch_size=100).argmax(dim=1)
    return 100 * (answers == digits.test_labels[: len(images)]).float().mean().item()

torch.manual_seed(0)
layer = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
nn.init.zeros_(layer[1].weight)                                      # it may begin with zeros
optimizer = torch.optim.Adam(layer.parameters(), lr=0.001)
for batch in torch.randperm(10_000).split(20):                       # 500 steps, 20 digits each
    scores = layer(data.normalize(digits.train_images[batch]))       # forward: (20, 10)
    loss = F.cross_entropy(scores, digits.train_labels[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
claim("one layer reads of 100 test digits", correct(layer, digits.test_images), above=75)
show.maps(*layer[1].weight.view(10, 28, 28)[[0, 1, 3, 7, 8]], titles=list("01378"),
          roles=["kernel"] * 5)

# %% [markdown]
# These are the weights of five digits, laid out as images again. Ink on orange counts for the digit, ink on purple against it. Look at the 0: purple in the middle, where a 0 has its hole.
#
# So one layer lays a stencil over the image for each digit. It reads most of them, and you can see its limits:
# - One stencil has to fit all ways to write a digit: sevens with a bar and sevens without, upright and slanted.
# - It adds up pixel by pixel. "This pixel or that one, but not both" it cannot say, whatever its weights (a section at the end proves it).
# - Every weight belongs to one place in the frame.
#
# A **multilayer perceptron**, MLP, stacks such layers, with a function that bends between them (ReLU: what is negative becomes 0). The first layer has, say, 128 stencils, and the next one combines their answers. That mends the first two limits. Watch the third.

# %% [markdown] tags=["slide"]
# ## How many numbers does it learn?
#
# Take an image of 32 x 32 in grey, two **hidden** layers of 512 (hidden: neither the input nor the answer), and five kinds of fruit: 1024-512-512-5. You will read that this network has "1024 x 512 x 512 x 5, about 1.3 billion parameters".

# %%
guess("How many weights and biases does 1024-512-512-5 have?",
      ["2,053", "790,021", "1,342,177,280"])

# %%
fruit = nn.Sequential(nn.Linear(1024, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(),
                      nn.Linear(512, 5))
count = models.count_parameters(fruit)
by_hand = (1024 + 1) * 512 + (512 + 1) * 512 + (512 + 1) * 5     # + 1 for the bias of each output
claim("inputs x outputs weights and a bias for each output, layer by layer", count, equals=by_hand,
      answer="790,021")
claim("multiplying the widths gives so many times too many", 1024 * 512 * 512 * 5 / count,
      above=1_000)

# %% [markdown]
# Within a layer each input meets each output: multiply. From layer to layer: add.

# %% [markdown]
# ### Your turn: count any MLP (5 minutes, easy)
#
# `count_mlp_parameters(widths)`: a tuple of whole numbers goes in, from the inputs to the outputs, as in `(1024, 512, 512, 5)`; one whole number comes out. For example `(2, 3, 1)` has `2*3 + 3 + 3*1 + 1 = 13`.

# %% tags=["exercise"]
def count_mlp_parameters(widths):
    """Count the weights and biases of an MLP: a tuple of widths -> a whole number."""
    ...                                   # your code

check.count_mlp_parameters(count_mlp_parameters)

# %% [markdown] tags=["hint"]
# There is one layer fewer than there are widths: a layer stands between each two neighbours.

# %% [markdown] tags=["hint"]
# `for inputs, outputs in zip(widths, widths[1:])` goes through the layers. What does one layer add?

# %% tags=["solution"]
def count_mlp_parameters(widths):
    """Count the weights and biases of an MLP: a tuple of widths -> a whole number."""
    count = 0
    for inputs, outputs in zip(widths, widths[1:]):
        count += inputs * outputs + outputs
    return count

check.count_mlp_parameters(count_mlp_parameters)

# %% [markdown] tags=["slide"]
# ## Four contestants
#
# `models.mlp` builds such a chain from its widths. Two MLPs compete: an ordinary one, and a small one with about as many parameters as the opponent. That is the **CNN** of this course, a convolutional neural network. The next lessons build it; for now: its first layer has 16 tiny stencils of 3 x 3, which slide over the whole image, and the next layers do the same with what came out (the answers of one stencil at all places are again a grid, a **map**).

# %%
NETWORKS = {
    "one layer": lambda: models.mlp(784, 10),
    "MLP 784-21-10": lambda: models.mlp(784, 21, 10),
    "MLP 784-128-10": lambda: models.mlp(784, 128, 10),
    "CNN": models.course_cnn,
}
table = []
for name, make in NETWORKS.items():
    layers = [layer for layer in make() if models.count_parameters(layer)]   # no ReLU, no Flatten
    table.append([name, 28 * 28, layers[0].weight.numel(), models.count_parameters(make())])
show.table(["network", "inputs", "weights of its first layer", "parameters in all"], table)

# %% [markdown]
# You will read that "a CNN reduces the number of input nodes". Look at the second column: it does not. All four take in all 784 pixels. What is smaller is the number of *weights*, and it stays small when the image grows. A colour photograph of 256 x 256 has 196,608 inputs either way; a first layer of 128 stencils then has 196,608 x 128 weights, 25 million, and 16 sliding ones of 3 x 3 have 16 x 3 x 3 x 3 = 432.
#
# The race: 100, 1,000 or 10,000 of the 60,000 training images, so that it takes seconds; 2,000 test images. The CNN gets 10,000 looks at an image in all, the others 50,000 (they are quick, and shall have no excuse) and steps that suit them better, and no image is shown more than 20 times. Three runs each, from different random weights.

# %%
guess("The MLP 784-128-10 has seen 10,000 images, the CNN 1,000. Who reads more?",
      ["the MLP, by 2 points or more", "they are less than 2 points apart",
       "the CNN, by 2 points or more"])

# %%
def learn(make, images, passes, seed, rate=0.01):
    torch.manual_seed(seed)
    network, recipe = make(), train.Recipe(epochs=passes, batch_size=50, learning_rate=rate)
    known = replace(digits, train_images=images, train_labels=digits.train_labels[: len(images)])
    train.fit(network, known, recipe=recipe, seed=seed, progress=False)
    return network

test, counts, trained = digits.test_images[:2_000], [100, 1_000, 10_000], {}
scores = {name: [] for name in NETWORKS}
for name, seed in train.progress_bar([(name, seed) for name in NETWORKS for seed in range(3)]):
    looks, rate = (10_000, 0.01) if name == "CNN" else (50_000, 0.003)
    run = [learn(NETWORKS[name], digits.train_images[:count], min(looks // count, 20), seed, rate)
           for count in counts]
    scores[name].append([correct(network, test) for network in run])
    trained[name] = run[-1]
show.lines(counts, scores, xscale="log", xlabel="training images", ylabel="read correctly, %")

# %% [markdown]
# (The bands go from the lowest of the three runs to the highest.)

# %%
reached = {name: torch.tensor(runs).mean(dim=0) for name, runs in scores.items()}   # (3,) each
wide = reached["MLP 784-128-10"]
claim("CNN after 1,000 images, less the MLP 784-128-10 after 10,000, in points",
      reached["CNN"][1] - wide[2], between=(-2, 2), answer="they are less than 2 points apart")
claim("after 1,000 images each the CNN leads that MLP by", reached["CNN"][1] - wide[1], above=3)
claim("after 10,000 each it leads the MLP of its own size by",
      reached["CNN"][2] - reached["MLP 784-21-10"][2], above=2)

# %% [markdown]
# With a tenth of the images and a sixth of the parameters it keeps up. You will read that CNNs need large amounts of data; on images, compared with an MLP, it is the other way round. What counts is not the number of parameters but what they are spent on. (The CNN also has batch norm, lesson 05; in the MLPs it closes little of the gap.)

# %% [markdown] tags=["slide"]
# ## Move the digit
#
# All digits were brought to the middle before you saw them. What if one stands a little to the right?
#
# ### Your turn: shift images (10 minutes, medium)
#
# `shift(images, dx, dy)`: images of shape `(N, H, W)` and two whole numbers go in, images of the same shape come out, moved dx pixels to the right and dy down; either may be negative (left, up) or 0. What leaves the image is lost, and zeros come in from the other side. For example the image `[[1, 2, 3]]` shifted by dx = 1, dy = 0 is `[[0, 1, 2]]`.

# %% tags=["exercise"]
def shift(images, dx, dy):
    """Move images to the right and down: (N, H, W), two whole numbers -> (N, H, W)."""
    ...                                   # your code

check.shift(shift)

# %% [markdown] tags=["hint"]
# Begin with the sizes, `N, H, W = images.shape`, and with zeros, `output = torch.zeros_like(images)`. Then two loops over the rows `i` and columns `j` of the output. Where did the pixel that is now at `(i, j)` stand before?

# %% [markdown] tags=["hint"]
# It stood at `(i - dy, j - dx)`. That place may lie outside of the image; then the zero stays. Python takes a negative index from the other end, so ask: `0 <= i - dy < H`.

# %% [markdown] tags=["hint"]
# ```python
# if 0 <= i - dy < H and 0 <= j - dx < W:
#     output[:, i, j] = images[:, i - dy, j - dx]
# ```

# %% tags=["solution"]
def shift(images, dx, dy):
    """Move images to the right and down: (N, H, W), two whole numbers -> (N, H, W)."""
    (_, H, W), output = images.shape, torch.zeros_like(images)
    for i in range(H):
        for j in range(W):
            if 0 <= i - dy < H and 0 <= j - dx < W:
                output[:, i, j] = images[:, i - dy, j - dx]
    return output

check.shift(shift)

# %% [markdown]
# One trap first. In a frame of 28 x 28 a shift by 4 pixels cuts the ink of many digits, and who could blame the network then? So here all networks get larger sheets, 36 x 36, with four pixels more of paper on each side. They train on 6,000 digits, all in the middle; then we shift the test digits.
#
# Two CNNs take part. They differ in the last step, the **head**: one flattens its last maps, as an MLP does with the image; the other takes the mean of each map and forgets where in it something was.

# %%
guess("Of 100 digits in the middle the MLP reads more than 90. Of 100 moved 4 pixels to the right?",
      ["about 90", "about 80", "about 65", "fewer than 50"])

# %%
def placed(images, dx=0):                            # on 36 x 36, dx pixels right of the middle
    return F.pad(images, (4 + dx, 4 - dx, 4, 4))     # columns left, right; rows above, below

WIDE = {
    "MLP": lambda: models.mlp(36 * 36, 128, 10),
    "CNN, flatten": lambda: models.course_cnn(image_size=36),
    "CNN, average": lambda: models.course_cnn(image_size=36, head="average"),
}
kept = {name: [] for name in WIDE}
for name, seed in train.progress_bar([(name, seed) for name in WIDE for seed in range(3)]):
    trained[name] = learn(WIDE[name], placed(digits.train_images[:6_000]),
                          3 if name == "MLP" else 1, seed)
    kept[name].append([correct(trained[name], placed(test[:500], dx)) for dx in range(7)])
mlp, flatten, average = (torch.tensor(kept[name]).mean(dim=0) for name in WIDE)
claim("4 pixels to the right, the MLP reads of 100 digits", mlp[4], below=50,
      answer="fewer than 50")
claim("the CNN with the flatten head reads so many more", flatten[4] - mlp[4], above=25)
claim("at 6 pixels the average head leads the flatten head by", average[6] - flatten[6], above=15)
show.lines(range(7), kept, xlabel="shift to the right, pixels", ylabel="read correctly, %",
           ylim=(0, 100))

# %% [markdown]
# To the MLP a shifted 7 is a new thing: the ink falls on weights that belong to other places. A CNN's small stencils slide, so they find the stroke wherever it is. You will read that a CNN is therefore "translation invariant". Look at the curve between the others: the stencils follow, and then comes a head that again has a weight for each place. The head matters, too. With the mean there is hardly any loss; it costs a little in the middle, where knowing the place would have helped.
#
# Drag the digit about, or move it with the arrow keys; the bars are what each network answers. (These two work on 28 x 28: at the edge the ink is cut.)

# %%
DrawPad({"MLP": trained["MLP 784-128-10"], "CNN": trained["CNN"]}, image=seven)

# %% [markdown] tags=["slide"]
# ## Shuffle the pixels
#
# Back to the jumbled 7. Draw one order of the 784 pixels by lot, and put all images into that same order, those for training and those for testing. Then train again, from the start.

# %%
guess("All pixels shuffled in one fixed order. Which network reads clearly fewer digits now?",
      ["the MLP", "the CNN", "both", "neither"])

# %%
torch.manual_seed(0)
order = torch.randperm(784)                          # one order, for every image

def shuffled(images):                                # (N, 28, 28) -> (N, 28, 28)
    return images.flatten(1)[:, order].view(-1, 28, 28)

jumbled, mixed = shuffled(digits.train_images[:10_000]), {"MLP 784-128-10": [], "CNN": []}
for name, seed in train.progress_bar([(name, seed) for name in mixed for seed in range(3)]):
    passes, rate = (1, 0.01) if name == "CNN" else (5, 0.003)
    network = learn(NETWORKS[name], jumbled, passes, seed, rate)
    mixed[name].append(correct(network, shuffled(test)))
lost = {name: (reached[name][2] - mean(mixed[name])).item() for name in mixed}
claim("the CNN loses, in points", lost["CNN"], above=5, answer="the CNN")
claim("the MLP loses (or, if negative, gains), in points", lost["MLP 784-128-10"],
      between=(-1.5, 1.5))
show.maps(seven, shuffled(seven[None])[0], titles=["your 7", "your 7, jumbled"], roles=["in", "in"])

# %% [markdown]
# The MLP does not notice. It never knew who was whose neighbour, so it had nothing to lose. (A section at the end proves it.) The CNN relied on neighbours, and now they are strangers: its lead is gone. After so short a training it even falls behind; with all 60,000 images it came within about two points of the MLP of its own size.
#
# So that is what a CNN knows before it has seen a single image:
#
# - **Locality.** What belongs together stands together. A small window is enough to see a bit of stroke.
# - **Weight sharing.** A stroke is a stroke wherever it is. The same few weights look everywhere, and each image teaches them at many places.
# - **Hierarchy.** Strokes make corners and loops, and these make digits. Each layer looks at small windows of the layer before, and so at larger and larger pieces of the image.
#
# On jumbled pixels the first two are false, and the third has nothing to build on.

# %% [markdown] tags=["slide"]
# ## Who is better at what?
#
# A last test: turn the digits by a quarter.

# %%
sums = [784 * 128 + 128 * 10, 28 * 28 * 16 * 9 + 14 * 14 * 32 * 144 + 7 * 7 * 32 * 288 + 288 * 10]
turned = [correct(trained[name], torch.rot90(test, dims=(1, 2))) for name in mixed]
table = [["numbers to learn", *(models.count_parameters(trained[name]) for name in mixed)],
         ["multiplications for one digit", *sums]]
table += [[f"% read after {count:,} images", *(reached[name][at].item() for name in mixed)]
          for at, count in enumerate(counts)]
table += [["% read, 4 pixels to the right (trained on 36 x 36)",
           mlp[4].item(), f"{flatten[4]:.1f}; average head {average[4]:.1f}"],
          ["% read, pixels shuffled", *(mean(mixed[name]) for name in mixed)],
          ["% read, turned by a quarter", *turned]]
claim("turned by a quarter, the CNN reads of 100 digits", turned[1], below=40)
show.table(["measured above", *mixed], table)

# %% [markdown]
# | compared | MLP | CNN |
# |---|---|---|
# | one **unit** (a stencil with its bias) looks at | every pixel | a small window |
# | its weights | belong to one place | are shared by all places |
# | the input is shifted | a new input | the maps shift along |
# | the price | weights | arithmetic: few weights, used very often |
# | fits | tables, where columns have no neighbours | images, sound: whatever has neighbours |
#
# Two **limits** of a CNN stand in the table above as well: turning and shuffling. It does not know that a turned 7 is a 7 (nor a larger one; that we did not measure): of all changes only the shift is built in, and that not perfectly. It does more arithmetic. And where neighbours mean nothing, what it knows beforehand is wrong and does harm.

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("01")

# %% [markdown] tags=["quiz"]
# ## An image is flattened before it goes into an MLP. What does the network lose?
# - [x] Which pixels were neighbours
#   The line holds all numbers, and no word about who stood above whom. The MLP treats any two inputs alike.
# - [ ] Some of the pixels: 784 inputs cannot hold 28 x 28
#   They can, to the last one: 28 x 28 is 784. All the numbers arrive.
# - [ ] The brightness of the pixels
#   Every number goes in as it is. Only its address changes.
# - [ ] Nothing, as one could rebuild the image from the line
#   One could, knowing that rows have 28 pixels. The network is not told, and has to find out from examples.

# %% [markdown] tags=["quiz"]
# ## A weight is 2, the slope of the loss there is 4, and the learning rate is 0.1. What is the weight after one step?
# - [x] 1.6
#   The loss grows with the weight, so the weight goes down, by 0.1 x 4.
# - [ ] 2.4
#   That is uphill. A positive slope says that a larger weight means a larger loss.
# - [ ] -2
#   That subtracts the whole slope. The learning rate makes the step a tenth of it.
# - [ ] 1.9
#   That subtracts the learning rate alone. A steeper slope makes a longer step.

# %% [markdown] tags=["quiz"]
# ## How many numbers does an MLP 300-100-10 learn?
# - [ ] 300,000
#   The product of all widths counts the paths through the network. Weights are counted layer by layer, and added.
# - [ ] 31,000
#   Those are the weights, 300 x 100 + 100 x 10. Each unit that computes something has a bias as well.
# - [x] 31,110
#   30,000 + 100 in the first layer, 1,000 + 10 in the second.
# - [ ] 31,410
#   That gives the 300 inputs a bias, too. Inputs are given, not computed.

# %% [markdown] tags=["quiz"]
# ## A colour photograph of 256 x 256 goes into an MLP whose first layer has 128 units, and into a CNN whose first layer has 16 kernels of 3 x 3. Of what has the first layer of the CNN fewer?
# - [ ] Inputs: it looks at small windows alone
#   Each window is small, and together they cover the image. All 196,608 numbers go in.
# - [ ] Multiplications
#   The few weights are used again at every place: 28 million multiplications, and 25 million in the MLP.
# - [x] Weights
#   A sliding stencil of 3 x 3 has 3 x 3 x 3 = 27 weights however large the photograph is; a stencil of the MLP has one for each of the 196,608 inputs.

# %% [markdown] tags=["quiz"]
# ## A hospital has a table: 784 blood values for each patient, in no particular order of columns. You want to predict an illness. Why not arrange them as 28 x 28 and take a CNN?
# - [ ] Because CNNs accept nothing but pixels
#   They accept any grid of numbers. The question is whether the grid means something.
# - [x] Because neighbours in that grid mean nothing
#   That is the shuffled digit again. What a CNN knows beforehand, locality and sharing, is not true of such a table.
# - [ ] Because 784 values are too few for a CNN
#   A digit has 784 as well.
# - [ ] One should: a CNN needs fewer examples than an MLP
#   On images it does. With jumbled pixels its lead was gone.

# %% [markdown] tags=["quiz"]
# ## The sliding stencils of a CNN follow a digit wherever it goes. Why did the CNN with the flatten head read fewer and fewer as the shift grew?
# - [ ] The stencils stop before the border, and the digit has come close to it by then
#   They slide over all places, those at the border too. And the average head, behind stencils of the same kind, hardly lost any.
# - [ ] It had too few parameters to learn all the places
#   It has more than the one with the average head, and it had never been shown another place.
# - [ ] Its training was too short
#   Longer training on digits in the middle says nothing about other places.
# - [x] Its last layer has a weight for each place, learnt from digits in the middle
#   The maps shift along with the digit, and the ink arrives where other weights wait. The head is an MLP on a small scale.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - An image is a block of numbers, N, C, H, W. Flattening keeps the numbers and forgets the neighbours.
# - Training: forward, loss, backward, step. The slope says which way, the learning rate how far.
# - An MLP has inputs x outputs + outputs parameters for each layer, and the layers add up.
# - It does not notice when all pixels are shuffled, and it does not know a digit that has moved by four.
# - A CNN knows beforehand that neighbours belong together and that places are alike. With the same number of parameters it reads more, from fewer images; a head that flattens takes part of that away.
#
# **Next:** you have seen what small sliding stencils can do. Lesson 02 takes one in hand: nine numbers, a pencil, and the question which nine find an edge.

# %% [markdown] tags=["further"]
# ## Further: what one layer cannot say
#
# Two pixels, each 0 or 1. Are they different? A child can tell. Can one unit, two weights and a bias? We do not even train it: we try 100,000 of them, drawn at random, and keep the best. Then an MLP with eight hidden units is trained, ten times.

# %%
guess("Of the four cases, how many does the best of 100,000 units get right?", ["2", "3", "4"])

# %%
corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
different = torch.tensor([0, 1, 1, 0])
torch.manual_seed(0)
weights, biases = torch.randn(2, 100_000), torch.randn(100_000)
verdicts = corners @ weights + biases > 0                   # (4, 100_000): does it say "different"?
right = (verdicts == different[:, None]).sum(dim=0)         # (100_000,)
claim("cases that the best of them gets right", right.max(), equals=3, answer="3")

# %%
def corners_right(*widths):
    network = models.mlp(*widths)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(200):
        loss = F.cross_entropy(network(corners), different)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (network(corners).argmax(dim=1) == different).sum().item()

claim("the best of ten MLPs with eight hidden units",
      max(corners_right(2, 8, 2) for _ in range(10)), equals=4)

# %% [markdown]
# Why, in two lines. A layer's verdict is a sum f of weighted pixels and a bias, and its sign decides. In such a sum the corners obey f(0, 0) + f(1, 1) = f(0, 1) + f(1, 0), since both sides contain each weight once and the bias twice. To be right, the left side would have to be negative and the right side positive.

# %% [markdown] tags=["further"]
# ## Further: the same network, jumbled
#
# The MLP did as well on jumbled pixels, on average. One can say it more sharply. Put the columns of its first layer into the same order as the pixels; every product then meets its old partner.

# %%
import copy

whole = trained["MLP 784-128-10"]
twin = copy.deepcopy(whole)
twin[1].weight.data = whole[1].weight.data[:, order]             # (128, 784)
difference = train.predict(twin, shuffled(test)) - train.predict(whole, test)
claim("the twin answers jumbled digits as the MLP answers whole ones; largest difference",
      difference.abs().max(), below=1e-3)

# %% [markdown]
# For every MLP that reads whole digits there is one that reads jumbled ones as well, and the random weights at the start favour neither. Could you jumble a CNN's weights like that? Its nine weights serve all places; there is no order to put them in.

# %% [markdown] tags=["further"]
# ## Further: how much does a pixel know about its neighbour?
#
# Locality is a statement about images, so it can be measured. Take all pairs of pixels at a certain distance in a row. How closely do their numbers go together? The *correlation* says it: 1 means that the one is the other, stretched and moved; 0, that no straight line helps to guess it.

# %%
def likeness(images, distance):
    left, right = images[:, :, :-distance].float(), images[:, :, distance:].float()
    return torch.corrcoef(torch.stack([left.flatten(), right.flatten()]))[0, 1].item()

distances = range(1, 11)
alike = {
    "digits": [likeness(test[:500], distance) for distance in distances],
    "jumbled": [likeness(shuffled(test[:500]), distance) for distance in distances],
}
show.lines(distances, alike, xlabel="distance, pixels", ylabel="correlation")

# %%
claim("next neighbours in a digit go together", alike["digits"][0], above=0.6)
claim("next neighbours in a jumbled digit hardly do", alike["jumbled"][0], between=(-0.3, 0.3))
claim("ten pixels apart, in a digit, they do not either", alike["digits"][9], between=(-0.3, 0.3))

# %% [markdown]
# Near means related; far means nearly nothing. A window of 3 x 3 looks where the relation is.

# %% [markdown] tags=["further"]
# ## Further: from strokes to digits
#
# How much of the image does one number in a deep layer look at? Ask for its slope with respect to every pixel: where the slope is 0, it does not look. (Average pooling stands in for maximum pooling here, which would hide all but the winners.)

# %%
def looks_at(blocks):
    layers = [layer for _ in range(blocks)
              for layer in (nn.Conv2d(1, 1, 3, padding=1), nn.AvgPool2d(2))]
    image = torch.zeros(1, 1, 64, 64, requires_grad=True)
    answer = nn.Sequential(*layers)(image)[0, 0]
    middle = len(answer) // 2
    answer[middle, middle].backward()
    return (image.grad[0, 0] != 0).any(dim=0).sum().item()       # columns with some slope

claim("pixels across, after one, two and three blocks of the CNN",
      [looks_at(1), looks_at(2), looks_at(3)], equals=(4, 10, 22))

# %% [markdown]
# First a piece of a stroke, then a corner or a bow, then nearly the whole digit, which is 20 pixels tall. Lesson 03 has the formula.

# %% [markdown] tags=["further"]
# ## Further: can the MLP be taught?
#
# It had never seen a shifted digit. Show it some: in training, put every digit somewhere within four pixels of the middle, once and for all, and look twice as often.

# %%
guess("At 4 pixels, compared with the CNN with the average head, the MLP now reads ...",
      ["no more than before", "more than before, fewer than that CNN", "as many as that CNN"])

# %%
torch.manual_seed(0)
shifts = torch.randint(-4, 5, (200, 2)).tolist()                 # for 30 digits each
parts = zip(digits.train_images[:6_000].split(30), shifts)
moved = torch.cat([F.pad(part, (4 + dx, 4 - dx, 4 + dy, 4 - dy)) for part, (dx, dy) in parts])
taught = [learn(WIDE["MLP"], moved, 6, seed) for seed in range(3)]
at_4 = mean(correct(network, placed(test[:500], 4)) for network in taught)
claim("the CNN with the average head, which never saw a shift, leads by, in points",
      average[4].item() - at_4, above=4, answer="more than before, fewer than that CNN")
claim("and yet the MLP has gained", at_4 - mlp[4].item(), above=15)

# %% [markdown]
# So an MLP can learn it, place by place, from examples of every place; and it pays in the middle as well (measure that: `placed(test[:500], 0)`). What one knows beforehand need not be learnt.
