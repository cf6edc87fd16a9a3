import CeleryCore
import Wire

/// The answers of workers to some requests, as they arrive by a broker that does not know its workers.
struct GatheredAnswers {
    private var answers: WorkerAnswers
    private let indexByTicket: [String: Int]
    /// For each request, the named workers that have not answered it.
    private var open: [Set<String>]
    private let namesWorkers: Bool

    /// Nothing yet.
    init(to messages: [ControlMessage], of workers: WorkerChoice) {
        answers = WorkerAnswers(count: messages.count)
        indexByTicket = Dictionary(
            uniqueKeysWithValues: messages.enumerated().compactMap { index, message in message.ticket.map { ($0, index) } })
        let named = Set(workers.names ?? [])
        open = Array(repeating: named, count: messages.count)
        namesWorkers = !named.isEmpty
    }

    /// Adds what a message says; it may be anybody's, and is left out if it answers no request.
    mutating func add(_ reply: WireMessage) {
        guard let index = reply.headers["ticket"]?.stringValue.flatMap({ indexByTicket[$0] }),
            let body = try? JSON(parsing: reply.body).objectValue
        else { return }
        for (worker, value) in body.members {
            answers.answers[index].append(WorkerAnswers.Answer(worker: worker, value: value))
            open[index].remove(worker)
        }
    }

    /// The number of answers to a request.
    func count(to index: Int) -> Int { answers.answers[index].count }

    /// Whether all named workers have answered a request. Nobody knows how many workers there are, unless they are named.
    func isComplete(_ index: Int) -> Bool { namesWorkers && open[index].isEmpty }

    /// Whether all named workers have answered everything.
    var isComplete: Bool { namesWorkers && open.allSatisfy(\.isEmpty) }

    /// What has arrived, and which of the named workers were silent.
    var result: WorkerAnswers {
        var result = answers
        result.silent = Set(open.joined()).sorted()
        return result
    }
}
