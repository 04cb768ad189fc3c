"""Pictures for people: the example collection and contact sheets."""
