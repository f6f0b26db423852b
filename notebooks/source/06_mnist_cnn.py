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
# # 6. The full MNIST CNN
#
# You learnt ten digits once, and now you read anybody's handwriting. How long does your laptop need for that?
#
# In this lesson you assemble everything from lessons 01 to 05 into one network, train it in front of your eyes, and find out where it still goes wrong.
#
# **You will be able to**
# - follow an image through a convolutional network and say the size of everything on the way,
# - read the training loop, each line with its reason, and take one step of it by hand,
# - make training faster one measured change at a time,
# - count correct answers, and tell an honest accuracy from one that cannot be true.
#
# **You need** lessons 02 to 05, or to know what convolution, padding, pooling and batch norm do. **Time:** 50 minutes; with all exercises and the further sections, two hours and a half. What begins with *Further* is folded: open what you like.
#
# Run each cell with Shift+Enter, from the top down; what stands below a cell before you run it is from an earlier run. The stop button ends what takes too long.

# %%
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, mine, models, show, train
from course_utils.lesson import check, claim, guess, quiz

digits = data.load()

# %% [markdown] tags=["slide"]
# ## Three piles
#
# The line above says which digits you have: real MNIST, or digits that this course draws itself. Everything below is true for both.
#
# We will try several settings and keep the best. If we compared them on the test images, the winner would owe part of its success to luck with those very images, and its score would promise too much. So the test images stay in their envelope until the end. To compare, we put 5,000 *training* images aside: the **validation** images.

# %%
training = data.Digits(
    digits.train_images[:55_000], digits.train_labels[:55_000],
    digits.train_images[55_000:], digits.train_labels[55_000:],
    source=digits.source,
)  # what it calls testing is our validation pile; the real test images are not in it
show.digits(training.train_images[:20], training.train_labels[:20])

# %% [markdown]
# 28 rows, 28 columns, one grey level for each pixel, from 0 (paper) to 255 (full ink); below each image its label. A network likes numbers around zero better: `data.normalize` divides by 255, takes off a mean and divides by a spread, always the same two (0.1307 and 0.3081, those of MNIST), so that tomorrow's digit comes on the same scale as today's. (Lesson 05 looks at that more closely.)

# %% [markdown] tags=["slide"]
# ## The network as people know it
#
# One block is what lessons 02 to 05 were about: convolution, batch norm, ReLU, pooling. Three of them, then one linear layer.

# %%
def block(in_channels, out_channels):
    return [
        nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.MaxPool2d(2),
    ]

def classic_cnn():
    return nn.Sequential(*block(1, 16), *block(16, 32), *block(32, 32), nn.Flatten(),
                         nn.Linear(288, 10))

# %%
guess("Which layer has the most weights?",
      ["the first convolution", "the second", "the third", "the linear layer"])

# %%
x, rows = data.normalize(training.train_images[:1]), []
for layer in classic_cnn():
    x = layer(x)
    rows.append([type(layer).__name__, tuple(x.shape), models.count_parameters(layer)])
largest = max(count for _, _, count in rows)
claim("the third convolution has the most: 32 kernels, each 32 x 3 x 3", largest,
      equals=32 * 32 * 3 * 3, answer="the third")
show.table(["layer", "what comes out: N, C, H, W", "parameters"], rows)

# %% [markdown]
# The third pooling turns 7 rows into 3: 7 is odd, and the last row is dropped (lesson 03). And 32 channels of 3 x 3 are 288 numbers; that is all the linear layer gets to know about the digit.

# %% [markdown] tags=["slide"]
# ### Your turn: how many numbers are left? (3 minutes, easy)
#
# An image passes some blocks like those above, each of them a 3 x 3 convolution with padding 1 and a pooling of 2 x 2. How many numbers does `nn.Flatten` hand to the linear layer?
#
# `flattened_size(image_size, channels, blocks)`: the side of the square image, the channels of the last block, the number of blocks; one whole number comes out. For example `flattened_size(28, 32, 3)` is 288, and an image of 8 x 8 after one block with 5 channels has `5 * 4 * 4 = 80`.

# %% tags=["exercise"]
def flattened_size(image_size, channels, blocks):
    """Count what is left of an image after some blocks: three whole numbers -> one."""
    ...                                   # your code

check.flattened_size(flattened_size)

# %% [markdown] tags=["hint"]
# With padding 1 a 3 x 3 convolution leaves the size as it is. Pooling halves it, and what does not fit is dropped.

# %% [markdown] tags=["hint"]
# Halve once for each block: `image_size // 2` rounds down, as pooling does. Then count rows, columns and channels.

# %% tags=["solution"]
def flattened_size(image_size, channels, blocks):
    """Count what is left of an image after some blocks: three whole numbers -> one."""
    for _ in range(blocks):
        image_size = image_size // 2
    return channels * image_size * image_size

check.flattened_size(flattened_size)

# %% [markdown] tags=["slide"]
# ## Ten logits and a loss
#
# The network ends in ten numbers, one for each digit: the **logits**. They may be any size. `softmax` turns them into shares that sum to 1, and the **cross-entropy** is minus the natural logarithm (`torch.log`, ln) of the share that the true digit got.

# %%
logits = torch.tensor([[1.0, 0.0, -1.0, 4.0, 0.0, 2.0, 0.0, 0.0, 3.0, 0.0]])
shares = F.softmax(logits, dim=1)
show.table(["digit", *range(10)], [
    ["logit", *logits[0].tolist()],
    ["share", *shares[0].round(decimals=2).tolist()],
])

# %% [markdown]
# The highest logit takes most, but not all. Suppose that the digit is a 3. The more share the truth got, the smaller the loss. And a network that has no idea, and gives each digit the same share?

# %%
truth = torch.tensor([3])
by_hand, by_torch = -torch.log(shares[0, 3]), F.cross_entropy(logits, truth)
claim("minus the logarithm of the true share is PyTorch's cross-entropy; the difference is",
      (by_hand - by_torch).abs(), below=1e-6)
undecided = F.cross_entropy(torch.zeros(1, 10), truth)
claim("having no idea costs ln 10, the natural logarithm of ten", undecided, between=(2.302, 2.303))

# %% [markdown]
# Keep 2.3 in mind. A loss that starts far above it, or stays there, tells you something before any accuracy does.

# %% [markdown] tags=["slide"]
# ### "End the network with softmax, then use `CrossEntropyLoss`"
#
# You will read this often. But `cross_entropy` takes logits and does the softmax itself; then it happens twice. Suppose that the network is certain and right: all of the share on the true digit.

# %%
guess("Cross-entropy of a perfect answer, with softmax applied twice?", ["0", "0.5", "1.5", "2.3"])

# %%
perfect = F.one_hot(truth, 10).float()                # softmax was applied already: 100 % for the 3
claim("the loss of a perfect answer does not get near zero any more",
      F.cross_entropy(perfect, truth), between=(1.4, 1.5), answer="1.5")

# %% [markdown]
# A perfect network would still be told that it is wrong. And whatever it answers, the loss lies between 1.46 and 2.46: on so flat a hill the slopes are small. (What that costs is measured in a section below.) So: **logits out, no softmax inside.** Take the softmax afterwards, when you want to show shares to a person.

# %% [markdown] tags=["slide"]
# ## The training loop, written out
#
# `Adam` is the rule by which the weights move downhill, with steps of about 0.001, the *learning rate*. `randperm` shuffles the images, with a fixed *seed* so that your shuffle is ours; each pass through all images is an *epoch*, each hundred of them a *batch*. To be quick we take 10,000 images, once. Five lines do the work, each with its reason on the right.

# %%
torch.manual_seed(0)
my_cnn = classic_cnn()
optimizer = torch.optim.Adam(my_cnn.parameters(), lr=0.001)
losses = []
for batch in train.progress_bar(torch.randperm(10_000).split(100)):
    logits = my_cnn(data.normalize(training.train_images[batch]))   # forward: (100, 10)
    loss = F.cross_entropy(logits, training.train_labels[batch])     # how wrong, one number
    optimizer.zero_grad()                                            # forget the last slopes
    loss.backward()                                                  # backward: each weight's slope
    optimizer.step()                                                 # each weight a step downhill
    losses.append(loss.item())

# %% [markdown]
# Did it begin where a network begins that knows nothing, near 2.3? And how good is it now? `train.predict` gives the logits for many images, with batch norm in evaluation mode (lesson 05). Count the correct ones.

# %%
images, labels = training.test_images, training.test_labels     # "test": the validation pile
correct = train.predict(my_cnn, images).argmax(dim=1) == labels
claim("the first loss is not far from ln 10", losses[0], between=(1.7, 3.7))
claim("most of the validation digits are read correctly, in %", 100 * correct.sum() / len(correct),
      above=65)

# %% [markdown]
# (If your digits are drawn ones: the training images, and so the validation pile, are drawn more wildly than the test images. Expect a lower number here and a higher one at the end.)

# %% [markdown] tags=["slide"]
# ### Your turn: one step (10 minutes, medium)
#
# The smallest network for digits is one linear layer: `logits = images @ weight`. Take one step of training with it: forward, loss, backward, and then each weight moves against its slope, by the learning rate times the slope.
#
# `training_step(weight, images, labels, learning_rate)`: shapes `(D, K)`, `(N, D)`, `(N,)` and a number go in, the *new* weight `(D, K)` comes out. The loss is `F.cross_entropy`, the mean over the images. For example the weight `[[0, 0]]`, one image `[[2]]` with the label 0 and a learning rate of 0.5 give `[[0.5, -0.5]]`: both shares were a half, so the slopes are `2 * (0.5 - 1)` and `2 * 0.5`.

# %% tags=["exercise"]
def training_step(weight, images, labels, learning_rate):
    """Take one step downhill: (D, K), (N, D), (N,), number -> the new weight, (D, K)."""
    ...                                   # your code

check.training_step(training_step)

# %% [markdown] tags=["hint"]
# Let PyTorch find the slopes: `weight = weight.clone().requires_grad_()` makes a copy that remembers what is done with it. After `loss.backward()` the slopes stand in `weight.grad`.

# %% [markdown] tags=["hint"]
# Forward is `images @ weight`, the loss is `F.cross_entropy(images @ weight, labels)`. Downhill is *against* the slope: minus.

# %% [markdown] tags=["hint"]
# The result is a plain tensor again: `return (weight - learning_rate * weight.grad).detach()`.

# %% tags=["solution"]
def training_step(weight, images, labels, learning_rate):
    """Take one step downhill: (D, K), (N, D), (N,), number -> the new weight, (D, K)."""
    weight = weight.clone().requires_grad_()
    loss = F.cross_entropy(images @ weight, labels)       # forward, and how wrong
    loss.backward()                                       # weight.grad: (D, K)
    return (weight - learning_rate * weight.grad).detach()

check.training_step(training_step)

# %% [markdown] tags=["slide"]
# ### Your turn: count (3 minutes, easy)
#
# You will read results like "83.4265 % of 10,000 images". That would be 8,342.65 images. Such numbers come from averaging the accuracy of batches when the last batch is smaller than the others. Count instead.
#
# `accuracy(logits, labels)`: shapes `(N, K)` and `(N,)` go in, a number from 0 to 1 comes out: correct / total. For example three images with two logits each, `[[2, 1], [0, 3], [5, 4]]`, and the labels `[0, 1, 1]`: two of three, 0.667.

# %% tags=["exercise"]
def accuracy(logits, labels):
    """Count the correct answers and divide by their number: (N, K), (N,) -> number."""
    ...                                   # your code

check.accuracy(accuracy)

# %% [markdown] tags=["hint"]
# The answer to an image is the index of its largest logit: `argmax`. Along which of the two directions?

# %% [markdown] tags=["hint"]
# `logits.argmax(dim=1) == labels` has a True for each correct answer; True counts as 1 in a sum.

# %% tags=["solution"]
def accuracy(logits, labels):
    """Count the correct answers and divide by their number: (N, K), (N,) -> number."""
    correct = logits.argmax(dim=1) == labels              # (N,)
    return correct.sum().item() / len(labels)

check.accuracy(accuracy)

# %% [markdown] tags=["slide"]
# ## One change at a time
#
# `train.fit` is the loop that you have read, with a progress bar, and safe to interrupt. With it we look for a faster way to the same place: one change at a time, 5,000 training images, three seeds each, and 2,000 of the validation pile to compare on. The seeds alone make the score move, by the *spread* that each table shows; a gain counts only when it is well above that.

# %%
from dataclasses import replace
from statistics import mean, stdev

small = data.Digits(training.train_images[:5_000], training.train_labels[:5_000],
                    training.test_images[:2_000], training.test_labels[:2_000],
                    source=digits.source)

def try_out(make, recipe):
    scores, seconds = [], []
    for seed in train.progress_bar(range(3)):
        torch.manual_seed(seed)
        model = make()
        history = train.fit(model, small, recipe=recipe, seed=seed, progress=False)
        scores.append(round(100 * train.evaluate(model, small.test_images, small.test_labels), 1))
        seconds.append(round(history.seconds, 2))
    return scores, min(seconds)

# %% [markdown]
# **A better learning rate.** 0.001 is careful. Ten times as much? Or ten times as much only in the middle of the run, climbing to it first and then falling to almost nothing: *one cycle*? Two changes, so three runs.

# %%
guess("Same network, same images, seen once. What do the larger rate and the cycle win together?",
      ["nothing", "up to a point", "more than a point"])

# %%
careful = train.RECIPES["plain"]                                     # Adam, learning rate 0.001
one_cycle = replace(careful, schedule="one-cycle", learning_rate=0.01)
slow, _ = try_out(classic_cnn, careful)
bold, _ = try_out(classic_cnn, replace(careful, learning_rate=0.01))
right, right_seconds = try_out(classic_cnn, one_cycle)
claim("points that both gain together, after the same number of steps", mean(right) - mean(slow),
      above=1, answer="more than a point")
show.table(["learning rate", "three seeds, % correct", "mean", "spread"], [
    ["constant, 0.001", slow, mean(slow), stdev(slow)],
    ["constant, 0.01", bold, mean(bold), stdev(bold)],
    ["one cycle, up to 0.01", right, mean(right), stdev(right)],
])

# %% [markdown]
# Which of the two wins more? On MNIST it is the rate, on our drawn digits the cycle: see how large each step in your table is beside the spread. And 5,000 images are 40 steps, a sprint; who wins it need not win the long run. (PyTorch's one cycle moves a second dial along with the rate: how long Adam remembers earlier slopes.)

# %% [markdown] tags=["slide"]
# **Pool earlier.** Batch norm and ReLU work on every number that the convolution gives. Pooling first leaves them a quarter of that. For ReLU the order makes no difference at all (lesson 04). For batch norm it does (lesson 05), so we measure. `models.course_cnn` is this network.

# %%
pooled, pooled_seconds = try_out(models.course_cnn, one_cycle)
claim("points that pooling first gains", mean(pooled) - mean(right), above=0)
show.table(["order", "three seeds, % correct", "mean", "spread", "seconds, fastest"], [
    ["convolution, batch norm, ReLU, pool", right, mean(right), stdev(right), right_seconds],
    ["convolution, pool, batch norm, ReLU", pooled, mean(pooled), stdev(pooled), pooled_seconds],
])

# %% [markdown]
# More digits, and with most processors in less time; the table says how it is with yours. The seconds are easy to explain, the digits are not: perhaps it helps that batch norm now measures the very numbers that go on. One change, one measurement, and again: this is how the recipe was found, and how you will find better ones. (More of it in the sections below: which part matters, where the seconds go.)

# %% [markdown] tags=["slide"]
# ## The run
#
# All training images, each seen once. The validation pile has done its work and goes back to the others. Now, and only now, we open the envelope with the test images.
#
# The course recipe has one ingredient more: *label smoothing*. The target of the true digit is not 100 %: 5 % are taken away and spread evenly over all ten, itself included, so that no logit is driven ever higher. Trained on 55,000 images of MNIST and judged on the other 5,000, with eight seeds, it took away about a seventh of the errors (`docs/audit/recipe_course.md`). To see that here would take too long, so we do not claim it.

# %%
guess("60,000 images, each seen once. Of 100 test digits, how many will it read?",
      ["90 or fewer", "91 to 98", "more than 98"])

# %%
torch.manual_seed(0)
cnn = models.course_cnn()
history = train.fit(cnn, digits, on_step=show.LiveCurves(), progress=False)
reached = 100 * train.evaluate(cnn, digits.test_images, digits.test_labels)
claim("it reads more than 98 of 100 test digits", reached, above=98, answer="more than 98")
claim("training took less than two minutes; in seconds", history.seconds, below=120)
target = torch.full((10,), 0.05 / 10) + 0.95 * F.one_hot(torch.tensor(3), 10)
claim("a network whose shares meet the smoothed target still pays a loss of",
      -(target * target.log()).sum(), between=(0.28, 0.29))

# %% [markdown]
# Watch the curves (dark: the mean of the last twenty steps): most of the way is done early in the run, and the long rest is for little. The loss cannot fall to 0, as the last claim says. And the right curve is more honest than it looks: it shows the accuracy on the images of each step *before* the network learns from them, and each image comes only once. (Drawn training images are wilder than the test images, so with those the curve ends lower than the test.)

# %% [markdown] tags=["slide"]
# ## What it says, and where it errs
#
# Three test digits at index 1, 5 and 9 (Python counts from zero, so these are the second, the sixth and the tenth), and your own 7, if you drew one in lesson 00.

# %%
few = torch.cat([digits.test_images[[1, 5, 9]], mine.seven()[None]])
truths = torch.tensor([*digits.test_labels[[1, 5, 9]].tolist(), 7])
show.probabilities(few, train.predict(cnn, few).softmax(dim=1), truths)

# %% [markdown] tags=["slide"]
# ### Your turn: who is taken for whom? (10 minutes, medium)
#
# Which digits does it take for which others? Count each pair, in a table with a row for each true digit and a column for each answer: the **confusion matrix**.
#
# `confusion_matrix(answers, labels)`: two tensors of whole numbers from 0 to 9, shape `(N,)`, go in; a tensor of counts, shape `(10, 10)`, comes out. For example the answers `[7, 2]` and the labels `[7, 7]` give a 1 in row 7, column 7, and a 1 in row 7, column 2.

# %% tags=["exercise"]
def confusion_matrix(answers, labels):
    """Count each pair: (N,), (N,) -> (10, 10), rows for labels, columns for answers."""
    ...                                   # your code

check.confusion_matrix(confusion_matrix)

# %% [markdown] tags=["hint"]
# Begin with `matrix = torch.zeros(10, 10, dtype=torch.int64)`, and go through both tensors together: `for answer, label in zip(answers, labels):`

# %% [markdown] tags=["hint"]
# For each image one cell grows by 1. Which index comes first, the row or the column? Rows belong to the labels.

# %% tags=["solution"]
def confusion_matrix(answers, labels):
    """Count each pair: (N,), (N,) -> (10, 10), rows for labels, columns for answers."""
    matrix = torch.zeros(10, 10, dtype=torch.int64)
    for answer, label in zip(answers, labels):
        matrix[label, answer] += 1
    return matrix

check.confusion_matrix(confusion_matrix)

# %% [markdown]
# Here it is without a loop. The diagonal holds the correct answers, so it must give the accuracy once more.

# %%
answers = train.predict(cnn, digits.test_images).argmax(dim=1)
matrix = (digits.test_labels * 10 + answers).bincount(minlength=100).view(10, 10)
claim("the diagonal over all counts is the accuracy; the difference is",
      (100 * matrix.diag().sum() / matrix.sum() - reached).abs(), below=0.001)
show.confusion(matrix)

# %% [markdown]
# Look for the darkest orange. Pairs that a single stroke tells apart are often among the worst: 4 and 9, 1 and 7, 3 and 5. Which pair is *the* worst changes with the digits and with the seed.

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("06")

# %% [markdown] tags=["quiz"]
# ## A network for ten classes prints a loss of 2.30 at its first step, and 2.30 after three hundred. What do you conclude?
# - [x] It has learnt nothing: something in the training is broken
#   2.30 is ln 10. Look for a learning rate of 0, slopes that are never computed, labels that do not belong to the images.
# - [ ] It has converged, since the loss does not change from step to step any more
#   It has stopped changing, at the price of knowing nothing: ln 10 is what equal shares for ten classes cost.
# - [ ] It reads about 23 of 100 digits
#   The loss is not a share of digits. Equal shares for ten digits read about 10 of 100.
# - [ ] Nothing, one would have to know the accuracy
#   For this one value the loss tells enough: it is what guessing costs.

# %% [markdown] tags=["quiz"]
# ## "Average loss on the test set: 0.0003", prints a program that sums up the mean loss of each batch of 100 and divides by the number of images. What is wrong?
# - [ ] Nothing; networks get that good on MNIST
#   At an accuracy of 99 % the plain mean loss is a few hundredths. Divide correctly and look again.
# - [ ] The loss must be summed over the classes as well, before it is divided
#   Cross-entropy looks at the share of the true class alone; there is nothing to sum.
# - [ ] It should have taken the largest batch loss
#   That would be another figure, the worst batch; the mean is a fine thing to report, if it is one.
# - [x] It must divide by the batches; the figure is 100 times too small
#   Each batch has already divided by its 100 images. Dividing by the images again divides twice.

# %% [markdown] tags=["quiz"]
# ## You train twenty epochs, look at the accuracy on the test images after each, and report the best. Is that honest?
# - [ ] Yes, since the network itself never trained on any of the test images
#   Not its weights. But the epoch was chosen by them, and the best of twenty looks better than it is.
# - [x] No: choose on validation images, then test once
#   The best of many measurements owes part of its lead to luck. A section below measures how much.
# - [ ] Yes, if the accuracy was still rising at the end
#   Rising or not, the choice was made by looking at the test images.

# %% [markdown] tags=["quiz"]
# ## The network says "98 % a 4". What does that mean?
# - [ ] Of a hundred images with such an answer 98 are fours, as that is what a probability is
#   Only if somebody has checked it by counting. The network was trained to get its shares high, not to get them true.
# - [x] The logit of the 4 is far above the others; how often that is right must be counted
#   Softmax makes shares of any ten numbers, also of those that come from a picture of a cat.
# - [ ] It is certain, so the answer is right
#   A large share is no guarantee: to a picture of noise it gives one of ten names, and may be quite sure of it.
# - [ ] Two of a hundred kernels voted against it
#   Kernels do not vote. The ten logits are sums over the last maps, and softmax turns them into shares.

# %% [markdown] tags=["quiz"]
# ## Two settings, one run each: 98.7 % and 98.9 %. Which do you take?
# - [ ] The second; it is better by 0.2
#   Another seed moves a run by about that much. Run both several times first.
# - [ ] The first, since the second, being higher, may well be over-fitted already
#   Both were measured on images that they had not trained on. What is missing is the spread.
# - [x] Neither yet: first compare the gap with the spread over seeds
#   A gap counts when it is clearly larger than what the seed alone does.

# %% [markdown] tags=["quiz"]
# ## In the training loop somebody forgets `optimizer.zero_grad()`. What happens?
# - [ ] An error, because slopes are left from the step before
#   PyTorch adds to what is there, without a word.
# - [ ] Nothing, `backward` overwrites the old slopes
#   It adds. That is useful for large batches taken in parts, and a trap everywhere else.
# - [x] Each step follows the sum of all slopes so far
#   `backward` adds to `.grad`. The steps then lean to where the loss was downhill long ago.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - Ten digits took you years, and your laptop less than two minutes: the claim under the run has the seconds.
# - Convolution, pooling, batch norm, ReLU, three times; a linear layer; ten logits. 17,018 numbers to learn.
# - The network gives logits. Cross-entropy does the softmax itself; doing it twice flattens the slopes.
# - Five lines train: forward, loss, forget the old slopes, backward, step.
# - Accuracy is a count. Compare settings on validation images, and open the test set once.
# - Change one thing at a time, with several seeds, or you will be admiring noise.
#
# **Now you.** Write a `classic_cnn` with other numbers of channels (the linear layer needs nine for each channel of the last block), and run `try_out` on it. How small can the network become before it loses five points? Does twice as wide win more than the spread?
#
# **Next:** lesson 07 looks inside this network: what its kernels became, what it saw in the digits it got wrong, and how to fool it. Below are sections for those who want to know more. They need the cells above, not each other.

# %% [markdown] tags=["further"]
# ## Further: the worst errors, and how sure it was
#
# The digits to which it gave the truth the smallest share. Would you have read them?

# %%
all_shares = train.predict(cnn, digits.test_images).softmax(dim=1)
true_share = all_shares.gather(1, digits.test_labels[:, None])[:, 0]
worst = true_share.topk(10, largest=False).indices
show.digits(digits.test_images[worst],
            [f"a {digits.test_labels[i]}, read {answers[i]}" for i in worst], columns=5)

# %% [markdown]
# "98 % a cat" sounds like certainty. There is one way to find out what such a share is worth: put together all digits that got about the same, and count how many were read correctly.

# %%
guess("Of the digits with a largest share of 70 to 90 %, how many of 100 does it read correctly?",
      ["fewer than 70", "70 to 90", "more than 90"])

# %%
largest, right_ones = all_shares.max(dim=1).values, answers == digits.test_labels
rows = []
for low, high in [(0.0, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0)]:
    inside = (largest > low) & (largest <= high)
    rows.append([f"{100 * low:.0f} to {100 * high:.0f} %", int(inside.sum()),
                 100 * largest[inside].mean(), 100 * right_ones[inside].float().mean()])
claim("of 100 digits with a share of 70 to 90 % it reads", rows[2][3], above=90,
      answer="more than 90")
show.table(["largest share", "digits", "mean share, %", "of these correct, %"], rows)

# %% [markdown]
# Asked for its shares, this network is too modest: label smoothing taught it never to be quite sure. Networks trained without it, and longer, tend to the opposite. How well shares and counts agree is called **calibration**. And what does it say to a picture that is no digit at all?

# %%
guess("A hundred pictures of random grey. How large is the largest share, on average?",
      ["about 0.1, as by chance", "about 0.15", "more than 0.2"])

# %%
torch.manual_seed(0)
noise = torch.randint(0, 256, (100, 28, 28), dtype=torch.uint8)
on_noise, named = train.predict(cnn, noise).softmax(dim=1).max(dim=1)
claim("on noise the largest share is, on average, so many times that of a pure guess",
      on_noise.mean() / 0.1, above=2, answer="more than 0.2")
show.table(["digit", *range(10)],
           [["so many pictures of noise are read as it", *named.bincount(minlength=10).tolist()]])

# %% [markdown]
# So a share can be counted on, after a count, for digits like those that it has seen, and means nothing for the rest of the world: the network has never met a picture that is none of the ten, and has no eleventh answer.

# %% [markdown] tags=["further"]
# ## Further: what one softmax too many costs
#
# The same network, the same recipe, with a softmax at its end. The largest share still belongs to the largest logit, so no answer changes by it. Eight runs, each from a seed of its own.

# %%
guess("One softmax too many, in training. What does it cost?",
      ["nothing", "a point or so", "more than that"])

# %%
def answers_with_softmax(seed):
    torch.manual_seed(seed)
    model = classic_cnn().append(nn.Softmax(dim=1))
    train.fit(model, small, recipe=one_cycle, seed=seed, progress=False)
    return train.predict(model, small.test_images).argmax(dim=1)      # (2000,)

said = torch.stack([answers_with_softmax(seed)
                    for seed in train.progress_bar(range(8))])   # (8, 2000)
twice = 100 * (said == small.test_labels).float().mean(dim=1)
claim("points that the softmax inside costs", mean(right) - twice.mean(), above=1,
      answer="more than that")

# %% [markdown]
# And the eight are far apart. Where did the points go? Count for each digit by itself: of a hundred zeros, ones, twos ..., how many does each of the eight networks read?

# %%
guess("The points that are missing are spread ...",
      ["evenly over all digits", "unevenly, but no digit is lost altogether",
       "over a few digits, which are never read at all"])

# %%
read = torch.stack([100 * (said[:, small.test_labels == digit] == digit).float().mean(dim=1)
                    for digit in range(10)], dim=1)
never = torch.stack([(said == digit).sum(dim=1) == 0 for digit in range(10)], dim=1).sum(dim=1)
claim("digits that a run never names, on average", never.float().mean(), above=0,
      answer="over a few digits, which are never read at all")
show.table(["seed", *(f"{digit}s" for digit in range(10)), "all, % correct"], [
    [seed, *row.round().int().tolist(), score]
    for seed, (row, score) in enumerate(zip(read, twice.tolist()))
])

# %% [markdown]
# Look for the entries that are 0. In most runs one, two or three of the ten digits are missing altogether: 2,000 images, and not one that the network calls an eight, for example. Why does training not bring such a digit back? Suppose that a network is sure of a 0, and the truth is a 3. How hard does the loss push the logit of the 3 upwards?

# %%
def push(network_end):
    logits = torch.tensor([[8.0, *[0.0] * 9]], requires_grad=True)    # sure of a 0
    F.cross_entropy(network_end(logits), truth).backward()            # truth is a 3
    return -logits.grad[0, 3]                                         # against the slope

once, doubled = push(nn.Identity()), push(nn.Softmax(dim=1))
claim("with logits, the push on the true one is nearly as large as can be, 1", once, above=0.99)
claim("with a softmax inside it is weaker, so many times", once / doubled, above=1000)

# %% [markdown]
# With logits, the network is pushed hardest where it is most wrong. With a softmax inside, a digit that has lost all of its share is hardly pushed at all, and seldom comes back. Nothing raises an error, and a run that is lucky loses one digit or none: that is why the mistake survives. What it costs in a long training? The race below has a pair of rows for that: "dropout", and the same without the softmax.
#
# The other family of losses, `nll_loss`, takes *logarithms* of shares. `log_softmax` and then `nll_loss` is the same as cross-entropy on logits. A `softmax` in front of `nll_loss` is a mistake again, and one that shows: the loss becomes negative.

# %%
scores = train.predict(cnn, digits.test_images[:500])
truths = digits.test_labels[:500]                                    # the first 500 will do
claim("log-softmax and nll_loss are cross-entropy; the difference is",
      (F.nll_loss(scores.log_softmax(dim=1), truths) - F.cross_entropy(scores, truths)).abs(),
      below=1e-5)
claim("softmax before nll_loss gives a loss below zero", F.nll_loss(scores.softmax(dim=1), truths),
      below=0)

# %% [markdown] tags=["further"]
# ## Further: honest numbers
#
# First the small network from the training loop: its accuracy counted, and as a mean over batches of 128. How far apart the two are depends on who sits in the last batch, which is small. At worst it is the wrong ones.

# %%
parts = correct.float().sort(descending=True).values.split(128)      # 39 batches of 128, one of 8
mean_of_means = torch.stack([part.mean() for part in parts]).mean()
claim("points between the two", 100 * (correct.float().mean() - mean_of_means), above=1)

# %% [markdown]
# Then the large run: its loss on 500 test images, divided once, and divided twice.

# %%
scores, truths = train.predict(cnn, digits.test_images[:500]), digits.test_labels[:500]
batch_losses = [F.cross_entropy(one, truth).item()
                for one, truth in zip(scores.split(100), truths.split(100))]
true_loss, printed = F.cross_entropy(scores, truths).item(), sum(batch_losses) / len(scores)
claim("a sum of batch means, divided by the images, is too small; so many times",
      true_loss / printed, between=(99, 101))

# %% [markdown]
# ### How much of a score is luck with the test images?
#
# Another 10,000 test images would give another score. Where a share *p* is counted on *n* images, it is off by about the root of p (1 - p) / n. For 99 % of 10,000 that is 0.1 points, so two networks with 99.1 and 99.2 % are not told apart. To see that the rule holds, shuffle the test images and cut them into twenty piles of 500: by how much do their scores differ?

# %%
torch.manual_seed(0)
hit = (answers == digits.test_labels).float()                      # (10,000,), 1 where it was right
piles_of_500 = hit[torch.randperm(10_000)].view(20, 500).mean(dim=1)
rule = (hit.mean() * (1 - hit.mean()) / 500).sqrt()
claim("spread of the twenty scores, over what the rule says", piles_of_500.std() / rule,
      between=(0.3, 1.7))
show.table(["chance", "points"],
           [["spread of the twenty scores", 100 * piles_of_500.std()],
            ["the rule for 500 images", 100 * rule]])

# %% [markdown]
# ### The luck of the best
#
# Twelve runs that differ in nothing but the seed, 1,000 training images each. Choose the best on a small pile of 100 images, as one would choose an epoch or a setting, and then look at the same network on all the others. So that no single pile decides, do it with twenty piles.

# %%
tiny = replace(training, train_images=training.train_images[:1_000],
               train_labels=training.train_labels[:1_000])
hits = []
for seed in train.progress_bar(range(12)):
    torch.manual_seed(seed)
    model = models.course_cnn()
    train.fit(model, tiny, recipe=replace(one_cycle, epochs=2), seed=seed, progress=False)
    read = train.predict(model, small.test_images).argmax(dim=1)
    hits.append((read == small.test_labels).float())
hits = 100 * torch.stack(hits)                                       # (12 runs, 2,000 images)

# %% [markdown]
# All twelve are about equally good at heart. So most of what a winner has on the images that chose it is luck, and the other images do not repeat it.

# %%
leads = []
for pile in torch.arange(2_000).split(100):
    winner = hits[:, pile].mean(dim=1).argmax()
    others = (hits.sum(dim=1) - hits[:, pile].sum(dim=1)) / 1_900
    leads.append((hits[winner, pile].mean() - hits[:, pile].mean(), others[winner] - others.mean()))
there, elsewhere = torch.tensor(leads).mean(dim=0)
claim("mean lead of the winner over the average run, in points, on the images that chose it", there,
      above=1)
claim("on all others so much of it is left", elsewhere / there, below=0.7)

# %% [markdown] tags=["further"]
# ## Further: learnt by heart
#
# Before a long run, people who train networks often make a short one: ten images, again and again. Any sound network learns ten images by heart. If yours does not, something is broken, and you have found out in a second. Here is one more with wrong labels, each moved to the next digit.

# %%
guess("Ten images with wrong labels. Does the network learn those by heart, too?", ["yes", "no"])

# %%
ends = {}
for name, shift in {"as they are": 0, "each moved on by one": 1}.items():
    ten = replace(training, train_images=training.train_images[:10],
                  train_labels=(training.train_labels[:10] + shift) % 10)
    torch.manual_seed(0)
    short_run = train.fit(models.course_cnn(), ten,
                          recipe=replace(careful, epochs=60, batch_size=10), progress=False)
    ends[name] = short_run.loss[-1]
claim("the larger of both losses at the end", max(ends.values()), below=0.2, answer="yes")
show.table(["labels", "loss after 60 steps"], [*map(list, ends.items())])

# %% [markdown]
# So the short run finds a broken loop, and does not find broken labels. For those, look at your images with their labels, as we did at the very beginning.
#
# ### A good thing that goes too far
#
# Now 400 images, seen forty times, and a network with far more weights than images. On the way we look at the loss on those 400, and on 500 fresh ones of the validation pile.

# %%
def wide_cnn(*extra):
    return nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
                         *extra, nn.Linear(8 * 14 * 14, 64), nn.ReLU(),
                         *extra, nn.Linear(64, 10))

few_images = replace(training, train_images=training.train_images[:400],
                     train_labels=training.train_labels[:400])
piles = {"seen": (few_images.train_images, few_images.train_labels),
         "fresh": (images[:500], labels[:500])}

# %%
def follow_one(make, recipe, seed):
    torch.manual_seed(seed)
    model, losses = make(), {name: [] for name in piles}

    def look(history):
        if len(history.loss) % 20 == 0:
            for name, (x, y) in piles.items():
                losses[name].append(F.cross_entropy(train.predict(model, x), y).item())

    train.fit(model, few_images, recipe=recipe, seed=seed, on_step=look, progress=False)
    return losses

def follow(make, recipe):
    runs = [follow_one(make, recipe, seed) for seed in train.progress_bar(range(3))]
    return {name: [run[name] for run in runs] for name in piles}

# %% [markdown]
# `follow` trains three networks from three seeds, and keeps both losses of each.

# %%
guess("The loss on fresh images, the longer it trains ...",
      ["falls and falls", "falls, then stays", "falls, then rises"])

# %%
forty = replace(careful, epochs=40, batch_size=100)
plain = follow(wide_cnn, forty)
steps = range(20, 161, 20)
show.lines(steps, {"400 images seen": plain["seen"], "fresh images": plain["fresh"]}, xlabel="step",
           ylabel="loss", yscale="log")

# %%
lowest, last = mean(min(run) for run in plain["fresh"]), mean(run[-1] for run in plain["fresh"])
claim("the loss on fresh images ends above its lowest; by the factor", last / lowest, above=1.0,
      answer="falls, then rises")
claim("and is so many times the loss on the images it has seen",
      last / mean(run[-1] for run in plain["seen"]), above=2)

# %% [markdown]
# That is **over-fitting**: what it learns from now on is these 400 images, and not digits. Four remedies are in everybody's mouth.
# - **Early stopping**: keep the network as it was when the loss on validation images was lowest.
# - **Dropout** sets a random half of the numbers to zero at each step, so that none can rely on a single other (`nn.Dropout2d` drops whole maps, because neighbours in a map say nearly the same). At prediction nothing is dropped.
# - **Weight decay** pulls every weight a little towards zero.
# - More images.

# %%
guess("The lowest loss on fresh images comes from ...",
      ["early stopping", "dropout", "weight decay", "four times the images"])

# %%
dropped = follow(lambda: wide_cnn(nn.Dropout(0.5)), forty)
decayed = follow(wide_cnn, replace(forty, weight_decay=0.001))
few_images = replace(training, train_images=training.train_images[:1_600],
                     train_labels=training.train_labels[:1_600])
more = follow(wide_cnn, replace(forty, epochs=10))

# %%
ends = {"nothing done": [run[-1] for run in plain["fresh"]],
        "early stopping": [min(run) for run in plain["fresh"]],
        "dropout": [run[-1] for run in dropped["fresh"]],
        "weight decay": [run[-1] for run in decayed["fresh"]],
        "four times the images": [run[-1] for run in more["fresh"]]}
best_remedy = min(mean(end) for name, end in ends.items() if name != "four times the images")
claim("the best of the others, over four times the images: its loss is higher by the factor",
      best_remedy / mean(ends["four times the images"]), above=1.05, answer="four times the images")
show.table(["remedy", "loss on fresh images, mean", "spread"],
           [[name, mean(end), stdev(end)] for name, end in ends.items()])

# %% [markdown]
# All took the same number of steps. Dropout and weight decay were tried in one strength only, the usual one; with other strengths their places may change. (Early stopping is flattered a little here: the images that chose the moment also measure the loss.)

# %% [markdown] tags=["further"]
# ## Further: which part matters?
#
# Take one part away at a time, and see what is missed: three seeds each, 5,000 images. With nothing taken away it is `models.course_cnn`, which has been tried above. A network without batch norm gets the biases back that batch norm made needless. Parts take weights away with them, so the table counts those, too.

# %%
from functools import partial

def variant(norm=nn.BatchNorm2d, bend=nn.ReLU, widths=(1, 16, 32, 32), kernel_size=3):
    layers, has_norm = [], norm is nn.BatchNorm2d
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Conv2d(inputs, outputs, kernel_size, padding="same", bias=not has_norm),
                   nn.MaxPool2d(2), norm(outputs), bend()]
    side = 28 // 2 ** (len(widths) - 1)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * side * side, 10))

changes = {
    "nothing": {}, "batch norm": {"norm": nn.Identity}, "ReLU": {"bend": nn.Identity},
    "ReLU, sigmoid instead": {"bend": nn.Sigmoid}, "the third block": {"widths": (1, 16, 32)},
    "half of the kernels": {"widths": (1, 8, 16, 16)}, "3 x 3, 1 x 1 instead": {"kernel_size": 1},
}

# %%
guess("Taking which away costs most?",
      ["batch norm", "ReLU", "the third block", "looking at neighbours (3 x 3)"])

# %%
rows = []
for name, change in changes.items():
    made = partial(variant, **change)
    scores = pooled if name == "nothing" else try_out(made, one_cycle)[0]
    rows.append([name, models.count_parameters(made()), scores,
                 mean(pooled) - mean(scores), stdev(scores)])
claim("points lost without a look at the neighbours", rows[-1][3], above=10,
      answer="looking at neighbours (3 x 3)")
show.table(["without", "numbers to learn", "three seeds, % correct", "points lost", "spread"], rows)

# %% [markdown]
# Without its neighbours no network is left: with 1 x 1 kernels the pools alone see more than one pixel. (Without ReLU it still bends: which is the largest of four is a bend, too.)

# %% [markdown] tags=["further"]
# ## Further: where the seconds go
#
# Most tutorials feed the network from a `DataLoader`, which asks for images one by one, has each made a tensor, and stacks them to a batch. Our images are one tensor in memory from the start. Only fetching, no training: 10,000 images in batches of 100.

# %%
import time

from torch.utils.data import DataLoader, Dataset

class OneByOne(Dataset):
    def __len__(self):
        return 10_000

    def __getitem__(self, at):
        return data.normalize(training.train_images[at : at + 1])[0], training.train_labels[at]

def seconds_per_image(batches):
    started = time.perf_counter()
    fetched = sum(len(labels_now) for _, labels_now in batches)
    return (time.perf_counter() - started) / fetched

# %%
loader = DataLoader(OneByOne(), batch_size=100, shuffle=True)

def out_of_memory():
    for batch in torch.randperm(10_000).split(100):
        yield data.normalize(training.train_images[batch]), training.train_labels[batch]

in_memory = min(seconds_per_image(out_of_memory()) for _ in range(3))   # the fastest: it is short
ratio = seconds_per_image(loader) / in_memory
claim("fetching one by one takes so many times as long as cutting out of memory", ratio, above=2)

# %% [markdown]
# A `DataLoader` is right for images on a disk, too many for memory; its workers then fetch while the network trains. For 47 MB of digits it is a detour.
#
# ### The climb
#
# How fast can a recipe be that reads 99 of 100 digits? Climb there, from the loop and the network as most people know them; each row keeps the changes of all rows above it.
# - **Images from memory**, which we have seen.
# - **Channels last**: in memory the channels of a pixel lie side by side, where a kernel needs them together. The same numbers, in another order.
# - **Pool before batch norm**, and **one cycle** of the rate, as above.
# - **The fast network**, `models.fast_cnn`. Its first kernels are 5 x 5 with stride 2: one sees a little further than a 3 x 3 kernel and a pool of 2 x 2 together (5 pixels against 4), and halves the map at once, so that no pooling follows. Nothing is padded: the edge of a digit's image is empty, so nobody misses it (lesson 03). So all later maps are smaller, and there most of the work was. Most channels, 64, stand where there are fewest places. By itself this costs some accuracy.
# - **A higher cycle**, which this network bears, and which wins some of it back.
# - **`train.fit`**, with label smoothing, the second dial of the cycle (Adam's memory), and Adam in one piece of compiled code: the recipe `train.RECIPES["fast"]`.

# %%
from course_utils import recipes

x, rows = data.normalize(training.train_images[:1]), []
for layer in models.fast_cnn().eval():
    x = layer(x)
    if isinstance(layer, nn.Conv2d | nn.Linear):
        rows.append([type(layer).__name__, tuple(x.shape), models.count_parameters(layer)])
claim("numbers to learn, about as many as before", models.count_parameters(models.fast_cnn()),
      equals=17_882)
show.table(["layer", "what comes out: N, C, H, W", "parameters"], rows)

# %% [markdown]
# Compare with the first table of this lesson: the maps shrink to 12 rows at once, and the third convolution, which has the most weights, has nine places left to compute.

# %%
guess("It learns about as many numbers as before. From first row to last, how many times as fast?",
      ["about the same", "one and a half times", "more than twice"])

# %%
rows = []
for name, rung in train.progress_bar(recipes.climb().items()):
    torch.manual_seed(0)
    model, started = rung.network(), time.perf_counter()
    rung.train(model, small)
    seconds = time.perf_counter() - started
    read = 100 * rung.evaluate(model, small.test_images, small.test_labels)
    rows.append([name, seconds, rows[0][1] / seconds if rows else 1.0, read])

# %%
claim("the last row is so many times as fast as the first", rows[-1][2], above=2,
      answer="more than twice")
claim("and better, by so many points", rows[-1][3] - rows[0][3], above=0)
show.table(["change", "seconds", "times as fast", "% correct"], rows)

# %% [markdown]
# One run of each, one seed, on the 5,000 images from above, in seconds at most: so do not read much out of a single row, and nothing out of differences of a tenth. With all of MNIST and five seeds each, on a quiet machine, the rungs stand in `docs/audit/climb.md`. There you find two more dials: the **batch**, which must be large enough to keep the processor busy and small enough to leave many steps, and **threads**, of which two are not twice as fast as one.
#
# Lessons 07 and 08 keep `course_cnn`: its first maps are larger, and easier to look at. `fast_cnn` is for when a class is watching the clock.

# %% [markdown] tags=["further"]
# ## Further: the race
#
# How do our recipes do beside what others have published? Three tutorials for this very task, and the quickest public recipe that we know of, stand in `course_utils/recipes.py`: network, batches, learning rate and the way the images come are theirs, as far as that can be said of a graphics card's recipe on a processor (the quickest was made for one); the code is ours. Thank you to those who wrote them, for showing what they did so plainly that it can be repeated. Three entrants are our own: "course" is the run from above, "fast" the end of the climb, and "best" is the subject of the section after this one.

# %%
from course_utils import recipes

record = recipes.recorded_race()
show.table(*record["entrants"])

# %% [markdown]
# "One by one" is what a DataLoader does (the section before this one); here each image also becomes a picture of PIL on the way, as torchvision does it. All of them on all of MNIST, several seeds each, take half an hour on a quiet machine. So what follows was not measured here: it is a **record** of another machine.

# %%
print(record["circumstances"])
show.table(*record["results"])

# %% [markdown]
# Where would you look first for seconds to save? Four things can be read off:
# - the columns *epochs* and *batch* say how many steps a recipe takes, and most of the seconds go with them;
# - a row "from memory" differs from its neighbour only in how the images come: what it saves is what fetching costs;
# - a row "no softmax" differs only in the softmax that stands before cross-entropy, and shows what that costs, in digits, in a long training;
# - the numbers to learn, by themselves, order neither the seconds nor the digits.
#
# Seconds are those of training alone. The test images were read while the clock stood, at twenty equal parts of each run. The last weights count; the columns "s to 98 %" tell of the first look that touched the level, and it may be lost again. Where there are two runs, their spread says next to nothing. On your machine all seconds differ, their ratios less: `python -m benchmarks.race` runs it again, and `docs/audit/race.md` tells all.
#
# A small race can be run here: the 5,000 training and 2,000 validation images from above, three seeds, our "fast" against the quickest of the others, which learns a dozen times as many numbers.

# %%
guess("Each sees the same 5,000 images once. Which then reads more digits?",
      ["the small network", "the large one", "both the same, within a tenth of a point"])

# %%
import time

rows = []
runs = [(seed, name) for seed in range(3) for name in ("fast", "quick")]
for seed, name in train.progress_bar(runs):
    torch.manual_seed(seed)
    recipe, started = recipes.RECIPES[name], time.perf_counter()
    model = recipe.network()
    recipe.train(model, small, seed=seed)
    seconds = time.perf_counter() - started
    read = 100 * recipe.evaluate(model, small.test_images, small.test_labels)
    rows.append([name, models.count_parameters(model), seconds, read])

# %%
small_one, large_one = (mean(row[3] for row in rows if row[0] == name)
                        for name in ("fast", "quick"))
claim("points that the small network is ahead, from 5,000 images", small_one - large_one, above=0.1,
      answer="the small network")
show.table(["recipe", "numbers to learn", "seconds", "% correct"], rows)

# %% [markdown]
# Be careful with what that means. The large one takes 256 images a step, so that 5,000 images are 20 steps, and it was made for 60,000; there the record shows how close the two are. A recipe is tuned for an amount of data, too.

# %% [markdown] tags=["further"]
# ## Further: to the top
#
# 99 of 100 took seconds. What do 99.5, half as many errors, take? Looking at the same images again wins less and less. So look at images that are a little different every time. `train.distort` turns each by up to 10 degrees, stretches and slants it by up to a tenth, and shifts it by up to two pixels. A digit that is turned a little is still the same digit (and a network does not know that, until it has seen it). This is **augmentation**.

# %%
one_digit = data.normalize(mine.seven()[None])               # your own 7, or ours
torch.manual_seed(0)
versions = torch.cat([one_digit, train.distort(one_digit.expand(9, -1, -1, -1))])
show.digits(versions[:, 0], ["as it is", *["distorted"] * 9], columns=5)

# %% [markdown]
# You would read each of them. Does it help a network to have seen them?

# %%
guess("500 images, each seen twenty times: as it is, or distorted. What do distortions win?",
      ["nothing, they are not real digits", "half a point", "more than a point"])

# %%
few_images = replace(small, train_images=small.train_images[:500],
                     train_labels=small.train_labels[:500])
twenty = replace(train.RECIPES["fast"], epochs=20)

def learnt_from_few(seed, distortion):
    torch.manual_seed(seed)
    model = models.fast_cnn()
    train.fit(model, few_images, recipe=replace(twenty, distortion=distortion), seed=seed,
              progress=False)
    return 100 * train.evaluate(model, small.test_images, small.test_labels)

# %%
runs = {name: [learnt_from_few(seed, strength) for seed in train.progress_bar(range(3))]
        for name, strength in {"as they are": 0.0, "distorted": 1.0}.items()}
claim("points that distortions win", mean(runs["distorted"]) - mean(runs["as they are"]), above=1,
      answer="more than a point")
show.table(["500 images, twenty times", "mean of three seeds, % correct", "spread"],
           [[name, mean(run), stdev(run)] for name, run in runs.items()])

# %% [markdown]
# The distortions grow weaker through the run, and end at nothing: the last steps see digits as they are. With that, ten epochs and two to four times the channels, the recipe `"best"` makes less than half the errors that "course" makes on MNIST: their rows in the race say how many, and `python -m course_utils.train --recipe best` runs it. What the label does not survive must stay out: a 6 upside down is a 9, and a mirrored 2 is no digit at all.

# %% [markdown] tags=["further"]
# ## Further: your kernel in the network
#
# In lesson 02 you designed a kernel for edges. Put it into the first layer, in the place of one that the network would have learnt, and hold it fast.

# %%
def with_my_kernel():
    model = models.course_cnn()
    with torch.no_grad():
        model[0].weight[0, 0] = mine.kernel() / mine.kernel().abs().max().clamp(min=1e-6) / 3
    learning = (torch.arange(16) > 0).view(16, 1, 1, 1)          # all but number 0
    model[0].weight.register_hook(lambda slope: slope * learning)
    return model

# %%
guess("One of sixteen kernels is yours and never learns. Compared with sixteen learnt ones ...",
      ["the accuracy drops by five points or more", "the accuracy stays within three points"])

# %%
mixed, _ = try_out(with_my_kernel, one_cycle)
claim("points between the two means", abs(mean(mixed) - mean(pooled)), below=3,
      answer="the accuracy stays within three points")
show.table(["first layer", "three seeds, % correct", "mean", "spread"], [
    ["sixteen learnt kernels", pooled, mean(pooled), stdev(pooled)],
    ["fifteen, and yours", mixed, mean(mixed), stdev(mixed)],
])

# %% [markdown] tags=["further"]
# ## Further: keep it
#
# Everything that was learnt is 17,018 numbers and a few running statistics. They go into one small file, and come back to the last bit.

# %%
import tempfile
from pathlib import Path

path = train.save(cnn, Path(tempfile.mkdtemp()) / "my_cnn.safetensors")
again = train.restore(models.course_cnn(), path)
same = [torch.equal(one.cpu(), other.cpu())
        for one, other in zip(cnn.state_dict().values(), again.state_dict().values())]
claim("every number came back, to the last bit", all(same), equals=True)
