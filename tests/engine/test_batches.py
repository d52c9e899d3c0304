"""The order of batches is a function of (seed, epoch), and an epoch shows every image once."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ganterm.core.errors import DataError
from ganterm.engine.batches import Batches
from ganterm.engine.events import Boundary
from ganterm.engine.state import export_state
from tests.engine.common import CPU, small, trainer


def numbered(count: int) -> torch.Tensor:
    """Return images that show their number, uint8 (count, 1, 1, 1)."""
    return torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1)


def batches(count: int, *, batch_size: int, drop_last: bool = False, seed: int = 0) -> Batches:
    return Batches(
        numbered(count), batch_size=batch_size, drop_last=drop_last, seed=seed, device=CPU
    )


def numbers(batch: torch.Tensor) -> list[int]:
    return [round(value) for value in ((batch.flatten() + 1) * 127.5).tolist()]


def epoch(source: Batches, index: int) -> list[list[int]]:
    first = index * source.per_epoch
    return [numbers(source[first + position]) for position in range(source.per_epoch)]


def test_images_are_scaled_to_minus_one_to_one() -> None:
    images = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)
    source = Batches(images, batch_size=2, drop_last=False, seed=0, device=CPU)
    assert source[0].dtype == torch.float32
    assert sorted(source[0].flatten().tolist()) == [-1.0, 1.0]


@given(st.integers(2, 60), st.integers(1, 60), st.booleans(), st.integers(0, 2**63 - 1))
@settings(max_examples=60)
def test_an_epoch_shows_every_image_at_most_once(
    count: int, batch_size: int, drop_last: bool, seed: int
) -> None:
    rest = count % batch_size
    whole = count // batch_size
    kept = rest > 1 and not drop_last
    if not whole + kept:
        with pytest.raises(DataError, match=r"fewer than one batch"):
            batches(count, batch_size=batch_size, drop_last=drop_last, seed=seed)
        return
    source = batches(count, batch_size=batch_size, drop_last=drop_last, seed=seed)
    assert source.per_epoch == whole + kept
    for index in (0, 3):
        shown = epoch(source, index)
        sizes = [len(batch) for batch in shown]
        assert sizes == [batch_size] * whole + [rest] * kept
        assert sizes == [source.size(index * source.per_epoch + i) for i in range(len(sizes))]
        every = [number for batch in shown for number in batch]
        assert len(set(every)) == len(every) == (count if kept or not rest else count - rest)


def test_order_depends_on_seed_and_epoch_alone() -> None:
    one = batches(20, batch_size=6, seed=1)
    first, second = epoch(one, 0), epoch(one, 1)
    again = batches(20, batch_size=6, seed=1)
    assert epoch(again, 1) == second, "asked for out of turn"
    assert epoch(again, 0) == first, "and back"
    assert first != second
    assert epoch(batches(20, batch_size=6, seed=2), 0) != first
    # A bigger batch cuts the same order elsewhere.
    joined = [number for batch in epoch(batches(20, batch_size=9, seed=1), 0) for number in batch]
    assert joined == [number for batch in first for number in batch]


@pytest.mark.parametrize(("count", "copies"), [(12, 1), (1000, 25), (5000, 100)])
def test_the_orders_of_few_images_are_copied_many_at_once(
    count: int, copies: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held-out ones make an epoch a batch, and a copy for each would wait for the device."""
    source = batches(count, batch_size=count, drop_last=True)
    shown = [numbers(source[index]) for index in (99, 0)]
    stacked: list[int] = []
    stack = torch.stack

    def counted(rows: list[torch.Tensor]) -> torch.Tensor:
        stacked.append(len(rows))
        return stack(rows)

    monkeypatch.setattr(torch, "stack", counted)
    source = batches(count, batch_size=count, drop_last=True)
    found = [numbers(source[index]) for index in range(100)]
    assert (len(stacked), [found[99], found[0]]) == (copies, shown)


def test_a_last_batch_of_one_is_dropped_whatever_is_asked() -> None:
    source = batches(9, batch_size=4)
    assert [len(batch) for batch in epoch(source, 0)] == [4, 4]
    assert batches(3, batch_size=1).per_epoch == 3, "batches of one, where they were asked for"


def test_too_few_images_are_refused_with_the_way_out() -> None:
    with pytest.raises(DataError, match=r"has 5 images, fewer than one batch of 8; set a smaller"):
        batches(5, batch_size=8, drop_last=True)
    with pytest.raises(DataError, match=r"has 1 image, fewer than one batch of 8; add more\."):
        batches(1, batch_size=8)


def test_images_are_read_where_they_are() -> None:
    images = numbered(10)
    source = Batches(images, batch_size=5, drop_last=False, seed=0, device=CPU)
    assert source.images.data_ptr() == images.data_ptr()
    source[0].zero_()
    assert torch.equal(images, numbered(10)), "a batch is a copy"


def test_half_of_the_images_are_mirrored_others_in_every_epoch() -> None:
    """A batch is the same whenever it is asked for; what it holds is as it is, or mirrored."""
    images = torch.arange(64 * 4, dtype=torch.int64).remainder(251).to(torch.uint8)
    images = images.view(64, 1, 1, 4)
    made = partial(Batches, images, batch_size=16, drop_last=True, seed=3, device=CPU)
    source, plain = made(flip=True), made()
    epochs = []
    for epoch in range(2):
        places = range(4 * epoch, 4 * epoch + 4)
        shown = torch.cat([source[index] for index in places])
        order = torch.cat([plain[index] for index in places])
        mirrored = (shown != order).flatten(1).any(1)
        assert torch.equal(shown[mirrored], order[mirrored].flip(3))
        assert 16 <= int(mirrored.sum()) <= 48
        epochs.append(mirrored)
    assert not torch.equal(*epochs)
    assert torch.equal(source[1], made(flip=True)[1])


@pytest.mark.parametrize("flip", [False, True])
def test_images_that_stay_on_the_host_come_in_the_same_batches(flip: bool) -> None:
    """One after the other over epochs whose last batch is shorter, and in any order."""
    images = torch.randint(0, 256, (23, 3, 4, 5), generator=torch.Generator().manual_seed(0)).byte()

    def of(room: int) -> Batches:
        return Batches(
            images,
            batch_size=4,
            drop_last=False,
            seed=3,
            device=CPU,
            labels=torch.arange(23),
            flip=flip,
            room=room,
        )

    here, there = of(images.numel()), of(images.numel() - 1)
    assert (here.streamed, there.streamed) == (False, True)
    taken = []
    for index in (*range(15), 2, 2, 14, 5, 6, 0):
        taken.append((here[index], there[index]))
        first, second = here.labels(index), there.labels(index)
        assert first is not None
        assert second is not None
        assert torch.equal(first, second)
    assert all(torch.equal(*pair) for pair in taken), "none is overwritten by those after it"


def test_a_run_on_images_that_stay_on_the_host_ends_with_the_same_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = small("dcgan", steps=5, d_steps=2, flip=True)
    ends = []
    for room in (None, 0):
        monkeypatch.setattr("ganterm.engine.batches.room_on", lambda device, room=room: room)
        run = trainer(config)
        assert run.batches.streamed == (room == 0)
        assert sum(isinstance(event, Boundary) for event in run.run()) == 5
        ends.append(export_state(run)[0])
    assert ends[0].keys() == ends[1].keys()
    assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
