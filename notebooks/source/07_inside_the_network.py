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
# It cannot tell us in words. But all its numbers lie open: we can watch them, cover a part of the image, ask for slopes, and lie to it. At the end you will know what such questions find out, and which pictures of networks prove less than they seem to.
#
# **You will be able to**
# - keep what any layer of any network gives, with a hook,
# - ask in three ways which pixels matter, and test whether the pictures that come out mean anything,
# - find what a network is weak at, mend it, and see what the mending costs,
# - fool a network with a change that stops nobody from reading.
#
# **You need** lessons 02 and 06, or to know what a kernel, a feature map and a logit are. **Time:** 50 minutes; with all exercises and the further sections, three hours. What begins with *Further* is folded: open what you like.
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
# `weights.shipped()` is the network of lesson 06, trained by us beforehand, so that you and we look into the same one. It learnt from digits that our program drew, from nothing else, and reads people's digits as well.

# %% [markdown] tags=["slide"]
# ## Look at its kernels
#
# You will see pictures of learnt kernels, with the words "it has learnt to find edges". Any nine numbers look like something. So put untrained kernels beside them: `inside.randomise` makes the same network, as it was before its first image.
#
# One thing can be counted: are two weights that lie side by side in a kernel alike? Multiply all such pairs, and take the mean; divided by the mean of the squares it is 1 for equal neighbours, 0 for unrelated ones, -1 for a chessboard. The second layer has 512 kernels, enough to count.

# %%
guess("Neighbouring weights in the learnt kernels of the second layer are ...",
      ["opposite, as on a chessboard", "unrelated, as before training", "somewhat alike"])

# %%
def likeness(kernels):                                # (out, in, 3, 3) -> a number, about -1 to 1
    across, down = kernels[..., 1:] * kernels[..., :-1], kernels[..., 1:, :] * kernels[..., :-1, :]
    products = torch.cat([across.flatten(), down.flatten()])
    return products.mean().item() / kernels.square().mean().item()

untrained = [inside.randomise(network, seed=seed) for seed in range(30)]
by_chance = torch.tensor([[likeness(model[layer].weight) for layer in (0, 4, 8)]
                          for model in untrained])
learnt = [likeness(network[layer].weight) for layer in (0, 4, 8)]
claim("learnt kernels of the second layer: neighbours are somewhat alike", learnt[1], above=0.1,
      answer="somewhat alike")
claim("the most that chance gave in thirty untrained networks", by_chance[:, 1].max(), below=0.06)
edge_kernel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
claim("the edge kernel of lesson 02", likeness(edge_kernel), between=(0.49, 0.51))
show.tiles(network[0].weight[:, 0], untrained[0][0].weight[:, 0],
           titles=["first layer, learnt", "first layer, untrained"])

# %% [markdown]
# The second layer has learnt something that chance does not give: more orderly kernels. An edge kernel gets 0.5, and so does many a blob: the count tells order from chance, not edges from blobs. And the first layer, the one in all the pictures? Its sixteen kernels have become stronger, which the colours show (that alone changes next to nothing: batch norm divides it out); but they are too few for this count. Compare `learnt[0]` with `by_chance[:, 0].max()` in a cell of your own: a little more than chance reaches. A claim about learnt kernels needs untrained ones beside it, and most pictures come without.

# %% [markdown] tags=["slide"]
# ## What a layer gives: a hook
#
# A kernel says little until it meets an image. A **hook** is a function that a layer calls each time it has worked: it gets what went in and what came out. With a hook you can watch any layer of anybody's network, without changing a line of it.

# %%
kept = {}

def keep(layer, inputs, output):
    kept["maps"] = output.detach().clone()    # a copy: a later layer may write into the same memory

handle = network[3].register_forward_hook(keep)       # the first ReLU
network(data.normalize(mine.seven()[None]))           # the layer works, the hook is called
handle.remove()
claim("the first ReLU gave sixteen maps, half as high and wide as the image", kept["maps"].shape,
      equals=(1, 16, 14, 14))

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
# Here are all layers of your 7 at once, and of three test digits. Go from layer to layer, and click a number to see which pixels it has seen, and what was computed there.

# %%
FeatureMaps(network, torch.cat([mine.seven()[None], digits.test_images[:3]]))

# %% [markdown] tags=["slide"]
# ## From strokes to digits
#
# You will read that a network goes "from low-level to high-level features". Look at the widget: the first maps still show your 7, the last ones show nothing that you could name. Is that *higher*?
#
# Ask like this: take the numbers of one layer for 500 training images, and their mean for each of the ten digits. Then read a test image by the nearest of the ten means. If that works well, the layer has laid the digits apart.

# %%
def read_by_nearest_mean(learning, testing):          # what a layer gives for both piles of images
    learning, testing = learning.flatten(1), testing.flatten(1)
    labels = digits.train_labels[:500]
    means = torch.stack([learning[labels == digit].mean(dim=0) for digit in range(10)])
    answers = torch.cdist(testing, means).argmin(dim=1)    # from each image to each mean: (500, 10)
    return 100 * (answers == digits.test_labels[:500]).float().mean().item()

guess("From the image to the last maps of untrained networks, reading by the nearest mean gets ...",
      ["better and better", "little better, or worse"])

# %%
piles = digits.train_images[:500], digits.test_images[:500]

def read_from(layers):
    return read_by_nearest_mean(*(train.predict(layers, pile) for pile in piles))

pixels = read_by_nearest_mean(*(pile.float() for pile in piles))
rows, block = [["the pixels", 1, pixels, "the same"]], [(3, 1), (2, 2)]   # sizes and strides
for count in train.progress_bar((1, 2, 3)):
    trained, *others = [read_from(model[: 4 * count]) for model in (network, *untrained[:5])]
    rows.append([f"block {count}", ops.receptive_field(block * count), trained,
                 f"{min(others):.1f} to {max(others):.1f}"])
claim("points that the best of five untrained last maps is ahead of the pixels",
      max(others) - pixels, below=10, answer="little better, or worse")
claim("and the trained one", trained - pixels, above=14)
show.table(["read from", "one number sees, pixels", "trained, %", "five untrained, %"], rows)

# %% [markdown]
# So yes, and it can be measured: with each block one number sees more of the image, and digits of a kind lie nearer to each other. It is training that does it, here, and read by the nearest mean; the layers as such do not. That a map "is the loop detector" would be a story; nothing here has tested it. (Sections below look for what excites a single map, and silence it.)

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
# **Stop here** until your check says "Correct"; or go on now if you only want to read. Here it is for all 784 places at once, and the map that comes of it. Paper is our choice of filling; grey would ask another question.

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
# **Grad-CAM** asks the maps of the last convolution, 32 of 7 x 7. Each map counts by how much the logit rises with it, on average over its places; add the maps up with these weights, and keep what is above zero. At 7 x 7 a map still knows *where*, and it is near enough to the end to know *what*.

# %%
# torch.autograd.grad(a, [b]) gives the slope of a at each number of b: what backward puts into
# b.grad, at once and for b alone. It comes in a list; the brackets on the left take it out.
def saliency(model, image, digit):
    x = data.normalize(image[None]).requires_grad_()                  # (1, 1, 28, 28)
    [slopes] = torch.autograd.grad(model(x)[0, digit], [x])
    return slopes[0, 0].abs()

def grad_cam(model, image, digit, layer=8):           # the last convolution
    maps = model[: layer + 1](data.normalize(image[None])).detach()   # (1, 32, 7, 7)
    maps.requires_grad_()
    [slopes] = torch.autograd.grad(model[layer + 1 :](maps)[0, digit], [maps])
    importance = slopes.mean(dim=(2, 3), keepdim=True)                # (1, 32, 1, 1)
    seen = (importance * maps).sum(dim=1, keepdim=True).relu()        # (1, 1, 7, 7)
    return F.interpolate(seen, size=(28, 28), mode="bilinear")[0, 0].detach()

# %% [markdown]
# Your 7, in the three ways, and one more: saliency times the ink of the image, which many tools draw (search for *gradient x input*). In the first, green speaks for the 7: covered, it loses; purple speaks against. Does your 7 rest on its bar, its corner, its foot? Do the ways agree? (Is there grey at the right or lower edge of Grad-CAM? A section below asks why.)

# %%
seven, ways = mine.seven(), {"occlusion": occlusion, "saliency": saliency, "Grad-CAM": grad_cam}
ways["saliency x ink"] = lambda model, image, digit: image / 255 * saliency(model, image, digit)
steep = [saliency(network, image, label).flatten().topk(40).indices
         for image, label in zip(digits.test_images[:100], digits.test_labels)]
inked = torch.stack([image.flatten()[where] > 0 for image, where in zip(digits.test_images, steep)])
claim("of the 40 pixels with the steepest slopes so many carry ink, in %",
      100 * inked.float().mean(), below=40)
claim("and of all pixels", 100 * (digits.test_images[:100] > 0).float().mean(), between=(12, 28))
show.maps(seven, *(way(network, seven, 7) for way in ways.values()), titles=["your 7", *ways],
          roles=["in"] + ["out"] * 4)

# %% [markdown] tags=["slide"]
# ## "A saliency map shows why it decided"
#
# You will read that. The claims above should make you careful: of the steepest slopes about as few lie on ink as of all pixels. They say where a little more or less of it would change the logit, not which ink the answer rests on.
#
# There is a test for any such picture. Draw it for a network with random weights, which knows nothing. If that picture looks the same, it was made by the image and the layers, and tells nothing about what was learnt. Alike is measured by correlation: 1 for the same picture, 0 for an unrelated one. For comparison we train a second network, on 5,000 of your digits. Two that can read should agree more.

# %%
from dataclasses import replace

def alike(one, other):
    return torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1].nan_to_num().item()

torch.manual_seed(1)
few = replace(digits, train_images=digits.train_images[:5_000],
              train_labels=digits.train_labels[:5_000])
train.fit(second := models.course_cnn(), few, recipe=train.Recipe(), progress=False)
guess("Trained against random weights: which picture stays most alike?",
      ["occlusion", "saliency", "Grad-CAM", "saliency x ink"])

# %%
def compare(way, image, label):                       # the trained one's picture, with four others
    learnt, *others = [way(model, image, label) for model in (network, second, *untrained[:3])]
    return [alike(learnt, other) for other in others]

scores = {name: [] for name in ways}
for image, label in zip(train.progress_bar(digits.test_images[:6]), digits.test_labels.tolist()):
    for name, way in ways.items():
        scores[name].append(compare(way, image, label))
scores = {name: torch.tensor(values) for name, values in scores.items()}    # (6 digits, 4 networks)
means = {name: values[:, 1:].mean().item() for name, values in scores.items()}
claim("saliency x ink, for a network that knows nothing, is like that of the trained one",
      means["saliency x ink"], above=0.4, answer="saliency x ink")
claim("occlusion tells the two apart, by",
      scores["occlusion"][:, 0].mean() - means["occlusion"], above=0.2)
show.table(["picture, alike in 6 digits", "three with random weights", "spread",
            "a second trained one"],
           [[name, means[name], values[:, 1:].std().item(), values[:, 0].mean().item()]
            for name, values in scores.items()])

# %% [markdown]
# Compare the columns. Occlusion passes: two that can read agree, those that know nothing do not. Saliency hardly tells them apart, and Grad-CAM not reliably: take another seed for the second network. The fourth fails: multiplied by the image, even a network that knows nothing draws you a fine digit, because the *image* is in the picture. It is the most convincing of the four to the eye, and it proves least.
#
# Passing means that the picture depends on what was learnt, not that it names the reason. Occlusion is also the only one that *did* something to the image, so for the next question we take that.

# %% [markdown] tags=["slide"]
# ## What went wrong?
#
# Take the first errors among 5,000 test digits. Where ink speaks for the wrong answer, and where for the true one, occlusion tells. Then cover each place with a patch of 5 x 5: is there one without which the network would have read correctly?

# %%
def read_covered(at):                                 # with each patch covered in turn: (784,)
    return train.predict(network, covered(digits.test_images[at], patch=5)).argmax(dim=1)

truths = digits.test_labels[:5_000]
answers = train.predict(network, digits.test_images[:5_000]).argmax(dim=1)
wrong, right = (answers != truths).nonzero()[:15, 0], (answers == truths).nonzero()[:15, 0]
without = {int(at): read_covered(at) for at in train.progress_bar(torch.cat([wrong, right]))}
mended = sum((without[int(at)] == truths[at]).any().item() for at in wrong)
spoilt = sum((without[int(at)] != truths[at]).any().item() for at in right)
claim("of 100 errors so many turn right when one patch is covered", 100 * mended / len(wrong),
      above=65)
claim("of 100 correct answers so many turn wrong when one is", 100 * spoilt / len(right),
      between=(25, 95))
image, truth, answer = digits.test_images[wrong[0]], int(truths[wrong[0]]), int(answers[wrong[0]])
rests_on = [occlusion(network, image, digit, patch=5) for digit in (answer, truth)]
show.maps(image, *rests_on, (without[int(wrong[0])] == truth).view(28, 28).float(),
          roles=["in"] + ["out"] * 3,
          titles=[f"a {truth}, read {answer}", f"the {answer} rests on", f"the {truth} rests on",
                  f"cover here: a {truth}"])

# %% [markdown]
# Most errors hang on one patch, if you may choose it. That is an explanation that has been tried, and still a modest one: correct answers do as well, if less often. You have learnt what *this* error needs to go away, not why the network is as it is. (All fifteen are in a section below.)

# %% [markdown] tags=["slide"]
# ## Find its weakness
#
# Pictures of single digits are stories. Ask for numbers: which *kind* of digit does it read badly? Scanned digits do not tell how they were written. Ours do: `handwriting.draw` fixes any one factor, and leaves all else.

# %%
guess("Which of these costs it most?",
      ["leaning far over", "a pen twice as wide",
       "turned by 45 degrees", "half as large, same pen"])

# %%
kinds = {"as usual": {}, "leaning far over": {"slant": 0.9},
         "a pen twice as wide": {"pen_width": 5}, "turned by 45 degrees": {"turn": 0.785},
         "four pixels up": {"shift_y": -4}, "half as large, same pen": {"size": 10},
         "half as large, the pen too": {"size": 10, "pen_width": 1.25}}

def read_drawn(fixed):
    drawn = handwriting.draw(500, seed=5, style="mild", **fixed)
    return 100 * train.evaluate(network, drawn.images, drawn.labels)

scores = [read_drawn(fixed) for fixed in train.progress_bar(kinds.values())]
*others, small, smaller = scores
claim("half as large, drawn with the same pen, it reads so many of 100", small, below=60,
      answer="half as large, same pen")
claim("the worst of the five others", min(others), above=65)
claim("points of the loss that go back to the pen", smaller - small, above=8)
show.table(["500 drawn digits", "correct, %"], [*map(list, zip(kinds, scores))])

# %% [markdown]
# Half as large, and half of them are gone; in part because a pen that stays as it is closes their loops. It has seen no small digits: MNIST's fill a box of 20 pixels, and so do ours. One remedy is **augmentation**: change the training images as the world may change them. Here each is made smaller, by a factor between a half and one. Everything else stays: as many images (5,000 of yours, so that both start lower than the shipped network), as many steps, four seeds each.

# %%
def shrink(images):                                   # (N, 28, 28), each by a factor of its own
    factor = 0.5 + 0.5 * torch.rand(len(images), 1, 1)
    # for each pixel of the new image the place in the old one where its ink comes from
    places = F.affine_grid(torch.eye(2, 3) / factor, (len(images), 1, 28, 28), align_corners=False)
    return F.grid_sample(images[:, None].float(), places, align_corners=False)[:, 0].round().byte()

def read_after_training(pile, seed):
    torch.manual_seed(seed)
    model = models.course_cnn()
    train.fit(model, pile, recipe=train.Recipe(), seed=seed, progress=False)
    return [100 * train.evaluate(model, drawn.images, drawn.labels) for drawn in tests]

sizes = (10, 12, 14, 17, 20)
tests = [handwriting.draw(500, seed=5, style="mild", **fixed)
         for fixed in [*({"size": size} for size in sizes), {"turn": 0.785}]]
guess("Trained on shrunk digits, how does it read those that are turned?",
      ["better, too", "no better"])

# %%
runs = {"plain": [], "shrunk": []}
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
# The bands go from the lowest of the four seeds to the highest. One weakness mended, on one side only: turned digits are read no better, here even worse, and digits of the usual size a little worse: probably because the same number of images had to teach more. Augmentation teaches what you show, and you have to think of it.

# %% [markdown] tags=["slide"]
# ## "I am 92 % certain"
#
# The network has ten answers, and none of them is "that is no digit". Perhaps its shares give it away: below some *threshold* we would refuse to read. Here are eight letters, written on the nine keys of a calculator (7 8 9 is the upper row, so that an A goes from 1 to 8 to 3), and one image of noise.

# %%
letters = {"A": "183 46", "E": "9713 46", "H": "71 93 46", "K": "71 943", "T": "79 82",
           "X": "73 91", "Y": "75 95 52", "Z": "7913"}
place = {str(key): [0.2 + 0.3 * ((key - 1) % 3), 0.9 - 0.4 * ((key - 1) // 3)]
         for key in range(1, 10)}

def write(keys):                                      # a letter, as the pad hands it on: (28, 28)
    return DrawPad(strokes=[[place[key] for key in stroke] for stroke in keys.split()]).digit

chance = torch.Generator().manual_seed(0)
noise = torch.randint(0, 256, (28, 28), dtype=torch.uint8, generator=chance)
nonsense = [*map(write, letters.values()), noise]
sure, said = train.predict(network, torch.stack(nonsense)).softmax(dim=1).max(dim=1)
on_digits = train.predict(network, digits.test_images[:1_000]).softmax(dim=1).max(dim=1).values
claim("the share that it gives to a 4, shown an A", sure[0] * (said[0] == 4), above=0.8)
claim("to refuse all eight letters, so many of 100 digits must be refused, too",
      100 * (on_digits <= sure[:8].max()).float().mean(), above=12)
show.digits(nonsense, [f"{100 * one:.0f} %: {number}" for one, number in zip(sure, said)],
            columns=9)

# %% [markdown]
# A threshold sorts out the doubtful, and that is worth something: most letters fall below most digits. But what it is surest of is not what is a digit. Its shares were trained on digits alone. You can show it nonsense in training, with an eleventh answer; it then knows *that* nonsense. (Below: draw an A yourself, and see what its 4 rests on; and how true such shares are.)

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
def fool(honest, meant, reach=24, steps=10):          # (N, 28, 28) uint8, (N,) -> (N, 28, 28) uint8
    greys = honest.float()
    for _ in range(steps):
        greys.requires_grad_()
        logits = network((greys[:, None] / 255 - data.MEAN) / data.STD)
        [uphill] = torch.autograd.grad(F.cross_entropy(logits, meant), [greys])
        greys = (greys.detach() + reach / steps * uphill.sign()).clamp(0, 255)
    return greys.round().byte()

guess("Of 300 digits changed like that, how many of 100 does it still read?",
      ["about 98", "about 80", "about 50", "fewer than 20"])

# %%
honest, meant = digits.test_images[:300], digits.test_labels[:300]
torch.manual_seed(0)
at_random = (honest + 24 * torch.randn(honest.shape).sign()).clamp(0, 255).round().byte()
fooled = torch.cat([fool(*hundred) for hundred in zip(honest.split(100), meant.split(100))])

def reads(images):
    return 100 * train.evaluate(network, images, meant)

claim("of 100 digits it still reads", reads(fooled), below=20, answer="fewer than 20")
claim("and when each pixel goes up or down by chance, as far", reads(at_random), above=85)
passing = train.predict(network, fooled).softmax(dim=1).amax(dim=1) > 0.9
claim("and so many of 100 fooled digits pass a threshold of 90 %", 100 * passing.float().mean(),
      below=40)
pairs = torch.stack([honest[:5], fooled[:5]], dim=1).flatten(0, 1)
surest, read = train.predict(network, pairs).softmax(dim=1).max(dim=1)
show.digits(pairs, [f"{number}: {100 * one:.0f} %" for one, number in zip(surest, read)])

# %% [markdown]
# The speckle is plain, and you read every one of them: such images are called **adversarial examples** (search for *FGSM*, one step, and *PGD*, several). Chance does little: among all directions in which 784 pixels can move there are a few that count, and the slope names one. A threshold would refuse most of them; somebody who knows it goes on pushing until the share is high. That such directions exist is known for networks of all sizes; training on fooled images makes them rarer, at a price, and no remedy is known that takes them away.

# %% [markdown] tags=["slide"]
# ## Whose handwriting?
#
# Every number of this lesson rests on labels, and on people who wrote. MNIST's digits come from two collections of the American NIST: about half were written by employees of the Census Bureau, half by high-school students (a network taught by the clerks did worse on the students, so the two were mixed). All of them wrote in the United States, around 1990; your 7 may have a bar, your 1 a flag, and nobody asked you. And a label is a person's opinion: at least 15 of the 10,000 test labels are disputed, so that above 99.8 % nobody can say who is right. Our drawn digits avoid none of this: their shapes are those that we thought of. When somebody tells you an accuracy, ask: on whose writing?
#
# *Sources: Zeiler and Fergus (2014), occlusion; Simonyan and others (2013), saliency; Selvaraju and others (2017), Grad-CAM; Adebayo and others (2018), random weights; Szegedy and others (2013), Goodfellow and others (2015), fooling; LeCun, Cortes and Burges, the MNIST page (1998); Yadav and Bottou, "Cold Case: the Lost MNIST Digits" (2019); Northcutt, Athalye and Mueller, "Pervasive Label Errors in Test Sets" (2021).*

# %% [markdown] tags=["slide"]
# ## Your 7, through every layer
#
# You drew it in lesson 00 (or it is ours). It was flattened, convolved, padded, pooled, normalised and classified; here is all of it on one page. White is zero, green is above, purple below.

# %%
given = inside.activations(network, mine.seven()[None])  # what all layers gave, as your hook did
page = show.journey(mine.seven(), given, title="My 7, through every layer")
# show.save(page, "my_7.pdf")    # without the first # it is saved beside this notebook, on A4
page

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("07")

# %% [markdown] tags=["quiz"]
# ## Somebody shows you kernels of a trained network and says: "they have become edge detectors". What do you ask for?
# - [x] The same picture of the network before training
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
# - [ ] That the kernels which look at this place are the most important ones
#   A kernel has no place: it works everywhere.
# - [ ] An error in the network
#   Ink that is needed is no error. An answer that did not mind what is covered would be odd.
# - [x] That the network is less sure with paper in place of these pixels
#   That, and no more. Another filling than paper can give another map.

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
#   It is quick, but that is not why.

# %% [markdown] tags=["quiz"]
# ## A network reads 99 % of the test digits and 50 % of yours. What is the most likely reason?
# - [x] Your digits are not like those it learnt from, in size or pen
#   Draw or measure one factor at a time, and you will find which.
# - [ ] Bad luck: two piles of digits may differ by that much, by chance
#   Chance moves a score by a point or two, in a small pile by more. But where one digit of 100 is misread, not even a pile of ten has five errors by chance.
# - [ ] The test digits were in the training pile
#   That happens, and one checks it. But a factor that training never showed is enough, as you have seen.
# - [ ] You write wrongly
#   It is the network that has to read you.

# %% [markdown] tags=["quiz"]
# ## Every pixel may change by up to 24 of 255 grey levels. By chance, nearly nothing happens; along the slope's sign, the answer is lost. Why?
# - [ ] Chance changes fewer pixels
#   Both may move every pixel, and no further than 24.
# - [ ] The slope finds the pixel on which all depends
#   No single pixel could do it with so small a change. All of them push the same way together.
# - [x] By chance the pushes cancel out; along the slope they add up
#   A small push in each of some hundred places is a large one if they agree.
# - [ ] The network has learnt the test images by heart
#   It has never seen them, and reads them well as long as nobody pushes.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - A hook keeps what any layer gives. With each block digits of a kind lie nearer together: training does that, and untrained layers do not.
# - Occlusion tries it out, saliency and Grad-CAM ask for slopes. A picture of this sort means something only if random weights give another one, and other learnt weights a like one.
# - Known factors find a weakness that single pictures do not. Augmentation mends what you show it, and need not help with anything else.
# - A network names a digit for whatever it sees. How sure it is says little about what it has never met.
# - A push along the slope, which stops nobody from reading, takes nearly every answer away.
#
# **Now you.** Find another weakness (two factors at once?), mend it by an augmentation of your own, and measure what it gains and what it costs, with four seeds.
#
# **Next:** lesson 08 takes all this to your own images, to larger data and machines, and to what came after. Below are sections for those who want to know more. They need the cells above, not each other.

# %% [markdown] tags=["further"]
# ## Further: what its 4 rests on in an A
#
# Here is our A on the pad. Clear it, and draw your own, a dot, a line, a house. What is it surest of?

# %%
DrawPad({"CNN": network},
        strokes=[[place[key] for key in stroke] for stroke in letters["A"].split()])

# %% [markdown]
# And what does it look at in an A? Take ours, and ask occlusion. Then try what it says, and leave that stroke out.

# %%
guess("Where does covering cost the 4 in our A most?", ["at the top", "at the bar", "at the feet"])

# %%
letter = nonsense[0]
its_4 = occlusion(network, letter, 4)
claim("the row, of 28, where it costs most", its_4.flatten().argmax().item() // 28,
      between=(11, 17), answer="at the bar")
no_bar = DrawPad(strokes=[[place[key] for key in "183"]]).digit
shares = train.predict(network, no_bar[None]).softmax(dim=1)[0]
claim("the share of the 4 without the bar", shares[4], below=0.4)
show.maps(letter, its_4, no_bar, titles=["our A", "its 4 rests on", f"read {shares.argmax()}"],
          roles=["in", "out", "in"])

# %% [markdown]
# A 4 is a stroke across others, and so is an A. It is the nearest of ten names.

# %% [markdown] tags=["further"]
# ## Further: all fifteen errors
#
# Would you have read them? Orange: it turns right when one patch is covered. They are errors of the network that comes with the course; the one that you trained in lesson 06 makes errors of its own.

# %%
turns = [(without[int(at)] == truths[at]).any().item() for at in wrong]
show.digits(digits.test_images[wrong], [f"a {truths[at]}, read {answers[at]}" for at in wrong],
            marked=turns, columns=5)

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
# Two thousand digits drawn as wildly as the training images, all factors mixed. Sorted by one factor and cut into four quarters of 500:

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
claim("points between the best and the worst quarter, where they differ most", largest,
      between=(1, 15))
times = max((100 - min(row[1:])) / (100 - max(row[1:])) for row in rows)
claim("the worst quarter errs so many times as often as the best, at most", times,
      between=(1.2, 3.5))

# %% [markdown]
# Within what it has been trained on, a factor costs a few points, at worst about twice the errors: here with the widest pens. Its weakness was outside: a bin that is empty in your data is the one that you cannot see.

# %% [markdown] tags=["further"]
# ## Further: "98 % certain means right 98 times of 100"
#
# You will read that, too. It can be counted: sort the answers by the share that they got, and see how many of each sort are right. How well the two agree is called **calibration**; lesson 06 counted it for the network that you trained. Here it is for this one, and beside the test digits stand tiny ones, of size 8, well under half.

# %%
def right_by_share(images, labels, edges=(0.3, 0.6, 0.8, 0.9)):
    share, answer = train.predict(network, images).softmax(dim=1).max(dim=1)
    sorts = [(share >= low) & (share < high) for low, high in zip(edges, edges[1:])]
    return [(int(sort.sum()), 100 * share[sort].mean().item(),
             100 * (answer == labels)[sort].float().mean().item()) for sort in sorts]

guess("Of 100 digits named with 60 to 80 %, how many are right: test digits, and tiny ones?",
      ["70 and 70", "more than 80, and fewer than 70", "fewer than 60, both"])

# %%
tiny = handwriting.draw(1_500, seed=5, style="mild", size=8)
usual = right_by_share(digits.test_images[:5_000], digits.test_labels[:5_000])
small = right_by_share(tiny.images, tiny.labels)
claim("of 100 test digits at 60 to 80 % so many are right", usual[1][2], above=80,
      answer="more than 80, and fewer than 70")
claim("of 100 tiny ones", small[1][2], below=70)
show.table(["share", "test digits", "says, %", "right, %", "tiny digits", "says, %", "right, %"],
           [[name, *one, *other]
            for name, one, other in zip(("30 to 60 %", "60 to 80 %", "80 to 90 %"), usual, small)])

# %% [markdown]
# On the test digits it is *better* than it says: label smoothing keeps its shares down (lesson 06), and drawn test digits are milder than those it learnt from. On tiny ones it is worse than it says. The same words, "70 %", mean two things, and no rule can turn one share into a true one for both.

# %% [markdown] tags=["further"]
# ## Further: erase what they point at
#
# Four pictures of the same answer, and they do not agree. Which of them points at pixels that the answer needs? Erase the 40 inked pixels that it ranks highest, and see how many answers turn. Two controls take their pixels from the ink by chance: one scattered, as saliency is, and one in a blob, as the maps of occlusion and Grad-CAM are. A whole piece that is missing may be worse than holes, wherever it lay.

# %%
def turned_by_erasing(ranking, image, answer, count=40):
    ranking = torch.where(image > 0, ranking, -1.0e9)     # ink only
    erased = image.flatten().clone()
    erased[ranking.flatten().topk(count).indices] = 0
    return (train.predict(network, erased.view(1, 28, 28)).argmax() != answer).item()

def blob(model, image, digit):                            # first what is nearest to one inked pixel
    inked = (image > 0).nonzero().float()                 # (pixels, 2)
    every = torch.cartesian_prod(torch.arange(28.0), torch.arange(28.0))
    return -torch.cdist(every, inked[torch.randint(len(inked), (1,))]).view(28, 28)

rankings = {**ways, "chance, scattered": lambda model, image, digit: torch.rand(28, 28),
            "chance, a blob": blob}
del rankings["saliency x ink"]
guess("Whose pixels does the answer need most?",
      ["occlusion", "saliency", "Grad-CAM", "chance, a blob"])

# %%
torch.manual_seed(0)
turned = dict.fromkeys(rankings, 0)
for at in train.progress_bar((answers == truths).nonzero()[:40, 0]):
    image, digit = digits.test_images[at], int(answers[at])
    for name, way in rankings.items():
        tries = 5 if "chance" in name else 1
        hits = [turned_by_erasing(way(network, image, digit), image, digit) for _ in range(tries)]
        turned[name] += 2.5 * sum(hits) / tries                   # each of 40 digits is 2.5 of 100

# %%
claim("occlusion is ahead of a blob by chance by so many of 100",
      turned["occlusion"] - turned["chance, a blob"], above=20, answer="occlusion")
claim("saliency is ahead of scattered chance by", turned["saliency"] - turned["chance, scattered"],
      below=20)
show.table(["40 pixels chosen by", "answers that turn, of 100"],
           [[name, count] for name, count in turned.items()])

# %% [markdown]
# Beside scattered pixels Grad-CAM would look good. Is it ahead of a blob by chance, by more than a few digits? Occlusion erased patches to begin with, so this test suits it. That is fair to say, and there is no test that suits none of them: an explanation answers one question, and one has to ask which.

# %% [markdown] tags=["further"]
# ## Further: a map that colours what cannot count
#
# Behind the last convolution comes a pool: 7 rows become 3, and the seventh is dropped (lesson 06). So nothing in the seventh row or column of these maps reaches the answer. Does the picture know that?

# %%
guess("How much of its grey does Grad-CAM put where nothing can count?", ["none", "some"])

# %%
raw = network[:9](data.normalize(digits.test_images[:100])).detach()               # (100, 32, 7, 7)
cut = raw.clone()
cut[:, :, 6], cut[..., 6] = 0, 0                               # the seventh row, the seventh column
cams = torch.stack([grad_cam(network, scan, named)
                    for scan, named in zip(digits.test_images[:100], digits.test_labels)])
claim("the share of the grey that lies there, in %",
      100 * (1 - cams[:, :24, :24].sum() / cams.sum()), above=5, answer="some")
claim("and the most that a logit moves without those numbers",
      (network[9:](raw) - network[9:](cut)).abs().max(), below=1e-5)
show.maps(seven, grad_cam(network, seven, 7), grad_cam(network, seven, 7, layer=7),
          roles=["in", "out", "out"],
          titles=["your 7", "last convolution", "a layer earlier"])

# %% [markdown]
# A map's weight is a mean over all its places, and colours all of them, also those that the answer never gets to see. A layer earlier, in the maps that the last convolution reads, every place reaches the answer; and the picture is another one. Which of the two explains the 7? Ask of any tool which layer it takes, and what comes behind.

# %% [markdown] tags=["further"]
# ## Further: what excites a map
#
# Take one map of the last convolution. Which of 2,000 test digits excite it most, at their strongest place?

# %%
def strongest_of(model):                               # each map at its strongest place: (2000, 32)
    return train.predict(model[:9], digits.test_images[:2_000]).amax(dim=(2, 3))

strongest, unit = strongest_of(network), 5             # try others, up to 31
top = strongest[:, unit].topk(10).indices
show.digits(digits.test_images[top], digits.test_labels[top])

# %%
def of_one_kind(strongest):                                # of the 20 favourites of each map: (32,)
    return torch.stack([digits.test_labels[favourites].bincount().max()
                        for favourites in strongest.topk(20, dim=0).indices.T])

learnt_kinds, chance_kinds = (of_one_kind(each).float().mean()
                              for each in (strongest, strongest_of(untrained[0])))
claim("of a map's 20 favourites so many are of one digit, on average over the maps", learnt_kinds,
      between=(7, 19))
claim("that is more than in an untrained network, by", learnt_kinds - chance_kinds, above=2)

# %% [markdown]
# Often one digit leads, and seldom alone: a map is no digit. The other way round: begin with faint noise, and change the *image* uphill until the map is as excited as it can be (a little shrinking at each step keeps it calm). Others call that *feature visualisation*. On their way the slopes may be blurred, here twice, so that neighbouring pixels go together. Beside it the same for an untrained network.

# %%
def excite(model, unit, blurs, steps=60):
    x = 0.1 * torch.randn(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    for _ in range(steps):
        x.requires_grad_()
        [slopes] = torch.autograd.grad(model[:9](x)[0, unit, 3, 3], [x])
        for _ in range(blurs):
            slopes = F.avg_pool2d(slopes, 3, stride=1, padding=1)
        x = 0.98 * (x.detach() + 0.5 * slopes / slopes.norm())
    return x[0, 0], model[:9](x)[0, unit, 3, 3].item()

pictures = [excite(model, unit, blurs)[0] for blurs in (0, 2) for model in (network, untrained[0])]
most = strongest[:, unit].max().item()
claim("the picture excites the map so many times as much as the best of the digits does",
      excite(network, unit, 0)[1] / most, above=0.5)
claim("and the blurred one", excite(network, unit, 2)[1] / most, above=0.5)
show.maps(*pictures, titles=["trained", "untrained", "trained, blurred", "untrained, blurred"])

# %% [markdown]
# It looks like nothing that anybody has written, and excites the map like a digit or more. Blurred slopes give something like strokes, from the same map: what you allow decides what you see. (Nothing keeps these pictures between paper and ink, either.) So such a picture shows what the map *could* answer to. What it meets in practice are the ten digits above it.

# %% [markdown] tags=["further"]
# ## Further: silence a map
#
# What excites a map is one question; what the network misses without it is another. A hook can answer that, too: if it returns something, that takes the place of what the layer gave. So set one of the 32 last maps to zero, and count for each digit how many are still read.

# %%
before = train.predict(network[:11], digits.test_images[:2_000])   # (2000, 32, 3, 3)
each_digit = F.one_hot(digits.test_labels[:2_000]).float()         # (2000, 10)

def read_without(unit):                                        # of 100 of each digit so many: (10,)
    def silence(layer, inputs, output):
        changed = output.clone()
        changed[:, unit] = 0
        return changed

    handle = network[11].register_forward_hook(silence)
    correct = network[11:](before).argmax(dim=1) == digits.test_labels[:2_000]
    handle.remove()
    return 100 * correct.float() @ each_digit / each_digit.sum(dim=0)

guess("Half of the 32 maps are silenced, chosen by chance. Of 100 digits it still reads ...",
      ["about 10", "about 50", "more than 70"])

# %%
torch.manual_seed(0)
halves = torch.stack([read_without(torch.randperm(32)[:16]).mean() for _ in range(10)])
claim("without half of the maps, on average over ten halves", halves.mean(), above=70,
      answer="more than 70")

# %% [markdown]
# So one map more or less hardly matters? Silence one at a time. A map's *favourite* is the digit on which its mean is largest.

# %%
lost = read_without([]) - torch.stack([read_without(unit) for unit in range(32)])   # (32, 10)
liked = network[11](before).mean(dim=(2, 3)).T @ each_digit / each_digit.sum(dim=0)   # (32, 10)
favourite = liked.argmax(dim=1, keepdim=True)
own = lost.gather(1, favourite)[:, 0]
nine = (lost.sum(dim=1) - own) / 9
claim("without one map its favourite digit loses so many points more than the other nine",
      (own - nine).mean(), above=0)
show.table(["map", "its favourite", "which loses, points", "the others, mean"],
           [[unit, int(favourite[unit]), own[unit].item(), nine[unit].item()]
            for unit in own.topk(5).indices.tolist()])

# %% [markdown]
# The table shows the five maps that are missed most. Their favourite suffers first, and little: the other maps make up for the one that is missing. "This map reads the sixes" says too much of nearly all of them.

# %% [markdown] tags=["further"]
# ## Further: ten neighbours
#
# "Digits of a kind lie nearer to each other" can be seen. For a test digit, take the ten nearest of 1,000 training images: once pixel by pixel, once by the numbers of the last maps.

# %%
def ten_nearest(known, asked):                                # (1000, ...), (200, ...) -> (200, 10)
    return torch.cdist(asked.flatten(1), known.flatten(1)).topk(10, largest=False).indices

known, asked = digits.train_images[:1_000], digits.test_images[:200]
near = {"pixels": ten_nearest(known.float(), asked.float())}
for source, asking in {"last maps": network, "untrained last maps": untrained[0]}.items():
    near[source] = ten_nearest(train.predict(asking[:12], known), train.predict(asking[:12], asked))
same = {source: (digits.train_labels[found] == digits.test_labels[:200, None]).float().sum(dim=1)
        for source, found in near.items()}
claim("of ten neighbours by the last maps so many more are of the same digit",
      (same["last maps"] - same["pixels"]).mean(), above=1.5)
claim("by untrained last maps", (same["untrained last maps"] - same["pixels"]).mean(), below=1)

# %%
odd = (same["last maps"] - same["pixels"]).argmax()               # the digit where they differ most
shown = torch.cat([near["pixels"][odd], near["last maps"][odd]])
print(f"The nearest to test digit {odd}, a {digits.test_labels[odd]}:",
      "by pixels above, by the last maps below.")
show.digits(known[shown], digits.train_labels[shown],
            marked=(digits.train_labels[shown] != digits.test_labels[odd]).tolist())

# %% [markdown] tags=["further"]
# ## Further: the last layer as pictures
#
# The linear layer weighs 288 numbers for each digit: 32 maps of 3 x 3. Sum up for one digit, place by place, what its weights made of an image's maps: nine sums, which with the bias are the logit. Below are the four digits with the largest logits. Green places speak for the digit, purple ones against it, and a place is about a third of the image wide. Where does the first win over the second?

# %%
linear, tested = network[13], digits.test_images[:1]
last_maps = inside.activations(network, tested)[11][1][0]                   # (32, 3, 3)
votes = (linear.weight.view(10, 32, 3, 3) * last_maps).sum(dim=1).detach()  # (10, 3, 3)
sums = votes.sum(dim=(1, 2)) + linear.bias.detach()
claim("nine sums and a bias are the logit; the largest difference",
      (sums - train.predict(network, tested)[0]).abs().max(), below=1e-3)
first = sums.topk(4).indices                                               # the four largest logits
show.maps(tested[0] / 255 * votes.abs().max(), *votes[first], roles=["in"] + ["out"] * 4,
          same_scale=True, titles=["digit", *(f"{kind}: {sums[kind]:.1f}" for kind in first)])

# %% [markdown] tags=["further"]
# ## Further: your 7, moved about
#
# Move your 7 by up to six pixels each way, 169 places in all: what share does the network give to a 7 at each? The middle of the map is where you drew it, and darker is surer. What leaves the sheet is lost. How far may you go, and is it as far on all sides? (For any digit, not for yours alone, lesson 01 has measured how far it may be moved.)

# %%
moves = range(-6, 7)
sheet = F.pad(mine.seven(), (6, 6, 6, 6))                           # (40, 40), with paper all round
moved = torch.stack([sheet[6 - down : 34 - down, 6 - across : 34 - across]
                     for down in moves for across in moves])
shares = train.predict(network, moved).softmax(dim=1)[:, 7].view(13, 13)
show.maps(mine.seven(), shares, titles=["your 7", "share of the 7"], roles=["in", "out"])
