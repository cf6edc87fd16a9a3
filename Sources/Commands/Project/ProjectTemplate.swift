/// The files of a new project.
enum ProjectTemplate {
    struct File {
        var path: String
        var text: String
        var isExecutable = false
    }

    static func files(_ name: String) -> [File] {
        [
            File(path: "celery.toml", text: settings(name)),
            File(path: "\(name)/tasks/add.sh", text: add, isExecutable: true),
            File(path: "\(name)/tasks/square.sh", text: square, isExecutable: true),
            File(path: "\(name)/tasks/shout.sh", text: shout, isExecutable: true),
            File(path: "\(name)/tasks/flaky.sh", text: flaky, isExecutable: true),
        ]
    }

    private static func settings(_ name: String) -> String {
        """
        # Settings of this project; see celery.toml(5). Everything has a default: with no
        # broker named, messages and results are kept in celery.db beside this file.

        INSTALLED_APPS = ["\(name)"]

        # CELERYD_CONCURRENCY = 4
        # CELERYD_TASK_TIME_LIMIT = 300
        # CELERY_TASK_RESULT_EXPIRES = 432000

        """
    }

    private static let add = """
        #!/bin/sh
        # Adds numbers. What a task prints is its return value.
        sum=0
        for number in "$@"; do sum=$((sum + number)); done
        echo "$sum"

        """

    private static let square = """
        #!/bin/sh
        # celery: time_limit=10
        # Options of a task stand in a comment of its first lines, as above.
        echo $(($1 * $1))

        """

    private static let shout = """
        #!/bin/sh
        # Keyword arguments come as options: celery apply NAME.tasks.shout text=hello
        while [ $# -gt 0 ]; do
            case $1 in
                --text) text=$2; shift 2 ;;
                *) text=$1; shift ;;
            esac
        done
        echo "task $CELERY_TASK_ID shouts" >&2
        printf '%s!\\n' "$text" | tr '[:lower:]' '[:upper:]'

        """

    private static let flaky = """
        #!/bin/sh
        # celery: max_retries=3 retry_delay=1
        # Exit status 75 asks to be tried again; any other but 0 is a failure.
        [ "$CELERY_TASK_RETRIES" -ge 2 ] || exit 75
        echo "worked after $CELERY_TASK_RETRIES retries"

        """
}
