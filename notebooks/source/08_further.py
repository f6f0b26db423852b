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
# - train the network of lesson 06 on other images than digits, in colour, and on a folder of your own photos,
# - start from a network that has learnt something else, when you have few images,
# - say what a shortcut does for a deep network,
# - share the work among several processes, and say when the result is the same.
#
# **You need** lesson 06, and a little of 04 and 05. **Time:** 45 minutes; with the exercises and the further sections, two hours. What begins with *Further* is folded: open what you like.
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
# So that everybody has a photo, the next cell fakes one: a digit is laid on yellowish paper, large and anywhere, in dark ink, under a lamp that lights one side more than the other. How it is drawn you need not follow; look at the picture.

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
show.maps(mine.seven(), my_photo.permute(1, 2, 0) / 255, titles=["the 7", "the photo"],
          roles=["in", "in"])

# %% [markdown]
# The network wants 28 x 28 numbers. So take the mean of the three colours, make the photo small, and ask.

# %%
guess("200 photos made grey and small. How many of 100 does the network read?",
      ["about 10", "about 50", "about 90"])

# %%
network = weights.shipped()

def read(pictures):
    """Count what the network reads, in %: (N, 28, 28) from 0 to 1 -> number."""
    return 100 * train.evaluate(network, (255 * pictures).round().to(torch.uint8), truths)

def shrink(pictures):
    """Make pictures small, each new pixel a mean of old ones: (N, 120, 120) -> (N, 28, 28)."""
    small = F.interpolate(pictures[:, None], size=28, mode="bilinear", antialias=True)
    return small[:, 0].clamp(0, 1)

grey = photos.mean(dim=1, dtype=torch.float) / 255                            # (200, 120, 120)
claim("of 100 photos the network reads, where guessing reads 10", read(shrink(grey)), below=20,
      answer="about 10")

# %% [markdown] tags=["slide"]
# ## One repair at a time
#
# Nothing is wrong with the network. It has never seen such a thing. In its digits ink is 255 and paper exactly 0 (in a photo the ink is the *small* number); they are 20 pixels large and have their centre of mass at index 14. We repair one thing after the other, and measure after each.
#
# **Ink is the large number.** One minus the grey level. **Paper is 0.** The paper around a stroke is the brightest of its neighbourhood; a max pooling with a large window finds it. What share of that light is missing, is ink. Less than 20 % missing is noise, and the darkest stroke becomes 1.

# %%
def find_ink(grey):
    """Say where ink is: grey levels (N, H, W) -> (N, H, W), paper 0, the darkest stroke 1."""
    # paper is the brightest within 15 pixels: up and down, and then across
    paper = F.max_pool2d(grey[:, None], (31, 1), stride=1, padding=(15, 0))
    paper = F.max_pool2d(paper, (1, 31), stride=1, padding=(0, 15))[:, 0]
    ink = (1 - grey / paper.clamp(min=0.01) - 0.2).clamp(min=0)
    darkest = ink.amax(dim=(1, 2), keepdim=True)
    if not (darkest > 0).all():
        raise ValueError("no ink found; write with a dark felt pen, and go nearer")
    return ink / darkest

inverted, ink = 1 - grey, find_ink(grey)                                      # both (200, 120, 120)

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
#
# (Once your `crop` is correct, write `part = crop(ink)` in the place of the first two lines of `fit`. All that follows then runs on your function.)

# %%
def fit(ink, size):
    """Cut out, scale the longer side to `size`, lay in the middle: (H, W) -> (28, 28)."""
    rows, columns = [(ink > 0).any(dim=side).nonzero().flatten() for side in (1, 0)]
    part = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = [max(1, round(size * side / max(part.shape))) for side in part.shape]
    part = F.interpolate(part[None, None], (height, width), mode="bilinear", antialias=True)[0, 0]
    top, left = (28 - height) // 2, (28 - width) // 2
    part = part / part.max()                                         # thin strokes have turned grey
    return F.pad(part, (left, 28 - width - left, top, 28 - height - top))

def centre(picture):
    """Move the centre of mass to index 14: (28, 28) -> (28, 28)."""
    at = torch.arange(28)
    row, column = [(picture.sum(dim=side) * at).sum() / picture.sum() for side in (1, 0)]
    down, right = round(14 - row.item()), round(14 - column.item())
    return F.pad(picture, (right, -right, down, -down))

guess("Which repair helps most?",
      ["ink above paper", "paper to 0", "cutting out and scaling", "the centre of mass"])

# %%
steps = {"grey, made small": shrink(grey), "ink above paper": shrink(inverted),
         "paper to 0": shrink(ink),
         "cut out, scaled to 28 pixels": torch.stack([fit(one, 28) for one in ink]),
         "cut out, scaled to 20 pixels": torch.stack([fit(one, 20) for one in ink]),
         "centre of mass at 14": torch.stack([centre(fit(one, 20)) for one in ink])}
score = {name: read(pictures) for name, pictures in steps.items()}
gain = score["cut out, scaled to 28 pixels"] - score["paper to 0"]
claim("points that cutting out and scaling bring, after what came before", gain, above=40,
      answer="cutting out and scaling")
claim("of 100 photos it now reads", score["centre of mass at 14"], above=93)
show.table(["after this repair", "% of 200 photos read"],
           [[name, number] for name, number in score.items()])

# %% [markdown]
# Ink above paper hardly helps, and clean paper less than cutting out; yet without them there would be nothing to cut out. (The last step moves a few photos of 200: too few to tell.)
#
# Here is the first of the photos on its way. As everywhere here, a large number is drawn dark. So the first picture looks turned over: its paper has the large numbers.

# %%
show.maps(*[pictures[0] for pictures in steps.values()], roles=["in"] * 6,
          titles=["grey", "ink above", "paper 0", "28 pixels", "20 pixels", "centre"])

# %% [markdown]
# **A network knows what it was trained on. Bring what you have into that form, or train on what you have.**
#
# ### And yours?
#
# All repairs in one function, and a function that reads a photo from a file.

# %%
import numpy as np
from PIL import Image, ImageOps

def repair(photo):
    """Bring a photo into the form that the network knows: (3, H, W) uint8 -> (28, 28) uint8."""
    grey = photo.mean(dim=0, dtype=torch.float)[None] / 255                    # (1, H, W)
    return (255 * centre(fit(find_ink(grey)[0], 20))).round().to(torch.uint8)

def open_photo(path, size):
    """Read a photo from a file and take the square in its middle: -> (3, size, size) uint8."""
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")   # turned as the phone noted
    return torch.from_numpy(np.array(ImageOps.fit(photo, (size, size)))).permute(2, 0, 1)

# %% [markdown]
# Put a photo of a handwritten 7 beside this notebook, named `my_photo.jpg` (or `my_photo.png`; a phone that saves HEIC can be told to share it as JPEG), and run the next cell again; until then it takes the fake. Write it large with a felt pen, a third to half of the picture high, and let the photo show nothing but paper: the edge of a table counts as ink. 120 pixels are few; a thin ball-pen line in a photo of a whole page vanishes.

# %%
from pathlib import Path

for path in Path().glob("my_photo.*"):
    my_photo = open_photo(path, size=120)
raw = (255 * shrink(my_photo.mean(dim=0, dtype=torch.float)[None] / 255)).round().to(torch.uint8)
both = torch.cat([raw, repair(my_photo)[None]])                      # (2, 28, 28): before and after
show.probabilities(both, train.predict(network, both).softmax(dim=1), torch.tensor([7, 7]))

# %% [markdown]
# Before the repairs and after them. Was it read? If not, the second picture shows you what the network got. A cast shadow with a hard edge, squared paper or a second digit in the picture will break our repairs, and so will a 7 unlike those that it was trained on.

# %% [markdown] tags=["slide"]
# ## Other things than digits
#
# A convolution does not know what an image shows. It needs a tensor `(N, C, H, W)`. Here are signs, drawn in a few lines: 32 x 32 pixels in colour, a circle, a square, a triangle or a cross. The ground has the colours of the sign, with red, green and blue changed round; so the *mean* of red, green and blue is the same in both. We built it so: here everything is in the colour, which is rare in photos. (How they are drawn you need not follow; look at the picture.)

# %%
def draw_signs(count, seed):
    """Draw signs of four shapes: -> (N, 3, 32, 32) uint8 and (N,) int64."""
    chance = torch.Generator().manual_seed(seed)
    labels, at = torch.randint(4, (count,), generator=chance), torch.arange(32.0)
    size = 6 + 5 * torch.rand(count, 1, 1, generator=chance)
    middle_x, middle_y = 11 + 10 * torch.rand(2, count, 1, 1, generator=chance)
    x = ((at - middle_x) / size).expand(-1, 32, -1)                      # (N, 32, 32)
    y = ((at[:, None] - middle_y) / size).expand(-1, -1, 32)
    near, far = torch.minimum(x.abs(), y.abs()), torch.maximum(x.abs(), y.abs())
    circle, square, triangle = x**2 + y**2 < 1, far < 0.9, (y < 0.8) & (y > 2 * x.abs() - 1)
    shapes = torch.stack([circle, square, triangle, (near < 0.3) & (far < 1)])
    paint = torch.rand(count, 3, 1, 1, generator=chance)
    images = torch.where(shapes[labels, torch.arange(count)][:, None], paint, paint.roll(1, dims=1))
    images += 0.1 * torch.randn(count, 3, 32, 32, generator=chance)      # in place: memory is short
    return images.clamp_(0, 1).mul_(255).to(torch.uint8), labels

kinds = ["circle", "square", "triangle", "cross"]
signs = data.Digits(*draw_signs(1_500, seed=0), *draw_signs(300, seed=1), source="signs")
show.maps(*[image.permute(1, 2, 0) / 255 for image in signs.train_images[:6]],
          titles=[kinds[label] for label in signs.train_labels[:6]], roles=["in"] * 6)

# %% [markdown]
# In the network of lesson 06 three numbers must be changed: the channels that come in, the classes that go out, the size of the image. What happens if one of them is wrong?

# %%
wrong = {
    "channels left at 1": models.course_cnn(1, 4, image_size=32),
    "size left at 28": models.course_cnn(3, 4),
    "too few classes": models.course_cnn(3, 3, image_size=32),
}
for name, model in wrong.items():
    try:
        train.fit(model, signs, progress=False)
    except ValueError as error:
        print(f"{name}: {error}\n")

# %% [markdown]
# Read them from the end: *what it needs* and *what it got*. The second: 512 numbers come (32 maps of 4 x 4), and 288 were expected (32 maps of 3 x 3). The third: three outputs, but labels up to 3 need four.
#
# Forget the classes altogether, and ten outputs stay: no error, only six that never are right. And images of 28 to 31 pixels pass with the default size, because each is halved to 3. Two other mistakes raise the first message, too: images stored as `(N, H, W, C)`, which `permute(0, 3, 1, 2)` puts right, and a model built for colour that is given grey images.
#
# Now train: with colour, and, with nothing else changed, with grey images.

# %%
guess("Grey images of the same signs. Of 100, how many does the network read?",
      ["about 25", "about 50", "nearly as many as in colour"])

# %%
from dataclasses import replace

def in_grey(images):
    """Take the mean of red, green and blue: (N, 3, H, W) -> (N, H, W) uint8."""
    return images.mean(dim=1, dtype=torch.float).to(torch.uint8)

grey_signs = replace(signs, train_images=in_grey(signs.train_images),
                     test_images=in_grey(signs.test_images))
read_signs = {}
for name, images, channels in [("colour", signs, 3), ("grey", grey_signs, 1)]:
    torch.manual_seed(0)
    model = models.course_cnn(channels, classes=4, image_size=32)
    train.fit(model, images, recipe=train.Recipe(epochs=3, batch_size=50))
    read_signs[name] = 100 * train.evaluate(model, images.test_images, images.test_labels)
claim("in grey it reads hardly more than a guess among four, in %", read_signs["grey"], below=35,
      answer="about 25")
claim("in colour it reads, in %", read_signs["colour"], above=60)

# %% [markdown]
# Make grey with 0.3, 0.6 and 0.1 (lesson 02) instead of the mean: `(images * torch.tensor([0.3, 0.6, 0.1]).view(3, 1, 1)).sum(dim=1)`. What does it read now, and why?
#
# For real images take a data set of torchvision; this needs a network connection, once. These are small clothes in grey, and small photos in colour:
#
# ```python
# from torchvision import datasets
# parts = [datasets.FashionMNIST("data", train=first, download=True) for first in (True, False)]
# clothes = data.Digits(parts[0].data, parts[0].targets, parts[1].data, parts[1].targets, "clothes")
#
# parts = [datasets.CIFAR10("data", train=first, download=True) for first in (True, False)]
# images = [torch.from_numpy(part.data).permute(0, 3, 1, 2) for part in parts]   # (N, 3, H, W)
# labels = [torch.tensor(part.targets) for part in parts]                        # a list -> (N,)
# photos_10 = data.Digits(images[0], labels[0], images[1], labels[1], "CIFAR-10")
#
# model = models.course_cnn()         # for the small photos: models.course_cnn(3, 10, image_size=32)
# train.fit(model, clothes)
# print(train.evaluate(model, clothes.test_images, clothes.test_labels))
# ```
#
# (A section below reads a folder of your own photos.)
#
# `data.normalize` takes off MNIST's mean and deviation, whatever the images. The batch norm behind the first convolution evens most of that out (lesson 05). To have those of your own images, put a batch norm in front, which measures them: `nn.Sequential(nn.BatchNorm2d(3), *models.course_cnn(3, 4, image_size=32))`. Train each of the two on the signs with three seeds. Does the accuracy move by more than its spread?

# %% [markdown] tags=["slide"]
# ## Few images
#
# Suppose that you have five images of each class, and no more. Our teacher is a network trained on 5,000 images of the digits 0 to 4. The new task is 5 to 9, with 25 images in all. It has seen none of these; but it has seen strokes.

# %%
import copy
from statistics import mean, stdev

low = digits.train_labels[:10_000] < 5
old_task = replace(digits, train_images=digits.train_images[:10_000][low],
                   train_labels=digits.train_labels[:10_000][low])
torch.manual_seed(0)
teacher = models.course_cnn(classes=5)
train.fit(teacher, old_task)
new = digits.test_labels[:2_000] >= 5                                      # 5 to 9 become 0 to 4
new_images, new_labels = digits.test_images[:2_000][new], digits.test_labels[:2_000][new] - 5

# %% [markdown]
# Three starts: random numbers everywhere; the teacher's convolutions, *frozen*, with a new last layer that learns alone; the same, and everything may go on learning (*fine-tuning*). All get the same images and the same recipe; a second random start gets four times as many steps.

# %%
def few(seed):
    """Choose five images of each digit from 5 to 9: 25 images, labels from 0 to 4."""
    order = 10_000 + torch.randperm(10_000, generator=torch.Generator().manual_seed(seed))
    chosen = torch.cat([order[digits.train_labels[order] == digit][:5] for digit in range(5, 10)])
    return replace(digits, train_images=digits.train_images[chosen],
                   train_labels=digits.train_labels[chosen] - 5)

def start(kind):
    if kind == "random":
        return models.course_cnn(classes=5)
    model = copy.deepcopy(teacher)
    model[-1] = nn.Linear(288, 5)
    if kind == "frozen":
        for parameter in model[:-1].parameters():
            parameter.requires_grad = False                                # no slope, no step
    return model

learnt = {("random", 30): [], ("random", 120): [], ("frozen", 30): [], ("fine-tuned", 30): []}
guess("25 images of new digits. Knowing other digits, compared with random numbers, ...",
      ["harms", "makes no difference", "helps"])

# %%
for seed in train.progress_bar(range(8)):
    for (kind, steps_made), scores in learnt.items():
        torch.manual_seed(seed)
        recipe = train.Recipe(epochs=steps_made, batch_size=25, learning_rate=0.003)
        train.fit(model := start(kind), few(seed), recipe=recipe, seed=seed, progress=False)
        scores.append(round(100 * train.evaluate(model, new_images, new_labels), 1))
claim("points that fine-tuning is ahead of a random start, on average",
      mean(learnt["fine-tuned", 30]) - mean(learnt["random", 30]), above=0, answer="helps")
claim("and ahead of four times the steps",
      mean(learnt["fine-tuned", 30]) - mean(learnt["random", 120]), above=0)
show.table(["start", "steps", "eight draws of 25 images, % read", "mean", "spread"],
           [[*key, scores, mean(scores), stdev(scores)] for key, scores in learnt.items()])

# %% [markdown]
# That is **transfer learning** from a *pre-trained* network: most of what the convolutions know is about strokes, not about which digit. The random start was not merely slow: with four times the steps it comes a little further, and not as far. It lacks images, not time. Whether freezing or fine-tuning wins? Compare their gap with the spread before you say. (Frozen are the weights; the batch norm layers go on measuring.) For photos one takes a teacher that has seen a million of them: `torchvision.models` has many.

# %% [markdown] tags=["slide"]
# ## Deeper
#
# Would more layers read more? Here is a network of 4 convolutions between the first and the last layer, and one of 30. Batch norm stands behind each of them, so nothing falls silent (lesson 05). Beside them the same networks with **shortcuts**: every two convolutions their input is added to their output. They have only to learn what must be *changed*. (`Shortcut` is a layer of our own: `__init__` keeps what it needs, `forward` says what it does.)

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

guess("1,000 images, seen three times. Thirty plain layers, compared with four, ...",
      ["read more", "read about as much", "read far less"])

# %%
small = replace(digits, train_images=digits.train_images[:1_000],
                train_labels=digits.train_labels[:1_000])
depth = {(2, False): [], (2, True): [], (15, False): [], (15, True): []}
for pairs, shortcuts in train.progress_bar(depth):
    for seed in range(2):
        torch.manual_seed(seed)
        model = deep(pairs, shortcuts)
        history = train.fit(model, small, recipe=train.Recipe(epochs=3, batch_size=50), seed=seed,
                            progress=False)
        share = train.evaluate(model, digits.test_images[:1_000], digits.test_labels[:1_000])
        depth[pairs, shortcuts].append((round(100 * share, 1), round(mean(history.loss[-10:]), 2)))

# %%
points = {key: mean(score for score, _ in runs) for key, runs in depth.items()}
claim("points that the thirty plain layers are behind the four",
      points[2, False] - points[15, False], above=20, answer="read far less")
claim("points that shortcuts give the thirty", points[15, True] - points[15, False], above=20)
claim("points that the thirty with shortcuts are still behind the four",
      points[2, False] - points[15, True], above=0)
show.table(["convolutions", "shortcuts", "% read, two seeds",
            "loss on the training images at the end"], [
    [2 * pairs, "yes" if shortcuts else "no", [score for score, _ in runs],
     [loss for _, loss in runs]]
    for (pairs, shortcuts), runs in depth.items()])

# %% [markdown]
# Look at the last column. The deep plain network is not over-fitted: it does badly on the *training* images. It could do all that the small one does, if 26 of its layers learnt to hand on what they get; and it does not find that out in this time. With a shortcut, what comes in is handed on in any case; the layers only add to it, at first something random. (With shortcuts the deep one learns, but stays behind the small one: sixty steps are few for it, and small digits hardly need it.)
#
# ### What came after
#
# | network | what was new | where to read |
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
# **A GPU.** A model and the images that it gets must be on the same device: `model.to("cuda")`, `images.to("cuda")`. `train.fit` moves both, to an NVIDIA GPU if there is one (to Apple's only with `device="mps"`); `train.predict` goes where the model is. If you call `model(images)` yourself after that, move the images. (A section below measures what a GPU gains, where there is one.)
#
# **Several processes.** Each has the whole network and takes its share of each batch. Then they average their slopes, and all make the same step. Is that the step of the whole batch?

# %%
def slopes(net, which):
    """The slopes of the first layer's weights, for some of the digits."""
    net.zero_grad()
    F.cross_entropy(net(data.normalize(digits.train_images[which]).double()),
                    digits.train_labels[which]).backward()
    return next(net.parameters()).grad.clone()

def difference(net):
    """How far the mean of two halves is from the slopes of the whole batch of 64."""
    halves = (slopes(net, slice(0, 32)) + slopes(net, slice(32, 64))) / 2
    whole = slopes(net, slice(0, 64))
    return ((whole - halves).norm() / whole.norm()).item()

claim("without batch norm the mean of the halves is the slope of the whole; relative difference",
      difference(models.mlp(784, 32, 10).double()), below=1e-9)
claim("with batch norm it is not, because each half has a mean and a spread of its own",
      difference(models.course_cnn().double()), above=1e-3)

# %% [markdown]
# The loss of a batch is a mean over its images, and the mean of two means of 32 is the mean of 64. `batch_size` in our recipes is for each process: two processes make steps of twice as many images, half as often. With batch norm the shares are no longer independent of how they were cut, and it works all the same.
#
# `torchrun --standalone --nproc-per-node=2 -m course_utils.train` trains the network of lesson 06 like that. A section below runs it.

# %% [markdown] tags=["slide"]
# ## What carried over
#
# Your own figures, in one table.

# %%
show.table(["the network of lesson 06 and ...", "before", "after", "what was changed"], [
    ["photos on paper, % read", score["grey, made small"], score["centre of mass at 14"],
     "the images"],
    ["signs, % read", read_signs["grey"], read_signs["colour"], "three channels for one"],
    ["25 images of new digits, % read", mean(learnt["random", 30]), mean(learnt["fine-tuned", 30]),
     "the start"],
    ["4 convolutions, % read", points[2, False], points[2, True], "shortcuts"],
    ["30 convolutions, % read", points[15, False], points[15, True], "shortcuts"],
])

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Six questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("08")

# %% [markdown] tags=["quiz"]
# ## A network reads 99 % of MNIST and 10 % of your photos. What do you do first?
# - [ ] Train it longer on MNIST
#   It would read 99.1 % of MNIST. Your photos are nothing like those images.
# - [ ] Take a deeper network
#   Depth does not make paper 0 or a digit 20 pixels large. What is wrong is in front of the network.
# - [ ] Conclude that it has over-fitted, and train it less
#   It reads test images that it has never seen. It is the kind of image that is new.
# - [x] Look at a photo as the network gets it
#   Beside a training image you see at once what differs: ink, paper, size, place.

# %% [markdown] tags=["quiz"]
# ## "expected input[2, 32, 32, 3] to have 3 channels, but got 32 channels instead". What happened?
# - [x] The images lie in memory as (N, H, W, C)
#   Files and NumPy keep the colours of a pixel together. `permute(0, 3, 1, 2)` brings the channels to index 1.
# - [ ] The model was built for 32 channels
#   The model expects 3, says the message. It counts channels at index 1, and finds 32 there.
# - [ ] The images are too small for three poolings
#   32 can be halved three times. The message is about channels, and comes from the first layer.

# %% [markdown] tags=["quiz"]
# ## In a pre-trained network you set `requires_grad = False` for every layer but the last. What still changes while you train?
# - [ ] Nothing but the last layer's weights and bias
#   Nearly. In training mode batch norm goes on collecting its running mean and variance, which are no parameters.
# - [x] The last layer, and the running statistics of batch norm
#   Those are buffers, not parameters. In a loop of your own, evaluation mode for these layers would hold them; `train.fit` puts all layers in training mode.
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
# - [x] `batch_size=128`: four times 32 make one step
#   The mean over four means of 32 is the mean over 128. That is a quarter of the steps of a run with 32, and may want a larger learning rate.

# %% [markdown] tags=["quiz"]
# ## Two processes share each batch and average their slopes. For which networks is that the step of the whole batch, but for rounding?
# - [ ] For all: the loss is a mean over the images
#   It is. But with batch norm an image's own loss depends on those beside it, and they are others in a half.
# - [x] For those in which no layer mixes the images of a batch
#   Then each image has a loss of its own, and the mean of two means of 32 is the mean of 64.
# - [ ] For none, since each process sees other images
#   The whole batch holds both halves, and its slope is the mean of theirs, unless a layer mixes images.
# - [ ] For those that begin with other random numbers in each process
#   Those would be two networks, and the mean of their slopes fits neither. `train.fit` gives all the weights of one.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - A network knows the kind of image it was trained on. Bring yours into that form, one measured repair at a time.
# - Channels, classes, size: three numbers, and the network of lesson 06 learns other things than digits.
# - With few images, begin with what another network has learnt.
# - Thirty plain layers learnt little in sixty steps; with shortcuts the same thirty learnt.
# - The mean of the shares' slopes is the slope of the whole batch where no layer mixes the images of a batch; with batch norm it is only near.

# %% [markdown] tags=["slide"]
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
    """Two convolutions, one shortcut: (N, C, H, W), (K, C, 3, 3), (C, K, 3, 3) -> (N, C, H, W)."""
    ...                                   # your code

check.residual_block(residual_block)

# %% [markdown] tags=["hint"]
# The way without the shortcut first: `F.conv2d(x, first, padding=1)`, a ReLU, then the second convolution.

# %% [markdown] tags=["hint"]
# Add before the last ReLU: `F.relu(x + way)`. What does the block do if all its weights are zero and nothing in `x` is negative?

# %% tags=["solution"]
def residual_block(x, first, second):
    """Two convolutions, one shortcut: (N, C, H, W), (K, C, 3, 3), (C, K, 3, 3) -> (N, C, H, W)."""
    between = F.relu(F.conv2d(x, first, padding=1))       # (N, K, H, W)
    way = F.conv2d(between, second, padding=1)            # (N, C, H, W)
    return F.relu(x + way)

check.residual_block(residual_block)

# %% [markdown]
# A block whose weights are zero hands on what it gets, if nothing in that is negative. So a deeper network *need not* be worse: a block with nothing to add can add nothing. Training has to find that; above, in sixty steps, it had not. (Where the size changes, ResNet's shortcut is a 1 x 1 convolution with stride 2.)

# %%
x, nothing = torch.rand(1, 16, 7, 7), torch.zeros(16, 16, 3, 3)
out = F.relu(x + F.conv2d(F.relu(F.conv2d(x, nothing, padding=1)), nothing, padding=1))
claim("with weights of zero the block changes nothing; the largest difference is",
      (out - x).abs().max(), equals=0.0)

# %% [markdown] tags=["further"]
# ## Further: one channel at a time
#
# A convolution of 3 x 3 from 32 to 64 channels mixes places and channels at once. MobileNet does one after the other: a kernel for each channel alone (`groups=32`), then a 1 x 1 convolution that mixes the channels.

# %%
guess("From 32 to 64 channels. Taken apart, how many weights are left?",
      ["half", "about an eighth", "about a hundredth"])

# %%
together = nn.Conv2d(32, 64, 3, padding=1, bias=False)
apart = nn.Sequential(nn.Conv2d(32, 32, 3, padding=1, groups=32, bias=False),
                      nn.Conv2d(32, 64, 1, bias=False))
x = torch.randn(2, 32, 14, 14)
left = models.count_parameters(apart) / models.count_parameters(together)
claim("the share of the weights that is left", left, between=(0.12, 0.13), answer="about an eighth")
claim("both give maps of the same shape", tuple(apart(x).shape), equals=tuple(together(x).shape))

# %% [markdown]
# It cannot do all that the other does: for each input channel all 64 outputs share one 3 x 3 kernel, each with a factor of its own.

# %% [markdown] tags=["further"]
# ## Further: a folder of your own photos
#
# Leaves of three trees, or cups and glasses: what you need is a folder with one folder for each class, and photos in them. So that everybody has one, the next cell makes it, of 600 signs.

# %%
import tempfile

made = Path(tempfile.mkdtemp())
for at, (image, label) in enumerate(zip(signs.train_images[:600], signs.train_labels[:600])):
    place = made / kinds[label]
    place.mkdir(exist_ok=True)
    Image.fromarray(image.permute(1, 2, 0).numpy()).save(place / f"{at}.jpg")

# %% [markdown]
# In `my_images/oak/1.jpg` the folder that a photo lies in, `oak`, is its class. A fifth of the photos is kept apart to test on.

# %%
folder = made                                                   # or yours: Path("my_images")
files = sorted(one for one in folder.glob("*/*") if one.suffix.lower() in (".jpg", ".jpeg", ".png"))
classes = sorted({file.parent.name for file in files})
images = torch.stack([open_photo(file, 32) for file in files])                 # (N, 3, 32, 32)
labels = torch.tensor([classes.index(file.parent.name) for file in files])     # (N,)
torch.manual_seed(0)
test, rest = torch.randperm(len(files)).tensor_split([len(files) // 5])
own = data.Digits(images[rest], labels[rest], images[test], labels[test], source="own")
model = models.course_cnn(3, len(classes), image_size=32)
train.fit(model, own, recipe=train.Recipe(epochs=20, batch_size=25))
reads = 100 * train.evaluate(model, own.test_images, own.test_labels)
claim("of 100 photos that it has not seen it reads", reads, above=60)

# %% [markdown]
# Photos differ from each other far more than our signs do. With less than a few hundred of each class, begin with a network that others have trained (this needs a network connection, once):
#
# ```python
# from torchvision.models import ResNet18_Weights, resnet18
#
# kind = ResNet18_Weights.DEFAULT                                  # from 1.3 million photos; 45 MB
# net, ready = resnet18(weights=kind), kind.transforms()           # ready: makes photos like those
# net.requires_grad_(False)                                        # frozen ...
# net.fc = nn.Linear(net.fc.in_features, len(classes))             # ... but for a new last layer
# net.eval()                                                       # batch norm keeps its statistics
# large = torch.stack([open_photo(file, 256) for file in files])   # 256 pixels, not 32
# optimizer = torch.optim.Adam(net.fc.parameters(), lr=0.001)
# for epoch in range(10):
#     for batch in rest[torch.randperm(len(rest))].split(25):
#         loss = F.cross_entropy(net(ready(large[batch])), labels[batch])
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
# with torch.no_grad():
#     answers = net(ready(large[test])).argmax(dim=1)
# print((answers == labels[test]).float().mean())
# ```
#
# The loop is your own (lesson 06), because `train.fit` normalises as for MNIST. Without a GPU it takes some minutes for some hundred photos. A rule to begin with: few images, like the teacher's: freeze. Many: fine-tune, with a smaller learning rate. Unlike the teacher's: expect less, and measure.

# %% [markdown] tags=["further"]
# ## Further: is a GPU faster?
#
# Where PyTorch finds one, this cell trains on 20,000 digits on the processor and on the GPU; elsewhere it says so, and nothing is measured. The first step on a GPU is slow, because it has to be set up; so each run is preceded by a short one.

# %%
rows = []
some = replace(digits, train_images=digits.train_images[:20_000],
               train_labels=digits.train_labels[:20_000])
for device in ["cpu", "cuda"] if torch.cuda.is_available() else []:
    train.fit(models.course_cnn(), small, device=device, progress=False)
    rows.append([device, train.fit(models.course_cnn(), some, device=device).seconds])
show.table(["device", "seconds"], rows) if rows else print("No GPU here that PyTorch can use.")

# %% [markdown]
# A network of 17,000 numbers on images of 784 pixels hardly fills a GPU. Where you have one, give the network ten times the channels, and measure again.

# %% [markdown] tags=["further"]
# ## Further: two processes at work
#
# `torchrun` starts a program several times and tells each process its number, its *rank*. The program is the same, and so is `train.fit`. Ours trains on 4,096 digits; each process then says how many steps it made, what its weights add up to (without their signs), and what it reads.

# %%
program = r"""
import os
from course_utils import data, models, train
digits, model = data.load(), models.course_cnn()
few = data.Digits(digits.train_images[:4096], digits.train_labels[:4096],
                  digits.test_images[:1000], digits.test_labels[:1000], "few")
history = train.fit(model, few, progress=False)
total = sum(weights.double().abs().sum().item() for weights in model.parameters())
reads = 100 * train.evaluate(model, few.test_images, few.test_labels)
said = f"{len(history.loss)} steps, weights {total:.10f}, reads {reads:.1f} %"
print(f"rank {os.environ['RANK']}: {said}\n", end="")   # in one piece
"""

# %% [markdown]
# No seed is set, so each process makes other first numbers; `fit` begins by giving those of rank 0 to all. The next cell is plumbing: it writes the program into a file, and does what you would type into a terminal. (It takes ten seconds to half a minute, because each process loads PyTorch for itself.)

# %%
import os
import subprocess
import sys
import tempfile
import course_utils

def torchrun(program, processes):
    """Run a program in several processes, and hand on its lines as they come."""
    path = Path(tempfile.mkdtemp()) / "program.py"
    path.write_text(program)
    words = [sys.executable, "-m", "torch.distributed.run", "--standalone",
             f"--nproc-per-node={processes}", str(path)]
    where = os.environ | {"PYTHONPATH": str(Path(course_utils.__file__).parents[1])}
    with subprocess.Popen(words, env=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as running:
        yield from (line.rstrip() for line in running.stdout)

# %%
guess("4,096 digits, 32 batches of 128, two processes. How many steps? The same network in both?",
      ["32, the same", "16, the same", "16, two different ones"])

# %%
lines = list(train.progress_bar(torchrun(program, processes=2)))
said = sorted(line for line in lines if line.startswith("rank"))
print("\n".join(said or lines))
first, second = [line.split(": ")[1] for line in said] if len(said) == 2 else ("", "nothing")
claim("the steps that each took", first.split()[:1], equals=["16"], answer="16, the same")
claim("rank 1 says of its weights, to ten places, what rank 0 says", second, equals=first)

# %% [markdown]
# If one process dies, `torchrun` ends the others, and says which one it was and how it died. On one laptop two processes win little, because PyTorch uses all cores anyway; with a GPU for each, or several machines, this is how large networks are trained. (Only process 0 prints and saves in `python -m course_utils.train`. Running statistics of batch norm are those of process 0: each measured its own share.)
