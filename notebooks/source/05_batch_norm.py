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
# # 5. Batch normalisation
#
# Twenty people stand in a row. A sentence is passed on, and everybody repeats it a little louder than they heard it. The last one shouts. If everybody is a little too quiet instead, the last one hears nothing. The layers of a deep network are such a row.
#
# What if everybody first turned what they hear to a normal volume? It works, and it has a strange price: how loud is "normal" depends on who else is in the room. In this lesson your own 7 will get quite different scores, from the same network, because of its neighbours. You will know why, and which word was forgotten.
#
# **You will be able to**
# - say what happens to numbers on their way through twenty layers, and what the size of the first weights has to do with it,
# - normalise a batch by hand, channel by channel, and keep running statistics as PyTorch does,
# - say what `model.eval()` changes, and recognise the harm when it was forgotten,
# - tell batch normalisation from dividing by 255, and a linear map from an affine one,
# - fold a batch norm into the convolution before it.
#
# **You need** mean and variance (the mean of the squared distances from the mean; its root is what we call the *spread*), and lesson 02. **Time:** 50 minutes; with the exercises and the further sections, two hours.
#
# Run each cell with Shift+Enter, from the top down; what stands below a cell before you run it is from an earlier run. The stop button ends what takes too long.

# %%
import copy
from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, mine, models, ops, show, train
from course_utils.lesson import check, claim, guess, quiz
from course_utils.widgets import BatchNormExplorer

digits = data.load()

# %% [markdown] tags=["slide"]
# ## Twenty layers deep
#
# Here is such a row: twenty convolutions, each followed by ReLU, with random weights and no training at all. After each layer we note the spread of its numbers. A number behind a convolution is a sum of `fan_in` products, and a sum of more products spreads wider. The weights must make up for that: with a spread of √(2 / fan_in), a rule named after Kaiming He, each layer should be about as loud as the one before (the 2 is there because ReLU silences half of the numbers).

# %%
def spreads_through(scale, norm=lambda x: x):
    torch.manual_seed(0)                           # the same weights each time, but for their scale
    x, spreads = data.normalize(digits.train_images[:100]), []
    for _ in range(20):
        fan_in = 9 * x.shape[1]                                  # numbers that a 3x3 kernel meets
        weight = scale * (2 / fan_in) ** 0.5 * torch.randn(16, x.shape[1], 3, 3)
        x = F.relu(norm(F.conv2d(x, weight, padding=1)))         # (100, 16, 28, 28)
        spreads.append(x.std().item())
    return spreads

guess("Now all weights are twice as large. How much larger are the numbers after 20 layers?",
      ["twice", "40 times", "1,000 times", "1,000,000 times"])

# %%
loud, right, quiet = spreads_through(2), spreads_through(1), spreads_through(0.5)
claim("a factor of two at each of 20 layers: two to the power of twenty",
      round(loud[-1] / right[-1]), equals=2**20, answer="1,000,000 times")
change = right[-1] / right[0]
claim("by He's rule, first and last spread differ by a factor of", max(change, 1 / change),
      below=100)
every_other = {"weights twice as large": loud[1::2], "He's rule": right[1::2],
               "half as large": quiet[1::2]}
show.lines(range(2, 21, 2), every_other, xlabel="layer", ylabel="spread", yscale="log")

# %% [markdown]
# A factor of two at each layer, and after twenty there is a million between too much and right, and a million between right and too little. (The slopes by which a network learns go back through the same weights, and share this fate.) He's rule roughly keeps the volume (a layer of 16 maps varies by luck; here it ends somewhat lower), but only at the start: it says nothing about the weights that training will make of these.
#
# So another idea: let the layer *measure* how loud it is, and correct that itself.

# %% [markdown] tags=["slide"]
# ## Mean 0, spread 1
#
# Take paper. Two images with two channels; each has one row of two pixels. Channel 0 holds the numbers 2, 2 (first image) and 6, 6 (second image); channel 1 holds 10, 30 and again 10, 30. For each channel: take the mean off, and divide by the spread.

# %%
x = torch.tensor([[[[2.0, 2.0]], [[10.0, 30.0]]],
                  [[[6.0, 6.0]], [[10.0, 30.0]]]])   # (2, 2, 1, 2): N, C, H, W
guess("Which channel holds the larger numbers afterwards?", ["channel 0", "channel 1", "neither"])

# %%
mean = x.mean(dim=(0, 2, 3), keepdim=True)                     # over images, rows and columns
variance = x.var(dim=(0, 2, 3), correction=0, keepdim=True)    # the mean squared distance from it
normal = (x - mean) / variance.sqrt()
claim("both channels are -1 and 1 now", [normal[:, c].unique() for c in (0, 1)],
      equals=((-1, 1), (-1, 1)), answer="neither")
show.grids(x[:, 0, 0], x[:, 1, 0], normal[:, 0, 0], normal[:, 1, 0],
           titles=["channel 0", "channel 1", "0 normal", "1 normal"],
           roles=["in", "in", "out", "out"])

# %% [markdown]
# (A row is an image.) The means were 4 and 20, the variances 4 and 100. Which channel was louder cannot be seen any more; the pattern within each can. In detail, **batch normalisation** has four steps, for each channel on its own:
#
# 1. the **mean** over all images of the batch, all rows, all columns,
# 2. the **variance** over the same numbers,
# 3. **normalise**: take the mean off, divide by √(variance + ε). The small ε, 0.00001 in PyTorch, is there for a channel whose variance is 0,
# 4. multiply by **γ** (gamma) and add **β** (beta), two numbers for each channel that the network learns.

# %% [markdown]
# ### Your turn: how many share a mean? (2 minutes, easy)
#
# A batch has the shape (N, C, H, W). How many numbers go into one of these means?
#
# `numbers_per_mean(batch_size, channels, height, width)`: four whole numbers go in, one comes out. In the example above, of shape (2, 2, 1, 2), each mean was taken of 4 numbers.

# %% tags=["exercise"]
def numbers_per_mean(batch_size, channels, height, width):
    """Count the numbers that share a mean: four whole numbers -> one."""
    ...                                   # your code

check.numbers_per_mean(numbers_per_mean)

# %% [markdown] tags=["hint"]
# Above, channel 0 had the numbers 2, 2, 6, 6. How many came from each image, and how many images were there?

# %% [markdown] tags=["hint"]
# One image has `height * width` numbers in a channel. The mean is taken over all images, and for each channel apart.

# %% tags=["solution"]
def numbers_per_mean(batch_size, channels, height, width):
    """Count the numbers that share a mean: four whole numbers -> one."""
    return batch_size * height * width

check.numbers_per_mean(numbers_per_mean)

# %% [markdown]
# ### Your turn: normalise a batch (10 minutes, medium)
#
# Write the four steps, as they happen while a network is trained.
#
# What you need for it: in `x.mean(dim=(0, 2, 3), keepdim=True)` the axes to average *away* are listed; axis 1, the channels, stays. `keepdim=True` leaves each of the others with length 1, so that (1, C, 1, 1) fits against (N, C, H, W): PyTorch repeats what has length 1. `gamma.view(1, -1, 1, 1)` lays the same numbers out in another shape; -1 means as many as there are.
#
# `batch_norm_train(x, gamma, beta, eps)`: shapes `(N, C, H, W)`, `(C,)`, `(C,)` and a number go in, `(N, C, H, W)` comes out. For example one channel with the numbers 1 and 5, `gamma` 10, `beta` 3 and `eps` 0 gives -7 and 13: mean 3, variance 4, so -1 and 1, times 10, plus 3.

# %% tags=["exercise"]
def batch_norm_train(x, gamma, beta, eps):
    """Normalise each channel over the batch: (N, C, H, W), (C,), (C,), number -> (N, C, H, W)."""
    ...                                   # your code

check.batch_norm_train(batch_norm_train)

# %% [markdown] tags=["hint"]
# The cell above does steps 1 to 3 but for ε. With `keepdim=True` the mean has the shape `(1, C, 1, 1)` and meets each channel of `x` by itself.

# %% [markdown] tags=["hint"]
# `x.var(...)` divides by the count less one, unless you say `correction=0`. The ε belongs under the root.

# %% [markdown] tags=["hint"]
# `gamma` has the shape `(C,)`, and `gamma * x` would lay it along the columns. `gamma.view(1, -1, 1, 1)` lays it along the channels.

# %% tags=["solution"]
def batch_norm_train(x, gamma, beta, eps):
    """Normalise each channel over the batch: (N, C, H, W), (C,), (C,), number -> (N, C, H, W)."""
    mean = x.mean(dim=(0, 2, 3), keepdim=True)                   # (1, C, 1, 1)
    variance = x.var(dim=(0, 2, 3), correction=0, keepdim=True)
    normal = (x - mean) / (variance + eps).sqrt()
    return gamma.view(1, -1, 1, 1) * normal + beta.view(1, -1, 1, 1)

check.batch_norm_train(batch_norm_train)

# %% [markdown]
# **Stop here** until your check says "Correct"; or go on now if you only want to read. Here is one way to write it.

# %%
def batch_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(dim=(0, 2, 3), keepdim=True)                   # 1. (1, C, 1, 1)
    variance = x.var(dim=(0, 2, 3), correction=0, keepdim=True)  # 2. (1, C, 1, 1)
    normal = (x - mean) / (variance + eps).sqrt()                # 3. (N, C, H, W)
    return gamma.view(1, -1, 1, 1) * normal + beta.view(1, -1, 1, 1)   # 4.

# %% [markdown]
# Now real numbers: what an untrained convolution answers to fifty digits. Sixteen channels, and no two alike.

# %%
torch.manual_seed(0)
convolution = nn.Conv2d(1, 16, kernel_size=3)
images = data.normalize(digits.train_images[:50])                # (50, 1, 28, 28)
maps = convolution(images).detach()                              # (50, 16, 26, 26)
ones, zeros = torch.ones(16), torch.zeros(16)
after = batch_norm(maps, ones, zeros)
pytorch = F.batch_norm(maps, None, None, training=True)
claim("PyTorch's batch norm gives the same; the largest difference is",
      (after - pytorch).abs().max(), below=1e-4)
show.spreads(maps, after, titles=["before", "after"], roles=["in", "out"])

# %% [markdown]
# Have we taken something from the network that it may need? No: γ and β can give it back, for this batch. Let γ be √(variance + ε) and β the mean, and everything is as it was before. And does it help in the row of twenty?

# %%
gamma, beta = (maps.var(dim=(0, 2, 3), correction=0) + 1e-5).sqrt(), maps.mean(dim=(0, 2, 3))
claim("step 4 has undone step 3; the largest difference is",
      (batch_norm(maps, gamma, beta) - maps).abs().max(), below=1e-4)
loud = spreads_through(2, norm=lambda x: batch_norm(x, ones, zeros))
claim("the row of twenty, all weights too large, with batch norm at each layer: its last spread",
      loud[-1], between=(0.3, 1))

# %% [markdown] tags=["slide"]
# ## What it does not notice
#
# You will read that "the normalisation layer divides by 255". That is another thing: pixels go from 0 to 255, and we scale them once, by numbers that are fixed before training begins. Batch norm measures its numbers, anew at each layer and for each batch. To see the difference, change two things *in front of* it.

# %%
no_bias = F.conv2d(images, convolution.weight).detach()          # the convolution without its bias
raw = digits.train_images[:50, None].float()                     # pixels from 0 to 255
guess("What changes what batch norm gives: a bias of 5 before it, or dividing the pixels by 255?",
      ["the bias", "the division", "both", "neither"])

# %%
plain, shifted = (batch_norm(y, ones, zeros) for y in (no_bias, no_bias + 5))
claim("a bias leaves no trace but rounding: it goes into the mean, which is taken off; at most",
      (plain - shifted).abs().max(), below=1e-3, answer="neither")
with torch.no_grad():
    plain, scaled = (batch_norm(F.conv2d(y, convolution.weight), ones, zeros)
                     for y in (raw, raw / 255))
claim("a factor leaves hardly any (that is ε): it goes into the spread; on average",
      (plain - scaled).abs().mean(), below=0.02)

# %% [markdown]
# So a convolution in front of batch norm needs no bias: `nn.Conv2d(..., bias=False)`, as in this course's network; β does that work. Scaling the pixels is still right, for networks without batch norm, and for ε and the optimiser in those with it. But it is not what a normalisation layer does.

# %% [markdown] tags=["slide"]
# ## Whom to measure when there is no batch?
#
# Later, somebody draws a single 7. There is no batch to take a mean of, and the answer should depend on this 7 alone. So while it trains the layer also keeps **running statistics**: a mean and a variance for each channel that begin at 0 and 1 and move a little with every batch.
#
# How far, the **momentum** says. In other places momentum is the share that is *kept*; in PyTorch's batch norm it is the share of the *new*: `running = (1 - momentum) * running + momentum * batch`. And there is a second trap. Channel 0 on your paper had the mean 4 and the variance 4. Send it through a layer.

# %%
layer = nn.BatchNorm2d(2, momentum=0.1)
layer(x)
claim("the mean: nine tenths of 0, and a tenth of 4", layer.running_mean[0],
      between=(0.3999, 0.4001))
claim("the variance: not 0.9 + 0.4 = 1.3 but more", layer.running_var[0], between=(1.43, 1.44))
show.table(["channel 0", "before", "of the batch", "running, after one batch"], [
    ["mean", 0.0, x[:, 0].mean().item(), layer.running_mean[0].item()],
    ["variance", 1.0, x[:, 0].var(correction=0).item(), layer.running_var[0].item()],
])

# %% [markdown]
# The running variance took 5.33 instead of 4: the *unbiased* variance, in which the sum of the four squared distances is divided by 3. Four numbers lie nearer to their own mean than to that of all the others that we have not seen, and dividing by one less makes up for it on average. The batch itself is divided by the root of the biased one. Both are deliberate; with hundreds of numbers in a channel nobody sees the difference, with four you do.

# %% [markdown]
# ### Your turn: keep running statistics (10 minutes, medium)
#
# Let both move by one batch. Leave what you were given as it is, and return two new tensors.
#
# `update_running(running_mean, running_var, x, momentum)`: shapes `(C,)`, `(C,)`, `(N, C, H, W)` and a number go in; two tensors of shape `(C,)` come out: `return mean, variance`. For example mean 0 and variance 1, a batch of the numbers 1 and 5 and momentum 0.5 give 1.5 and 4.5 (their unbiased variance is 8).

# %% tags=["exercise"]
def update_running(running_mean, running_var, x, momentum):
    """Move both towards the batch: (C,), (C,), (N, C, H, W), number -> (C,), (C,)."""
    ...                                   # your code

check.update_running(update_running)

# %% [markdown] tags=["hint"]
# The mean of each channel is `x.mean(dim=(0, 2, 3))`. Without `keepdim` its shape is `(C,)`, as is wanted here.

# %% [markdown] tags=["hint"]
# Momentum is the share of the new number. The old one keeps the rest, 1 - momentum.

# %% [markdown] tags=["hint"]
# `x.var(dim=(0, 2, 3), correction=1)` is the unbiased variance.

# %% tags=["solution"]
def update_running(running_mean, running_var, x, momentum):
    """Move both towards the batch: (C,), (C,), (N, C, H, W), number -> (C,), (C,)."""
    mean = x.mean(dim=(0, 2, 3))
    variance = x.var(dim=(0, 2, 3), correction=1)
    new_mean = (1 - momentum) * running_mean + momentum * mean
    new_var = (1 - momentum) * running_var + momentum * variance
    return new_mean, new_var

check.update_running(update_running)

# %% [markdown]
# Do they arrive? The goal is the **population**: the mean over all the digits that the batches are taken from, here 400. Watch one channel, with three momenta. `ops.batch_norm` does what you have written, and changes the running statistics in place, as PyTorch does.

# %%
x = data.normalize(digits.train_images[:400])
population = F.conv2d(x, convolution.weight[:1], convolution.bias[:1]).detach()   # one channel
paths = {}
for momentum in (0.5, 0.1, 0.01):
    running_mean, running_var, path = torch.zeros(1), torch.ones(1), []
    for batch in population.split(4):
        ops.batch_norm(batch, running_mean, running_var, training=True, momentum=momentum)
        path.append(running_mean.item())
    paths[f"momentum {momentum}"] = path
paths["population"] = 100 * [population.mean().item()]
show.lines(range(1, 101), paths, xlabel="batches of 4 seen", ylabel="running mean")

# %% [markdown]
# A large momentum arrives fast and trembles with every batch; a small one is calm and late. 0.1, the usual one, is there after a few dozen batches.
#
# ### Your turn: batch norm without a batch (5 minutes, easy)
#
# Later, in **evaluation**, the running statistics stand in for those of the batch, and do not move.
#
# `batch_norm_eval(x, running_mean, running_var, gamma, beta, eps)`: shapes `(N, C, H, W)`, four times `(C,)`, and a number go in, `(N, C, H, W)` comes out. For example the number 7 with running mean 3, running variance 4, `gamma` 10, `beta` 1 and `eps` 0 gives 21, whatever else is in the batch.

# %% tags=["exercise"]
def batch_norm_eval(x, running_mean, running_var, gamma, beta, eps):
    """Normalise by the running statistics: (N, C, H, W), 4 times (C,), number -> (N, C, H, W)."""
    ...                                   # your code

check.batch_norm_eval(batch_norm_eval)

# %% [markdown] tags=["hint"]
# It is your `batch_norm_train` with another mean and another variance; nothing of `x` is measured.

# %% [markdown] tags=["hint"]
# All four have the shape `(C,)`, so all four need `.view(1, -1, 1, 1)`.

# %% tags=["solution"]
def batch_norm_eval(x, running_mean, running_var, gamma, beta, eps):
    """Normalise by the running statistics: (N, C, H, W), 4 times (C,), number -> (N, C, H, W)."""
    mean, variance = running_mean.view(1, -1, 1, 1), running_var.view(1, -1, 1, 1)
    normal = (x - mean) / (variance + eps).sqrt()
    return gamma.view(1, -1, 1, 1) * normal + beta.view(1, -1, 1, 1)

check.batch_norm_eval(batch_norm_eval)

# %% [markdown] tags=["slide"]
# ## Your 7 in company
#
# `model.train()` and `model.eval()` choose between the two ways, and a new model stands on train. You will see programs that never call `model.eval()` before they predict. What does that do? We train this course's network, three convolutions with batch norm, on 5,000 digits. It gives a score for each of the ten digits, called *logits*; the largest one wins. The copy in `answers` has a reason: in train mode even a look changes the running statistics.

# %%
torch.manual_seed(0)
model = models.course_cnn()
few = replace(digits, train_images=digits.train_images[:5000],
              train_labels=digits.train_labels[:5000])
train.fit(model, few)

def answers(images, mode):
    asked = copy.deepcopy(model).train(mode == "train")
    with torch.no_grad():
        return asked(data.normalize(images))                     # (N, 10) logits

guess("Your 7 is asked in train mode, alone and with 31 blank sheets. Are its logits the same?",
      ["the same", "almost the same", "quite different"])

# %%
seven, only_ones = mine.seven()[None], digits.test_images[digits.test_labels == 1]
blank = torch.zeros_like(digits.test_images[:31])
companies = {"alone": blank[:0], "31 digits": digits.test_images[:31],
             "31 ones": only_ones[:31], "31 blanks": blank}

def logits_in_company(mode):                             # those of your 7, in each company: (4, 10)
    return torch.stack([answers(torch.cat([seven, one]), mode)[0] for one in companies.values()])

in_train, in_eval = logits_in_company("train"), logits_in_company("eval")
claim("train mode: with its neighbours a logit of your 7 changes by up to",
      (in_train - in_train[0]).abs().max(), above=1, answer="quite different")
claim("eval mode: its neighbours do not matter, but for rounding",
      (in_eval - in_eval[0]).abs().max(), below=1e-4)
below = [f"{mode}: {name}\n{row.argmax()}, {row.max():.1f}"
         for mode, rows in [("train", in_train), ("eval", in_eval)]
         for name, row in zip(companies, rows)]
show.digits(seven.expand(8, 28, 28), below, columns=4)

# %% [markdown]
# Eight times your 7: above in train mode, below in eval mode. Under each stand its company, the digit that is read and its logit. Blank sheets have hardly any spread, so among them everything about your 7 looks enormous. In train mode an answer belongs to a batch and to no image. Now count, on 1,000 test images. Sorted by class is how they often lie in folders.

# %%
images, labels = digits.test_images[:1000], digits.test_labels[:1000]

def correct(batches, mode):
    right = sum((answers(images[b], mode).argmax(1) == labels[b]).sum().item() for b in batches)
    return 100 * right / sum(map(len, batches))

shuffled, single = torch.arange(1000).split(100), torch.arange(300).split(1)
by_class = [(labels == digit).nonzero()[:, 0] for digit in range(10)]
batches = {"mixed, 100 at a time": shuffled, "all of one class at a time": by_class,
           "one at a time (300)": single}
rows = [[name, correct(each, "eval"), correct(each, "train")] for name, each in batches.items()]
claim("points that sorted batches cost in train mode", rows[1][1] - rows[1][2], above=3)
show.table(["test images come", "eval mode: correct, %", "train mode: correct, %"], rows)

# %% [markdown]
# In mixed company, 100 at a time, the mistake does not show: such batches resemble those of the training. That is why it survives. It shows when somebody sorts the images, or sends one. (It also leaves traces in the network; a further section looks for them.)

# %% [markdown]
# ### A batch of one
#
# One image at a time still worked: one map alone has 14 x 14 numbers in each channel, enough for a mean and a spread. In a layer without maps there is one number per channel. What is left of it, when its own mean is taken off?

# %%
single_number = 100 * torch.rand(1, 10, 1, 1)
left = batch_norm(single_number, ones[:10], zeros[:10])
claim("nothing: whatever it was, 0 comes out (then β)", left.abs().max(), equals=0.0)
try:
    nn.BatchNorm1d(10)(single_number.flatten(1))
except ValueError as error:
    print("PyTorch refuses, and it is right:", error)

# %% [markdown]
# If you meet this message in training, your last batch was one image long, in a layer with one number for each channel: `DataLoader(..., drop_last=True)` leaves it out. If you meet it when you predict, somebody forgot `model.eval()`.

# %% [markdown] tags=["slide"]
# ## What is it good for?
#
# For bold steps. Here is a small network, once with batch norm (`norm` is `nn.BatchNorm2d`), once with nothing in its place (`nn.Identity`); the rest, first weights included, is the same. It sees 5,000 digits once, with learning rates (how far each step of the training goes; lesson 01) from careful to wild, and is asked about 1,000 others.

# %%
def try_out(norm, rate, seed):
    torch.manual_seed(seed)

    def block(i, o):
        return [nn.Conv2d(i, o, 3, padding=1), nn.MaxPool2d(2), norm(o), nn.ReLU()]

    network = nn.Sequential(*block(1, 8), *block(8, 16), *block(16, 16), nn.Flatten(),
                            nn.Linear(144, 10))
    network.to(memory_format=torch.channels_last)                # an order in memory that is faster
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    for batch in torch.randperm(5000).split(100):                # 50 steps
        logits = network(data.normalize(digits.train_images[batch]))
        optimizer.zero_grad()
        F.cross_entropy(logits, digits.train_labels[batch]).backward()
        optimizer.step()
    others = slice(50_000, 51_000)
    return 100 * train.evaluate(network, digits.train_images[others], digits.train_labels[others])

guess("A usual learning rate is 0.001. At a hundred times as much, what does batch norm change?",
      ["nothing, all is lost", "it gains a few points", "it gains more than 20 points"])

# %%
rates, grid = [0.003, 0.01, 0.03, 0.1], {}
for name, norm in {"with batch norm": nn.BatchNorm2d, "without": nn.Identity}.items():
    grid[name] = torch.tensor([[try_out(norm, rate, seed) for rate in rates]
                               for seed in train.progress_bar(range(3))])
with_norm, without = (runs.mean(dim=0) for runs in grid.values())    # (4,) each, over the seeds
claim("points that batch norm gains at a rate of 0.1", with_norm[-1] - without[-1], above=20,
      answer="it gains more than 20 points")
claim("points that it gains where each has its best rate", with_norm.max() - without.max(),
      below=20)
show.lines(rates, grid, xlabel="learning rate", ylabel="read correctly, %", xscale="log",
           ylim=(0, 100))

# %% [markdown]
# The line is the mean of three seeds, the band goes from the worst to the best. Between the peaks the gap is much smaller than at the right end. So a good part of what batch norm wins is that you need not hit the right learning rate so exactly, and can take larger steps. (Drawn digits are wilder in training; with them all numbers are lower.)
#
# **Why** does it help? Its inventors thought that it keeps the numbers between the layers from drifting ("internal covariate shift", Ioffe and Szegedy 2015). Others let them drift on purpose, behind the batch norm, and the network learnt nearly as fast as before; they found instead that the loss becomes smoother to walk on (Santurkar and others 2018). You will read the first reason as a fact. It is disputed, and the question is open; a further section tries a simpler version of the doubters' experiment.
#
# *Sources: S. Ioffe and C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift" (2015); S. Santurkar and others, "How Does Batch Normalization Help Optimization?" (2018). He's rule: K. He and others, "Delving Deep into Rectifiers" (2015).*

# %% [markdown] tags=["slide"]
# ## "At test time it is linear"
#
# In evaluation nothing is measured: γ, β, mean and variance are fixed numbers. You will read that batch norm is then a linear map. A linear map sends 0 to 0. Ask the first one of our network.

# %%
network = copy.deepcopy(model).eval()
norm, x = network[2], torch.randn(5, 16, 3, 3)                   # its first batch norm, 16 channels
scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).view(16, 1, 1)
shift = norm.bias.view(16, 1, 1) - scale * norm.running_mean.view(16, 1, 1)
claim("zeros go in; the largest number that comes out", norm(torch.zeros(1, 16, 1, 1)).abs().max(),
      above=0.05)
claim("it is scale times x plus shift, up to", (norm(x) - (scale * x + shift)).abs().max(),
      below=1e-4)

# %% [markdown]
# Scale and shift: such a map is called **affine**. And a convolution with a bias is affine, too: so the two can be folded into one (you do it in the first of the further sections, below the quiz).
#
# Now play with all of it, on what the second batch norm of this network gets to see of 256 test images, in four of its channels. Press *Next batch* and watch the running statistics arrive. Then set the batch size to 1: how far do mean and spread jump from one batch to the next, and what changes when you choose eval? Find γ and β that undo step 3, by hand first.

# %%
with torch.no_grad():
    activations = network[:6](data.normalize(digits.test_images[:256]))[:, :4]      # (256, 4, 7, 7)
BatchNormExplorer(activations)

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("05")

# %% [markdown] tags=["quiz"]
# ## Ten convolutions without bias, each with ReLU behind it, have weights by He's rule. By mistake somebody makes all weights three times as large. What about the numbers behind the tenth layer?
# - [ ] They are 3 times as large
#   So it is behind the first layer. The second one multiplies what is already too large.
# - [ ] They are 30 times as large
#   That adds the threes up. Each layer multiplies what the one before gave it.
# - [x] They are about 59,000 times as large
#   Three times three, ten times over: 59,049. ReLU hands on such a factor as it is.
# - [ ] They are as large as before, since each layer measures how loud it is
#   That is batch norm, and here is none. He's rule sets the weights once and looks no more.

# %% [markdown] tags=["quiz"]
# ## A program loads a trained network with batch norm and forgets `model.eval()`. Its author tests it on shuffled test images, 100 at a time, and finds the accuracy that was hoped for. What follows?
# - [ ] That `model.eval()` makes no difference for this network
#   Only for such batches. Their mean and spread are much like the running ones, which is why nothing shows.
# - [ ] That PyTorch has noticed that no training is going on
#   It cannot know. A model stays in train mode until somebody calls `model.eval()`.
# - [x] Little: sorted images, or a single one, may still get other answers
#   In train mode an answer depends on the company. Mixed company by the hundred hides it; what a user sends will not be mixed.
# - [ ] That the weights have now been trained on the test images
#   Weights change only through an optimiser. But the running statistics did change, and they are part of the network.

# %% [markdown] tags=["quiz"]
# ## In `nn.BatchNorm2d(16, momentum=0.01)`, what does the 0.01 say?
# - [ ] The running mean keeps 1 % of itself with every batch
#   That is momentum as others use the word. Here 1 % is the share of the new number, and 99 % are kept.
# - [x] A batch moves the running statistics 1 % of the way to its own
#   So after one batch they are still nearly where they began, and they need hundreds of batches to arrive.
# - [ ] The weights go on in their old direction with 1 % of their speed
#   That is the momentum of an optimiser. The same word, and nothing to do with it.
# - [ ] The layer's learning rate for γ and β is 0.01
#   They learn like all weights, at the rate of the optimiser. Momentum concerns the running mean and variance alone.

# %% [markdown] tags=["quiz"]
# ## A colleague gives each convolution in front of a batch norm a bias, "it cannot hurt". What do these biases do?
# - [x] Nothing: each goes into the channel's mean, and that is taken off
#   Hurt they do not either, apart from some memory. β, after the normalisation, does what the bias was meant to do.
# - [ ] They double the work of β, so that the network learns faster
#   β comes after the mean is taken off and counts; the bias comes before and is lost.
# - [ ] They move the running mean, and so the answers in evaluation change
#   They do move the running mean, by what they add themselves; once it has arrived, the difference is as it was.
# - [ ] They make the variance larger, and so everything after it smaller
#   A number that is added everywhere moves the channel and does not widen it.

# %% [markdown] tags=["quiz"]
# ## You divide all pixels by 255 and have batch norm in your network. Is the one a case of the other?
# - [ ] Yes, both bring numbers into the range from 0 to 1
#   Batch norm brings the mean to 0 and the spread to 1; its numbers can well be -3 or 5.
# - [ ] Yes: dividing by 255 is batch norm for the first layer
#   255 is the same for every batch and known before the first one. Batch norm measures, for each channel and each batch, and has γ and β to learn.
# - [x] No: 255 is fixed, and batch norm measures its divisor
#   A convolution without bias and a batch norm behind it even cancel the division, but for ε.

# %% [markdown] tags=["quiz"]
# ## In evaluation, why can batch norm be folded into the convolution in front of it, and in training not?
# - [ ] Because in training γ and β still change with every step, and in evaluation they do not
#   So do the convolution's weights, and still each step would have its one weight and bias. Something else is missing: fixed statistics.
# - [x] Because its scale and shift are fixed then; in training they depend on the batch
#   Mean and variance of the batch are known only after the convolution has answered to all its images.
# - [ ] Because in evaluation it is linear, and two linear maps are one
#   Nearly: it is affine, as it also adds a number; that number goes into the bias. But say as well why the training is different.
# - [ ] Because folding rounds the numbers, and training cannot bear that
#   The rounding is as small as everywhere. Look at what the scale is made of.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - A factor of two at each of twenty layers is a million at the end. He's rule sets the first weights so that the factor is about one.
# - Batch norm: for each channel, mean and variance over N, H, W; normalise; times γ, plus β. A bias before it is lost.
# - Running statistics serve when there is no batch. Momentum is the share of the new; the running variance is the unbiased one.
# - In train mode an answer depends on the company. `model.eval()` before you predict.
# - It bears larger learning rates. Why it helps is disputed.
# - In evaluation it is affine, a scale and a shift, and can be folded into the convolution.
#
# **Next:** you have all the parts now. Lesson 06 puts them together, and trains a network that reads 99 of 100 digits in seconds. Below are sections for those who want to know more.

# %% [markdown] tags=["further"]
# ## Further: fold it away
#
# Batch norm behind a convolution multiplies each of its answers by a number and adds another. The convolution can do that itself, if its kernels are multiplied by that number beforehand. Two layers become one that gives the same, but for rounding. Programs that run networks on phones do this as a rule.

# %% [markdown]
# ### Your turn: fold a batch norm into a convolution (15 minutes, hard)
#
# Find the weight and the bias of the one convolution that does what convolution and batch norm (in evaluation) did together.
#
# `fold(weight, bias, running_mean, running_var, gamma, beta, eps)`: shapes `(O, C, kh, kw)`, five times `(O,)` and a number go in; a new weight and a new bias of the same shapes come out: `return new_weight, new_bias`. For example weight 6, bias 1, running mean 3, running variance 4, `gamma` 10, `beta` 7 and `eps` 0 give weight 30 and bias -3.

# %% tags=["exercise"]
def fold(weight, bias, running_mean, running_var, gamma, beta, eps):
    """Fold batch norm into a convolution: (O, C, kh, kw), 5 times (O,), number -> the first two."""
    ...                                   # your code

check.fold(fold)

# %% [markdown] tags=["hint"]
# Write it down for one number. The convolution gives `weight * x + bias`. What does batch norm make of it? Sort the result: what multiplies `x`, and what does not?

# %% [markdown] tags=["hint"]
# With `scale = gamma / (running_var + eps).sqrt()` the result is `scale * (weight * x + bias - running_mean) + beta`.

# %% [markdown] tags=["hint"]
# Kernel `o` is `weight[o]`, so the scale goes along the first axis: `scale.view(-1, 1, 1, 1)`.

# %% tags=["solution"]
def fold(weight, bias, running_mean, running_var, gamma, beta, eps):
    """Fold batch norm into a convolution: (O, C, kh, kw), 5 times (O,), number -> the first two."""
    scale = gamma / (running_var + eps).sqrt()
    new_weight = scale.view(-1, 1, 1, 1) * weight
    new_bias = scale * (bias - running_mean) + beta
    return new_weight, new_bias

check.fold(fold)

# %% [markdown]
# Here it is done to a convolution that stands right before its batch norm. (In our network a max pooling stands between them. Would folding still be allowed? Think of a negative γ; the section on the order answers it.)

# %%
torch.manual_seed(0)
pair = nn.Sequential(nn.Conv2d(1, 16, 3, bias=False), nn.BatchNorm2d(16))
for batch in digits.train_images[:5000].split(100):
    pair(data.normalize(batch))                                  # gather running statistics
norm, x = pair.eval()[1], data.normalize(digits.test_images[:100])
scale = norm.weight / (norm.running_var + norm.eps).sqrt()
one = F.conv2d(x, scale.view(-1, 1, 1, 1) * pair[0].weight, norm.bias - scale * norm.running_mean)
claim("one convolution gives what the two layers gave, up to", (one - pair(x)).abs().max(),
      below=1e-4)

# %% [markdown] tags=["further"]
# ## Further: a look leaves traces
#
# In train mode the running statistics move with whatever passes by, whether anybody trains or not. Suppose that somebody forgets `model.eval()`, lets the network look at 1,000 pictures from a camera with its cap still on (all ink), and only then remembers it.

# %%
spoilt = copy.deepcopy(model).train()                            # model.eval() was forgotten ...
with torch.no_grad():
    for batch in torch.full_like(digits.test_images[:1000], 255).split(10):
        spoilt(data.normalize(batch))                            # ... and no weight is trained here
before, later = (train.predict(each, images, batch_size=100).argmax(1) == labels
                 for each in (model, spoilt))
lost = 100 * (before.float().mean() - later.float().mean())
claim("points that the look has cost, with model.eval() called afterwards", lost, above=0)

# %% [markdown]
# The network saved after this look is another one than before it. Its weights are the same to the last bit. (`torch.no_grad()` does not protect the running statistics, and freezing the weights does not either: only `model.eval()` does.)

# %% [markdown] tags=["further"]
# ## Further: whose mean?
#
# A mean over the batch is a choice. **Layer norm** takes the mean over all channels of *one* image, **instance norm** over one channel of one image, **group norm** over a group of channels of one image. None of these three looks at the neighbours, so they need neither running statistics nor `model.eval()`, and work for a batch of one. Language models, whose batches are small and of unequal lengths, use layer norm or a relative of it. We ask each layer how much the first image changes when the others are exchanged.

# %%
x, other = torch.randn(8, 16, 5, 5), 2 * torch.randn(8, 16, 5, 5)
other[0] = x[0]                                       # the same first image in louder company
kinds = {                                             # the layer, its axes, the number of its means
    "batch norm": (nn.BatchNorm2d(16), "N, H, W", 16),
    "layer norm": (nn.GroupNorm(1, 16), "C, H, W", 8),      # one group of all channels
    "group norm, 4 groups": (nn.GroupNorm(4, 16), "4 channels, H, W", 8 * 4),
    "instance norm": (nn.InstanceNorm2d(16), "H, W", 8 * 16),
}
rows = [[name, axes, means, (layer(x)[0] - layer(other)[0]).abs().max().item()]
        for name, (layer, axes, means) in kinds.items()]
show.table(["a batch of shape (8, 16, 5, 5)", "mean over", "means", "change of the first image"],
           rows)

# %%
batch_change, *other_changes = [change for *_, change in rows]
claim("batch norm looks at the neighbours", batch_change, above=0.05)
claim("the other three do not", max(other_changes), below=1e-6)

# %% [markdown] tags=["further"]
# ## Further: does the order matter?
#
# ReLU and max pooling may be exchanged: the largest number, clipped at 0, is the largest of the clipped (lesson 04). With batch norm between them that is over, for two reasons. The first: the numbers after pooling are others, so their mean and spread are others. The second remains in evaluation, with fixed statistics: where γ is negative, large becomes small, and the largest before is the smallest after.

# %%
pool, statistics = nn.MaxPool2d(2), (maps.mean(dim=(0, 2, 3)), maps.var(dim=(0, 2, 3)))
pool_first, pool_last = batch_norm(pool(maps), ones, zeros), pool(batch_norm(maps, ones, zeros))
claim("in training, pooling first or last makes a difference of up to",
      (pool_first - pool_last).abs().max(), above=0.1)
for sign in (1, -1):
    first = F.batch_norm(pool(maps), *statistics, weight=sign * ones, bias=zeros)
    last = pool(F.batch_norm(maps, *statistics, weight=sign * ones, bias=zeros))
    bound = {"below": 1e-4} if sign == 1 else {"above": 0.1}
    claim(f"in evaluation, with γ = {sign}, the largest difference is",
          (first - last).abs().max(), **bound)

# %% [markdown]
# So a batch norm behind a pooling may be folded into the convolution in front of both, as long as no γ is negative. Neither order is wrong; they are two networks, and lesson 06 measures which is better.

# %% [markdown] tags=["further"]
# ## Further: a doubters' experiment
#
# (Santurkar and others drew the noise anew for each number and image; this is a simpler version.) If batch norm helps because the numbers stop drifting, then drift behind it must spoil the help. `Restless` lets each channel jump: at every step of the training it is stretched and shifted by other random numbers.

# %%
class Restless(nn.Module):
    def forward(self, x):                                        # (N, C, H, W)
        if not self.training:
            return x
        stretch, shift = (torch.randn(1, x.shape[1], 1, 1) for _ in range(2))
        return x * (1 + 0.25 * stretch) + 0.5 * shift

guess("At a rate of 0.03, how many of three restless runs with batch norm read less than half?",
      ["all", "some", "none"])

# %%
def unrest(channels):
    return nn.Sequential(nn.BatchNorm2d(channels), Restless())

restless = [try_out(unrest, 0.03, seed) for seed in train.progress_bar(range(3))]
claim("the worst of the three still reads most digits", min(restless), above=50, answer="none")
claim("points that the restlessness costs, on average",
      grid["with batch norm"][:, 2].mean() - sum(restless) / 3, below=30)
rows = [[name, [round(run, 1) for run in runs[:, 2].tolist()]] for name, runs in grid.items()]
rows.append(["batch norm, then restless", [round(run, 1) for run in restless]])
show.table(["at a rate of 0.03", "three seeds, % correct"], rows)

# %% [markdown]
# The numbers never come to rest, and the network reads only a few points fewer than before. That speaks against calm as the reason. What the reason is, nobody has shown to everybody's satisfaction.
