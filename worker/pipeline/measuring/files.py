"""The files of RevOps that KPIs are measured with, read together so that all their mistakes are named together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Any

import polars as pl

from worker import side_files
from worker.pipeline.measuring.known_targets import targets
from worker.side_files import all_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from kpis.benchmarks import Benchmark
    from worker.pipeline.session import Session


@dataclass(frozen=True)
class Files:
    """What targets, spend and benchmarks files say."""

    targets: pl.DataFrame | None
    spend: pl.DataFrame | None
    benchmarks: Sequence[Benchmark]


def check_files(session: Session, kpis: Collection[str]) -> None:
    """Raise SettingsProblem with every mistake in the files of the connection that shows without its deals."""
    all_of(_reads(session, kpis))


def _reads(session: Session, kpis: Collection[str]) -> Iterator[Callable[[], Any]]:
    known: dict[str, Callable[[Path], Any]] = {
        "people": side_files.people, "rates": side_files.rates, "targets": side_files.targets,
        "spend": side_files.spend, "benchmarks": partial(side_files.benchmarks, kpis=_known(kpis)),
    }  # fmt: skip
    for setting, read in known.items():
        if path := getattr(session.connection, setting):
            yield partial(read, session.services.settings.path(path))


def files_of(
    session: Session, kpis: Collection[str], deals: pl.DataFrame, groups: Mapping[str, Collection[str]]
) -> Files:
    """The files, with the owners, teams, segments and stages that they name known to the deals."""
    reads: list[Callable[[], Any]] = [
        partial(targets, session, deals), partial(_spend, session), partial(_benchmarks, session, kpis, groups),
    ]  # fmt: skip
    return Files(*all_of(reads))


def _benchmarks(session: Session, kpis: Collection[str], groups: Mapping[str, Collection[str]]) -> Sequence[Benchmark]:
    """The connection's benchmarks, else the shipped ones. Its own must name groups that there are."""
    own = session.connection.benchmarks
    path = session.services.settings.path(own) if own else resources.files("kpis").joinpath("benchmarks.csv")
    return side_files.benchmarks(path, _known(kpis), groups if own else None)


def _known(kpis: Collection[str]) -> set[str]:
    from kpis.catalogue import SHIPPED

    return {*SHIPPED, *kpis}


def _spend(session: Session) -> pl.DataFrame | None:
    from kpis.spend import SPEND

    path = session.connection.spend
    if path is None:
        return None
    return pl.DataFrame(side_files.spend(session.services.settings.path(path)), schema=SPEND)
