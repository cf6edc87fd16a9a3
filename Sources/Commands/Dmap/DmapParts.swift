import Arguments
import CeleryCore
import Client

/// The parts of a dmap, wired: items flow from the reader to the submitter, results from the follower to the writer.
struct DmapParts: Sendable {
    let reader: ItemReader
    let submitter: ItemSubmitter
    let follower: MemberFollower
    let writer: ItemWriter
    let printer: ItemPrinter
    let sentMark: SentMark?
    /// Whether there is a job log, and with it a way to go on after an interruption.
    let isLogged: Bool
    /// Whether results go to a file, which has them in their order.
    let hasFile: Bool
    /// Tasks whose results were printed just before an earlier run was killed.
    let printed: [TaskID]

    /// Opens the input, the job log and the file of results.
    ///
    /// - Throws: `CommandError`, `SystemError`; then nothing was sent.
    init(_ context: CommandContext, _ plan: DmapPlan) async throws {
        let arguments = context.arguments
        let isResumed = arguments[DmapOptions.resume] || arguments[DmapOptions.retryFailed]
        let group = try FileGroup.number(plan.settings)
        let items = try DmapPlan.items(arguments)
        let log = try arguments[DmapOptions.jobLog].map { path in
            try JobLog(path: path, isResumed: isResumed, task: plan.task, group: group)
        }
        let history = log?.history ?? JobHistory()
        let file = try arguments[DmapOptions.output].map { try OutputFile(path: $0, keeping: history.printedBytes) }
        isLogged = log != nil
        hasFile = file != nil
        printed = history.latest
        sentMark = plan.client.broker is any MessageLocating
            ? nil : try arguments[DmapOptions.jobLog].map { try SentMark(besides: $0, isResumed: isResumed, group: group) }
        reader = ItemReader(items, history: history, task: plan.task, repeatsFailed: arguments[DmapOptions.retryFailed])
        var sets = history.sets
        if sets.isEmpty {
            sets = [SetNumbering()]
            try log?.begin(sets[0])
        }
        writer = ItemWriter(
            file: file, log: log, bar: ProgressBar(output: context.output, wish: arguments[DmapOptions.bar]))
        follower = MemberFollower(client: plan.client)
        submitter = ItemSubmitter(
            plan, follower: arguments[DmapOptions.detach] ? nil : follower, sets: sets, isResumed: isResumed, sentMark: sentMark,
            begin: { [writer] in try await writer.begin($0) })
        printer = ItemPrinter(
            format: context.output.format, task: plan.task, isTagged: arguments[DmapOptions.tag], isLogged: isLogged,
            redaction: plan.client.settings.redaction)
    }
}
