"""Backbeat's HTTP API: health, metrics, failed objects and their retries, pause and resume.

Source: Backbeat lib/api/*.
"""
