import Arguments
import Beat
import CeleryCore
import Client
import Configuration
import Tasks

/// Candidates for completion. Changes nothing, and creates no database.
struct Candidates {
    let context: CommandContext

    /// At most this many candidates: nobody reads more, and some shells sort and align them slowly.
    static let limit = 200
    /// How long to wait for the names of workers on a broker that has to ask them.
    private static let askingTime: Duration = .milliseconds(400)

    /// The candidates that begin with a word. A word with commas is a list of queues or workers, of which the last is completed.
    func list(_ topic: CompletionTopic, startingWith word: String) async throws -> [String] {
        switch topic {
        case .queues, .workers:
            let comma = word.lastIndex(of: ",").map { word.index(after: $0) } ?? word.startIndex
            let given = Set(word[..<comma].split(separator: ",").map(String.init))
            let names = try await all(topic, startingWith: String(word[comma...])).filter { !given.contains($0) }
            return chosen(names, startingWith: word[comma...]).map { word[..<comma] + $0 }
        case .tasks, .ids, .dead, .entries:
            return chosen(try await all(topic, startingWith: word), startingWith: word)
        }
    }

    private func chosen(_ names: [String], startingWith word: some StringProtocol) -> [String] {
        Array(names.distinct.filter { $0.hasPrefix(word) }.prefix(Self.limit))
    }

    private func all(_ topic: CompletionTopic, startingWith word: String) async throws -> [String] {
        let resolved = try context.resolved()
        let settings = resolved.settings
        if topic == .entries { return try EntryTable(resolved, context, client: nil).entries.map(\.name) }
        let client = try await client(settings)
        // Ask only a broker that answers without waiting for others.
        let listing = (client?.broker as? any WorkerListing).flatMap { $0.knowsWorkers ? $0 : nil }
        switch topic {
        case .entries: return []
        case .tasks: return try (context.registry(settings).registry.names + (await listing?.workers() ?? []).flatMap(\.tasks)).sorted()
        case .queues:
            let queues = try await (listing as? any QueueCounting)?.queues().map(\.name) ?? []
            return (queues + settings.queues + [settings.defaultQueue]).sorted()
        case .workers:
            if let listing { return try await listing.workers().map(\.name).sorted() }
            guard let asking = client?.broker as? any WorkerAsking else { return [] }
            let answers = try await asking.ask([ControlRequest(method: "ping")], of: WorkerChoice(), within: Self.askingTime)
            return answers.answers[0].map(\.worker).sorted()
        case .ids:
            let running = try await listing?.workers().flatMap(\.running).map(\.id.text) ?? []
            let waiting = try await ids(client?.broker, startingWith: word)
            return running + waiting + (try await ids(try client?.store, startingWith: word))
        case .dead:
            // RabbitMQ would have to take its dead letters out and put them back.
            guard let listing, let keeping = listing as? any DeadLetterKeeping else { return [] }
            return try await keeping.deadLetters(DeadLetterFilter(), limit: 10 * Self.limit, withContent: false).map(\.key)
        }
    }

    /// A client, unless that would create or change a database.
    private func client(_ settings: Settings) async throws -> Client? {
        for database in try TableSync.databases(of: settings) {
            guard try database.exists(), try await database.missing().isEmpty else { return nil }
        }
        return try context.client(settings, warns: false)
    }

    private func ids(_ source: (any Sendable)?, startingWith word: String) async throws -> [String] {
        guard let source = source as? any TaskIDListing else { return [] }
        return try await source.taskIDs(startingWith: word, limit: Self.limit / 2).map(\.text)
    }
}
