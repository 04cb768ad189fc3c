"""The user's files: finding them, telling them apart, putting them in order."""
