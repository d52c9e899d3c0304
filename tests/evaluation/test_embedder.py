"""A judge learns from images alone, tells harm from none in order, and says what it cannot tell."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from torch.nn.functional import adaptive_avg_pool2d

from ganterm.data.images import ImageSet
from ganterm.data.importer import import_dataset
from ganterm.evaluation import cache, embedder, trust
from ganterm.evaluation.cache import choose_judge, obtain_embedder, own_judge
from ganterm.evaluation.embedder import fit_embedder, working_size
from ganterm.evaluation.judge import ClassifierJudge, EmbedderJudge
from ganterm.evaluation.reference import obtain_reference
from ganterm.evaluation.splits import ImageSource, Splits, split_dataset
from ganterm.evaluation.trust import CLEAR, GROUPS, Trust, examine
from tests.evaluation.conftest import DIGITS

MNIST = ImageSource(dataset="mnist", image_size=28, channels=1)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> EmbedderJudge:
    """Give a judge of little training that has seen no label of the digits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANTERM_DATA_DIR", str(tmp_path_factory.mktemp("data")))
        patch.setattr(embedder, "STEPS", 60)
        return obtain_embedder(DIGITS, split_dataset(DIGITS))


def in_order(found: Trust) -> bool:
    """Tell whether every kind of harm is further from the floor the more there is of it."""
    rows = [[found.above[name] for name in group if name in found.above] for group in GROUPS]
    return all(less < more for row in rows for less, more in itertools.pairwise(row))


def test_a_judge_of_little_training_tells_harm_in_order(judged: EmbedderJudge) -> None:
    found = judged.examination
    assert found is not None
    assert in_order(found)
    assert found.above["blur 0.5"] > CLEAR
    assert found.above["3 of ten kinds missing"] > CLEAR
    assert judged.trust.startswith("sees blur 0.5, noise ")
    assert "swapped" not in judged.trust  # there is no red in grey
    assert f"{found.floor:.3g} ± {found.deviation:.2g}, 449 of each)" in judged.trust


def test_what_it_cannot_tell_is_said() -> None:
    above = {"blur 0.5": 2.9, "blur 1": 3.1, "blur 2": 9.0, "upside down": 0.0, "noise 8": 3.0}
    words = Trust(n=100, floor=1.0, deviation=0.25, above=above).words
    assert words.startswith("sees blur 1, noise 8; it cannot tell blur 0.5, upside down (")
    blind = Trust(n=4, floor=1.0, deviation=1.0, above={"upside down": 1.0}).words
    assert blind.startswith("sees nothing that was tried; it cannot tell upside down (")


def test_what_sees_nothing_is_found_out() -> None:
    """Features that say nothing of the images tell nothing; kinds may be given as classes."""
    images = split_dataset(DIGITS).held_out
    random = torch.Generator().manual_seed(3)
    found = examine(
        lambda part: torch.randn(len(part), 4, generator=random), images.images, kinds=images.labels
    )
    assert all(value < 2 * CLEAR for name, value in found.above.items() if "picture" not in name)


def test_images_are_made_small_once_and_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole as floats, all of them are more than a machine may have."""
    pooled = Mock(wraps=adaptive_avg_pool2d)
    monkeypatch.setattr(trust, "adaptive_avg_pool2d", pooled)
    images = split_dataset(DIGITS).held_out.images
    examine(lambda part: part.flatten(1)[:, 20:24].float(), images)
    made = [len(call.args[0]) for call in pooled.call_args_list]
    assert (sum(made), max(made)) == (len(images), 100)


@pytest.mark.parametrize(
    "shape", [(1, 8, 8), (3, 12, 20), (4, 64, 48), (3, 2, 5), (1, 100, 200)], ids=str
)
def test_images_of_any_shape_are_learnt_from(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same seed gives the same features whatever the threads; larger sides become 64."""
    monkeypatch.setattr(embedder, "STEPS", 2)
    images = torch.randint(0, 256, (70, *shape), dtype=torch.uint8)
    one, again = (fit_embedder(images, seed=1) for _ in range(2))
    seen = one(one.prepared(images))
    assert seen.shape == (70, embedder.FEATURES)
    assert torch.equal(seen, again(again.prepared(images)))
    assert seen.mean().abs() < 0.1
    assert max(working_size(*shape[1:])) <= 64


def odd(images: ImageSet) -> ImageSet:
    """Return images of two classes."""
    assert images.labels is not None
    return replace(images, classes=("even", "odd"), labels=images.labels % 2)


def strange(images: ImageSet) -> ImageSet:
    """Return images with labels of others."""
    assert images.labels is not None
    return replace(images, labels=images.labels.roll(1))


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda sets: sets, ClassifierJudge),
        (lambda sets: replace(sets, labels=None), EmbedderJudge),
        (lambda sets: sets if len(sets) == 899 else replace(sets, labels=None), EmbedderJudge),
        (lambda sets: sets.picked(torch.arange(400)), EmbedderJudge),
        (odd, EmbedderJudge),
        (strange, EmbedderJudge),
    ],
    ids=[
        "classes",
        "no labels",
        "none held out",
        "few images",
        "few classes",
        "labels that say nothing",
    ],
)
def test_a_classifier_judges_only_where_it_is_strong(
    change: Callable[[ImageSet], ImageSet],
    kind: type,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(embedder, "STEPS", 1)
    monkeypatch.setattr(trust, "DRAWS", 2)
    monkeypatch.setattr("ganterm.evaluation.classifier.IMAGES", 4000)
    sets = split_dataset(DIGITS)
    parts = {name: change(getattr(sets, name)) for name in ("learnt", "held_out", "apart")}
    monkeypatch.setattr(cache, "split_dataset", lambda *_, **__: Splits(**parts))
    examined = Mock(wraps=examine)
    monkeypatch.setattr(cache, "examine", examined)
    assert isinstance(own_judge(DIGITS, seed=7), kind)
    # Classes are the kinds of images that a classifier is to miss; the other knows of none.
    assert (examined.call_args.kwargs["kinds"] is None) is (kind is EmbedderJudge)


def test_it_is_kept_by_its_images_and_can_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the place of the images nor their name matters, and damage is mended."""
    monkeypatch.setenv("GANTERM_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(embedder, "STEPS", 2)
    monkeypatch.setattr(trust, "DRAWS", 2)
    first = choose_judge("self-supervised", DIGITS)
    (path,) = (tmp_path / "judges").glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:-7])
    assert choose_judge("self-supervised", DIGITS).digest == first.digest
    monkeypatch.setattr(cache, "fit_embedder", None)
    other = replace(DIGITS, dataset="/elsewhere/pictures")
    again = obtain_embedder(other, split_dataset(DIGITS))
    assert (again.digest, again.trust) == (first.digest, first.trust)
    assert again.words == "self-supervised on 899 images of pictures"
    reference = obtain_reference(again, DIGITS)
    assert 0 < reference.deviation(400)["floor_deviation"] < reference.floor(400)["fid"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("source", "unseen"),
    [(DIGITS, {"noise 8", "1% one picture"}), (MNIST, set())],
    ids=["digits", "mnist"],
)
def test_a_judge_tells_harm_of_labelled_sets_whose_labels_it_has_not_seen(
    source: ImageSource,
    unseen: set[str],
    data: Path,
    mnist_files: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Even one class of ten that is missing; among 449 digits a little noise is not seen."""
    if source is MNIST:
        import_dataset("mnist", mnist_files)
    sets = split_dataset(source)
    judge = obtain_embedder(source, sets)
    found = examine(
        lambda part: judge.look(part).features, sets.held_out.images, kinds=sets.held_out.labels
    )
    record_property("table", f"{judge.words}: {found}")
    assert in_order(found)
    least = {group[0]: found.above[group[0]] for group in GROUPS if group[0] in found.above}
    blind = {name for name, above in least.items() if above < CLEAR}
    assert blind <= unseen
