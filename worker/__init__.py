"""The Celery application: work that is not on the job path."""
