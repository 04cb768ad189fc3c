"""The settings of a training come from the configuration, and say what it is."""

from scripts.lib.embedding.training.settings import TrainingSettings, settings_of
from scripts.lib.run.config import complete, training_settings
from tests.conftest import SCHEMA
from tests.training import tiny


def settings(**given: object) -> TrainingSettings:
    return settings_of(training_settings(complete({"model": "autoencoder", **given}, SCHEMA)))


def test_each_setting_is_a_key_of_the_configuration() -> None:
    given = {"train_latent": 5, "train_kl": 0.5, "train_clip": 0, "train_l1": 2, "train_variational": True}
    found = settings(seed=7, **given)
    assert (found.latent, found.kl, found.clip, found.l1, found.seed) == (5, 0.5, 0, 2, 7)
    assert found.variational


def test_a_plain_autoencoder_has_no_divergence() -> None:
    assert settings(train_kl=0.5, train_warmup=9) == settings()
    assert tiny(kl=0.5).divergence_weight(5) is None


def test_the_warm_up_is_of_plain_reconstruction() -> None:
    variational = tiny(variational=True, kl=0.5, warmup=2)
    assert [variational.divergence_weight(epoch) for epoch in range(4)] == [None, None, 0.5, 0.5]


def test_the_purpose_changes_with_every_setting() -> None:
    assert tiny().purpose == tiny().purpose
    others = ({"latent": 9}, {"rate": 1.0}, {"seed": 1}, {"clip": 2.0}, {"variational": True})
    assert len({tiny(**other).purpose for other in ({}, *others)}) == len(others) + 1
