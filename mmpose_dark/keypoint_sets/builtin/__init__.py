"""Dataset definitions, one file a dataset; found by name with ``metainfo=dict(from_file='coco')``."""
