"""docs/extending.md: the entity and the transfer kind of that page work as they stand there."""

import subprocess
import sys

from tests.support.databases import ROOT


def test_the_code_of_the_page_runs(backend, databases):
    with databases(backend).copy("world") as url:
        run = subprocess.run(
            [sys.executable, "-m", "tests.docs.extending", url], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert run.returncode == 0, run.stderr[-3000:]
