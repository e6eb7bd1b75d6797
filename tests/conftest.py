"""Options, skips and services that all tests share."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests import needs

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before anything imports ONNX Runtime

pytest_plugins = [
    "tests.services.fixtures",
    "tests.fixtures.portal",
    "tests.fixtures.running",
    "tests.closed_network",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--nothing-skipped", action="store_true", help="a skipped test fails, unless it needs a GPU"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        needs.require(marker.args[0])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("nothing_skipped"):
        _fail_unless_gpu(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if report.skipped and collector.config.getoption("nothing_skipped"):
        _fail_unless_gpu(report)
    return report


def _fail_unless_gpu(report: pytest.TestReport | pytest.CollectReport) -> None:
    gpu = needs.missing(needs.MAY_BE_MISSING)
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if gpu is None or gpu not in reason:
        report.outcome = "failed"
        report.longrepr = f"skipped, but --nothing-skipped is given: {reason}"
