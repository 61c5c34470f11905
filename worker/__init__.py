"""Settings, wiring, pipeline steps, use cases, the Celery app and the command line."""
