import Testing

@testable import Arguments

@Suite struct HelpTextTests {
    private static let globals = """
        Global options:
              --settings FILE  Settings file to read. (environment: CELERY_SETTINGS)
          -b, --broker URL     Broker to use. (environment: CELERY_BROKER_URL; setting:
                               CELERY_BROKER_URL)
              --workdir DIR    Directory to work in.
              --json           Print one JSON object a line.
          -q, --quiet          Say less. (environment: CELERY_QUIET)
          -v, --verbose        Say more. (environment: CELERY_VERBOSE; may be repeated)
              --no-color       Print without colors. (environment: NO_COLOR)
          -V, --version        Show the version and exit.
          -h, --help           Show this help and exit.

        """

    @Test func `tells of the program`() {
        #expect(HelpText.render(MadeUp.table) == """
            Usage: celery [GLOBAL-OPTION]... COMMAND [OPTION]... [OPERAND]...

            Distributed task queue.

            Starts on one file and grows to a cluster.

            Commands:
              apply   Submit a task
              dead    Handle dead messages
              status  Show states
              result  Print a result
              dmap    Map a task
              help    Explain a command

            Daemons:
              celeryd  Run the worker
              beat     Send periodic tasks when they are due

            \(Self.globals)
            Exit status:
              0      Done.
              1-100  That many tasks failed.

            Examples:
              celery status
                  See who works.

            'celery help COMMAND' and 'man celery-COMMAND' show the details of a command.

            """)
    }

    @Test func `tells of a command`() {
        #expect(HelpText.render(MadeUp.celeryd, in: MadeUp.table) == """
            Usage: celery celeryd [OPTION]...

            Run the worker.

            Also called: worker.

            Options:
              -c, --concurrency N     Number of child processes that run tasks side by side;
                                      each takes about 12 MiB of memory. (default: 4;
                                      environment: CELERY_CONCURRENCY; settings:
                                      CELERYD_CONCURRENCY, CELERY_CONCURRENCY)
              -l, --loglevel LEVEL    Least level to log. (default: info)
              -Q, --queues A,B        Queues to take from. (default: celery)
                  --pool N            Children kept ready. (default: the number of
                                      processors)
              -d, --detach, --daemon  Run in the background.

            \(Self.globals)
            """)
    }

    @Test func `tells operands, keys, statuses, examples and notes`() {
        let help = HelpText.render(MadeUp.apply, in: MadeUp.table)
        #expect(help.hasPrefix("""
            Usage: celery apply [OPTION]... TASK [ARG|KEY=VALUE]...
                   celery apply [OPTION]... --batch FILE

            Submit a task.

            Prints the task's id once the broker has confirmed the message; see --wait. A
            line that is long enough is wrapped.

            """))
        #expect(help.contains("\nOperands:\n  TASK           Name of the task.\n  ARG|KEY=VALUE  Its arguments.\n\n"))
        #expect(help.contains("\nKeys of --json:\n  id  Id of the task.\n\nExit status:\n  0      The broker confirmed.\n"))
        #expect(help.contains("\n  jq -c . jobs | celery apply --batch -\n      Submit what another program prints.\n"))
        #expect(help.hasSuffix("\nNotes:\n  A name that no worker knows is submitted all the same.\n"))
    }

    @Test func `tells of commands within commands`() {
        #expect(HelpText.render(MadeUp.beat, in: MadeUp.table).hasPrefix("""
            Usage: celery beat [OPTION]... [COMMAND]

            Send periodic tasks when they are due.

            Commands:
              next  List the coming runs
              list  List the entries

            """))
        let next = MadeUp.table.command(path: ["beat", "next"])!
        #expect(HelpText.render(next, in: MadeUp.table).hasPrefix("Usage: celery beat next [OPTION]...\n"))
        #expect(HelpText.render(MadeUp.dead, in: MadeUp.table).hasPrefix("Usage: celery dead [OPTION]... COMMAND\n"))
        #expect(HelpText.render(MadeUp.dmap, in: MadeUp.table).contains("      --bar, --no-bar  Draw a bar of progress. (default: on a terminal)\n"))
    }

    @Test(arguments: [50, 60, 80, 100]) func `keeps within its width`(_ width: Int) {
        for command in MadeUp.table.commands {
            let examples = Set(command.examples.map { "  \($0.command)" })
            for line in HelpText.render(command, in: MadeUp.table, width: width).split(separator: "\n") where !examples.contains(String(line)) {
                #expect(line.count <= width, "\(line)")
                #expect(line.last != " ", "\(line)")
            }
        }
    }
}
