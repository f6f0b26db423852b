"""The shipped network: it is the one of its card, it reads digits, and nothing damaged loads."""

import hashlib
import re
from pathlib import Path

import pytest

from course_utils import handwriting, models, train, weights

CARD = (Path(__file__).parent.parent / "data" / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_the_shipped_network_reads_drawn_digits_that_nobody_has_seen():
    fresh = handwriting.draw(2_000, seed=77, style="mild")
    assert train.evaluate(weights.shipped(), fresh.images, fresh.labels) >= 0.97


@pytest.mark.needs_mnist
def test_the_shipped_network_reads_peoples_digits(real_mnist):
    from course_utils import data

    real = data.load("mnist")
    images, labels = real.test_images[:2_000], real.test_labels[:2_000]
    assert train.evaluate(weights.shipped(), images, labels) >= 0.97


def test_it_is_the_course_cnn_and_in_evaluation_mode():
    network = weights.shipped()
    assert str(network) == str(models.course_cnn().eval())
    assert not any(layer.training for layer in network.modules())
    assert f"{models.count_parameters(network):,} parameters" in CARD


def test_each_call_gives_a_network_of_its_own():
    one, other = weights.shipped(), weights.shipped()
    one[0].weight.data.zero_()
    assert other[0].weight.abs().sum() > 0


def test_the_card_is_that_of_the_file():
    digest = hashlib.sha256(weights.COURSE_CNN.read_bytes()).hexdigest()
    assert re.findall(r"[0-9a-f]{64}", CARD) == [digest]
    assert weights.COURSE_CNN.stat().st_size < 100_000


def test_a_damaged_file_is_refused_by_its_name(tmp_path, monkeypatch, damage):
    path = tmp_path / "course_cnn.safetensors"
    path.write_bytes(weights.COURSE_CNN.read_bytes())
    damage(path)
    monkeypatch.setattr(weights, "COURSE_CNN", path)
    with pytest.raises(ValueError, match="course_cnn.safetensors is damaged"):
        weights.shipped()
