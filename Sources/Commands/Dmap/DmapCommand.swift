import Arguments
import CeleryCore
import Client

/// `celery dmap`: a task over many items.
enum DmapCommand {
    static let command = Command(
        CommandSpec(
            "dmap", section: "Tasks", summary: "Map a task over items",
            discussion: [
                "Runs the task once for each ITEM, or for each line of stdin, and prints the results in the order of the items, each as soon as those before it are printed. Input is read as work gets done (--in-flight), so it may be endless, and few items wait in the queue.",
                "An item is JSON if it parses as JSON, else a string, or bytes if it is not UTF-8. If nothing happens for a second because no worker consumes the queue or knows the task, or the queue is paused, a line on stderr says so. For a failed item, nothing is printed on stdout; what the program wrote to stderr and stdout, and the error, appear on stderr.",
                "Results are deleted from the result store once they are printed (--keep keeps them).",
                "Ctrl-C, TERM and a reader of the results that goes away withdraw the items that no worker has begun. After a signal, dmap waits for the running items; a second signal revokes them as well, and a third ends dmap at once. With --joblog, it prints the command with which to go on. RabbitMQ cannot remove single messages from a queue: there they are revoked, and workers drop them.",
                "A line is added to the job log when the result of an item has been written. Its columns are those of GNU parallel (Seq, Host, Starttime, JobRuntime, Send, Receive, Exitval, Signal, Command), where Host is the worker, Send and Receive are the bytes of the item and of its result, and Signal is the signal of which a program died; the last column is the id of the task. The first line names the columns and the set of the tasks. --resume reads the same input again: it skips the items in the log, and takes the results of those that were sent before, even if they still wait or run. If dmap was killed, the results of its last moment may be printed again; with --output, each is in the file once.",
            ],
            options: DmapOptions.all,
            misplaced: SendArguments.misplaced,
            operands: [
                Operand("TASK", help: "The name of the task.", completion: .task),
                Operand("ITEM", .zeroOrMore, help: "Items; without any, the lines of stdin.", completion: .file, takesBytes: true),
            ],
            examples: [
                Example("seq 1000 | celery dmap demo.tasks.square -j 2", "Square a thousand numbers with a local pool of two."),
                Example("ls *.jpg | celery dmap thumbs.tasks.make --joblog done.log --resume", "Continue after an interruption."),
                Example("find . -name '*.wav' -print0 | celery dmap audio.tasks.encode -0 --tag", "Accept any file name, and begin each result with its item."),
                Example("celery dmap audio.tasks.length --joblog j --output lengths --resume <files", "Write each result exactly once, however often this is interrupted."),
                Example("seq 100000 | celery dmap demo.tasks.square --detach", "Only send the items, and print the id of their set."),
            ],
            exitStatuses: [
                ExitStatus(0, "All items succeeded."), ExitStatus("1-100", "The number of failed items."), ExitStatus(101, "More than 100 items failed."),
                ExitStatus(64, "Usage."), ExitStatus(65, "An input line is invalid, or the file of --output does not match the job log."),
                ExitStatus(69, "The broker cannot be reached."), ExitStatus(73, "A file cannot be created or written."),
                ExitStatus(75, "The broker has not confirmed all items and may still accept them; the error names them. Or another dmap uses the job log."),
                ExitStatus(124, "Timed out waiting."),
                ExitStatus("128+n", "Signal n interrupted the map; 141 if the reader of the results went away."),
            ],
            outputKeys: [
                OutputKey("item", "The number of the item, from 1."), OutputKey("input", "The item; with --chunk, an array of items."),
                OutputKey("id, state, result, error, exit_status, ...", "As in celery result."),
                OutputKey("task, args, kwargs", "With --dry-run, what would be sent."),
                OutputKey("set, items", "With --detach, the id of the set, and the number of items."),
            ],
            notes: ["The local pool of --jobs is an ordinary worker on the queue of the items; it stops when all items are done."]),
        launch: { context in
            try DmapOptions.check(context.arguments)
            if context.arguments[DmapOptions.dryRun] { return .run { try await DryRun.run(context) } }
            let interruptions = try Interruptions(watchesOutput: context.arguments[DmapOptions.output] == nil)
            return .run { try await DmapRun.run(context, interruptions) }
        })
}
