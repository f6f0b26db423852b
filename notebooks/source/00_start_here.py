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
# # 0. Start here
#
# Below stands a pad. Draw a 7 on it, and a network of 17,018 numbers reads it while you draw. It has never seen your hand. It has never seen anybody's: all that it learnt from are digits drawn by a program.
#
# How can numbers read? **Soon you will have built this.** By lesson 06 you know what each of its layers does, and you have trained one like it yourself.
#
# **You will be able to**
# - run a lesson of this course, and know what its parts are for,
# - see whether everything it needs is there, and mend what is not,
# - keep a digit of your own, which comes along through all lessons,
# - tell where to begin.
#
# **You need** school algebra for the course, and a little Python: functions, loops, lists. For this lesson, nothing; its one small exercise needs a function with `return`. **Time:** 15 minutes.
#
# A grey box with code is a **cell**. Click into the first one and press **Shift+Enter**: it runs, and the next one is selected. Go on like that, from the top down.

# %% tags=["kernel"]
from course_utils import environment

environment.report()

# %% [markdown] tags=["kernel"]
# A row with ✗ names its fix; mend it, and run the cell once more. Two things to know:
#
# - **digits** says whether you have MNIST, 70,000 digits that people wrote, or those drawn by our program. Every lesson works with both.
# - Red lines instead of a table mean that Python cannot find the course. Close the notebook, and open it with `make lab` (the README has the same in plain commands).
#
# One thing Python cannot see from the inside: whether your page can show something to touch. Ask the page.

# %% tags=["kernel"]
from course_utils.widgets import Pulse

Pulse()

# %% [markdown] tags=["slide"]
# ## Draw a 7
#
# The next cell fetches what this lesson uses. Nearly every lesson begins with such a cell. Then comes the pad: draw with the mouse, a pen or a finger, or with the keys.

# %%
from course_utils import data, mine, models, show, train, weights
from course_utils.lesson import check, claim, guess, quiz
from course_utils.widgets import DrawPad

digits = data.load()
network = weights.shipped()

# %%
pad = DrawPad({"CNN": network}, show_maps=True)
pad

# %% [markdown]
# In the middle is what the network sees: 28 x 28 numbers, your drawing fitted into the size that it is used to. The green bars are its answers, one for each digit. Below you see what it makes of your 7 on the way, layer by layer. The first maps still look like a 7; the last ones do not, and yet the answer is read from them.
#
# Now try to fool it. A 7 with a bar, a slanted one, a wavy one? An *A*? It always names a digit, and is often sure of it, even where there is none. (Why, and what to do about it, is a matter for lesson 07.) A tiny 7 in a corner does not fool it: before the network sees your drawing, the pad enlarges and centres it, as the makers of MNIST did with theirs. Choose "as drawn" instead of "as MNIST", and the corner is a corner. What does the network say now? (Lesson 01 asks why.)
#
# Then clear the pad, draw a 7 that looks as you write it, and run the next cell: **it keeps your 7 for the whole course.** It will be flattened, convolved, padded, pooled, normalised and classified. On an empty pad nothing is kept, and the lessons use a 7 of ours until you draw your own. (On Binder and Colab your 7 goes when the session ends; draw it again, or run the lessons on your own machine.)

# %%
if pad.digit.any():
    pad.keep()
show.maps(mine.seven(), titles=["your 7" if pad.digit.any() else "the kept 7, or ours"],
          roles=["in"])

# %% [markdown] tags=["slide"]
# ## How a lesson works
#
# **A guess.** Before an experiment you are asked what will come out. Choose, even if you do not know: who has guessed sees more. Nobody keeps count.

# %%
guess("An image of a digit has 784 pixels. On average, how many of 100 pixels carry some ink?",
      ["about 5", "about 20", "about 50", "about 80"])

# %%
inked = (digits.test_images > 0).float().mean().item()
claim("of 100 pixels, so many carry ink", 100 * inked, between=(10, 30), answer="about 20")

# %% [markdown]
# **A claim.** That was one. Whenever a lesson states a number, the cell has measured it there and then, on your machine, and shows you the sentence, what was measured, and the bound it has to keep. A green bar: it holds. Change the `> 0` above to `> 250`, run the cell again, and see what the claim says then. Nothing breaks, and the lesson goes on.
#
# What stands below a cell before you run it is from an earlier run of ours, on drawn digits. Your numbers will differ a little.
#
# **An exercise.** A function with three dots in it, for you to write. The check beneath it always answers: that nothing was attempted so far, that it is correct, or *not yet*, with what you probably did. Here is a first one.

# %% [markdown]
# ### Your turn: how much ink? (3 minutes, easy)
#
# An image is a grid of numbers, 0 for paper and up to 255 for ink. Such a grid is called a **tensor**, and you can compute with all of it at once: `image > 0` is a grid of yes and no, `.sum()` counts the yes, and `image.numel()` is the number of pixels.
#
# `inked_share(image)`: a tensor of shape `(H, W)` goes in; one number from 0 to 1 comes out, the share of pixels above 0. For example `[[0, 9], [0, 0]]` gives 0.25. (`.item()` takes a number out of a tensor.)

# %% tags=["exercise"]
def inked_share(image):
    """Say which share of the pixels carries ink: (H, W) -> a number from 0 to 1."""
    ...                                   # your code

check.inked_share(inked_share)

# %% [markdown] tags=["hint"]
# Replace the three dots by a line that begins with `return`. First count: `(image > 0).sum()` is how many pixels carry ink.

# %% [markdown] tags=["hint"]
# A share is a count divided by the number of all: divide by `image.numel()`. Then take the number out with `.item()`; mind the parentheses: `(a / b).item()`.

# %% tags=["solution"]
def inked_share(image):
    """Say which share of the pixels carries ink: (H, W) -> a number from 0 to 1."""
    inked = (image > 0).sum()
    return (inked / image.numel()).item()

check.inked_share(inked_share)

# %% [markdown]
# Stuck? `check.inked_share.hint()` in a new cell (Esc, then B, makes one) gives a hint, and another one when you ask again (`hint(1)` shows the first once more). `check.inked_share.solution()` shows one way to do it. When it says "correct", try `inked_share(mine.seven())`: is your 7 fatter than the average digit?

# %% [markdown] tags=["slide"]
# ## Where is what
#
# | you want | do this |
# |---|---|
# | to stop a cell that takes too long | the stop button ■ above; nothing is lost |
# | to begin again, with nothing remembered | menu *Kernel*, *Restart Kernel* |
# | all results at once | menu *Run*, *Run All Cells*; guesses and exercises are passed over |
# | to open what is folded | click the small arrow beside a heading that begins with *Further* |
# | a red `NameError: name '...' is not defined` | Python was started anew, or a cell was skipped: click into the cell, menu *Run*, *Run All Above Selected Cell* |
# | another lesson | double-click it in the list on the left |
# | a lesson with all exercises solved | the folder `solutions` in that list |
# | a lesson as it was before you changed it | `make reset LESSON=00` in a terminal (or `python tools/notebooks.py reset 00`); your version is kept in `mine` |
# | another 7 | draw it above, and run the cell that keeps it |
#
# A last question about the network that read your 7.

# %%
guess("The network learnt from drawn digits. How many of 100 that are new to it does it read?",
      ["about 60", "about 80", "more than 95"])

# %%
share = train.evaluate(network, digits.test_images[:2_000], digits.test_labels[:2_000])
claim("of 100 test digits it reads", 100 * share, above=95, answer="more than 95")
claim("and the numbers that it learnt are", models.count_parameters(network), equals=17_018)

# %% [markdown]
# If your digits are the drawn ones, that was its home ground: other digits, but of the same program. With MNIST it had to read hands that it never met.

# %% [markdown] tags=["slide"]
# ## The nine lessons
#
# | no. | lesson | the question | minutes |
# |---|---|---|---:|
# | 00 | Start here | Is everything there? | 15 |
# | 01 | Why MLPs fail on images | What is lost when an image becomes a row of numbers? | 50 |
# | 02 | Convolution by hand | Which question must a small grid ask to find edges? | 50 |
# | 03 | Padding and stride | Who sees the corner? | 50 |
# | 04 | Pooling | What may be forgotten? | 50 |
# | 05 | Batch normalisation | Why do deep networks fall silent, and what wakes them? | 50 |
# | 06 | The full MNIST CNN | How long does your laptop need to learn ten digits? | 50 |
# | 07 | Inside the network | What does it look at, and how is it fooled? | 50 |
# | 08 | Further | What of all this carries over to your own images? | 45 |
#
# The minutes are for the lesson itself. The exercises and the sections called *Further* come on top; do them when you like. Each lesson stands on its own feet, so that you can begin where you want; they were written to be read in this order.

# %% [markdown] tags=["slide"]
# ## What stays with you
#
# Four questions. Every choice answers when you pick it, the wrong ones too.

# %%
quiz("00")

# %% [markdown] tags=["quiz"]
# ## You changed a number in a cell, and now its claim says that it does not hold. What has happened?
# - [ ] Something broke, and the lesson must be fetched anew
#   Nothing breaks. The claim says what it measured and which bound that missed, and the lesson goes on.
# - [x] You have seen that the sentence depends on this number
#   That is what claims are there for. Change it back, or go on as it is.
# - [ ] Your exercise counts as wrong
#   A claim is about a sentence of the lesson. Exercises have checks, and nobody keeps count of those either.

# %% [markdown] tags=["quiz"]
# ## A row of the first table shows a ✗. What do you do?
# - [ ] Go on, since what matters will show itself sooner or later
#   It will, as an error that is harder to read than that row.
# - [x] What the row says, and then run the cell once more
#   Each such row names its fix. Run again, the table shows whether it helped.
# - [ ] Fetch the whole course anew
#   Mostly one part is missing, and the row says which.

# %% [markdown] tags=["quiz"]
# ## The pad is empty, and you run the cell that keeps your 7. Which 7 do the lessons use?
# - [ ] A blank sheet
#   An empty pad is not kept.
# - [ ] None: a lesson asks you to draw one before it begins
#   No lesson waits for you. There is always a 7 to go on with.
# - [x] The one you kept before, and ours if there was none
#   What was kept stays until you keep another. On Binder and Colab it goes when the session ends.

# %% [markdown] tags=["quiz"]
# ## You know what convolution, padding, pooling and batch norm do, and want to see a network trained. Where do you begin?
# - [ ] With lesson 01, as each lesson needs those before it
#   They were written to be read in this order, but each stands on its own feet. Its beginning says what you need.
# - [ ] With lesson 05
#   It trains a network too, to show what batch norm does. That you know.
# - [x] With lesson 06
#   It asks for what you know, puts it together, and trains it in front of you.
# - [ ] With lesson 07, which has a trained network
#   It looks into one that was trained beforehand. The training is in the lesson before.

# %% [markdown] tags=["slide"]
# ## What you have seen
#
# - Cells run with Shift+Enter; a guess comes first, a claim has been measured, a check always answers.
# - A network with 17,018 numbers reads your 7, and cannot say "that is no digit".
# - Your 7 is kept, and comes along.
#
# **Next:** lesson 01 takes your 7 apart into a row of 784 numbers, and asks what is lost.
