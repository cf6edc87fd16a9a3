import Brokers
import CeleryCore
import Fixtures
import Redis

/// Keys of their own at a Redis server, for a broker.
final class RedisBrokerPlace: Sendable {
    let server: RedisServer
    let prefix: String
    /// For looking at the server as any other program does.
    let link: RedisLink

    init(_ server: RedisServer? = nil) throws {
        self.server = try server ?? .shared
        prefix = "test-\(UInt64.random(in: 0...UInt64.max))-"
        link = RedisLink(try RedisOptions(ServiceURL(self.server.url)))
    }

    func key(_ name: String) -> String { prefix + name }

    /// - Parameter query: Further options of the URL.
    func broker(
        _ query: String = "", testTime: (@Sendable () -> Timestamp)? = nil, _ configure: (inout Settings) -> Void = { _ in }
    ) throws -> RedisBroker {
        var settings = Settings(projectFolder: "/nowhere")
        configure(&settings)
        let options = try RedisBrokerOptions(ServiceURL(server.url + "?global_keyprefix=\(prefix)" + (query.isEmpty ? "" : "&" + query)))
        return RedisBroker(options, settings: settings, testTime: testTime)
    }

    func ask(_ words: String...) async throws -> RESPValue { try await link.ask(RedisCommand(words.map { .text($0) })) }

    /// Puts a message into a list as Python does: the text of the object.
    func push(_ text: String, to list: String = "celery") async throws { _ = try await ask("LPUSH", key(list), text) }

    /// The tags of held messages.
    func unacked() async throws -> [String] { (try await ask("HKEYS", key("unacked")).elements ?? []).compactMap(\.textValue).sorted() }

    func score(_ tag: String) async throws -> Double? { try await ask("ZSCORE", key("unacked_index"), tag).textValue.flatMap(Double.init) }

    /// What Python's workers do with a message whose visibility timeout is over.
    func restore(_ tag: String, to list: String = "celery") async throws {
        let text = try await ask("HGET", key("unacked"), tag).bytesValue ?? []
        guard case .array(let parts) = try JSON(parsing: text), var object = parts.first?.objectValue else { return }
        var headers = object["headers"]?.objectValue ?? [:]
        headers["redelivered"] = true
        object["headers"] = .object(headers)
        _ = try await ask("ZREM", key("unacked_index"), tag)
        _ = try await ask("HDEL", key("unacked"), tag)
        _ = try await ask("RPUSH", key(list), JSON.object(object).text())
    }
}

extension RedisBroker {
    func worker(_ name: String = "w", of queues: [String] = ["celery"]) async throws -> RedisConsumer {
        let identity = WorkerIdentity(id: TaskID().text, name: name, pid: 4711, process: "")
        guard let consumer = try await consumer(of: queues, as: identity) as? RedisConsumer else { throw ServerTrouble("no consumer") }
        return consumer
    }
}
