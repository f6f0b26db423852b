"""Wrong answers to the exercise of lesson 00, and the diagnosis that each must get."""

from tests.check_kit import gets


@gets("that is how many pixels carry ink")
def inked_share__count_alone(image):
    return int((image != 0).sum())


@gets("that is the share of paper")
def inked_share__paper(image):
    return 1 - (image > 0).sum().item() / image.numel()


@gets("that is percent")
def inked_share__percent(image):
    return (image > 0).sum().item() / image.numel() * 100


@gets("that is the mean of the grey levels")
def inked_share__mean_level(image):
    return image.sum().item() / image.numel()


@gets("that is how dark the image is")
def inked_share__darkness(image):
    return image.sum().item() / (255 * image.numel())


@gets("it divides by the number of rows")
def inked_share__rows(image):
    return (image > 0).sum().item() / image.shape[0]


@gets("paper counts as ink")
def inked_share__from_zero(image):
    return (image >= 0).sum().item() / image.numel()


@gets("takes the number out of a tensor")
def inked_share__tensor(image):
    return (image > 0).sum() / image.numel()
