"""Live changes are recorded, made again at their steps, and change a run in no other way."""

import json
from pathlib import Path

import pytest

from ganterm.runs import control
from ganterm.runs.layout import RunDir
from tests.records import Line, in_force, lines
from tests.worker.workers import Worker, Zygote, differences, kinds, last_step, make_run

ENDLESS = 10**6
"""Steps of a run that is given its length afterwards, so that no command comes too late."""

CHANGES: list[tuple[str, object]] = [
    ("lr_g", 2e-4),
    ("lr_d", 5e-4),
    ("real_label", 0.9),
    ("fake_label", 0.1),
    ("d_steps", 2),
    ("penalty_weight", 0.5),
    ("augment_p", 0.3),
    ("threads", 2),
    ("sample_every", "33"),
    ("checkpoint_every", "30"),
]


def steerable(directory: Path, **settings: object) -> RunDir:
    """Make a run with a penalty to weigh, adaptive augmentation, and few checkpoints."""
    steering = {"steps": ENDLESS, "checkpoint_every": "50", "penalty": "r1", "batch_size": 32}
    adaptive = {"augment": "colour,cutout", "augment_target": 0.6}
    return make_run(directory, "dcgan-8x8", **{**steering, **adaptive, **settings})


def ask(worker: Worker, name: str, **args: object) -> Line:
    """Post a command and wait for its answer."""
    identity = control.post(worker.run.control, name, **args)
    answer = worker.until(lambda record: record.get("id") == identity)
    assert answer is not None, worker.log()
    return answer


def steer(worker: Worker) -> None:
    """Make half of the changes in a pause, the others while training goes on, the last in a pause.

    The worker is left paused, so no checkpoint has seen the last change.
    """
    ask(worker, "pause")
    for key, value in CHANGES[:4]:
        assert ask(worker, "set", key=key, value=value)["error"] == ""
    ask(worker, "resume")
    for key, value in CHANGES[4:-1]:
        answer = ask(worker, "set", key=key, value=value)
        assert answer["error"] == ""
        worker.until_step(answer["step"] + 1)
    ask(worker, "pause")
    ((key, value),) = CHANGES[-1:]
    assert ask(worker, "set", key=key, value=value)["error"] == ""


def changes_of(run: RunDir) -> list[tuple[int, str, object]]:
    return [
        (record["step"], record["args"]["key"], record["args"]["value"])
        for record in in_force(run.journal)
        if record["kind"] == "control" and record["name"] == "set" and not record["error"]
    ]


@pytest.mark.slow
def test_a_steered_run_survives_kills_and_can_be_repeated(zygote: Zygote, tmp_path: Path) -> None:
    """Killed after its changes and resumed, it ends as the uninterrupted run that repeats them."""
    run = steerable(tmp_path / "steered")
    worker = zygote.start(run)
    steer(worker)
    made = changes_of(run)
    assert [(key, value) for _, key, value in made] == CHANGES
    worker.kill()
    assert last_step(run) <= made[-1][0]

    # Killed again where some of the changes may have been made a second time.
    worker = zygote.start(run)
    worker.until(lambda record: record["kind"] == "control")
    worker.kill()
    steps = made[-1][0] + 20
    zygote.train(run, "--steps", str(steps))
    assert changes_of(run) == made

    again = steerable(tmp_path / "again", steps=steps)
    zygote.train(again, "--repeat", str(run.path))
    assert changes_of(again) == made
    assert differences(run, again) == []
    unsteered = zygote.train(steerable(tmp_path / "unsteered", steps=steps))
    assert "journal" in differences(run, unsteered)


def test_a_repeated_run_survives_kills(zygote: Zygote, tmp_path: Path) -> None:
    """What a repeated run is still to change is in its own journal."""
    run = steerable(tmp_path / "steered")
    worker = zygote.start(run)
    steps = ask(worker, "set", key="lr_g", value=1e-5)["step"] + 20
    ask(worker, "stop")
    worker.wait()
    # A stop may come later than the change's twentieth step.
    steps = max(steps, last_step(run) + 1)
    zygote.train(run, "--steps", str(steps))

    again = steerable(tmp_path / "again", steps=steps)
    worker = zygote.start(again, "--repeat", str(run.path))
    worker.until(lambda record: record["kind"] == "start")
    worker.kill()
    zygote.train(again)
    assert changes_of(again) == changes_of(run)
    assert differences(run, again) == []


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("lr_g", 7, "lr_g must be a number from 0 to 1; got '7'."),
        ("lr_g", "fast", "lr_g must be a number from 0 to 1; got 'fast'."),
        ("batch_size", 8, "batch_size cannot be changed while training; what can:"),
        ("no_such_thing", 1, "no_such_thing cannot be changed while training; what can:"),
        ("real_label", 0, "real_label: "),
        ("sample_every", "often", "sample_every must be a count such as '1000'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    zygote: Zygote, trained: RunDir, key: str, value: object, reason: str
) -> None:
    """In the journal, where whoever asked looks for the answer; training goes on."""
    (trained.control / "posted.json").write_bytes(
        b'{"name": "set", "args": %s}' % _json({"key": key, "value": value})
    )
    zygote.train(trained, "--steps", "34")
    (answer,) = kinds(trained, "control")
    assert (answer["id"], answer["name"], answer["step"]) == ("posted", "set", 32)
    assert reason in answer["error"]
    assert list(trained.control.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not a JSON object"),
        (b"\xff\x00{", "it is not a JSON object"),
        (b"[" * 60000, "it is not a JSON object"),
        (b'{"name": "rm -rf"}', "'rm -rf' is not a command"),
        (b'{"name": "set", "args": {"key": "lr_g"}}', "'set' needs a key and a value"),
        (b'{"name": "pause", "args": {"for": 3}}', "'pause' takes no arguments"),
        (b" " * (1 << 17), "it cannot be read"),
    ],
)
def test_a_garbled_command_is_answered_and_removed(
    zygote: Zygote, trained: RunDir, content: bytes, reason: str
) -> None:
    """Whatever stands in the file, training goes on."""
    (trained.control / "garbled.json").write_bytes(content)
    zygote.train(trained, "--steps", "34")
    (answer,) = kinds(trained, "control")
    assert (answer["id"], answer["name"], answer["args"]) == ("garbled", "", {})
    assert reason in answer["error"]
    assert list(trained.control.iterdir()) == []


def test_a_command_found_again_after_a_crash_is_obeyed_once(zygote: Zygote, tmp_path: Path) -> None:
    """Its worker wrote the answer and died before it could remove the file."""
    run = steerable(tmp_path / "steered")
    worker = zygote.start(run)
    ask(worker, "pause")
    answers = [ask(worker, "set", key="lr_g", value=1e-5), ask(worker, "sample")]
    worker.kill()
    for answer in answers:
        file = run.control / f"{answer['id']}.json"
        file.write_bytes(_json({"name": answer["name"], "args": answer["args"]}))
    steps = answers[0]["step"] + 20
    zygote.train(run, "--steps", str(steps))
    resumed = lines(run.journal)
    resumed = resumed[[record["kind"] for record in resumed].index("resume") :]
    told = [record for record in resumed if record["kind"] == "control"]
    assert [(record["id"], record["step"]) for record in told] == [
        (answers[0]["id"], answers[0]["step"])
    ]
    assert list(run.control.iterdir()) == []
    again = steerable(tmp_path / "again", steps=steps)
    assert differences(run, zygote.train(again, "--repeat", str(run.path))) == []


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
