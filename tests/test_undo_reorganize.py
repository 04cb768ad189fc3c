"""What was filed is put back; a plain run does not file it again, and a sort stays."""

from tests.conftest import COLLECTION_SIZE, Workflow
from tests.copying import tree
from tests.test_reorganize import filed

SETTINGS = {"folders": "order", "folders_size": 7, "copy_mode": "hardlink"}


def test_what_was_undone_is_filed_again_only_on_demand(collection: Workflow) -> None:
    copies, images = collection.copies(), tree(collection.images)
    collection.run("reorganize", **SETTINGS)
    (collection.folder / "filed_images" / "mine.txt").write_text("mine")
    collection.run("undo_reorganize", **SETTINGS)
    assert filed(collection) == {"mine.txt": b"mine"}
    told = collection.run("reorganize", **SETTINGS).stderr
    assert "was undone, so it is not made again; --forcerun reorganize does it" in told
    assert filed(collection) == {"mine.txt": b"mine"}
    collection.run("reorganize", "--forcerun", "reorganize", **SETTINGS)
    assert len(filed(collection)) == COLLECTION_SIZE + 1
    assert collection.copies() == copies
    assert tree(collection.images) == images
