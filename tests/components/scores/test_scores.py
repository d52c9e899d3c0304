"""Scores: each agrees with its published formula, written plainly or taken from a library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import torch
from sklearn.metrics import pairwise_distances
from sklearn.metrics.pairwise import polynomial_kernel
from torch import Tensor
from torch.nn import functional

from ganterm.components.scores import SCORES, Comparison, measured, named, protocol
from ganterm.components.scores import copies as copies_module
from ganterm.components.scores.class_accuracy import class_accuracy
from ganterm.components.scores.copies import copies, nearest_two
from ganterm.components.scores.density_coverage import density_coverage
from ganterm.components.scores.frechet import frechet_distance
from ganterm.components.scores.inception_score import inception_score
from ganterm.components.scores.kernel import kernel_distance
from ganterm.components.scores.manifold import Overlap
from ganterm.components.scores.modes import class_modes, cluster_modes
from ganterm.components.scores.precision_recall import precision_recall


@dataclass(frozen=True)
class Seen:
    """What a judge saw."""

    features: torch.Tensor
    probabilities: torch.Tensor


def normal(count: int, seed: int, *, width: int = 16, shift: float = 0.0) -> torch.Tensor:
    """Return features as a classifier has them: rectified, in float32."""
    random = torch.Generator().manual_seed(seed)
    return (torch.randn(count, width, generator=random) + shift).relu()


def shared(real: torch.Tensor, fake: torch.Tensor, k: int) -> Overlap:
    """Return how neighbourhoods up to the k-th neighbour overlap."""
    return Comparison(real=Seen(real, real), fake=Seen(fake, fake)).overlap(k)


def seen(count: int, seed: int, *, shift: float = 0.0, classes: int = 10) -> Seen:
    """Return features and the probabilities that go with them."""
    features = normal(count, seed, shift=shift)
    return Seen(features, (features[:, :classes] * 5).softmax(dim=1))


def test_inception_score_follows_its_definition() -> None:
    """The score is exp of the mean KL of p(y|x) from p(y), summed out by hand."""
    rows = seen(300, 1).probabilities.double().numpy()
    marginal = rows.mean(axis=0)
    expected = np.exp(np.mean(np.sum(rows * np.log(rows / marginal), axis=1)))
    assert inception_score(torch.as_tensor(rows), splits=1) == pytest.approx(expected, rel=1e-9)
    parts = [
        inception_score(torch.as_tensor(rows[start : start + 30]), splits=1)
        for start in range(0, 300, 30)
    ]
    assert inception_score(torch.as_tensor(rows)) == pytest.approx(np.mean(parts), rel=1e-9)


def test_inception_score_spans_one_to_the_number_of_classes() -> None:
    """Sure and even answers reach K; one class for all gives 1, zeros and all."""
    assert inception_score(torch.eye(10).repeat(10, 1)) == pytest.approx(10)
    assert inception_score(torch.eye(10)[:1].repeat(70, 1)) == pytest.approx(1)


def test_frechet_distance_agrees_with_the_matrix_root_of_scipy() -> None:
    """It is the published formula with scipy's sqrtm and numpy's covariance, to 1e-6."""
    real, fake = normal(400, 1), normal(300, 2, shift=0.3)
    x, y = real.double().numpy(), fake.double().numpy()
    left, right = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = np.real(scipy.linalg.sqrtm(left @ right))
    gap = x.mean(axis=0) - y.mean(axis=0)
    expected = gap @ gap + np.trace(left + right - 2 * root)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_of_gaussians_on_a_line_is_known() -> None:
    """In one dimension it is (m1 - m2)^2 + (s1 - s2)^2; of a set and itself 0, also if singular."""
    points = torch.linspace(-1, 1, 101, dtype=torch.float64)[:, None]
    spread = float(points.std())
    assert frechet_distance(points, points * 3 + 2) == pytest.approx(4 + (2 * spread) ** 2)
    flat = normal(50, 1).repeat(1, 4)
    assert frechet_distance(flat, flat) == pytest.approx(0, abs=1e-5)


def test_kernel_distance_agrees_with_the_kernel_of_scikit_learn() -> None:
    """It is the unbiased MMD with sklearn's polynomial kernel, summed over unequal pairs."""
    real, fake = normal(200, 1), normal(200, 2, shift=0.2)
    x, y = real.double().numpy(), fake.double().numpy()
    kernels = [polynomial_kernel(a, b, degree=3, coef0=1) for a, b in ((x, x), (y, y), (x, y))]
    pairs = 200 * 199
    expected = (
        (kernels[0].sum() - np.trace(kernels[0])) / pairs
        + (kernels[1].sum() - np.trace(kernels[1])) / pairs
        - 2 * kernels[2].mean()
    )
    assert kernel_distance(real, fake) == pytest.approx(expected, rel=1e-6)


def test_kernel_distance_takes_its_blocks_from_the_seed() -> None:
    """Blocks of one seed give one figure, of another another; equal sets come out near 0."""
    real, fake = normal(600, 1), normal(600, 2)
    first = kernel_distance(real, fake, block=100, seed=3)
    assert first == kernel_distance(real, fake, block=100, seed=3)
    assert first != kernel_distance(real, fake, block=100, seed=4)
    assert abs(first) < 0.05 * kernel_distance(real, normal(600, 2, shift=1), block=100)


@pytest.mark.parametrize("k", [3, 5, 7])
def test_manifold_scores_agree_with_the_published_code(k: int) -> None:
    """Precision, recall, density and coverage are those of `prdc`, written out over all pairs."""
    real, fake = normal(700, 1), normal(600, 2, shift=0.25)
    x, y = real.double().numpy(), fake.double().numpy()

    def reach(points: np.ndarray) -> np.ndarray:
        within = pairwise_distances(points)
        return np.partition(within, k, axis=1)[:, k]

    between = pairwise_distances(x, y)
    in_real, in_fake = between < reach(x)[:, None], between < reach(y)[None, :]
    found = shared(real, fake, k)
    assert precision_recall(found) == pytest.approx(
        (in_real.any(axis=0).mean(), in_fake.any(axis=1).mean()), abs=1e-9
    )
    assert density_coverage(found) == pytest.approx(
        (in_real.sum(axis=0).mean() / k, (between.min(axis=1) < reach(x)).mean()), abs=1e-9
    )


def test_manifold_scores_tell_collapse_from_blur() -> None:
    """Samples on one real point are precise and reach little; samples far off are neither."""
    real = normal(500, 1)
    one = real[:1] + 0.01 * normal(500, 2)
    precision, recall = precision_recall(shared(real, one, 3))
    assert precision > 0.95
    assert recall < 0.05
    assert precision_recall(shared(real, real + 100, 3)) == (0, 0)


def test_class_modes_count_what_is_reached() -> None:
    """Three even classes of four give 3 modes, their shares, and log(4/3) of divergence."""
    found = class_modes(torch.eye(4).repeat(30, 1), torch.eye(4)[:3].repeat(40, 1))
    assert found.captured == 3
    assert found.histogram == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0])
    assert found.histogram_real == pytest.approx([0.25] * 4)
    assert found.kl == pytest.approx(math.log(4 / 3))


def test_class_modes_pass_over_a_stray_image() -> None:
    """One image of a thousand captures no class, and one of an unknown class no infinity."""
    real = torch.eye(4)[:3].repeat(300, 1)
    fake = torch.cat([torch.eye(4)[:1].repeat(998, 1), torch.eye(4)[2:]])
    found = class_modes(real, fake)
    assert found.captured == 1
    assert math.isfinite(found.kl)


def test_cluster_modes_find_what_is_missing() -> None:
    """Of four clouds of points, generated points in two capture two."""
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    real = centres.repeat(100, 1) + normal(400, 1, width=2) * 0.1
    fake = centres[:2].repeat(100, 1) + normal(200, 2, width=2) * 0.1
    assert cluster_modes(real, fake, clusters=4).captured == 2
    assert cluster_modes(real, real, clusters=4).kl == 0


def pictures(count: int, seed: int) -> Tensor:
    """Draw smooth grey pictures (count, 1, 16, 16)."""
    coarse = torch.rand(count, 1, 4, 4, generator=torch.Generator().manual_seed(seed))
    smooth = functional.interpolate(coarse, size=16, mode="bilinear")
    return (smooth * 255).to(torch.uint8)


def test_the_nearest_two_are_those_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In blocks of both sides, and without the images themselves."""
    monkeypatch.setattr(copies_module, "ROWS", 64)
    monkeypatch.setattr(copies_module, "COLUMNS", 100)
    images, trained = pictures(150, 1), pictures(320, 2)
    images[3] = trained[8]
    rows = images.flatten(1).double().numpy(), trained.flatten(1).double().numpy()
    table = pairwise_distances(*rows) / 16  # the root mean square over 256 pixels
    found = nearest_two(images, trained)
    assert found.numpy() == pytest.approx(np.sort(table, axis=1)[:, :2], abs=0.05)
    assert float(found[3, 0]) < 0.05
    places = torch.full((150, 1), -1)
    places[3] = 8
    own = nearest_two(images, trained, places=places)
    assert own[3].numpy() == pytest.approx(np.sort(table[3])[1:3], abs=0.05)
    assert torch.equal(own[4:], found[4:])
    assert nearest_two(images, trained[:1])[0, 1] == math.inf


def test_copies_are_told_from_likeness() -> None:
    """Training images given out again are copies, faint noise or not; fresh images hardly are.

    Nor does it hide a copy that the image is there twice.
    """
    trained = pictures(2000, 1)
    noise = torch.randint(-8, 9, trained[:500].shape, generator=torch.Generator().manual_seed(0))
    noised = (trained[:500] + noise).clamp(0, 255).to(torch.uint8)
    half = torch.cat([trained[:500], pictures(500, 3)])
    assert copies(half, trained) == pytest.approx(0.5, abs=0.01)
    assert copies(noised, trained) > 0.99
    assert copies(noised, torch.cat([trained, trained])) > 0.99
    assert copies(pictures(1000, 4), trained) < 0.01
    assert copies(trained[:500], trained, places=torch.arange(500)) < 0.01


def everything(real: Seen, fake: Seen, **known: Any) -> dict[str, float]:
    """Return every score that these images allow."""
    return measured(Comparison(real=real, fake=fake, **known), SCORES.names)


def test_every_score_is_measured_that_the_images_allow() -> None:
    real, fake = seen(300, 1), seen(300, 2, shift=0.2)
    shown = {"images": pictures(300, 1), "trained": pictures(400, 2)}
    found = everything(real, fake, **shown, asked=torch.zeros(300, dtype=torch.int64))
    assert list(found) == list(SCORES.names)
    assert found["fid"] == frechet_distance(real.features, fake.features)
    assert set(SCORES.names) - everything(real, fake).keys() == {"copies", "class_accuracy"}
    assert len(Comparison(real=real, fake=fake).modes.histogram) == 10
    assert len(Comparison(real=real, fake=fake, clusters=6).modes.histogram) == 6


def test_scores_are_those_of_their_papers_and_others_have_other_names() -> None:
    """Precision and recall at k = 3, density and coverage at 5, the Inception Score over 10."""
    real, fake = seen(300, 1), seen(300, 2, shift=0.2)
    comparison = Comparison(real=real, fake=fake)
    assert named() == list(SCORES.names)
    assert protocol(named()) == {
        "k": {"precision": 3, "recall": 3, "density": 5, "coverage": 5},
        "splits": 10,
    }
    others = named(k=5, splits=1)
    assert set(others) - set(SCORES.names) == {
        "precision_k5",
        "recall_k5",
        "inception_score_splits1",
    }
    assert protocol(others)["k"] == {"precision_k5": 5, "recall_k5": 5, "density": 5, "coverage": 5}
    found = measured(comparison, [*named(), *others])
    for k, suffix in ((3, ""), (5, "_k5")):
        both = shared(real.features, fake.features, k)
        assert (found[f"precision{suffix}"], found[f"recall{suffix}"]) == precision_recall(both)
    both = shared(real.features, fake.features, 5)
    assert (found["density"], found["coverage"]) == density_coverage(both)
    assert found["inception_score_splits1"] > found["inception_score"]
    assert SCORES.facts("precision_k5").title == "precision (k=5)"
    assert not SCORES.accepts("precision_k5")


def test_floor_of_equal_sets_is_what_theory_says() -> None:
    """Real against real has density 1 and coverage 1 - 2^-k."""
    reached = everything(seen(2000, 1), seen(2000, 2))
    assert reached["density"] == pytest.approx(1, abs=0.04)
    assert reached["coverage"] == pytest.approx(1 - 2**-5, abs=0.015)


def test_what_cannot_be_scored_is_refused() -> None:
    """Too few images, or features that are not finite, are refused in words."""
    with pytest.raises(ValueError, match="at k = 5 take at least 6 images"):
        Comparison(real=seen(100, 1), fake=seen(5, 2)).overlap(5)
    with pytest.raises(ValueError, match="of 10 splits takes as many images"):
        inception_score(torch.eye(9))
    broken = seen(100, 2)
    broken.features[0, 0] = torch.nan
    with pytest.raises(ValueError, match="not finite"):
        Comparison(real=seen(100, 1), fake=broken)


def test_it_is_the_share_of_likeliest_classes_that_were_asked_for() -> None:
    """However narrowly a class is the likeliest, and whatever share the others have."""
    seen = torch.tensor([[0.4, 0.3, 0.3], [0.1, 0.8, 0.1], [0.0, 0.1, 0.9], [0.5, 0.4, 0.1]])
    assert class_accuracy(seen, torch.tensor([0, 1, 2, 0])) == 1
    assert class_accuracy(seen, torch.tensor([0, 1, 2, 1])) == 0.75
    assert class_accuracy(seen, torch.tensor([1, 2, 0, 2])) == 0
