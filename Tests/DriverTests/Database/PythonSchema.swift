/// The tables as SQLAlchemy makes them for a version of Celery.
enum PythonSchema {
    case celery54, celery56, celery57

    static let latest = celery57

    var statements: [String] {
        let isLatest = self == .celery57
        let tasks = """
            CREATE TABLE celery_taskmeta (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, task_id VARCHAR(155), \
            status VARCHAR(50), result BLOB, date_done DATETIME, traceback TEXT, \(isLatest ? "children BLOB, " : "")\
            name VARCHAR(155), args BLOB, kwargs BLOB, worker VARCHAR(155), retries INTEGER, queue VARCHAR(155), \
            \(isLatest ? "stamps BLOB, " : "")UNIQUE (task_id))
            """
        let groups = """
            CREATE TABLE celery_tasksetmeta (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, taskset_id VARCHAR(155), \
            result BLOB, date_done DATETIME, UNIQUE (taskset_id))
            """
        if self == .celery54 { return [tasks, groups] }
        return [
            tasks, "CREATE INDEX ix_celery_taskmeta_date_done ON celery_taskmeta (date_done)",
            groups, "CREATE INDEX ix_celery_tasksetmeta_date_done ON celery_tasksetmeta (date_done)",
        ]
    }
}
