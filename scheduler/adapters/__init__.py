"""What the scheduler uses outside itself: hints carried by Celery."""
