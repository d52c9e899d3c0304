"""Data parallel training: processes that take a share of each batch, and compute what one does.

Nothing of the networks is wrapped. Every process draws the random numbers of the whole batch and
keeps those of its own images; losses are taken of the logits of the whole batch, of which a process
differentiates its own; gradients are added up in one transfer for each step of an optimiser. Batch
normalisation and what else compares images have the statistics of the whole batch.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import msgspec
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ganterm.components.networks.base import whole_batch
from ganterm.core.errors import ConfigError, PeerLostError

_SIZED: Final = {torch.randn, torch.rand, torch.randint}
_LIKE: Final = {torch.randn_like: Tensor.normal_, torch.rand_like: Tensor.uniform_}
_IN_PLACE: Final = {Tensor.normal_, Tensor.uniform_, Tensor.exponential_, Tensor.bernoulli_}
_OF_TENSORS: Final = {torch.normal, torch.bernoulli}
_BATCH_NORM: Final = inspect.signature(functional.batch_norm)
_DROPOUTS: Final = {
    *(torch.dropout, functional.dropout),
    *(functional.dropout1d, functional.dropout2d, functional.dropout3d),
}
_REFUSED: Final = {
    torch.randperm,
    torch.multinomial,
    torch.poisson,
    functional.alpha_dropout,
    functional.feature_alpha_dropout,
    functional.gumbel_softmax,
    functional.rrelu,
}
"""Random numbers that depend on how images are divided."""


WAIT, LEAVE = b"wait", b"leave"
"""What the first process tells in place of settings."""


@contextmanager
def _reaching() -> Iterator[None]:
    """Tell a process that is gone from other errors, which a transfer has none of."""
    try:
        yield
    except RuntimeError as error:
        raise PeerLostError((str(error).strip().splitlines() or [""])[0]) from error


class Group:
    """The processes of one training, of which this one has a `rank` below `size`.

    The default process group must have been made.

    Attributes:
        listens: whether the others hear what the first one tells; not in the midst of a step.
    """

    def __init__(self) -> None:
        self.rank = dist.get_rank()
        self.size = dist.get_world_size()
        self.shares = Shares(self)
        self.listens = True
        self._told: Mapping[str, Any] = {}

    def total(self, values: Tensor) -> Tensor:
        """Return the sum of `values` over all processes, which gives no gradient."""
        summed = values.detach().clone(memory_format=torch.contiguous_format)
        self.add_up(summed)
        return summed

    def add_up(self, values: Tensor) -> None:
        """Turn `values`, which are contiguous, into their sum over all processes."""
        with _reaching():
            dist.all_reduce(values)

    def lead(self, settings: Mapping[str, Any]) -> None:
        """Have the others take the step that comes, with this process, under `settings`."""
        self.tell(b"" if settings == self._told else msgspec.json.encode(settings))
        self._told = settings
        self.listens = False

    def tell(self, message: bytes = b"") -> None:
        """Tell all others something; they `hear` it. Only the first process may."""
        self.spread(torch.tensor([len(message)]))
        if message:
            self.spread(torch.frombuffer(bytearray(message), dtype=torch.uint8))

    def hear(self) -> bytes:
        """Wait for what the first process tells."""
        length = torch.zeros(1, dtype=torch.int64)
        self.spread(length)
        message = torch.empty(int(length), dtype=torch.uint8)
        self.spread(message)
        return message.numpy().tobytes()

    def spread(self, tensor: Tensor) -> None:
        """Give all others the values of the first process's `tensor`, which is on the CPU."""
        if tensor.numel():
            with _reaching():
                dist.broadcast(tensor, 0)


class Alone:
    """A process that trains by itself, whose share of every batch is all of it; see `Shares`."""

    def __enter__(self) -> Alone:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def take(self, count: int, times: Iterable[int] = ()) -> slice:
        """Return which of `count` images are this process's."""
        return slice(0, count)

    def whole(self, *rows: Tensor) -> tuple[Tensor, ...]:
        """Return the rows of the whole batch."""
        return rows

    def part_of_mean(self, mean: Tensor) -> Tensor:
        """Return what the mean over this process's images adds to that over the batch."""
        return mean

    def total(self, values: Tensor) -> Tensor:
        """Return the sum of `values` over all processes."""
        return values

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give `parameters` the sum of their gradients over all processes."""


class Shares(TorchFunctionMode):
    """While it is entered, PyTorch's functions know that a process has a share of a batch.

    Random numbers for its images are those that one process would draw for them, and batch
    normalisation takes the statistics of the whole batch, unless `local_batch_norm` is set.
    """

    def __init__(self, group: Group) -> None:
        super().__init__()
        self.local_batch_norm = False
        self._group = group
        self._handlers: dict[Any, Callable[..., Any]] = {
            **dict.fromkeys(_SIZED, self._sized),
            **dict.fromkeys(_LIKE, self._like),
            **dict.fromkeys(_IN_PLACE, self._in_place),
            **dict.fromkeys(_OF_TENSORS, self._of_tensors),
            **dict.fromkeys(_DROPOUTS, self._dropout),
            **dict.fromkeys(_REFUSED, _refuse),
            whole_batch: lambda _, rows: _Gathered.apply(rows, self, True),
            functional.batch_norm: self._batch_norm,
        }
        self._times: dict[int, int] = {}
        self.take(group.size)

    def take(self, count: int, times: Iterable[int] = (1, 2)) -> slice:
        """Return which of `count` images are those of this process, from now on.

        Tensors of as many rows, or a number of `times` as many, are of these images.
        """
        rank, size = self._group.rank, self._group.size
        self.count = count
        self.own = slice(count * rank // size, count * (rank + 1) // size)
        self._mine = self.own.stop - self.own.start
        self._times = {self._mine * each: each for each in times}
        return self.own

    def part_of_mean(self, mean: Tensor) -> Tensor:
        """Return what the mean over this process's images adds to that over the batch."""
        return mean * (self._mine / self.count)

    def whole(self, *rows: Tensor) -> tuple[Tensor, ...]:
        """Return the rows of the whole batch, of which these are this process's.

        Several of one kind take one transfer. The gradient is that of what this process makes of
        its own rows.
        """
        gathered = cast("Tensor", _Gathered.apply(torch.cat(rows), self, False))
        return torch.split(gathered, [len(each) // self._mine * self.count for each in rows])

    def mine(self, rows: Tensor) -> Tensor:
        """Return the rows of this process among those of the whole batch."""
        return rows.reshape(-1, self.count, *rows.shape[1:])[:, self.own].flatten(0, 1)

    def placed(self, rows: Tensor) -> Tensor:
        """Return rows of this process in their places, and zeros in those of the others."""
        times = len(rows) // self._mine
        whole = rows.new_zeros(times, self.count, *rows.shape[1:])
        whole[:, self.own] = rows.reshape(times, -1, *rows.shape[1:])
        return whole.flatten(0, 1)

    def total(self, values: Tensor) -> Tensor:
        """Return the sum of `values` over all processes, to be differentiated at will."""
        return cast("Tensor", _Total.apply(values, self._group))

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give `parameters` the sum of their gradients over all processes, in one transfer."""
        gradients = [each.grad for each in parameters if each.grad is not None]
        flat = torch.cat([each.reshape(-1) for each in gradients])
        self._group.add_up(flat)
        parts = torch.split(flat, [each.numel() for each in gradients])
        for gradient, summed in zip(gradients, parts, strict=True):
            gradient.copy_(summed.view(gradient.shape))

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call `func`, or what does its work for a share of a batch."""
        handler = self._handlers.get(func)
        if handler is None:
            return func(*args, **(kwargs or {}))
        return handler(func, *args, **(kwargs or {}))

    def _is_of_images(self, shape: Sequence[int]) -> bool:
        return len(shape) > 0 and shape[0] in self._times

    def _whole_shape(self, shape: Sequence[int]) -> tuple[int, ...]:
        return self._times[shape[0]] * self.count, *shape[1:]

    def _whole_like(self, given: Tensor) -> Tensor:
        """Return room for the whole batch, in the order of memory in which it is drawn."""
        whole = given.detach().new_empty(self._whole_shape(given.shape))
        if given.dim() == 4 and not given.is_contiguous():
            return whole.contiguous(memory_format=torch.channels_last)
        return whole

    def _sized(self, func: Any, *args: Any, **kwargs: Any) -> Tensor:
        if "size" in kwargs:
            size = tuple(kwargs.pop("size"))
        elif args and isinstance(args[-1], (tuple, list, torch.Size)):
            *args, size = args  # type: ignore[assignment]
        else:
            args, size = (), args
        if not self._is_of_images(size):
            return cast("Tensor", func(*args, size=size, **kwargs))
        return self.mine(func(*args, size=self._whole_shape(size), **kwargs))

    def _like(self, func: Any, given: Tensor, **kwargs: Any) -> Tensor:
        if not self._is_of_images(given.shape):
            return cast("Tensor", func(given, **kwargs))
        return self.mine(_LIKE[func](self._whole_like(given).to(kwargs.get("dtype"))))

    def _in_place(self, func: Any, given: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if not self._is_of_images(given.shape):
            return cast("Tensor", func(given, *args, **kwargs))
        if any(isinstance(each, Tensor) for each in (*args, *kwargs.values())):
            _refuse(func)
        return given.copy_(self.mine(func(self._whole_like(given), *args, **kwargs)))

    def _of_tensors(self, func: Any, *args: Any, **kwargs: Any) -> Tensor:
        """Draw by the parameters of all images."""
        shapes = [each.shape for each in args if isinstance(each, Tensor)]
        if not shapes and "size" in kwargs:
            return self._sized(func, *args, **kwargs)
        if not any(map(self._is_of_images, shapes)):
            return cast("Tensor", func(*args, **kwargs))
        whole = [
            self.whole(each.detach())[0]
            if isinstance(each, Tensor) and self._is_of_images(each.shape)
            else each
            for each in args
        ]
        return self.mine(func(*whole, **kwargs))

    def _dropout(
        self, func: Any, given: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        if not training or p == 0 or not self._is_of_images(given.shape):
            return cast("Tensor", func(given, p, training))
        return given * self.mine(func(self._whole_like(given).fill_(1), p, True))

    def _batch_norm(self, func: Any, given: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Normalise by the statistics of the whole batch, put together from those of the shares.

        One transfer forward and one backward, of 2 numbers a channel and process. Means and sums
        of squares are put together as Chan et al. 1979 do, for squares of sums cancel in float32.
        """
        asked = _BATCH_NORM.bind(given, *args, **kwargs)
        asked.apply_defaults()
        _, running_mean, running_var, weight, bias, training, momentum, eps = asked.args
        if self.local_batch_norm or not training or not self._is_of_images(given.shape):
            return cast("Tensor", func(*asked.args))
        rows = given.to(torch.promote_types(given.dtype, torch.float32))
        axes = [0, *range(2, rows.dim())]
        var, mean = torch.var_mean(rows, axes, correction=0)
        each = rows[:, :1].numel()
        count = self._whole_shape(given.shape)[0] * math.prod(given.shape[2:])
        if count <= 1:
            raise ValueError(f"batch normalisation needs more than {count} value per channel")
        # A sum to which each process adds in a place of its own tells all of each.
        place = torch.eye(self._group.size, device=mean.device, dtype=mean.dtype)
        local = torch.stack([mean, var, torch.full_like(mean, each)])
        local = place[self._group.rank].view(-1, 1, 1) * local
        means, variances, counts = self.total(local).unbind(1)
        weights = counts / count
        whole_mean = (weights * means).sum(0)
        whole_var = (weights * (variances + (means - whole_mean).square())).sum(0)
        if running_mean is not None and running_var is not None:
            with torch.no_grad():
                running_mean.lerp_(whole_mean.to(running_mean.dtype), momentum)
                unbiased = whole_var * (count / (count - 1))
                running_var.lerp_(unbiased.to(running_var.dtype), momentum)
        shape = [1, -1, *[1] * (rows.dim() - 2)]
        scale = torch.rsqrt(whole_var + eps)
        if weight is not None:
            scale = scale * weight
        made = (rows - whole_mean.view(shape)) * scale.view(shape)
        if bias is not None:
            made = made + bias.view(shape)
        return made.to(given.dtype)


def _refuse(func: Any, *args: Any, **kwargs: Any) -> Any:
    if func is functional.rrelu and not kwargs.get("training"):
        return func(*args, **kwargs)
    raise ConfigError(
        f"processes: the networks call {func.__name__}, which draws random numbers for all images "
        "at once, so several processes cannot compute what one does; set processes = 1."
    )


class _Total(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, group: Group) -> Tensor:
        ctx.group = group
        return group.total(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return cast("Tensor", _Total.apply(gradient, ctx.group)), None


class _Gathered(torch.autograd.Function):
    """The rows of all processes; see `Shares.whole`."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, shares: Shares, tied: bool) -> Tensor:
        ctx.shares, ctx.tied = shares, tied
        return shares._group.total(shares.placed(rows))

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        if ctx.tied:
            gradient = ctx.shares.total(gradient)
        return ctx.shares.mine(gradient), None, None
