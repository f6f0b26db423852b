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
# # 7. Inside the network
#
# The network of lesson 06 reads 99 of 100 digits. Show it a letter A, and it reads a 4, and gives that more than 80 %. Nobody told it that an A is a 4. So what does it look at?
#
# It cannot tell us in words. But all its numbers lie open: we can watch them, cover a part of the image, ask for slopes, and lie to it. At the end you will know what such questions can find out, and which of the pictures that people show of networks prove less than they seem to.
#
# **You will be able to**
# - keep what any layer of any network gives, with a hook,
# - say which pixels an answer rests on in three ways, and test whether the picture that comes out means anything,
# - find what a network is weak at, mend it, and see what the mending costs,
# - fool a network with a change that hardly anybody sees.
#
# **You need** lessons 02 and 06, or to know what a kernel, a feature map and a logit are. **Time:** 50 minutes; with all exercises and the further sections, two hours and a half. What begins with *Further* is folded: open what you like.
#
# Run each cell with Shift+Enter, from the top down; what stands below a cell before you run it is from an earlier run. The stop button ends what takes too long.

# %%
import torch
from torch.nn import functional as F

from course_utils import data, handwriting, inside, mine, models, ops, show, train, weights
from course_utils.lesson import check, claim, guess, quiz
from course_utils.widgets import DrawPad, FeatureMaps

digits = data.load()
network = weights.shipped()

# %% [markdown]
# `weights.shipped()` is the network of lesson 06, trained by us beforehand, so that you and we look into the same one. It learnt from digits that our program drew, and from nothing else; it reads people's digits as well.
#
# ## Look at its kernels
#
# You will see pictures of learnt kernels, with the words "it has learnt to find edges". Any nine numbers look like something. So put beside them kernels that have learnt nothing: `inside.randomise` makes the same network, as it was before its first image.
#
# One thing can be counted: are two weights that lie side by side in a kernel alike? Multiply all such pairs, and take the mean; divided by the mean of the squares it is 1 for equal neighbours, 0 for unrelated ones, -1 for opposite ones. The second layer has 512 kernels, enough to count.

# %%
guess("Neighbouring weights in the learnt kernels of the second layer are ...",
      ["opposite: edges", "unrelated, as before training", "somewhat alike"])

# %%
def likeness(kernels):                                # (out, in, 3, 3) -> a number from -1 to 1
    across, down = kernels[..., 1:] * kernels[..., :-1], kernels[..., 1:, :] * kernels[..., :-1, :]
    return torch.cat([across.flatten(), down.flatten()]).mean().item() / kernels.square().mean().item()

untrained = [inside.randomise(network, seed=seed) for seed in range(30)]
by_chance = torch.tensor([[likeness(model[layer].weight) for layer in (0, 4, 8)] for model in untrained])
learnt = [likeness(network[layer].weight) for layer in (0, 4, 8)]
claim("learnt kernels of the second layer: neighbours are somewhat alike", learnt[1], above=0.1, answer="somewhat alike")
claim("the most that chance gave in thirty untrained networks", by_chance[:, 1].max(), below=0.06)
show.tiles(network[0].weight[:, 0], untrained[0][0].weight[:, 0], titles=["first layer, learnt", "first layer, untrained"])

# %% [markdown]
# The second layer has learnt something that chance does not give: smoother kernels. And the first, the one in all the pictures? Its sixteen kernels have become stronger, which the colours show; but they are too few for this count. Compare `learnt[0]` with `by_chance[:, 0].max()` in a cell of your own (the + above makes one): a little more than chance reaches, and a network that was trained for a shorter time stays within it. A claim about learnt kernels needs untrained ones beside it, and most pictures come without.
#
# ## What a layer gives: a hook
#
# A kernel says little until it meets an image. A **hook** is a function that a layer calls each time it has worked: it gets what went in and what came out. With a hook you can watch any layer of anybody's network, without changing a line of it.

# %%
kept = {}

def keep(layer, inputs, output):
    kept["maps"] = output.detach()

handle = network[3].register_forward_hook(keep)       # the first ReLU
network(data.normalize(mine.seven()[None]))           # the layer works, the hook is called
handle.remove()
claim("the first ReLU gave sixteen maps, half as high and wide as the image", kept["maps"].shape, equals=(1, 16, 14, 14))

# %% [markdown]
# ### Your turn: keep what a layer gives (5 minutes, medium)
#
# The same for any layer of any network. Afterwards take the hook away again, or it will be called for ever.
#
# `keep_output(model, layer, x)`: an `nn.Sequential`, the number of a layer, and a batch go in; out comes what `model[layer]` gave while the model worked on `x`. For example with `nn.Sequential(nn.ReLU(), nn.Flatten())`, layer 0 and `x = [[-1, 2]]` it is `[[0, 2]]`.

# %% tags=["exercise"]
def keep_output(model, layer, x):
    """Run the model on x and return what model[layer] gave: (N, ...) -> (N, ...)."""
    ...                                   # your code

check.keep_output(keep_output)

# %% [markdown] tags=["hint"]
# A list can be filled from within a function: `kept = []`, and in the hook `kept.append(output)`. The hook takes three things: the layer, what went in, what came out.

# %% [markdown] tags=["hint"]
# The order matters: hang up the hook with `model[layer].register_forward_hook(hook)`, *then* call `model(x)`. Before that nothing was kept.

# %% [markdown] tags=["hint"]
# `register_forward_hook` returns a handle; `handle.remove()` takes the hook away. The answer is `kept[0]`, not what `model(x)` returns. If a later layer works in place, it changes what you kept: `output.clone()` is safe.

# %% tags=["solution"]
def keep_output(model, layer, x):
    """Run the model on x and return what model[layer] gave: (N, ...) -> (N, ...)."""
    kept = []

    def hook(layer, inputs, output):
        kept.append(output.detach().clone())

    handle = model[layer].register_forward_hook(hook)
    model(x)
    handle.remove()
    return kept[0]

check.keep_output(keep_output)

# %% [markdown]
# Here are all layers of your 7 at once, and of three test digits. Go from layer to layer, and click a number to see which pixels it has seen, and what was computed there. (`inside.activations` keeps all layers for you, as your hook keeps one.)

# %%
FeatureMaps(network, torch.cat([mine.seven()[None], digits.test_images[:3]]))

# %% [markdown] tags=["slide"]
# ## From strokes to digits
#
# You will read that a network goes "from low-level to high-level features". Look at the widget: the first maps still show your 7, the last ones show nothing that you could name. Is that *higher*?
#
# Here is a way to ask. Take the numbers of one layer for 1,000 training images, and their mean for each of the ten digits. Then read a test image by the nearest of the ten means, and by nothing else. If that works well, the layer has laid the digits apart.

# %%
def read_by_nearest_mean(learning, testing):          # what a layer gives for both piles of images
    learning, testing = learning.flatten(1), testing.flatten(1)
    labels = digits.train_labels[:1_000]
    means = torch.stack([learning[labels == digit].mean(dim=0) for digit in range(10)])
    answers = torch.cdist(testing, means).argmin(dim=1)
    return 100 * (answers == digits.test_labels[:1_000]).float().mean().item()

guess("The same with an untrained network: from the image to its last maps, reading by the nearest mean gets ...", ["better, too", "no better"])

# %%
piles = digits.train_images[:1_000], digits.test_images[:1_000]
pixels = read_by_nearest_mean(*(pile.float() for pile in piles))
rows, blocks = [["the pixels", 1, pixels, pixels]], [(3, 1), (2, 2)]   # sizes and strides of a convolution, a pooling
for count in (1, 2, 3):
    scores = [read_by_nearest_mean(*(train.predict(model[: 4 * count], pile) for pile in piles)) for model in (network, untrained[0])]
    rows.append([f"block {count}", ops.receptive_field(blocks * count), *scores])
claim("points that the untrained last maps are ahead of the pixels", rows[-1][3] - pixels, below=6, answer="no better")
claim("and the trained ones", rows[-1][2] - pixels, above=12)
show.table(["read from", "one number sees, pixels", "trained, %", "untrained, %"], rows)

# %% [markdown]
# So yes, and it can be measured: with each block one number sees more of the image, and digits of a kind lie nearer to each other. It is training that does it, not the layers as such. And there is the bound of what we know: the maps are *sorted by digit* better and better. That a map "is the loop detector" would be a story; nothing here has tested it. (A section below looks for what excites a single map.)

# %% [markdown] tags=["slide"]
# ## Cover a part
#
# The plainest question to a network: what if this part were not there? Cover a small square with paper, ask again, and see how much of its share the answer loses. Do that at each place, and you get a map: **occlusion**.
#
# ### Your turn: cover (5 minutes, easy)
#
# `cover(image, row, column, patch)`: an image `(H, W)`, a place and an odd number go in; out comes a copy on which a square of `patch` x `patch` pixels around that place is 0. What lies beyond the edge is cut off. For example on `[[1, 2, 3], [4, 5, 6]]` at row 0, column 0 with a patch of 3: `[[0, 0, 3], [0, 0, 6]]`.

# %% tags=["exercise"]
def cover(image, row, column, patch):
    """Cover a square around a place with zeros: (H, W) -> (H, W), a copy."""
    ...                                   # your code

check.cover(cover)

# %% [markdown] tags=["hint"]
# A patch of 5 reaches 2 pixels to each side: `patch // 2`. So its rows go from `row - 2` to `row + 2`, both included.

# %% [markdown] tags=["hint"]
# A slice that begins below 0 counts from the end: `image[-1:2]` is not what you want. `max(row - patch // 2, 0)` is. Beyond the other end a slice stops by itself.

# %% [markdown] tags=["hint"]
# Begin with `covered = image.clone()`; then one assignment, `covered[top : row + patch // 2 + 1, left : ...] = 0`.

# %% tags=["solution"]
def cover(image, row, column, patch):
    """Cover a square around a place with zeros: (H, W) -> (H, W), a copy."""
    covered = image.clone()
    top, left = max(row - patch // 2, 0), max(column - patch // 2, 0)
    covered[top : row + patch // 2 + 1, left : column + patch // 2 + 1] = 0
    return covered

check.cover(cover)

# %% [markdown]
# **Stop here** until your check says "Correct"; or go on now if you only want to read. Here it is for all 784 places at once, and the map that comes of it.

# %%
def covered(image, patch=7):                          # (28, 28) -> (784, 28, 28)
    every = image.repeat(784, 1, 1)
    for place, copy in enumerate(every):
        row, column = divmod(place, 28)
        top, left = max(row - patch // 2, 0), max(column - patch // 2, 0)
        copy[top : row + patch // 2 + 1, left : column + patch // 2 + 1] = 0
    return every

def occlusion(model, image, digit, patch=7):
    images = torch.cat([image[None], covered(image, patch)])
    shares = train.predict(model, images).softmax(dim=1)[:, digit]
    return (shares[0] - shares[1:]).view(28, 28)      # how much of its share the digit loses

# %% [markdown] tags=["slide"]
# ## Ask for slopes
#
# Occlusion asks the network 784 times. Slopes are to be had at once: how much does the logit of a digit change when a pixel changes a little? Their size, pixel by pixel, is called **saliency**.
#
# **Grad-CAM** asks the maps of the last convolution instead, 32 maps of 7 x 7. Each map counts by how much the logit rises with it, on average over its places; add the maps up with these weights, and keep what is above zero. At 7 x 7 a map still knows *where*, and it is near enough to the end to know *what*.

# %%
def saliency(model, image, digit):
    x = data.normalize(image[None]).requires_grad_()                  # (1, 1, 28, 28)
    [slopes] = torch.autograd.grad(model(x)[0, digit], x)
    return slopes[0, 0].abs()

def grad_cam(model, image, digit):
    maps = model[:9](data.normalize(image[None])).detach().requires_grad_()   # (1, 32, 7, 7)
    [slopes] = torch.autograd.grad(model[9:](maps)[0, digit], maps)
    importance = slopes.mean(dim=(2, 3), keepdim=True)                # (1, 32, 1, 1)
    seen = (importance * maps).sum(dim=1, keepdim=True).relu()        # (1, 1, 7, 7)
    return F.interpolate(seen, size=(28, 28), mode="bilinear")[0, 0].detach()

# %% [markdown]
# Your 7, in the three ways, and one more: saliency times the ink of the image, which many tools draw.

# %%
seven, ways = mine.seven(), {"occlusion": occlusion, "saliency": saliency, "Grad-CAM": grad_cam}
ways["saliency x ink"] = lambda model, image, digit: image / 255 * saliency(model, image, digit)
steep = [saliency(network, image, label).flatten().topk(40).indices for image, label in zip(digits.test_images[:100], digits.test_labels)]
inked = torch.stack([image.flatten()[where] > 0 for image, where in zip(digits.test_images, steep)])
claim("of the 40 pixels with the steepest slopes so many carry ink, in %", 100 * inked.float().mean(), below=40)
show.maps(seven, *(way(network, seven, 7) for way in ways.values()), titles=["your 7", *ways], roles=["in"] + ["out"] * 4)

# %% [markdown] tags=["slide"]
# ## "A saliency map shows why it decided"
#
# You will read that. The claim above should make you careful: most of the steepest slopes lie on *paper*. They say where a little ink would change the logit, not which ink the answer rests on.
#
# There is a test that any such picture must pass. Draw it for a network with random weights, which knows nothing. If that picture looks the same, it was made by the image and the layers, and tells nothing about what was learnt. Alike is measured by correlation: 1 for the same picture, 0 for an unrelated one.

# %%
guess("Trained against random weights: which picture stays most alike?", ["occlusion", "saliency", "Grad-CAM", "saliency x ink"])

# %%
def alike(one, other):
    return torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1].nan_to_num().item()

scores = {name: [] for name in ways}
for image, label in zip(train.progress_bar(digits.test_images[:6]), digits.test_labels.tolist()):
    for name, way in ways.items():
        learnt_map = way(network, image, label)
        scores[name] += [alike(learnt_map, way(model, image, label)) for model in untrained[:3]]
means = {name: torch.tensor(values).mean().item() for name, values in scores.items()}
claim("saliency x ink, for a network that knows nothing, is like that of the trained one", means["saliency x ink"],
      above=0.4, answer="saliency x ink")
claim("the most of the other three", sorted(means.values())[-2], below=0.4)
show.table(["picture", "correlation, mean of 6 digits x 3 seeds", "spread"],
           [[name, means[name], torch.tensor(values).std().item()] for name, values in scores.items()])

# %% [markdown]
# The three ways pass, with this network. The fourth does not: multiplied by the image, even a network that knows nothing draws you a fine digit, because the *image* is in the picture. It is the most convincing of the four to the eye, and it proves least.
#
# Passing is not everything. It means that the picture depends on what was learnt, not that it names the reason. Occlusion is the only one that *did* something to the image, so for the next question we take that.
#
# ## What went wrong?
#
# Take the first errors among 5,000 test digits. Where ink speaks for the wrong answer, and where for the true one, occlusion tells (green: without it the digit loses, purple: it gains). Then cover each place with a patch of 5 x 5: is there one without which the network would have read correctly?

# %%
answers, truths = train.predict(network, digits.test_images[:5_000]).argmax(dim=1), digits.test_labels[:5_000]
wrong, right = (answers != truths).nonzero()[:15, 0], (answers == truths).nonzero()[:15, 0]
without = {int(at): train.predict(network, covered(digits.test_images[at], patch=5)).argmax(dim=1)
           for at in train.progress_bar(torch.cat([wrong, right]))}
mended = sum((without[int(at)] == truths[at]).any().item() for at in wrong)
spoilt = sum((without[int(at)] != truths[at]).any().item() for at in right)
claim("of 100 errors so many turn right when one patch is covered", 100 * mended / len(wrong), above=65)
claim("of 100 correct answers so many turn wrong when one is", 100 * spoilt / len(right), between=(25, 95))
image, truth, answer = digits.test_images[wrong[0]], truths[wrong[0]].item(), answers[wrong[0]].item()
rests_on = [occlusion(network, image, digit, patch=5) for digit in (answer, truth)]
show.maps(image, *rests_on, (without[int(wrong[0])] == truth).view(28, 28).float(), roles=["in"] + ["out"] * 3,
          titles=[f"a {truth}, read {answer}", f"the {answer} rests on", f"the {truth} rests on", f"cover here: a {truth}"])

# %% [markdown]
# Most errors hang on a few pixels. That is an explanation that has been tried, and it is still a modest one: correct answers hang on a few pixels as well, if less often. You have learnt what *this* error needs to go away, not why the network is as it is.

# %% [markdown] tags=["slide"]
# ## Find its weakness
#
# Pictures of single digits are stories. Ask for numbers: which *kind* of digit does it read badly? A scanned digit does not tell how it was written. Ours do: `handwriting.draw` fixes any one factor, and leaves all else as it was.

# %%
guess("Which of these costs it most?", ["leaning far over", "a pen twice as wide", "turned by 45 degrees", "half as large"])

# %%
kinds = {"as usual": {}, "leaning far over": {"slant": 0.9}, "a pen twice as wide": {"pen_width": 5},
         "turned by 45 degrees": {"turn": 0.785}, "four pixels up": {"shift_y": -4}, "half as large": {"size": 10}}
rows = []
for name, fixed in train.progress_bar(kinds.items()):
    drawn = handwriting.draw(500, seed=5, style="mild", **fixed)
    rows.append([name, 100 * train.evaluate(network, drawn.images, drawn.labels)])
reads = dict(rows)
claim("half as large, it reads so many of 100", reads["half as large"], below=60, answer="half as large")
claim("the next worst", sorted(reads.values())[1], above=65)
show.table(["500 drawn digits", "correct, %"], rows)

# %% [markdown]
# Half as large, and half of them are gone. It has seen no small digits: MNIST's fill a box of 20 pixels, and so do ours. One remedy is **augmentation**: change the training images as the world may change them. Here each is made smaller, by a factor between a half and one. Everything else stays: as many images (5,000 of yours), as many steps, four seeds each.

# %%
from dataclasses import replace

few = replace(digits, train_images=digits.train_images[:5_000], train_labels=digits.train_labels[:5_000])

def shrink(images):                                   # (N, 28, 28), each by a factor of its own
    factor = 0.5 + 0.5 * torch.rand(len(images), 1, 1)
    places = F.affine_grid(torch.eye(2, 3) / factor, (len(images), 1, 28, 28), align_corners=False)
    return F.grid_sample(images[:, None].float(), places, align_corners=False)[:, 0].round().byte()

def read_after_training(pile, seed):
    torch.manual_seed(seed)
    model = models.course_cnn()
    train.fit(model, pile, recipe=train.Recipe(), seed=seed, progress=False)
    return [100 * train.evaluate(model, drawn.images, drawn.labels) for drawn in tests]

guess("Trained on shrunk digits, how does it read those that are turned?", ["better, too", "no better"])

# %%
sizes, runs = (10, 12, 14, 17, 20), {"plain": [], "shrunk": []}
tests = [handwriting.draw(500, seed=5, style="mild", **fixed) for fixed in [*({"size": size} for size in sizes), {"turn": 0.785}]]
for seed in train.progress_bar(range(4)):
    torch.manual_seed(seed)
    runs["plain"].append(read_after_training(few, seed))
    smaller = torch.cat([shrink(part) for part in few.train_images.split(500)])
    runs["shrunk"].append(read_after_training(replace(few, train_images=smaller), seed))
gained = torch.tensor(runs["shrunk"]).mean(dim=0) - torch.tensor(runs["plain"]).mean(dim=0)
claim("points that it gains on turned digits of full size", gained[-1], below=3, answer="no better")
claim("points that it gains on digits of half the size", gained[0], above=20)
show.lines(sizes, {name: [run[:-1] for run in those] for name, those in runs.items()},
           xlabel="size of the digit, pixels", ylabel="correct, %", ylim=(0, 102))

# %% [markdown]
# The bands go from the lowest of the four seeds to the highest. One weakness mended, on one side only: turned digits are not read better, and digits of the usual size a little worse, because the same number of images had to teach more. Augmentation teaches what you show, and you have to think of it.
#
# ## "I am 92 % certain"
#
# The network has ten answers, and none of them is "that is no digit". Perhaps its shares give it away: below some *threshold* we would refuse to read. Here are eight letters, written on the nine keys of a calculator (7 8 9 is the upper row, so that an A goes from 1 to 8 to 3), and one image of noise.

# %%
letters = {"A": "183 46", "E": "9713 46", "H": "71 93 46", "K": "71 943", "T": "79 82", "X": "73 91", "Y": "75 95 52", "Z": "7913"}
place = {str(key): [0.2 + 0.3 * ((key - 1) % 3), 0.9 - 0.4 * ((key - 1) // 3)] for key in range(1, 10)}
nonsense = [DrawPad(strokes=[[place[key] for key in stroke] for stroke in keys.split()]).digit for keys in letters.values()]
nonsense.append(torch.randint(0, 256, (28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)))
share, answer = train.predict(network, torch.stack(nonsense)).softmax(dim=1).max(dim=1)
on_digits = train.predict(network, digits.test_images[:1_000]).softmax(dim=1).max(dim=1).values
claim("the share that it gives to a 4, shown an A", share[0] * (answer[0] == 4), above=0.8)
claim("to refuse all nine, so many of 100 digits must be refused, too", 100 * (on_digits <= share.max()).float().mean(), above=12)
show.digits(nonsense, [f"{100 * one:.0f} %: {digit}" for one, digit in zip(share, answer)], columns=9)

# %% [markdown]
# A threshold sorts out the doubtful, and that is worth something: most letters fall below most digits. But what it is surest of is not what is a digit. The shares were trained on digits alone; for the rest of the world nobody ever told it anything. What you can do: show it nonsense in training, with an eleventh answer; it then knows *that* nonsense. (How true its shares are for digits is measured in a section below.)

# %% [markdown] tags=["slide"]
# ## Fool it
#
# Training asks for the slope of the loss at each weight, and goes *down*. Now leave the weights, ask for the slope at each pixel, and go *up*: change every pixel a little in the direction that makes the network more wrong.
#
# ### Your turn: one step uphill (5 minutes, easy)
#
# Only the sign of the slope counts, so that every pixel moves by the same amount. Grey levels end at 0 and 255.
#
# `fool_step(image, slopes, size)`: shapes `(H, W)` and `(H, W)` and a number go in; the changed image `(H, W)` comes out. For example the image `[[100, 250, 5]]` with slopes `[[0.3, 2, -1]]` and the size 10 gives `[[110, 255, 0]]`. Where the slope is 0 the pixel stays.

# %% tags=["exercise"]
def fool_step(image, slopes, size):
    """Move each pixel by size along the sign of its slope: (H, W), (H, W), number -> (H, W)."""
    ...                                   # your code

check.fool_step(fool_step)

# %% [markdown] tags=["hint"]
# `slopes.sign()` is 1, 0 or -1, pixel by pixel.

# %% [markdown] tags=["hint"]
# Uphill is *with* the slope: plus. At the end, `.clamp(0, 255)` keeps the grey levels where they belong.

# %% tags=["solution"]
def fool_step(image, slopes, size):
    """Move each pixel by size along the sign of its slope: (H, W), (H, W), number -> (H, W)."""
    return (image + size * slopes.sign()).clamp(0, 255)

check.fool_step(fool_step)

# %% [markdown]
# Ten such steps, with no pixel changed by more than 24 of 255 grey levels in all.

# %%
def fool(images, labels, size=24, steps=10):
    greys = images.float()
    for _ in range(steps):
        greys.requires_grad_()
        logits = network((greys[:, None] / 255 - data.MEAN) / data.STD)
        [slopes] = torch.autograd.grad(F.cross_entropy(logits, labels), greys)
        greys = (greys.detach() + size / steps * slopes.sign()).clamp(0, 255)
    return greys.round().byte()

guess("Of 300 digits changed like that, how many of 100 does it still read?", ["about 98", "about 80", "about 50", "fewer than 20"])

# %%
images, labels = digits.test_images[:300], digits.test_labels[:300]
torch.manual_seed(0)
at_random = (images + 24 * torch.randn(images.shape).sign()).clamp(0, 255).round().byte()
fooled = fool(images, labels)
claim("of 100 digits it still reads", 100 * train.evaluate(network, fooled, labels), below=20, answer="fewer than 20")
claim("and when each pixel goes up or down by chance, as far", 100 * train.evaluate(network, at_random, labels), above=85)
pairs = torch.stack([images[:5], fooled[:5]], dim=1).flatten(0, 1)
share, answer = train.predict(network, pairs).softmax(dim=1).max(dim=1)
show.digits(pairs, [f"{digit}: {100 * one:.0f} %" for one, digit in zip(share, answer)])

# %% [markdown]
# You read every one of them. Chance does little: among all directions in which 784 pixels can move there are a few that count, and the slope names one. Nor does it help that the network was right, and sure, before. That such directions exist is known for networks of all sizes; training on fooled images makes them rarer, at a price, and no remedy is known that takes them away.
#
# ## Whose handwriting?
#
# Every number of this lesson rests on labels, and on people who wrote. MNIST's digits come from two collections of the American NIST: about half were written by employees of the Census Bureau, half by high-school students (a network that had learnt from the clerks did worse on the students, which is why the two were mixed). All of them wrote in the United States, around 1990; your 7 may have a bar, your 1 a flag, and nobody asked you. And a label is a person's opinion: at least 15 of the 10,000 test labels are disputed, so that above 99.8 % nobody can say who is right. Our drawn digits avoid none of this: their shapes are those that we thought of. When somebody tells you an accuracy, ask: on whose writing?
#
# *Sources: LeCun, Cortes and Burges, the MNIST page (1998); Yadav and Bottou, "Cold Case: the Lost MNIST Digits" (2019); Northcutt, Athalye and Mueller, "Pervasive Label Errors in Test Sets" (2021).*

# %% [markdown] tags=["slide"]
# ## Your 7, through every layer
#
# You drew it in lesson 00. It was flattened, convolved, padded, pooled, normalised and classified; here is all of it on one page. White is zero, green is above, purple below.

# %%
page = show.journey(mine.seven(), inside.activations(network, mine.seven()[None]), title="My 7, through every layer")
# show.save(page, "my_7.pdf")                        # without the first # it is saved beside this notebook, for an A4 sheet
page

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("07")

# %% [markdown] tags=["quiz"]
# ## Somebody shows you kernels of a trained network and says: "they have become edge detectors". What do you ask for?
# - [x] The same picture, and the same count, for a network before training
#   Random kernels look like edges, too, to an eye that wants to see some. What training did is the difference.
# - [ ] Nothing, it can be seen
#   Any nine numbers look like something. You have seen two sheets of them.
# - [ ] The accuracy of the network, for good kernels give a high one
#   That tells how the whole works, and nothing about what one kernel does.
# - [ ] The kernels of another trained network, to compare
#   Two pictures that both look like edges leave you where you were: would an untrained one not?

# %% [markdown] tags=["quiz"]
# ## You cover a patch of an image, and the share of the answer drops from 0.95 to 0.3. What have you found?
# - [ ] The reason for the answer
#   You have found pixels that this answer needs. There may be other places that it needs as much.
# - [x] Without these pixels, replaced by paper, this network is less sure of this answer
#   That, and no more. Another filling than paper can give another map.
# - [ ] That the kernels at this place are the most important ones
#   A kernel has no place: it works everywhere.
# - [ ] An error in the network
#   Ink that is needed is no error. An answer that did not mind what is covered would be odd.

# %% [markdown] tags=["quiz"]
# ## A heat map looks the same for your trained network and for one with random weights. What does it show?
# - [ ] Both networks look at the same things
#   The random one has learnt to look at nothing. What they share is the image.
# - [ ] Your network has not learnt anything
#   Ask the accuracy about that. The map may be blind while the network sees.
# - [x] The image and the layers, but not what was learnt
#   It would look like that whatever the weights are. It cannot tell you about the training.

# %% [markdown] tags=["quiz"]
# ## Why does Grad-CAM take the maps of the last convolution, and not the ten logits?
# - [x] They still have places, and they are near the answer
#   Behind them the places are flattened away; before them the maps know less of the digit.
# - [ ] Because only convolutions have slopes
#   Every layer has slopes; that is how all of them were trained.
# - [ ] The last convolution has the most weights
#   True here, and not the reason.
# - [ ] It is the fastest to compute
#   One pass back through the network costs about the same for each layer.

# %% [markdown] tags=["quiz"]
# ## A network reads 99 % of the test digits and 50 % of yours. What is the most likely reason?
# - [ ] Bad luck; 50 % and 99 % are within the spread
#   No spread over seeds is as wide as that.
# - [x] Your digits differ from those that it learnt from, in size, pen or place for instance
#   Draw or measure one factor at a time, and you will find which.
# - [ ] The test digits were in the training pile
#   That happens, and one checks it. But a factor that training never showed is enough, as you have seen.
# - [ ] You write wrongly
#   It is the network that has to read you.

# %% [markdown] tags=["quiz"]
# ## Every pixel is changed by 24 of 255 grey levels. By chance, nearly nothing happens; along the slope's sign, the answer is lost. Why?
# - [ ] Chance changes fewer pixels
#   Both change all of them, and equally far.
# - [ ] The slope finds the pixel on which all depends
#   No single pixel could do it with so small a change. All of them push the same way together.
# - [x] By chance the pushes cancel out; along the slope all 784 add up
#   A small push in each of 784 places is a large one if they agree.
# - [ ] The network has learnt the test images by heart
#   It has never seen them, and reads them well as long as nobody pushes.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - A hook keeps what any layer gives. With each block digits of a kind lie nearer together: training does that, and an untrained network does not.
# - Occlusion tries it out, saliency and Grad-CAM ask for slopes. A picture of this sort means something only if random weights give another one.
# - Known factors find a weakness that single pictures do not. Augmentation mends what you show it, and nothing else.
# - A network names a digit for whatever it sees. How sure it is says little about what it has never met.
# - A push along the slope, hardly visible, takes nearly every answer away.
#
# **Now you.** Find another weakness (two factors at once?), mend it by an augmentation of your own, and measure what it gains and what it costs, with four seeds.
#
# **Next:** lesson 08 takes all this to your own images, to larger data and machines, and to what came after. Below are sections for those who want to know more; each stands for itself.

# %% [markdown] tags=["further"]
# ## Further: bin by bin
#
# To fix a factor one has to draw. Where digits come with what is known about them, one can sort them into bins instead, and count in each.
#
# ### Your turn: accuracy in each bin (10 minutes, medium)
#
# `accuracy_by_bin(factor, correct, edges)`: a number for each image, `(N,)`; whether it was read correctly, `(N,)` of True and False; and rising edges, `(B + 1,)`. Out comes the share of correct answers in each bin, `(B,)`, from one edge up to, but without, the next. No bin is empty. For example the factors `[1, 2, 5]`, `[True, False, True]` and the edges `[0, 3, 6]` give `[0.5, 1]`.

# %% tags=["exercise"]
def accuracy_by_bin(factor, correct, edges):
    """Count the correct share in each bin: (N,), (N,), (B + 1,) -> (B,)."""
    ...                                   # your code

check.accuracy_by_bin(accuracy_by_bin)

# %% [markdown] tags=["hint"]
# The bins lie between neighbouring edges: `zip(edges, edges[1:])` gives the pairs, low and high.

# %% [markdown] tags=["hint"]
# `inside = (factor >= low) & (factor < high)` says which images lie in a bin; `correct[inside]` are their answers. Their mean is the share: `.double().mean()`.

# %% [markdown] tags=["hint"]
# Collect the shares in a list, and end with `torch.stack(shares)`.

# %% tags=["solution"]
def accuracy_by_bin(factor, correct, edges):
    """Count the correct share in each bin: (N,), (N,), (B + 1,) -> (B,)."""
    shares = []
    for low, high in zip(edges, edges[1:]):
        here = (factor >= low) & (factor < high)
        shares.append(correct[here].double().mean())
    return torch.stack(shares)

check.accuracy_by_bin(accuracy_by_bin)

# %% [markdown]
# Two thousand digits drawn as wildly as the training images, all factors mixed. The edges cut each factor into four bins with as many digits in each.

# %%
wild = handwriting.draw(2_000, seed=6)
correct = (train.predict(network, wild.images).argmax(dim=1) == wild.labels).float()
rows = []
for name in ("slant", "turn", "stretch", "pen_width", "pressure"):
    order = wild.factors[name].argsort()
    rows.append([name, *(100 * correct[part].mean().item() for part in order.chunk(4))])
show.table(["factor", "lowest quarter, % correct", "second", "third", "highest"], rows)

# %%
largest = max(max(row[1:]) - min(row[1:]) for row in rows)
claim("points between the best and the worst quarter, where they differ most", largest, between=(1, 15))

# %% [markdown]
# Within what it has been trained on, no factor matters much. Its weakness was outside: a bin that is empty in your data is the one that you cannot see.

# %% [markdown] tags=["further"]
# ## Further: "98 % certain means right 98 times of 100"
#
# You will read that, too. It can be counted: sort the answers by the share that they got, and see how many of each sort are right. Once for the test digits, once for digits of size 8, well under half.

# %%
def right_by_share(images, labels, edges=(0.3, 0.6, 0.8, 0.9)):
    share, answer = train.predict(network, images).softmax(dim=1).max(dim=1)
    sorts = [(share >= low) & (share < high) for low, high in zip(edges, edges[1:])]
    return [(int(sort.sum()), 100 * share[sort].mean().item(), 100 * (answer == labels)[sort].float().mean().item()) for sort in sorts]

guess("Digits that it names with 60 to 80 %. How many of 100 are right, on the test pile and among the tiny ones?",
      ["70 and 70", "more than 80, and fewer than 70", "fewer than 60, both"])

# %%
tiny = handwriting.draw(1_500, seed=5, style="mild", size=8)
usual, small = right_by_share(digits.test_images[:5_000], digits.test_labels[:5_000]), right_by_share(tiny.images, tiny.labels)
claim("of 100 test digits at 60 to 80 % so many are right", usual[1][2], above=80, answer="more than 80, and fewer than 70")
claim("of 100 tiny ones", small[1][2], below=70)
show.table(["share", "test digits", "says, %", "right, %", "tiny digits", "says, %", "right, %"],
           [[name, *one, *other] for name, one, other in zip(("30 to 60 %", "60 to 80 %", "80 to 90 %"), usual, small)])

# %% [markdown]
# On digits like those of its training it is *better* than it says (label smoothing, lesson 06, keeps its shares down). On others it is worse than it says. The same words, "70 %", mean two things, and no rule can turn one share into a true one for both.

# %% [markdown] tags=["further"]
# ## Further: erase what they point at
#
# Four pictures of the same answer, and they do not agree. Which of them points at pixels that the answer needs? Erase the 40 inked pixels that it ranks highest, and see how many answers turn. Pixels chosen by chance, from the ink as well, are the control.

# %%
def turned_by_erasing(ranking, image, answer, count=40):
    ranking = torch.where(image > 0, ranking, -1.0e9)             # ink only
    erased = image.flatten().clone()
    erased[ranking.flatten().topk(count).indices] = 0
    return (train.predict(network, erased.view(1, 28, 28)).argmax() != answer).item()

rankings = {**ways, "chance": lambda model, image, digit: torch.rand(28, 28)}
del rankings["saliency x ink"]

# %%
guess("Whose pixels does the answer need most?", ["occlusion", "saliency", "Grad-CAM", "chance"])

# %%
torch.manual_seed(0)
turned = dict.fromkeys(rankings, 0)
for at in train.progress_bar((answers == truths).nonzero()[:40, 0]):
    image, digit = digits.test_images[at], int(answers[at])
    for name, way in rankings.items():
        turned[name] += 2.5 * turned_by_erasing(way(network, image, digit), image, digit)
claim("occlusion is ahead of chance by so many of 100", turned["occlusion"] - turned["chance"], above=15, answer="occlusion")
claim("saliency is not; it is ahead by", turned["saliency"] - turned["chance"], below=25)
show.table(["40 pixels chosen by", "answers that turn, of 100"], [[name, count] for name, count in turned.items()])

# %% [markdown]
# Occlusion erased patches to begin with, so this test suits it. That is fair to say, and there is no test that suits none of them: an explanation answers one question, and one has to ask which.

# %% [markdown] tags=["further"]
# ## Further: what excites a map
#
# Take one map of the last convolution. Which of 2,000 test digits excite it most, at their strongest place?

# %%
maps = train.predict(network[:9], digits.test_images[:2_000])                # (2000, 32, 7, 7)
strongest = maps.amax(dim=(2, 3))                                           # (2000, 32)
unit = 5                                                                     # try others, up to 31
top = strongest[:, unit].topk(10).indices
show.digits(digits.test_images[top], digits.test_labels[top])

# %%
kinds_at_top = torch.tensor([digits.test_labels[strongest[:, one].topk(20).indices].bincount(minlength=10).max() for one in range(32)])
claim("of a map's 20 favourites so many are of one digit, on average over the maps", kinds_at_top.float().mean(), between=(7, 19))

# %% [markdown]
# Often one digit leads, and seldom alone: a map is no digit. The other way round: begin with faint noise, and change the *image* uphill until the map is as excited as it can be (a little shrinking at each step keeps it calm). Beside it the same for an untrained network.

# %%
def excite(model, unit, steps=60):
    x = 0.1 * torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for _ in range(steps):
        x.requires_grad_()
        [slopes] = torch.autograd.grad(model[:9](x)[0, unit, 3, 3], x)
        x = 0.98 * (x.detach() + 0.5 * slopes / slopes.norm())
    return x[0, 0], model[:9](x)[0, unit, 3, 3].item()

pictures = [excite(model, unit)[0] for model in (network, untrained[0])]
most = strongest[:, unit].max().item()
claim("the picture excites the map so many times as much as the best of the digits does", excite(network, unit)[1] / most, above=0.5)
show.maps(*pictures, titles=["trained", "untrained"])

# %% [markdown]
# It looks like nothing that anybody has written, and excites the map like a digit or more. So the picture shows what the map *could* answer to. What it meets in practice are the ten digits above it.

# %% [markdown] tags=["further"]
# ## Further: the last layer as pictures
#
# The linear layer weighs 288 numbers for each digit: 32 maps of 3 x 3. Sum up for one digit, place by place, what its weights made of an image's maps: nine sums, which with the bias are the logit.

# %%
linear, image = network[13], digits.test_images[:1]
last_maps = inside.activations(network, image)[11][1][0]                    # (32, 3, 3)
votes = (linear.weight.view(10, 32, 3, 3) * last_maps).sum(dim=1).detach()  # (10, 3, 3)
logits = votes.sum(dim=(1, 2)) + linear.bias.detach()
claim("nine sums and a bias are the logit; the largest difference", (logits - train.predict(network, image)[0]).abs().max(), below=1e-3)
show.maps(image[0], *votes[[0, 1, 4, 7]], titles=["digit", "for 0", "for 1", "for 4", "for 7"], roles=["in"] + ["out"] * 4, same_scale=False)

# %% [markdown] tags=["further"]
# ## Further: your 7, moved about
#
# Move your 7 by up to six pixels each way, 169 places in all: what share does the network give to a 7 at each? The middle of the map is where you drew it. (For any digit, not for yours alone, lesson 01 has measured how far it may be moved.)

# %%
moves = range(-6, 7)
moved = torch.stack([mine.seven().roll((down, across), dims=(0, 1)) for down in moves for across in moves])
shares = train.predict(network, moved).softmax(dim=1)[:, 7].view(13, 13)
show.maps(mine.seven(), shares, titles=["your 7", "share of the 7"], roles=["in", "out"])
