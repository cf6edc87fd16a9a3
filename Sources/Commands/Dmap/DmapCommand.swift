import Arguments
import CeleryCore
import Client

/// `celery dmap`: a task over many items.
enum DmapCommand {
    static let command = Command(
        CommandSpec(
            "dmap", section: "Tasks", summary: "Map a task over items",
            discussion: [
                "Submits the task once for each ITEM, or for each line of stdin, waits, and prints the results in the order of the items. If nothing happens for a second because no worker consumes the queue or knows the task, or the queue is paused, a line on stderr says so.",
                "An item is JSON if it parses as JSON, else a string, or bytes if it is not UTF-8. For a failed item, nothing is printed on stdout and the error on stderr.",
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
            ],
            exitStatuses: [
                ExitStatus(0, "All items succeeded."), ExitStatus("1-100", "The number of failed items."), ExitStatus(101, "More than 100 items failed."),
                ExitStatus(64, "Usage."), ExitStatus(65, "An input line is invalid."),
                ExitStatus(69, "The broker cannot be reached."),
                ExitStatus(75, "The broker has not confirmed all items and may still accept them; the error names them."), ExitStatus(124, "Timed out waiting."),
            ],
            outputKeys: [
                OutputKey("item", "The number of the item, from 1."), OutputKey("input", "The item."),
                OutputKey("id, state, result, error, exit_status, ...", "As in celery result."),
            ],
            notes: ["The local pool of --jobs is an ordinary worker on the queue of the items; it stops when all items are done."]),
        launch: { context in
            .run { try await DmapRun.run(context) }
        })
}
