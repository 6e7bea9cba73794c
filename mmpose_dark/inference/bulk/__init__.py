"""Bulk prediction: a lake of images in shards, each written whole or not at all, by any number of workers."""
