"""When and with what: settings, wiring, flows, Celery, the command line."""
