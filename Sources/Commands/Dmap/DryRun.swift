import Arguments
import CeleryCore
import Client
import Glibc

/// `dmap --dry-run`: what would be sent.
enum DryRun {
    static func run(_ context: CommandContext) async throws -> Int32 {
        let plan = try await DmapPlan(context)
        let arguments = context.arguments
        let isResumed = arguments[DmapOptions.resume] || arguments[DmapOptions.retryFailed]
        // A log that is not there is not made.
        let history = try arguments[DmapOptions.jobLog].flatMap { path in
            isResumed && access(path, F_OK) == 0 ? try JobLog.history(path: path, task: plan.task) : nil
        }
        let reader = ItemReader(
            try DmapPlan.items(arguments), history: history ?? JobHistory(), task: plan.task,
            repeatsFailed: arguments[DmapOptions.retryFailed])
        while true {
            let batch = try await reader.read(1_000)
            for item in batch.items { show(item, plan.task, context.output) }
            context.output.flush()
            if batch.isAtEnd { return ExitCode.done }
        }
    }

    private static func show(_ item: DmapItem, _ task: String, _ output: Output) {
        let args = item.arguments.args
        let kwargs = item.arguments.kwargs
        output.record(
            ["item": .int(Int64(item.number)), "input": .string(item.text), "task": .string(task), "args": .array(args), "kwargs": .object(kwargs)],
            text: command(task, args, kwargs))
    }

    /// `celery apply` with the same arguments.
    static func command(_ task: String, _ args: [JSON], _ kwargs: JSONObject) -> String {
        var words = ["celery", "apply", task]
        // Whole, so that a word such as a=b or --x is not taken for something else.
        if !args.isEmpty { words += ["--args", JSON.array(args).text(style: .compact)] }
        if !kwargs.isEmpty { words += ["--kwargs", JSON.object(kwargs).text(style: .compact)] }
        return words.map(ShellWord.quoted).joined(separator: " ")
    }
}
