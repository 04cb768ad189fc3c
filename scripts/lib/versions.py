"""The version of each stage's results.

Raise one when a stage computes something else than before: its jobs, and what follows from them, run
again. Editing a comment does not. The list stands alone because every run reads it before anything else.
"""

SCAN = 2
WEIGHTS = 2
DESCRIPTOR = 2  # names its vectors in the store
NETWORK = 2  # likewise, for everything done to an image besides the network itself
TRAIN = 1
RECONSTRUCT = 1
EMBED = 1
GATHER = 2
KNN_INDEX = 1
KNN_SEARCH = 1
KNN = 3
BOUND = 2
MST = 3
TRAVERSE = 1
TWO_OPT = 3
ORDER = 2
QUALITY = 1
PLAN = 1
COPY = 2
CLUSTERS = 1
CLUSTER_TABLE = 2
CLUSTER_SHEETS = 1
LABELS = 1
CATEGORIES = 1
CATEGORY_SHEET = 1
TEXTS = 1  # names the vectors of texts in the store
PROJECTION = 1
PROJECTION_MAP = 1
DUPLICATE_GROUPS = 2
IMAGE_HASHES = 1
PLAN_REORGANIZE = 1
REORGANIZE = 1
COLLECTION = 1
THUMBNAILS = 1
CENTROIDS = 1
REPORT = 1
CLIP_RETRIEVAL = 1
