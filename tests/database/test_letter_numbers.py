"""R35: processes that draw letter numbers at once draw each number once, and leave no hole."""

import multiprocessing

from models import clock, db, sqlite
from tests.support.databases import close_app, open_rules
from workflow import numbering
from workflow.transaction import transaction

PROCESSES, EACH, BROKEN_OFF = 4, 125, 7
"""Every seventh transaction is broken off after it has drawn: its number must be drawn again."""


class BrokenOff(Exception):
    pass


def draw(url: str, start, drawn) -> None:
    app = open_rules(url)
    with app.app_context():
        sqlite.begin_as_writer(True)
        start.wait()
        kept, tries = [], 0
        while len(kept) < EACH:
            tries += 1
            try:
                with transaction():
                    number = numbering.next_number()
                    if tries % BROKEN_OFF == 0:
                        raise BrokenOff
            except BrokenOff:
                continue
            kept.append(number)
    close_app(app)
    drawn.put(kept)


def test_r35_four_processes_draw_five_hundred_numbers_without_a_double_or_a_hole(app):
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    db.session.remove()
    db.engine.dispose()  # a forked connection would be one connection in two processes
    context = multiprocessing.get_context("fork")
    start, drawn = context.Barrier(PROCESSES), context.Queue()
    processes = [context.Process(target=draw, args=(url, start, drawn)) for _ in range(PROCESSES)]
    for process in processes:
        process.start()
    numbers = [number for _ in processes for number in drawn.get(timeout=60)]
    for process in processes:
        process.join(timeout=10)
    month = clock.this_month().replace("-", "")
    assert sorted(numbers) == [f"{month}{number:05d}" for number in range(1, PROCESSES * EACH + 1)]
