"""The files in an S3 store: moto's server, which speaks the protocol of the real ones."""

from datetime import timedelta

import pytest
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from tests.attachments import files
from tests.attachments.parts import COUNTY, attach, rows
from workflow import attachments, storage
from workflow.errors import RuleError

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def server():
    """An S3 server on a port of its own, with one bucket."""
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "tests")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        S3FileSystem.clear_instance_cache()
        S3FileSystem().mkdir("letters")
        yield moto
        S3FileSystem.clear_instance_cache()
    moto.stop()


@pytest.fixture
def store(server, app):
    app.config["ATTACHMENTS_URL"] = "s3://letters/fujian"
    return storage.storage(app.config)


def test_a_file_comes_lies_there_and_goes(fujian, leaving, store):
    transfer, county = leaving(), fujian.liaison_of(COUNTY)
    row = attach(county, transfer, store)
    assert attachments.read(row, store).startswith(b"\xff\xd8\xff")
    assert attachments.read(row, store, thumbnail=True).startswith(b"\xff\xd8\xff")
    kept = {name for name, _written, _size in store.files()}
    assert kept == {row.stored_as, row.thumbnail_stored_as}
    attachments.remove(row.key, county.actor)
    assert attachments.sweep(store, timedelta(hours=1)).files == 0
    assert attachments.sweep(store, timedelta()).files == 2
    assert list(store.files()) == []


def test_a_large_file_too(store):
    content = bytes(range(256)) * 4 * 1024 * 15
    name = store.write(content)
    assert store.read(name) == content
    [(listed, _written, size)] = store.files()
    assert (listed, size) == (name, len(content))
    store.delete([name])


def test_what_others_keep_in_the_bucket_is_left_alone(store):
    store.filesystem.pipe_file("letters/fujian/README", b"ours")
    store.filesystem.pipe_file(f"letters/elsewhere/ab/{'0' * 30}", b"theirs")
    assert attachments.sweep(store, timedelta()).files == 0
    assert store.filesystem.exists("letters/fujian/README")


def test_a_bucket_that_there_is_not_is_told(fujian, leaving, server, app):
    app.config["ATTACHMENTS_URL"] = "s3://nowhere/fujian"
    with pytest.raises(RuleError, match="附件暂时无法保存"):
        attach(fujian.liaison_of(COUNTY), leaving(), storage.storage(app.config), content=files.pdf())
    assert rows() == []
