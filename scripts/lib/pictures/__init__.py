"""Pictures for people: the example collection, contact sheets, figures and maps."""

import logging

# Said before matplotlib is imported: its notes on font caches and settings are not for the terminal.
logging.getLogger("matplotlib").setLevel(logging.ERROR)
