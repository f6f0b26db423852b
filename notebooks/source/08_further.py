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
# # 8. Further
#
# You have a network that reads 98 of 100 digits. Now write a 7 on a sheet of paper, take a photo of it, and show it to the network. It will most likely fail, although the hand is the same.
#
# What of all that you have learnt carries over: to your own images, to other things than digits, to few images, to deeper networks, to larger machines?
#
# **You will be able to**
# - bring a photo into the form that a network knows, and say which step did how much,
# - train the network of lesson 06 on colour images of your own,
# - start from a network that has learnt something else, when you have few images,
# - say what a shortcut does for a deep network,
# - share the work among several processes, and know why the result is the same.
#
# **You need** lesson 06, and a little of 04 and 05. **Time:** 30 minutes; with the exercises and the further sections, an hour and a half. What begins with *Further* is folded: open what you like.
#
# Run each cell with Shift+Enter, from the top down; what stands below a cell before you run it is from an earlier run. The stop button ends what takes too long.

# %%
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, mine, models, show, train, weights
from course_utils.lesson import check, claim, guess, quiz

digits = data.load()

# %% [markdown] tags=["slide"]
# ## Your 7 on paper
#
# So that everybody has a photo, the next cell fakes one: a digit is laid on yellowish paper, large and anywhere, in dark ink, under a lamp that lights one side more than the other.

# %%
def photograph(digit, draw):
    """Fake a photo of a digit on paper: (28, 28) uint8 -> (3, 120, 120) uint8."""
    size = int(torch.randint(36, 64, (1,), generator=draw))
    top, left = torch.randint(0, 120 - size, (2,), generator=draw).tolist()
    ink = torch.zeros(120, 120)
    large = F.interpolate(digit[None, None] / 255, size=size, mode="bilinear")
    ink[top : top + size, left : left + size] = large[0, 0]
    right, down = (0.4 * torch.rand(2, generator=draw) - 0.2).tolist()
    slope = torch.linspace(-0.5, 0.5, 120)
    light = 0.7 + right * slope + down * slope[:, None]                    # brighter on one side
    grey = light * (1 - 0.75 * ink) + 0.01 * torch.randn(120, 120, generator=draw)
    colour = grey * torch.tensor([1.0, 0.97, 0.88]).view(3, 1, 1)          # red, green, blue
    return (255 * colour).clamp(0, 255).to(torch.uint8)

# %% [markdown]
# Your 7 (or ours), as the network knows it and as a photo; and 200 test digits, photographed in the same way.

# %%
draw = torch.Generator().manual_seed(0)
my_photo = photograph(mine.seven(), draw)                                  # (3, 120, 120)
photos = torch.stack([photograph(digit, draw) for digit in digits.test_images[:200]])
truths = digits.test_labels[:200]
show.maps(mine.seven(), my_photo.permute(1, 2, 0) / 255, titles=["the 7", "the photo"], roles=["in", "in"])

# %% [markdown]
# To use a photo of your own, put the file beside this notebook and write:
#
# ```python
# import numpy as np
# from PIL import Image, ImageOps
# picture = ImageOps.exif_transpose(Image.open("my_photo.jpg")).convert("RGB")   # a phone notes how it was held
# picture = ImageOps.fit(picture, (120, 120))                                    # cut to a square, made small
# my_photo = torch.from_numpy(np.array(picture)).permute(2, 0, 1)                # (H, W, 3) -> (3, H, W)
# ```
#
# The network wants 28 x 28 numbers. So take the mean of the three colours, make the photo small, and ask.

# %%
guess("200 photos made grey and small. How many of 100 does the network read?", ["about 10", "about 50", "about 90"])

# %%
network = weights.shipped()

def read(pictures):
    """Count what the network reads, in %: (N, 28, 28) from 0 to 1 -> number."""
    return 100 * train.evaluate(network, (255 * pictures).round().to(torch.uint8), truths)

def shrink(pictures):
    """Make pictures small, each new pixel a mean of old ones: (N, 120, 120) -> (N, 28, 28)."""
    return F.interpolate(pictures[:, None], size=28, mode="bilinear", antialias=True)[:, 0].clamp(0, 1)

grey = photos.mean(dim=1, dtype=torch.float) / 255                            # (200, 120, 120)
claim("of 100 photos the network reads no more than guessing would", read(shrink(grey)), below=20, answer="about 10")

# %% [markdown] tags=["slide"]
# ## One repair at a time
#
# Nothing is wrong with the network. It has never seen such a thing: its digits are light on black, their paper is exactly 0, they are 20 pixels large and have their centre of mass at index 14. We repair one thing after the other, and measure after each.
#
# **Ink is light.** One minus the grey level. **Paper is 0.** The paper around a stroke is the brightest of its neighbourhood; a max pooling with a large window finds it. What share of that light is missing, is ink. Less than 20 % missing is noise, and the darkest stroke becomes 1.

# %%
inverted = 1 - grey
paper = F.max_pool2d(grey[:, None], (31, 1), stride=1, padding=(15, 0))    # the brightest within 15 pixels: up and down,
paper = F.max_pool2d(paper, (1, 31), stride=1, padding=(0, 15))[:, 0]      # and then across
ink = (1 - grey / paper - 0.2).clamp(min=0)
ink = ink / ink.amax(dim=(1, 2), keepdim=True)                             # (200, 120, 120), from 0 to 1

# %% [markdown]
# ### Your turn: cut out the digit (7 minutes, medium)
#
# Now the digit stands on a large empty sheet. Cut away the empty rows above and below it, and the empty columns on its left and right. What is empty *within* the digit stays.
#
# `crop(ink)`: shape `(H, W)` goes in; the smallest part with all the numbers above 0 comes out, `(rows, columns)`. There is always some ink. For example
#
# ```
#  0 0 0 0
#  0 5 0 7          5 0 7
#  0 0 0 0    ->    0 0 0
#  0 0 8 0          0 8 0
# ```

# %% tags=["exercise"]
def crop(ink):
    """Cut away the empty border: (H, W) -> (rows, columns)."""
    ...                                   # your code

check.crop(crop)

# %% [markdown] tags=["hint"]
# Which rows hold ink? `(ink > 0).any(dim=1)` says yes or no for each row, and `.nonzero().flatten()` gives the indices of the yes. You need the first and the last of them.

# %% [markdown] tags=["hint"]
# With `rows = (ink > 0).any(dim=1).nonzero().flatten()` the part begins at `rows[0]` and the last row that belongs to it is `rows[-1]`. A slice ends *before* its second number.

# %% [markdown] tags=["hint"]
# The same for columns, with `dim=0`. Then `ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]`.

# %% tags=["solution"]
def crop(ink):
    """Cut away the empty border: (H, W) -> (rows, columns)."""
    rows = (ink > 0).any(dim=1).nonzero().flatten()
    columns = (ink > 0).any(dim=0).nonzero().flatten()
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]

check.crop(crop)

# %% [markdown]
# **Size and place.** Below, what is cut out is scaled until its longer side has the wanted size, and laid in the middle of a 28 x 28 sheet. `centre` then moves it by whole pixels until the centre of mass is at index 14 (a negative padding cuts off).

# %%
def fit(ink, size):
    """Cut out, scale the longer side to `size`, lay in the middle: (H, W) -> (28, 28)."""
    rows, columns = [(ink > 0).any(dim=side).nonzero().flatten() for side in (1, 0)]
    part = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = [max(1, round(size * side / max(part.shape))) for side in part.shape]
    part = F.interpolate(part[None, None], size=(height, width), mode="bilinear", antialias=True)[0, 0]
    top, left = (28 - height) // 2, (28 - width) // 2
    return F.pad(part.clamp(0, 1), (left, 28 - width - left, top, 28 - height - top))

def centre(picture):
    """Move the centre of mass to index 14: (28, 28) -> (28, 28)."""
    at = torch.arange(28)
    row, column = [(picture.sum(dim=side) * at).sum() / picture.sum() for side in (1, 0)]
    down, right = round(14 - row.item()), round(14 - column.item())
    return F.pad(picture, (right, -right, down, -down))

guess("Which repair helps most?", ["light ink", "paper to 0", "cutting out", "the centre of mass"])

# %%
steps = {
    "grey, made small": shrink(grey), "light ink": shrink(inverted), "paper to 0": shrink(ink),
    "cut out, scaled to 28 pixels": torch.stack([fit(one, 28) for one in ink]),
    "cut out, scaled to 20 pixels": torch.stack([fit(one, 20) for one in ink]),
    "centre of mass at 14": torch.stack([centre(fit(one, 20)) for one in ink]),
}
score = {name: read(pictures) for name, pictures in steps.items()}
gain = score["cut out, scaled to 28 pixels"] - score["paper to 0"]
claim("points that cutting out brings, after what came before", gain, above=40, answer="cutting out")
claim("of 100 photos it now reads", score["centre of mass at 14"], above=93)
show.table(["after this repair", "% of 200 photos read"], [[name, number] for name, number in score.items()])

# %% [markdown]
# Light ink alone brings nothing, and clean paper little; yet without them nothing could be cut out. Here is the first of the photos on its way.

# %%
show.maps(*[pictures[0] for pictures in steps.values()], titles=["grey", "light", "paper 0", "28 pixels", "20 pixels", "centre"], roles=["in"] * 6)

# %% [markdown]
# **A network knows what it was trained on. Bring what you have into that form, or train on what you have.** A cast shadow with a hard edge, squared paper or a second digit in the picture will break our repairs.

# %% [markdown] tags=["slide"]
# ## Other things than digits
#
# A convolution does not know what an image shows. It needs a tensor `(N, C, H, W)`. Here are signs, drawn in a few lines: 32 x 32 pixels in colour, a circle, a square, a triangle or a cross. The ground has the colours of the sign, with red, green and blue changed round; so both are equally bright.

# %%
def draw_signs(count, seed):
    """Draw signs of four shapes: -> (N, 3, 32, 32) uint8 and (N,) int64."""
    chance = torch.Generator().manual_seed(seed)
    labels = torch.randint(4, (count,), generator=chance)
    at, size = torch.arange(32.0), 6 + 5 * torch.rand(count, 1, 1, generator=chance)
    middle_x, middle_y = 11 + 10 * torch.rand(2, count, 1, 1, generator=chance)
    x, y = ((at - middle_x) / size).expand(-1, 32, -1), ((at[:, None] - middle_y) / size).expand(-1, -1, 32)
    near, far = torch.minimum(x.abs(), y.abs()), torch.maximum(x.abs(), y.abs())
    shapes = torch.stack([x**2 + y**2 < 1, far < 0.9, (y < 0.8) & (y > 2 * x.abs() - 1), (near < 0.3) & (far < 1)])
    inside = shapes[labels, torch.arange(count)][:, None]                  # (N, 1, 32, 32)
    paint = torch.rand(count, 3, 1, 1, generator=chance)
    images = torch.where(inside, paint, paint.roll(1, dims=1)) + 0.1 * torch.randn(count, 3, 32, 32, generator=chance)
    return (255 * images.clamp(0, 1)).to(torch.uint8), labels

signs = data.Digits(*draw_signs(1_500, seed=0), *draw_signs(300, seed=1), source="signs")

# %%
seen = [image.permute(1, 2, 0) / 255 for image in signs.train_images[:6]]
names = [["circle", "square", "triangle", "cross"][label] for label in signs.train_labels[:6]]
show.maps(*seen, titles=names, roles=["in"] * 6)

# %% [markdown]
# In the network of lesson 06 three numbers must be changed: the channels that come in, the classes that go out, the size of the image. What happens if one of them is forgotten?

# %%
forgotten = {"channels": models.course_cnn(1, 4, image_size=32), "size": models.course_cnn(3, 4), "classes": models.course_cnn(3, 3, image_size=32)}
for name, model in forgotten.items():
    try:
        train.fit(model, signs, progress=False)
    except ValueError as error:
        print(f"{name}: {error}\n")

# %% [markdown]
# Read them from the end: *what it needs* and *what it got*. Two other mistakes raise the first message, too: images stored as `(N, H, W, C)`, which `permute(0, 3, 1, 2)` puts right, and a model built for colour that is given grey images.
#
# Now train: with colour, and, with nothing else changed, with grey images.

# %%
guess("Grey images of the same signs. Of 100, how many does the network read?", ["about 25", "about 50", "nearly as many as in colour"])

# %%
from dataclasses import replace

in_grey = [images.mean(dim=1, dtype=torch.float).to(torch.uint8) for images in (signs.train_images, signs.test_images)]
grey_signs, read_signs = replace(signs, train_images=in_grey[0], test_images=in_grey[1]), {}
for name, images, channels in [("colour", signs, 3), ("grey", grey_signs, 1)]:
    torch.manual_seed(0)
    model = models.course_cnn(channels, classes=4, image_size=32)
    train.fit(model, images, recipe=train.Recipe(epochs=3, batch_size=50))
    read_signs[name] = 100 * train.evaluate(model, images.test_images, images.test_labels)
claim("in grey it reads hardly more than a guess among four, in %", read_signs["grey"], below=45, answer="about 25")
claim("in colour it reads, in %", read_signs["colour"], above=60)

# %% [markdown]
# For real images take a data set of torchvision; this needs a network connection, once. These are small clothes in grey, and small photos in colour:
#
# ```python
# from torchvision import datasets
# parts = [datasets.FashionMNIST("data", train=train_part, download=True) for train_part in (True, False)]
# clothes = data.Digits(parts[0].data, parts[0].targets, parts[1].data, parts[1].targets, source="clothes")
#
# parts = [datasets.CIFAR10("data", train=train_part, download=True) for train_part in (True, False)]
# images = [torch.from_numpy(part.data).permute(0, 3, 1, 2) for part in parts]     # (N, H, W, 3) -> (N, 3, H, W)
# labels = [torch.tensor(part.targets) for part in parts]                          # a list -> (N,)
# photos_10 = data.Digits(images[0], labels[0], images[1], labels[1], source="CIFAR-10")
# ```
#
# `data.normalize` takes off MNIST's mean and deviation, whatever the images. The batch norm behind the first convolution evens that out (lesson 05). To have those of your own images, put `nn.BatchNorm2d(3)` in front of the network: it measures them. Does the accuracy on the signs move by more than its spread?

# %% [markdown] tags=["slide"]
# ## Few images
#
# Suppose that you have five images of each class, and no more. Our teacher is a network trained on 5,000 images of the digits 0 to 4. The new task is 5 to 9, with 25 images in all. It has seen none of these; but it has seen strokes.

# %%
import copy

low = digits.train_labels[:10_000] < 5
old_task = replace(digits, train_images=digits.train_images[:10_000][low], train_labels=digits.train_labels[:10_000][low])
torch.manual_seed(0)
teacher = models.course_cnn(classes=5)
train.fit(teacher, old_task)
new = digits.test_labels[:2_000] >= 5                                      # 5 to 9 become 0 to 4
new_images, new_labels = digits.test_images[:2_000][new], digits.test_labels[:2_000][new] - 5

# %% [markdown]
# Three starts: random numbers everywhere; the teacher's convolutions, *frozen*, with a new last layer that learns alone; the same, and everything may go on learning (*fine-tuning*). All get the same images and the same recipe.

# %%
def few(seed):
    """Choose five images of each digit from 5 to 9: 25 images, labels from 0 to 4."""
    order = 10_000 + torch.randperm(10_000, generator=torch.Generator().manual_seed(seed))
    chosen = torch.cat([order[digits.train_labels[order] == digit][:5] for digit in range(5, 10)])
    return replace(digits, train_images=digits.train_images[chosen], train_labels=digits.train_labels[chosen] - 5)

def start(kind):
    if kind == "random":
        return models.course_cnn(classes=5)
    model = copy.deepcopy(teacher)
    model[-1] = nn.Linear(288, 5)
    if kind == "frozen":
        for parameter in model[:-1].parameters():
            parameter.requires_grad = False                                # no slope, no step
    return model

# %%
guess("25 images of new digits. Knowing other digits, compared with random numbers, ...", ["harms", "makes no difference", "helps"])

# %%
from statistics import mean, stdev
thirty_steps = train.Recipe(epochs=30, batch_size=25, learning_rate=0.003)
learnt = {"random": [], "frozen": [], "fine-tuned": []}
for seed in train.progress_bar(range(6)):
    for kind, scores in learnt.items():
        torch.manual_seed(seed)
        model = start(kind)
        train.fit(model, few(seed), recipe=thirty_steps, seed=seed, progress=False)
        scores.append(round(100 * train.evaluate(model, new_images, new_labels), 1))
claim("points that fine-tuning is ahead of a random start, on average", mean(learnt["fine-tuned"]) - mean(learnt["random"]), above=0, answer="helps")
show.table(["start", "six draws of 25 images, % read", "mean", "spread"],
           [[kind, scores, mean(scores), stdev(scores)] for kind, scores in learnt.items()])

# %% [markdown]
# That is **transfer learning**: most of what the convolutions know is about strokes, not about which digit. Whether freezing or fine-tuning wins? Compare their gap with the spread before you say. (Frozen are the weights; the batch norm layers go on measuring.) For photos one takes a teacher that has seen a million of them: `torchvision.models` has many.

# %% [markdown] tags=["slide"]
# ## Deeper
#
# Would more layers read more? Here is a network of 4 convolutions between the first and the last layer, and one of 30. Batch norm stands behind each of them, so nothing falls silent (lesson 05). Beside them the same networks with **shortcuts**: every two convolutions their input is added to their output. They have only to learn what must be *changed*.

# %%
class Shortcut(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.way = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.way(x)                                             # (N, C, H, W), as x

def deep(pairs, shortcuts):
    layers = [nn.Conv2d(1, 16, 4, stride=4), nn.BatchNorm2d(16), nn.ReLU()]   # (N, 16, 7, 7)
    for _ in range(pairs):
        two = [nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
               nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)]
        layers += [Shortcut(*two) if shortcuts else nn.Sequential(*two), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 49, 10))

guess("1,000 images, seen twice. Thirty plain layers, compared with four, ...", ["read more", "read about as much", "read far less"])

# %%
small = replace(digits, train_images=digits.train_images[:1_000], train_labels=digits.train_labels[:1_000])
depth = {(2, False): [], (2, True): [], (15, False): [], (15, True): []}
for pairs, shortcuts in train.progress_bar(depth):
    for seed in range(2):
        torch.manual_seed(seed)
        model = deep(pairs, shortcuts)
        history = train.fit(model, small, recipe=train.Recipe(epochs=2, batch_size=50), seed=seed, progress=False)
        share = train.evaluate(model, digits.test_images[:1_000], digits.test_labels[:1_000])
        depth[pairs, shortcuts].append((round(100 * share, 1), round(mean(history.loss[-10:]), 2)))

# %%
points = {key: mean(score for score, _ in runs) for key, runs in depth.items()}
claim("points that the thirty plain layers are behind the four", points[2, False] - points[15, False], above=20, answer="read far less")
claim("points that shortcuts give the thirty", points[15, True] - points[15, False], above=20)
show.table(["convolutions", "shortcuts", "% read, two seeds", "loss on the training images at the end"], [
    [2 * pairs, "yes" if shortcuts else "no", [score for score, _ in runs], [loss for _, loss in runs]]
    for (pairs, shortcuts), runs in depth.items()])

# %% [markdown]
# Look at the last column. The deep plain network is not over-fitted: it does badly on the *training* images. It could do all that the small one does, if 26 of its layers learnt to hand on what they get; and it does not find that out in this time. With a shortcut, handing on is what a layer does to begin with. (The deep one does not beat the small one, either: for small digits four are enough.)
#
# ### What came after
#
# | | what was new | where to read |
# |---|---|---|
# | LeNet-5 | convolution, pooling, linear layers, learnt as one, for digits on cheques | LeCun, Bottou, Bengio, Haffner: *Gradient-Based Learning Applied to Document Recognition*, 1998 |
# | AlexNet | the same, larger, with ReLU and dropout, on two GPUs, for a million photos | Krizhevsky, Sutskever, Hinton: *ImageNet Classification with Deep Convolutional Neural Networks*, 2012 |
# | Network in Network | 1 x 1 convolutions, global average pooling (lessons 02 and 04) | Lin, Chen, Yan: *Network In Network*, 2013 |
# | VGG | nothing but 3 x 3 kernels, up to 19 layers with weights | Simonyan, Zisserman: *Very Deep Convolutional Networks for Large-Scale Image Recognition*, 2014 |
# | U-Net | down to small maps and up again, with shortcuts across: a class for each pixel | Ronneberger, Fischer, Brox: *U-Net: Convolutional Networks for Biomedical Image Segmentation*, 2015 |
# | ResNet | the shortcut that you have measured, up to 152 layers | He, Zhang, Ren, Sun: *Deep Residual Learning for Image Recognition*, 2015 |
# | MobileNet | a kernel for each channel alone, then a 1 x 1 convolution: far fewer products | Howard and others: *MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications*, 2017 |
# | Vision transformer | no sliding: the image is cut into patches, and each asks all the others | Dosovitskiy and others: *An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale*, 2020 |
# | ConvNeXt | a convolutional network again, with what the transformers had taught | Liu and others: *A ConvNet for the 2020s*, 2022 |

# %% [markdown] tags=["slide"]
# ## More machine
#
# **A GPU.** A model and the images that it gets must be on the same device: `model.to("cuda")`, `images.to("cuda")`. `train.fit` and `train.predict` do that; without `device=` they take a GPU if there is one, and nothing in your code changes. (A section below measures it, where there is one.)
#
# **Several processes.** Each has the whole network and takes its share of each batch. Then they average their slopes, and all make the same step. Is that the step of the whole batch?

# %%
def slopes(net, which):
    """The slopes of the first layer's weights, for some of the digits."""
    net.zero_grad()
    F.cross_entropy(net(data.normalize(digits.train_images[which]).double()), digits.train_labels[which]).backward()
    return next(net.parameters()).grad.clone()

def difference(net):
    """How far the mean of two halves is from the slopes of the whole batch of 64."""
    halves = (slopes(net, slice(0, 32)) + slopes(net, slice(32, 64))) / 2
    whole = slopes(net, slice(0, 64))
    return ((whole - halves).norm() / whole.norm()).item()

claim("without batch norm the mean of the halves is the slope of the whole batch; relative difference", difference(models.mlp(784, 32, 10).double()), below=1e-9)
claim("with batch norm it is not, because each half has a mean and a spread of its own", difference(models.course_cnn().double()), above=1e-3)

# %% [markdown]
# The loss of a batch is a mean over its images, and the mean of two means of 32 is the mean of 64.  `batch_size` in our recipes is for each process: two processes make steps of twice as many images, half as often. With batch norm the shares are no longer independent of how they were cut, and it works all the same.
#
# `torchrun --standalone --nproc-per-node=2 -m course_utils.train` trains the network of lesson 06 like that. A section below runs it.

# %% [markdown] tags=["slide"]
# ## What carried over
#
# Your own figures, in one table.

# %%
show.table(["the network of lesson 06 and ...", "before", "after", "what was changed"], [
    ["photos on paper, % read", score["grey, made small"], score["centre of mass at 14"], "the images"],
    ["signs, % read", read_signs["grey"], read_signs["colour"], "three channels for one"],
    ["25 images of new digits, % read", mean(learnt["random"]), mean(learnt["fine-tuned"]), "the start"],
    ["30 convolutions, % read", points[15, False], points[15, True], "shortcuts"],
])

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Five questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("08")

# %% [markdown] tags=["quiz"]
# ## A network reads 99 % of MNIST and 10 % of your photos. What do you do first?
# - [ ] Train it longer on MNIST
#   It would read 99.1 % of MNIST. Your photos are nothing like those images.
# - [x] Look at a photo in the very form in which the network gets it
#   Beside a training image you see at once what differs: ink, paper, size, place.
# - [ ] Take a deeper network
#   Depth does not turn dark ink into light. What is wrong is in front of the network.
# - [ ] Conclude that it has over-fitted
#   It reads test images that it has never seen. It is the kind of image that is new.

# %% [markdown] tags=["quiz"]
# ## "expected input[2, 32, 32, 3] to have 3 channels, but got 32 channels instead". What happened?
# - [ ] The model was built for 32 channels
#   The model expects 3, says the message. It counts channels at index 1, and finds 32 there.
# - [x] The images lie in memory as (N, H, W, C)
#   Files and NumPy keep the colours of a pixel together. `permute(0, 3, 1, 2)` brings the channels to index 1.
# - [ ] The images are too small for three poolings
#   32 can be halved three times. The message is about channels, and comes from the first layer.

# %% [markdown] tags=["quiz"]
# ## In a pre-trained network you set `requires_grad = False` for every layer but the last. What still changes while you train?
# - [ ] Nothing but the last layer's weights and bias
#   Nearly. In training mode batch norm goes on collecting its running mean and variance, which are no parameters.
# - [x] The last layer, and the running statistics of batch norm
#   Those are buffers, not parameters. Putting these layers in evaluation mode would hold them, too.
# - [ ] All layers, but more slowly
#   Without a slope no step is made at all.

# %% [markdown] tags=["quiz"]
# ## Thirty plain layers had a high loss on their own training images. What does that rule out?
# - [x] Over-fitting
#   Who has learnt the training images by heart has a low loss on them. This network could not be trained in the time it had.
# - [ ] That more training would help
#   It might. A high loss after a short training says nothing about a long one.
# - [ ] That thirty layers can do what four can
#   They can: twenty-six would only have to hand on what they get. They did not find it.
# - [ ] A learning rate that is too high
#   It may well be part of it. The networks with shortcuts had the same one.

# %% [markdown] tags=["quiz"]
# ## Four processes with `batch_size=32` each. With which run of a single process does it compare, in the same number of epochs?
# - [ ] `batch_size=32`: each process sees 32
#   Each sees 32, and then they average: the step rests on 128 images.
# - [ ] `batch_size=8`, because the batch is divided by four
#   In some programs the number is for all together. Here, and in most, it is for each process.
# - [x] `batch_size=128`, and a quarter of the steps of one with 32
#   The mean over four means of 32 is the mean over 128. Fewer steps may want a larger learning rate.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - A network knows the kind of image it was trained on. Bring yours into that form, one measured repair at a time.
# - Channels, classes, size: three numbers, and the network of lesson 06 learns other things than digits.
# - With few images, begin with what another network has learnt.
# - Deep plain networks fail on their training images; shortcuts let them hand on what they get.
# - Averaging the slopes of the shares is the slope of the whole batch.
#
# ## What you can do now
#
# You can compute a convolution with a pencil, and you know what padding, stride, pooling and batch norm do to a size and to an accuracy. You have trained a network, looked inside it and fooled it. Above all you have seen how one finds out: guess, change one thing, measure it with several seeds, compare with the spread.
#
# **Next** is yours. Some ways to go on:
# - Photograph thirty of your own digits, read them, and look at each that fails.
# - Train on clothes or small photos, and look for the change that gains most. Keep a validation pile.
# - Read one paper of the table: *Network In Network* and *Deep Residual Learning* are short and clear, and you have measured their main idea.
# - Books: Goodfellow, Bengio, Courville: *Deep Learning*, 2016 (chapter 9 is about convolution); Prince: *Understanding Deep Learning*, 2023. Both can be read on the web without charge.
# - Explain a convolution to somebody, with paper, a pencil and nine numbers. Lesson 02 has the numbers.

# %% [markdown] tags=["further"]
# ## Further: a residual block by hand
#
# ### Your turn: add what came in (7 minutes, medium)
#
# Two convolutions of 3 x 3 with padding 1, a ReLU between them, the input added to what comes out, and a ReLU at the end. Here without batch norm and bias.
#
# `residual_block(x, first, second)`: shapes `(N, C, H, W)`, `(K, C, 3, 3)` and `(C, K, 3, 3)` go in, `(N, C, H, W)` comes out. `F.conv2d` and `F.relu` may help. For example one pixel of 2, and kernels that hold a 1 and a 3 in the middle and else zeros: `relu(2 + 3 * relu(1 * 2))` is 8.

# %% tags=["exercise"]
def residual_block(x, first, second):
    """Two convolutions with a shortcut: (N, C, H, W), (K, C, 3, 3), (C, K, 3, 3) -> (N, C, H, W)."""
    ...                                   # your code

check.residual_block(residual_block)

# %% [markdown] tags=["hint"]
# The way without the shortcut first: `F.conv2d(x, first, padding=1)`, a ReLU, then the second convolution.

# %% [markdown] tags=["hint"]
# Add before the last ReLU: `F.relu(x + way)`. What does the block do if all its weights are zero and nothing in `x` is negative?

# %% tags=["solution"]
def residual_block(x, first, second):
    """Two convolutions with a shortcut: (N, C, H, W), (K, C, 3, 3), (C, K, 3, 3) -> (N, C, H, W)."""
    between = F.relu(F.conv2d(x, first, padding=1))       # (N, K, H, W)
    way = F.conv2d(between, second, padding=1)            # (N, C, H, W)
    return F.relu(x + way)

check.residual_block(residual_block)

# %% [markdown]
# A block whose weights are zero hands on what it gets, if nothing in that is negative. That is why depth does no harm here: who has nothing to add adds nothing.

# %%
x, nothing = torch.rand(1, 16, 7, 7), torch.zeros(16, 16, 3, 3)
out = F.relu(x + F.conv2d(F.relu(F.conv2d(x, nothing, padding=1)), nothing, padding=1))
claim("with weights of zero the block changes nothing; the largest difference is", (out - x).abs().max(), equals=0.0)

# %% [markdown] tags=["further"]
# ## Further: one channel at a time
#
# A convolution of 3 x 3 from 32 to 64 channels mixes places and channels at once. MobileNet does one after the other: a kernel for each channel alone (`groups=32`), then a 1 x 1 convolution that mixes the channels.

# %%
guess("From 32 to 64 channels. Taken apart, how many weights are left?", ["half", "about an eighth", "about a hundredth"])

# %%
together = nn.Conv2d(32, 64, 3, padding=1, bias=False)
apart = nn.Sequential(nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False), nn.Conv2d(32, 64, 1, bias=False))
x = torch.randn(2, 32, 14, 14)
left = models.count_parameters(apart) / models.count_parameters(together)
claim("the share of the weights that is left", left, between=(0.12, 0.13), answer="about an eighth")
claim("both give maps of the same shape", tuple(apart(x).shape), equals=tuple(together(x).shape))

# %% [markdown]
# It cannot do all that the other does: in every channel each output sees the same nine weights, only mixed differently.

# %% [markdown] tags=["further"]
# ## Further: is a GPU faster?
#
# Where PyTorch finds one, this cell trains on 20,000 digits on the processor and on the GPU; elsewhere it says so, and nothing is measured. The first step on a GPU is slow, because it has to be set up; so each run is preceded by a short one.

# %%
rows = []
some = replace(digits, train_images=digits.train_images[:20_000], train_labels=digits.train_labels[:20_000])
for device in ["cpu", "cuda"] if torch.cuda.is_available() else []:
    train.fit(models.course_cnn(), small, device=device, progress=False)
    rows.append([device, train.fit(models.course_cnn(), some, device=device).seconds])
show.table(["device", "seconds"], rows) if rows else print("There is no GPU here that PyTorch can use.")

# %% [markdown]
# A network of 17,000 numbers on images of 784 pixels hardly fills a GPU. Where you have one, give the network ten times the channels, and measure again.

# %% [markdown] tags=["further"]
# ## Further: two processes at work
#
# `torchrun` starts a program several times and tells each process its number, its *rank*. The program is the same, and so is `train.fit`. Ours trains on 4,096 digits; each process then says its last loss and what it reads.

# %%
program = """
import os
from course_utils import data, models, train
digits = data.load()
few = data.Digits(digits.train_images[:4096], digits.train_labels[:4096], digits.test_images[:1000], digits.test_labels[:1000], "few")
model = models.course_cnn()
history = train.fit(model, few, progress=False)
reads = 100 * train.evaluate(model, few.test_images, few.test_labels)
print(f"rank {os.environ['RANK']}: {len(history.loss)} steps, last loss {history.loss[-1]:.6f}, reads {reads:.1f} %")
"""

# %% [markdown]
# No seed is set, so each process makes other first numbers; `fit` begins by giving those of rank 0 to all. The next cell is plumbing: it writes the program into a file, and does what you would type into a terminal.

# %%
import os
import subprocess
import sys
import tempfile
from pathlib import Path
import course_utils

def torchrun(program, processes):
    path = Path(tempfile.mkdtemp()) / "program.py"
    path.write_text(program)
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", str(path)]
    where = os.environ | {"PYTHONPATH": str(Path(course_utils.__file__).parents[1])}
    return subprocess.run(words, env=where, capture_output=True, text=True)

# %%
guess("4,096 digits, 32 batches of 128, on two processes. How many steps, and do both end with the same network?", ["32, the same", "16, the same", "16, two different ones"])

# %%
[ended] = [torchrun(program, processes) for processes in train.progress_bar([2])]
said = sorted(line for line in ended.stdout.splitlines() if line.startswith("rank"))
print("\n".join(said) or ended.stderr[-2_000:])
first, second = [line.split(": ")[1] for line in said] if len(said) == 2 else ("", "nothing")
claim("the steps that each took", first.split()[:1], equals=["16"], answer="16, the same")
claim("rank 1 says of its network what rank 0 says", second, equals=first)

# %% [markdown]
# If one process dies, `torchrun` ends the others, and says which one it was and how it died. On one laptop two processes win little, because PyTorch uses all cores anyway; with a GPU for each, or several machines, this is how large networks are trained. (Only process 0 prints and saves in `python -m course_utils.train`. Running statistics of batch norm are those of process 0: each measured its own share.)
