import Commands

// The `celery` command: its tasks are the programs of the project. A program with tasks in Swift imports `Celery`.
Program().main()
