"""What can be the matter with a file. Every row of a table says one of these, with a reason."""

OK = "ok"
UNREADABLE = "unreadable"  # reading failed: permission, input/output, vanished; tried again
CHANGED = "changed"  # its bytes are no longer those that the scan saw; tried again
UNDECODABLE = "undecodable"  # the bytes are no image, or no usable vector
TOO_LARGE = "too large"  # declares more pixels than the limit
SKIPPED = "skipped"  # a folder that was already read under another name

READING = (UNREADABLE, CHANGED)  # failures that may pass without the image changing
