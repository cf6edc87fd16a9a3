import Celery

// The `celery` command: tasks are the programs of the project.
CeleryProgram().main()
