"""Names that look alike are suggested, the likest first."""

from scripts.lib.embedding.models.suggest import nearest


def test_the_likest_names_come_first_in_their_own_case() -> None:
    known = ["ViT-L-14", "ViT-B-32", "RN50", "ViT-B-16"]
    assert nearest("vit-b32", known).split(", ") == ["ViT-B-32", "ViT-B-16", "ViT-L-14"]
    assert nearest("xyz", known) == ""
