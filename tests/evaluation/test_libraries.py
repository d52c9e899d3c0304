"""Every score is its library's, and FID with the published network is torch-fidelity's.

`pip install 'ganterm[scores]'` brings these libraries; without one its tests are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganterm.components.scores import SCORES, Comparison, measured, named
from ganterm.components.scores.inception_score import inception_score
from ganterm.components.scores.kernel import kernel_distance
from ganterm.evaluation import Scoring
from ganterm.evaluation.embeddings import Embeddings
from ganterm.evaluation.given import judge_images
from ganterm.evaluation.inception import InceptionJudge, load_weights
from ganterm.evaluation.published_inception import published_inception

EXTRA = "it comes with ganterm[scores]"


def look(count: int, seed: int, *, shift: float = 0.0) -> Embeddings:
    random = torch.Generator().manual_seed(seed)
    features = (torch.randn(count, 24, generator=random) + shift).relu()
    return Embeddings(features, (3 * features[:, :10]).softmax(dim=1))


REAL, FAKE = look(700, 1), look(600, 2, shift=0.2)


@pytest.fixture(scope="module")
def ours() -> dict[str, float]:
    return measured(Comparison(real=REAL, fake=FAKE), [*SCORES.names, *named(k=5, splits=1)])


def test_scores_are_those_of_prdc(ours: dict[str, float]) -> None:
    """Precision and recall at their k and at 5, density and coverage at theirs."""
    prdc = pytest.importorskip("prdc", reason=EXTRA)
    real, fake = REAL.features.double().numpy(), FAKE.features.double().numpy()
    at = {k: prdc.compute_prdc(real, fake, nearest_k=k) for k in (3, 5)}
    for name in ("precision", "recall"):
        assert ours[name] == pytest.approx(at[3][name], abs=1e-9)
        assert ours[f"{name}_k5"] == pytest.approx(at[5][name], abs=1e-9)
    for name in ("density", "coverage"):
        assert ours[name] == pytest.approx(at[5][name], abs=1e-9)


def test_scores_are_those_of_torch_fidelity(ours: dict[str, float]) -> None:
    pytest.importorskip("torch_fidelity", reason=EXTRA)
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc  # noqa: PLC0415

    real, fake = REAL.features, FAKE.features
    statistics = map(metric_fid.fid_features_to_statistics, (fake.double(), real.double()))
    fid = metric_fid.fid_statistics_to_metric(*statistics, verbose=False)
    assert ours["fid"] == pytest.approx(fid["frechet_inception_distance"], rel=1e-6)
    prc = metric_prc.prc_features_to_metric(fake.double(), real.double(), verbose=False)
    assert ours["precision"] == pytest.approx(prc["precision"], abs=1e-6)
    assert ours["recall"] == pytest.approx(prc["recall"], abs=1e-6)
    kid = metric_kid.kid_features_to_metric(
        fake.double(), real[:600].double(), kid_subsets=1, kid_subset_size=600, verbose=False
    )
    assert kernel_distance(real[:600], fake) == pytest.approx(
        kid["kernel_inception_distance_mean"], rel=1e-6
    )
    logits = FAKE.probabilities.double().log()
    for splits in (1, 10):
        isc = metric_isc.isc_features_to_metric(logits, splits=splits, shuffle=False)
        assert inception_score(FAKE.probabilities, splits=splits) == pytest.approx(
            isc["inception_score_mean"], rel=1e-6
        )
    one = metric_isc.isc_features_to_metric(logits, splits=1)
    assert ours["inception_score_splits1"] == pytest.approx(one["inception_score_mean"], rel=1e-6)


def test_distances_are_those_of_torchmetrics(ours: dict[str, float]) -> None:
    pytest.importorskip("torchmetrics", reason=EXTRA)
    from torchmetrics.image.fid import FrechetInceptionDistance  # noqa: PLC0415
    from torchmetrics.image.kid import KernelInceptionDistance  # noqa: PLC0415

    fid = FrechetInceptionDistance(feature=Flat(24), input_img_size=(1, 1, 24))
    fid.set_dtype(torch.float64)
    kid = KernelInceptionDistance(feature=Flat(24), subsets=1, subset_size=600)
    for metric, real in ((fid, REAL.features), (kid, REAL.features[:600])):
        metric.update(real[:, None, None].double(), real=True)
        metric.update(FAKE.features[:, None, None].double(), real=False)
    assert ours["fid"] == pytest.approx(float(fid.compute()), rel=1e-6)
    mean, _ = kid.compute()
    assert kernel_distance(REAL.features[:600], FAKE.features) == pytest.approx(
        float(mean), rel=1e-4
    )


class Flat(nn.Module):
    """Takes images (N, 1, 1, F) for features."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give random weights of the published network, lively enough to tell images apart."""
    network = published_inception()
    random = torch.Generator().manual_seed(0)
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            fan_in = layer.weight[0].numel()
            layer.weight.data.normal_(0, (2 / fan_in) ** 0.5, generator=random)
    path = tmp_path_factory.mktemp("weights") / "pt_inception-2015-12-05-6726825d.pth"
    torch.save(network.state_dict(), path)
    return path


def pictures(count: int, size: int, channels: int, seed: int) -> Tensor:
    """Return pictures of some spots, whose statistics the seed changes."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, channels, 4, 4, generator=random) ** (1 + seed % 2)
    large = nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")
    noise = 0.1 * torch.rand(large.shape, generator=random)
    return (230 * (large + noise)).clamp(0, 255).to(torch.uint8)


def their_network(weights: Path, *layers: str) -> Any:
    pytest.importorskip("torch_fidelity", reason=EXTRA)
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3  # noqa: PLC0415

    return FeatureExtractorInceptionV3("inception", list(layers), str(weights))


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (64, 3), (299, 3), (320, 3)])
def test_features_are_those_of_torch_fidelity(weights: Path, size: int, channels: int) -> None:
    """Of images that are enlarged, taken as they are, or shrunk; the classes' answers too."""
    theirs = their_network(weights, "2048", "logits_unbiased")
    images = pictures(2, size, channels, seed=size)
    judge = load_weights(weights)
    assert isinstance(judge, InceptionJudge)
    assert judge.published
    found = judge.look(images)
    features, logits = theirs(images.expand(-1, 3, -1, -1))
    assert float(features.std()) > 0.01
    torch.testing.assert_close(found.features, features, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.probabilities, logits.softmax(1), atol=1e-5, rtol=1e-3)


class Listed(torch.utils.data.Dataset[Tensor]):
    """Images one by one, as torch-fidelity takes them."""

    def __init__(self, images: Tensor) -> None:
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        return self.images[index]


@pytest.mark.slow
def test_fid_of_one_array_is_that_of_torch_fidelity(
    weights: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """FID, KID, precision and recall of one saved array beside another, by both."""
    pytest.importorskip("torch_fidelity", reason=EXTRA)
    from torch_fidelity import calculate_metrics  # noqa: PLC0415

    fake, real = pictures(40, 32, 3, seed=2), pictures(50, 32, 3, seed=1)
    np.save(tmp_path / "fake.npy", fake.numpy())
    np.save(tmp_path / "real.npy", real.permute(0, 2, 3, 1).numpy())
    verdict, _ = judge_images(
        str(tmp_path / "fake.npy"),
        str(tmp_path / "real.npy"),
        Scoring(count=50_000),
        judge=str(weights),
    )
    theirs = calculate_metrics(
        input1=Listed(fake),
        input2=Listed(real),
        feature_extractor="inception-v3-compat",
        feature_extractor_weights_path=str(weights),
        **{"fid": True, "prc": True, "kid": True, "kid_subset_size": 40, "kid_subsets": 1},
        **{"cuda": False, "verbose": False, "cache": False, "save_cpu_ram": True},
    )
    record_property("scores", {"ours": verdict.fields, "torch-fidelity": theirs})
    fields = verdict.fields
    assert (fields["n"], fields["n_real"]) == (40, 50)
    assert fields["fid"] == pytest.approx(theirs["frechet_inception_distance"], rel=1e-3)
    assert fields["precision"] == pytest.approx(theirs["precision"], abs=0.02)
    assert fields["recall"] == pytest.approx(theirs["recall"], abs=0.02)
