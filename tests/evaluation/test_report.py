"""A generator is judged by what it makes: good ones near the floor, poor ones far from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn

from ganterm.components.networks.base import Generator
from ganterm.components.networks.facts import GeneratorSpec
from ganterm.components.scores import SCORES
from ganterm.config import resolve
from ganterm.core.codec import judged_record
from ganterm.core.dataspec import DataSpec
from ganterm.core.errors import ConfigError, DataError
from ganterm.data import load
from ganterm.data.progress import ProgressCallback, silent
from ganterm.evaluation import Scoring
from ganterm.evaluation.cache import choose_judge, obtain_judge
from ganterm.evaluation.checkpoints import judge_checkpoint, save_pictures
from ganterm.evaluation.embeddings import Embeddings
from ganterm.evaluation.given import reference_for
from ganterm.evaluation.inception import InceptionJudge
from ganterm.evaluation.reference import obtain_reference
from ganterm.evaluation.report import SHOWN, Verdict, judge_generator
from ganterm.evaluation.splits import ImageSource
from ganterm.inference.load import Trained
from ganterm.render.sheet import load_sheet
from ganterm.runs.layout import RunDir
from tests.evaluation.conftest import DIGITS
from tests.inference.test_load import make


class Memory(Generator):
    """Gives training images for latent vectors, of some classes only if they are named."""

    def __init__(self, *classes: int) -> None:
        super().__init__(GeneratorSpec(z_dim=100, data=DataSpec.image(8, 1)))
        digits = load("digits", image_size=8)
        assert digits.labels is not None
        kept = torch.isin(digits.labels, torch.tensor(classes or range(10)))
        self.images = nn.Parameter(digits.images[kept] / 127.5 - 1)

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Take the images in the order of the first latent number's bits."""
        return self.images[(z[:, 0].abs() * 1e6).long() % len(self.images)]


def verdict_on(generator: Any, *, classes: tuple[str, ...] = (), **settings: object) -> Verdict:
    config = resolve({"recipe": "dcgan-8x8", **settings}).config
    trained = Trained(generator, config, 5, "generator", config.data_spec.with_classes(classes))
    judge = obtain_judge(DIGITS)
    reference = obtain_reference(judge, DIGITS, split=config.split, holdout=config.holdout)
    return judge_generator(trained, judge, reference, Scoring(count=449))


def test_real_images_score_like_the_floor(data: Path) -> None:
    fields = verdict_on(Memory()).fields
    assert fields["modes"] == 10
    assert fields["fid"] < 3 * fields["floor"]["fid"]
    assert fields["precision"] > 0.9
    assert (fields["n"], fields["judge"]) == (449, obtain_judge(DIGITS).digest)


def test_a_generator_of_two_digits_is_caught(data: Path) -> None:
    fields = verdict_on(Memory(3, 7)).fields
    assert fields["modes"] == 2
    assert fields["recall"] < 0.5
    assert fields["kl"] > 1
    assert fields["histogram"][3] + fields["histogram"][7] > 0.95


def test_one_that_knows_its_images_by_heart_is_caught(data: Path) -> None:
    """Beside how many images that were left out look like one that was trained on."""
    fields = verdict_on(Memory(), holdout=0.1).fields
    assert fields["copies"] > 0.8
    assert fields["floor"]["copies"] < 0.05


@pytest.mark.parametrize("holdout", [0, 0.1])
def test_it_says_which_images_are_real_and_whether_they_were_trained_on(
    data: Path, holdout: float
) -> None:
    fields = verdict_on(Memory(), holdout=holdout).fields
    assert fields["held_out"] is bool(holdout)
    assert fields["real"].startswith("10% of the images" if holdout else "images that it trained")
    assert fields["n"] == (180 if holdout else 449)
    assert fields["floor"]["copies"] < 0.05


def test_the_best_images_show_every_class_and_the_worst_are_shown_too(data: Path) -> None:
    verdict = verdict_on(Memory())
    assert verdict.best is not None
    assert verdict.worst is not None
    assert verdict.best.shape == verdict.worst.shape == (SHOWN, 1, 8, 8)
    shown = obtain_judge(DIGITS).look(verdict.best[:10]).probabilities.argmax(dim=1)
    assert shown.tolist() == list(range(10))


class Labelled(Memory):
    """Gives training images of the class it is asked for, or of the one after it."""

    def __init__(self, wrong: int = 0) -> None:
        super().__init__()
        self.classes, self.wrong = 10, wrong
        labels = load("digits", image_size=8).labels
        assert labels is not None
        self.of_class = [torch.nonzero(labels == label).squeeze(1) for label in range(10)]

    def forward(self, z: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Take an image of the class by the first latent number's bits."""
        assert labels is not None
        drawn = [
            self.of_class[label][number % len(self.of_class[label])]
            for label, number in zip(
                ((labels + self.wrong) % 10).tolist(),
                (z[:, 0].abs() * 1e6).long().tolist(),
                strict=True,
            )
        ]
        return self.images[torch.stack(drawn)]


@pytest.mark.parametrize(("wrong", "expected"), [(0, 0.98), (1, 0.01)])
def test_class_accuracy_tells_whether_the_class_is_the_one_asked_for(
    data: Path, wrong: int, expected: float
) -> None:
    """Beside what the judge says of real images; their classes have the same shares."""
    fields = verdict_on(Labelled(wrong), classes=tuple("0123456789")).fields
    assert fields["class_accuracy"] == pytest.approx(expected, abs=0.02)
    assert fields["floor"]["class_accuracy"] > 0.9
    if not wrong:
        assert fields["kl"] < 0.01
    assert judged_record(600, fields).scores.keys() <= {*SCORES.names}


def test_class_accuracy_is_left_out_where_nobody_can_tell(data: Path) -> None:
    """Of a run without labels, and of classes that the judge does not know."""
    assert "class_accuracy" not in verdict_on(Memory()).fields
    fields = verdict_on(Labelled(), classes=tuple("abcdefghij")).fields
    assert "class_accuracy" not in fields
    assert "class_accuracy" not in fields["floor"]


def test_fields_are_those_of_the_record(data: Path) -> None:
    fields = verdict_on(Memory()).fields
    assert judged_record(600, fields).scores.keys() <= {*SCORES.names}


def test_a_checkpoint_is_judged_and_drawn(data: Path, tmp_path: Path) -> None:
    run = RunDir(tmp_path / "run")
    run.samples.mkdir(parents=True)
    verdict = judge_checkpoint(
        make(tmp_path / "step-7.safetensors", "dcgan-8x8"), Scoring(count=120)
    )
    pictures = save_pictures(run, 7, verdict)
    assert pictures == {
        "best": "samples/judged-00000007-best.png",
        "worst": "samples/judged-00000007-worst.png",
    }
    assert len(load_sheet(run.path / pictures["worst"])) == SHOWN


def test_images_without_labels_are_judged_by_clusters(data: Path, tmp_path: Path) -> None:
    for number, pixels in enumerate(load("digits", image_size=8).images[:400, 0].numpy()):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    folder = ImageSource(dataset=str(tmp_path), image_size=8, channels=1)
    judge = choose_judge("digits", folder)
    found = obtain_reference(judge, folder)
    assert (found.clusters, len(found)) == (10, 100)
    config = resolve({"recipe": "dcgan-8x8", "dataset": str(tmp_path)}).config
    generator: Any = Memory(3)
    trained = Trained(generator, config, 5, "generator", config.data_spec)
    fields = judge_generator(trained, judge, found, Scoring(count=100)).fields
    assert fields["classes"] == []
    assert len(fields["histogram"]) == 10
    assert fields["modes"] < 8


class Plain(InceptionJudge):
    """Takes the pixels for features, as quickly as weights of Inception take minutes."""

    def __init__(self) -> None:
        network: Any = None
        super().__init__(network, True, "pixels", "the pixels themselves")

    def look(self, images: torch.Tensor, *, progress: ProgressCallback = silent) -> Embeddings:
        return Embeddings(images.flatten(1).float(), torch.full((len(images), 2), 0.5))


def test_weights_of_inception_compare_more_images_with_all_real_ones(data: Path) -> None:
    """As FID is published; as long as there are enough held-out ones, with as many of these."""
    judge = Plain()
    config = resolve({"recipe": "dcgan-8x8"}).config
    classes = load("digits", image_size=8).classes
    generator: Any = Memory()
    trained = Trained(generator, config, 5, "generator", config.data_spec.with_classes(classes))
    for count, real, words in (
        (400, 400, "images that it trained on"),
        (1900, 1797, "all 1,797 of digits, as FID is published"),
    ):
        reference = reference_for(judge, DIGITS, count=count)
        fields = judge_generator(trained, judge, reference, Scoring(count=count)).fields
        assert (fields["n"], fields.get("n_real", count)) == (count, real)
        assert (fields["real"], fields["held_out"]) == (words, False)
        assert fields["copies"] > 0.9 > fields["floor"]["copies"]
    mirrored = reference_for(judge, replace(DIGITS, flip=True), count=1900)
    words = "all 1,797 of digits, half of them mirrored, as FID is published"
    assert mirrored.told["real"] == words
    (_, before), (_, seen) = reference.beside(1900), mirrored.beside(1900)
    assert int((before.features != seen.features).any(dim=1).sum()) == 1797 // 2
    assert reference.trained is not None
    assert mirrored.trained is not None
    assert torch.equal(mirrored.trained.flip(3), mirrored.trained.roll(1797, 0))
    assert torch.equal(mirrored.trained[:1797], reference.trained)
    assert mirrored.floor(1797, ["copies"])["copies"] < 0.05


def test_another_judge_is_another_digest(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mnist is not on this machine"):
        choose_judge("mnist", DIGITS)
    with pytest.raises(ConfigError, match=r"no dataset called 'digitz': did you mean digits"):
        choose_judge("digitz", DIGITS)
    broken = tmp_path / "inception.pth"
    broken.write_bytes(b"no weights")
    with pytest.raises(DataError, match="is no file of weights"):
        choose_judge(str(broken), DIGITS)


def test_a_judgement_says_whether_spectral_normalisation_holds(data: Path, tmp_path: Path) -> None:
    """Each of D's layers has a largest singular value of 1; of any other run nothing is said."""
    plain = make(tmp_path / "step-7.safetensors", "dcgan-8x8")
    assert "singular_values" not in judge_checkpoint(plain, Scoring(count=100)).fields
    path = make(tmp_path / "step-8.safetensors", "dcgan-8x8", spectral_norm=True)
    fields = judge_checkpoint(path, Scoring(count=100)).fields
    values = fields["singular_values"]
    assert list(values.values()) == pytest.approx([1] * 3, abs=0.05)
    assert judged_record(7, fields).singular_values == values
