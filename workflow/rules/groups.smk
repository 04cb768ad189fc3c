# The embedding into groups: clusters, hierarchical labels, categories in words.
