print("celery")
