"""Requests of every kind, valid and spoilt, and a fake that is watched while it answers them.

values      texts, numbers and documents that parsers trip over
mutations   valid XML and JSON documents, spoilt
catalogue   a valid request for every operation
requests    hypothesis strategies for requests
session     a fake with something in it, and what must hold of every answer
"""
