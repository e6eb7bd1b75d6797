"""How long the server takes for a page of the worklist and of the history, among few and among many cases.

python -m benchmarks.lists [--counts 1000 1000000] [--databases sqlite postgres] [--times 100] [--keep DIR]

Through Flask's test client: routing, queries, template; some times unmeasured first. What is measured is the
time on the processor, of the web process and of the database's own, so that a busy machine does not blur it;
`--wall` measures by the clock. With `--keep` the filled SQLite files stay in that folder and are used again.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import insert, select, text, update

from benchmarks.many_cases import ME, UPLOADERS, fill
from benchmarks.stage import percentile
from portal.app import create_app
from portal.commands.migrate import apply_migrations
from portal.db import db, transaction
from portal.models import Batch, Case, Image, Job
from portal.models.columns import utc_now
from portal.settings import Settings
from tests.fixtures.people import Person, signed_in
from tests.services.postgres import PostgresCluster

WARM_UP = 3
ENOUGH_S = 4
DEEP_PAGES = 40
NEXT = re.compile(r'rel="next" href="([^"]+)"')
ROW = re.compile(r"<tr id=|<td data-label=\"Result\"")
MONTH_AGO = date.today() - timedelta(days=30)

WORKLIST = {
    "worklist": "", "worklist, live part": "/live", "… deep page": "?page=deep",
    "… also reviewed": "?show=all", "… being read by me": "?show=mine", "… verdict": "?verdict=doubt",
    "… none yet": "?verdict=none+yet", "… out of scope": "?verdict=out+of+scope",
    "… priority": "?priority=urgent", "… body part": "?part=hip",
    "… rare body part": "?part=skull", "… uploaded today": "?age=today", "… older than 7 days": "?age=older",
    "… failed": "?state=failed", "… refused": "?state=refused", "… waiting": "?state=waiting",
    "… read by nobody": "?reader=nobody", "… read by somebody": "?reader=somebody",
    "… oldest first": "?sort=oldest", "… newest first": "?sort=newest",
    "… newest first, deep page": "?sort=newest&page=deep",
    "… doubt, hip": "?verdict=doubt&part=hip",
    "… out of scope, skull": "?verdict=out+of+scope&part=skull",
    "… fracture, skull, routine, newest": "?verdict=fracture&part=skull&priority=routine&sort=newest",
    "… failed, skull, all": "?state=failed&part=skull&show=all",
    "… waiting, routine, week, newest": "?state=waiting&priority=routine&age=week&sort=newest",
}  # fmt: skip
HISTORY = {
    "history": "", "… deep page": "?page=deep", "… oldest first": "?sort=oldest",
    "… urgent first": "?sort=urgency", "… urgent first, deep page": "?sort=urgency&page=deep",
    "… dates": f"?from={MONTH_AGO}&to={MONTH_AGO}", "… verdict": "?verdict=doubt",
    "… verdict, deep page": "?verdict=doubt&page=deep",
    "… out of scope": "?verdict=out+of+scope",
    "… out of scope, skull, failed": "?verdict=out+of+scope&part=skull&state=failed",
    "… uploader, out of scope": f"?uploader={UPLOADERS[3]}&verdict=out+of+scope",
    "… refused": "?state=refused", "… uploader, refused": f"?uploader={UPLOADERS[3]}&state=refused",
    "… out of scope, refused": "?verdict=out+of+scope&state=refused",
    "… state": "?state=failed", "… body part": "?part=hip", "… open": "?review=open",
    "… uploader": f"?uploader={UPLOADERS[3]}",
    "… upload": "?batch=upload", "… re-run of 1,000": "?batch=small", "… re-run of a fifth": "?batch=large",
    "… doubt, skull": "?verdict=doubt&part=skull",
    "… failed, skull, urgent": "?state=failed&part=skull&priority=urgent",
    "… uploader, doubt, skull": f"?uploader={UPLOADERS[3]}&verdict=doubt&part=skull",
    "… differs from the answer": "?reading=differs",
    "… differs since, skull, urgent first": "?reading=differs+since&part=skull&sort=urgency",
    "… changed by a re-run": "?changed=large",
    "… changed by a re-run, deep page": "?changed=large&page=deep",
    "… uploader, urgent first": f"?uploader={UPLOADERS[3]}&sort=urgency",
}  # fmt: skip
SEARCHES = {"full reference": "P-0000017", "accession": "A0000001", "P": "P"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 1_000_000])
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--wall", action="store_true", help="by the clock on the wall")
    parser.add_argument("--only", default="", help="measure pages whose name contains this")
    options = parser.parse_args()
    columns: dict[str, dict[str, list[float]]] = {}
    for database in options.databases:
        for count in options.counts:
            with filled_portal(database, count, options.keep) as app:
                columns[f"{database} {count:,}"] = dict(
                    measure(app, options.times, options.only, options.wall)
                )
    print_table(columns)


@contextmanager
def filled_portal(database: str, count: int, keep: Path | None) -> Iterator[Flask]:
    with tempfile.TemporaryDirectory(prefix="gs-lists-") as folder:
        home = (keep / f"{database}-{count}") if keep and database == "sqlite" else Path(folder) / "home"
        if database == "sqlite":
            yield from _filled(Settings(home=home, redis_url=f"unix://{folder}/nobody"), count)
            return
        cluster = PostgresCluster()
        cluster.start()
        try:
            url = cluster.fresh_database()
            yield from _filled(
                Settings(home=home, redis_url=f"unix://{folder}/nobody", database_url=url), count
            )
        finally:
            cluster.remove()


def _filled(settings: Settings, count: int) -> Iterator[Flask]:
    app = create_app(settings)
    with app.app_context():
        if not (settings.home / "filled").exists():
            started = time.perf_counter()
            apply_migrations(app)
            fill(count, db.engine)
            _add_reruns(count)
            (settings.home / "filled").touch()
            took = time.perf_counter() - started
            print(f"filled {db.engine.dialect.name} with {count:,} cases in {took:.0f} s")
        with transaction() as session:
            session.execute(update(Case).where(Case.claimed_at.is_not(None)).values(claimed_at=utc_now()))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _add_reruns(count: int) -> None:
    """Two batches over cases that stand far back in the history, one of 1,000 and one of a fifth of all."""
    oldest_first = (Case.created_at, Case.id, Image.position)
    images = select(Image.id).join(Case).where(Image.state == "ready").order_by(*oldest_first)
    for reason, size in (("small", min(1000, count // 5)), ("large", count // 5)):
        with transaction() as session:
            batch = Batch(kind="rerun", reason=reason, requested_by_id=ME, release_id=1)
            session.add(batch)
            session.flush()
            jobs = select(
                Image.id, select(Batch.id).where(Batch.reason == reason).scalar_subquery(),
                *(db.literal(value) for value in (1, 1, "done", 0, 0)), Image.received_at,
            ).join(Case).where(Image.id.in_(images.limit(size))).order_by(*oldest_first)  # fmt: skip
            names = ["image_id", "batch_id", "release_id", "rank", "state", "attempts", "fence", "queued_at"]
            session.execute(insert(Job).from_select(names, jobs))
            changed = select(Image.case_id).join(Job).where(Job.batch_id == batch.id, Job.id % 10 == 0)
            session.execute(
                update(Case)
                .where(Case.id.in_(changed))
                .values(changed_by_id=batch.id, verdict_before="doubt")
                .execution_options(synchronize_session=False)
            )


def measure(app: Flask, times: int, only: str, by_wall: bool) -> Iterator[tuple[str, list[float]]]:
    """(name, seconds of each answer) for each page."""
    person = signed_in(app, ME)
    clock = time.perf_counter if by_wall else processor_clock(app)
    for name, path in pages(app, person):
        if only not in name:
            continue
        repeated(person, path, clock, WARM_UP)
        took = repeated(person, path, clock, times)
        print(f"  {name}: {percentile(took, 0.5) * 1000:.0f} ms", file=sys.stderr, flush=True)
        yield name, took


def repeated(person: Person, path: str, clock: Callable[[], float], times: int) -> list[float]:
    """Fewer times for a page that takes seconds."""
    took: list[float] = []
    while len(took) < times and sum(took) < ENOUGH_S:
        took.append(timed(person, path, clock))
    return took


def processor_clock(app: Flask) -> Callable[[], float]:
    """Seconds on a processor of this process and of the database's, which serves our one connection."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            return time.process_time
        backend = db.session.scalar(text("SELECT pg_backend_pid()"))
        db.session.rollback()
    on_processor = Path(f"/proc/{backend}/schedstat")
    return lambda: time.process_time() + int(on_processor.read_text().split()[0]) / 1e9


def pages(app: Flask, person: Person) -> Iterator[tuple[str, str]]:
    with app.app_context():
        batches = {
            "upload": db.session.scalar(select(Batch.id).where(Batch.kind == "upload").limit(1)),
            **{
                reason: id
                for id, reason in db.session.execute(
                    select(Batch.id, Batch.reason).where(Batch.kind == "rerun")
                )
            },
        }
        case_id = db.session.scalar(
            select(Case.id).where(Case.is_reviewed.is_(False)).order_by(Case.reading_rank.desc()).limit(1)
        )
    for page, filters in (("/worklist", WORKLIST), ("/history", HISTORY)):
        for name, query in filters.items():
            for key, batch_id in batches.items():
                for name_of_field in ("batch", "changed"):
                    query = query.replace(f"{name_of_field}={key}", f"{name_of_field}={batch_id}")
            yield name if name[0] != "…" else f"{page[1:]} {name}", with_deep_page(person, page + query)
    for reason in ("small", "large"):
        yield f"page of a batch, {reason}", f"/batches/{batches[reason]}"
    yield "dashboard", "/"
    yield "next case", f"/cases/{case_id}/next"
    yield "previous case", f"/cases/{case_id}/previous"
    for page in ("/worklist", "/history"):
        for name, begun in SEARCHES.items():
            address = person.post(f"{page}/search", {"text": begun}).headers["Location"]
            yield f"{page[1:]} search: {name}", address


def with_deep_page(person: Person, path: str) -> str:
    """Instead of `page=deep` the address that forty times “next” leads to, or the last there is."""
    if "page=deep" not in path:
        return path
    address = path.replace("?page=deep", "").replace("&page=deep", "")
    for _ in range(DEEP_PAGES):
        found = NEXT.search(person.get(address).text)
        if not found:
            break
        address = found.group(1).replace("&amp;", "&")
    return address


def timed(person: Person, path: str, clock: Callable[[], float]) -> float:
    started = clock()
    answer = person.get(path)
    took = clock() - started
    assert answer.status_code in (200, 302, 303), (path, answer.status_code)
    return took


def print_table(columns: dict[str, dict[str, list[float]]]) -> None:
    """p50/p95 in ms."""
    names: Sequence[str] = list(next(iter(columns.values())))
    print(f"| page (p50/p95 ms) | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name in names:
        figures = [
            f"{percentile(column[name], 0.5) * 1000:.0f}/{percentile(column[name], 0.95) * 1000:.0f}"
            for column in columns.values()
        ]
        print(f"| {name} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
