from pathlib import Path

from ganterm.bench import machine


def test_the_processor_comes_from_the_kernel_or_else_from_python(tmp_path: Path) -> None:
    """The model's name is read where the kernel tells it; nothing breaks where it does not."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz: v2\nflags\t: fpu\n")
    assert machine._processor(cpuinfo) == "Fast CPU @ 3 GHz: v2"
    assert machine._processor(tmp_path / "none")


def test_the_machine_is_described_by_what_its_speed_depends_on() -> None:
    """Cores, memory, threads and load are there, as plain values of sensible size."""
    found = machine.describe_machine()
    assert found.keys() >= {"processor", "cores", "memory_gib", "torch_threads", "load", "gpu"}
    cores, memory = found["cores"], found["memory_gib"]
    assert isinstance(cores, int)
    assert cores >= 1
    assert isinstance(memory, float)
    assert 0.1 < memory < 1e5


def test_versions_are_those_of_the_installed_packages() -> None:
    """Every package whose speed counts is named with a version."""
    assert all(version[0].isdigit() for version in machine.versions().values())
