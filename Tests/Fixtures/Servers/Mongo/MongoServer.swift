import CeleryCore
import Glibc
import Processes
import Synchronization

/// A MongoDB server of a test's own, on 127.0.0.1: collections in memory, and the wire protocol (OP_MSG) and BSON as their
/// specifications have them, read byte by byte. No server of that name can be had for tests; this one shares nothing with the client.
///
/// It takes any number of connections, and ends with the last reference.
package final class MongoServer: Sendable {
    package let port: Int
    private let listener: LoopbackListener
    private let shared: Shared

    /// What the server says and demands.
    package struct Manner: Sendable {
        /// A user who has to log in by SCRAM-SHA-256.
        package var user: String?
        package var password = ""
        /// Rounds of the password's hash.
        package var rounds = 4_096
        /// Whether the server knows the password; one that does not cannot prove it.
        package var isGenuine = true
        /// The name of its set; `nil` for a server that stands alone.
        package var set: String?
        /// The server of the set that takes writes, `host:port`; `nil` for this one.
        package var primary: String?
        /// Whether it knows `hello` only as `isMaster`, as before 4.4.2.
        package var isOld = false
        /// The newest protocol that it speaks: 6 is that of version 3.6.
        package var wireVersion: Int64 = 17
        /// Names of commands that the user may not use.
        package var forbidden: Set<String> = []

        package init() {}
    }

    /// URL of the database `results`.
    package var url: String { "mongodb://\(place)/results" }
    package var place: String { "127.0.0.1:\(port)" }

    package init(_ manner: Manner = Manner()) throws {
        let listener = try LoopbackListener()
        let shared = Shared(manner)
        (self.listener, self.shared) = (listener, shared)
        port = listener.port
        if manner.user != nil { MongoServerLogin.salted(manner.password, manner.rounds) }
        WorkThread.start {
            listener.serve { connection in
                guard shared.admit(connection) else {
                    close(connection)
                    return
                }
                WorkThread.start {
                    MongoConversation(connection, shared).run()
                    shared.dismiss(connection)
                }
            }
        }
    }

    deinit {
        shared.cut()
        listener.end()
    }

    static func success(_ members: [(String, MongoServerValue)]) -> MongoServerValue { MongoServerValue(members + [("ok", .double(1))]) }

    static func error(_ code: Int64, _ message: String) -> MongoServerValue {
        MongoServerValue([("ok", .double(0)), ("errmsg", .text(message)), ("code", .int(code, isLong: false))])
    }

    // MARK: For tests

    /// The documents of a collection of the database `results`.
    package func documents(_ collection: String = "celery_taskmeta", in database: String = "results") -> [MongoServerValue] {
        shared.tables.withLock { $0.documents(of: "\(database).\(collection)") }
    }

    package func document(_ id: String, in collection: String = "celery_taskmeta") -> MongoServerValue? {
        documents(collection).first { $0["_id"] == .text(id) }
    }

    package func insert(_ document: MongoServerValue, into collection: String = "celery_taskmeta") {
        shared.tables.withLock { $0.insert(document, into: "results.\(collection)") }
    }

    package var indexes: Set<String> { shared.tables.withLock { $0.indexes } }

    /// The commands that came, without logins, in order.
    package var commands: [MongoServerValue] { shared.heard.withLock { $0 } }

    /// Makes the next commands of a name fail once with an error.
    package func fail(_ command: String, code: Int64) { shared.failures.withLock { $0[command] = code } }

    package var connections: Int { shared.state.withLock { $0.connections.count } }

    /// Connections that came while the server was away.
    package var refusals: Int { shared.state.withLock { $0.refusals } }

    /// Ends all connections; with `isAway` also those to come, until `comeBack`.
    package func cut(isAway: Bool = false) {
        shared.state.withLock { $0.isAway = isAway }
        shared.cut()
    }

    package func comeBack() { shared.state.withLock { $0.isAway = false } }

    /// Answers nothing more, until `resume`.
    package func suspend() { shared.state.withLock { $0.isSuspended = true } }

    package func resume() { shared.state.withLock { $0.isSuspended = false } }

    /// What the connections share.
    fileprivate final class Shared: Sendable {
        struct State {
            var connections: Set<Int32> = []
            var refusals = 0
            var isAway = false
            var isSuspended = false
        }

        let manner: Manner
        let tables = Mutex(MongoServerTables())
        let heard = Mutex<[MongoServerValue]>([])
        let failures = Mutex<[String: Int64]>([:])
        let state = Mutex(State())

        init(_ manner: Manner) { self.manner = manner }

        func admit(_ connection: Int32) -> Bool {
            state.withLock { state in
                guard !state.isAway else {
                    state.refusals += 1
                    return false
                }
                state.connections.insert(connection)
                return true
            }
        }

        func dismiss(_ connection: Int32) {
            state.withLock { state in
                state.connections.remove(connection)
                close(connection)
            }
        }

        func cut() {
            state.withLock { state in
                for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
            }
        }
    }
}

/// One connection of the server, on a thread of its own.
private final class MongoConversation {
    private let connection: Int32
    private let shared: MongoServer.Shared
    private var login: MongoServerLogin?
    private var isIn: Bool

    init(_ connection: Int32, _ shared: MongoServer.Shared) {
        (self.connection, self.shared) = (connection, shared)
        isIn = shared.manner.user == nil
    }

    private struct Ended: Error {}

    func run() {
        while (try? step()) != nil {}
    }

    private func step() throws {
        let header = try bytes(16)
        let words = stride(from: 0, to: 16, by: 4).map { header[$0..<$0 + 4].reversed().reduce(0) { $0 << 8 | Int($1) } }
        guard words[3] == 2_013, words[2] == 0, (26...48_000_000).contains(words[0]) else { throw Ended() }
        let body = try bytes(words[0] - 16)
        // No flags, and one section that is a document.
        guard body[..<5] == [0, 0, 0, 0, 0] else { throw Ended() }
        let command = try MongoServerValue(Array(body[5...]))
        while shared.state.withLock({ $0.isSuspended }) { usleep(10_000) }
        let answer = try answer(command).bytes
        let size = MongoServerValue.little(Int32(answer.count + 21))
        try say(size + MongoServerValue.little(Int32(77)) + header[4..<8] + MongoServerValue.little(Int32(2_013)) + [0, 0, 0, 0, 0] + answer)
    }

    private func answer(_ command: MongoServerValue) throws -> MongoServerValue {
        guard let name = command.members.first?.name, command["$db"]?.text != nil else { throw Ended() }
        let manner = shared.manner
        switch name {
        case "hello" where manner.isOld: return MongoServer.error(59, "no such command: 'hello'")
        case "hello", "isMaster": return hello(name)
        case "saslStart", "saslContinue": return try logIn(name, command)
        default: break
        }
        shared.heard.withLock { $0.append(command) }
        guard isIn else { return MongoServer.error(13, "command \(name) requires authentication") }
        if manner.forbidden.contains(name) { return MongoServer.error(13, "not authorized on results to execute command \(name)") }
        if let code = shared.failures.withLock({ $0.removeValue(forKey: name) }) { return MongoServer.error(code, "as the test wants") }
        guard manner.primary == nil else { return MongoServer.error(10_107, "not primary") }
        return try shared.tables.withLock { try $0.answer(command) } ?? MongoServer.error(59, "no such command: '\(name)'")
    }

    private func hello(_ name: String) -> MongoServerValue {
        let manner = shared.manner
        var members: [(String, MongoServerValue)] = [
            (name == "hello" ? "isWritablePrimary" : "ismaster", .bool(manner.primary == nil)), ("maxBsonObjectSize", .int(16_777_216, isLong: false)),
            ("minWireVersion", .int(0, isLong: false)), ("maxWireVersion", .int(manner.wireVersion, isLong: false)),
        ]
        if let set = manner.set { members.append(("setName", .text(set))) }
        if let primary = manner.primary { members.append(("primary", .text(primary))) }
        if manner.user != nil { members.append(("saslSupportedMechs", .list([.text("SCRAM-SHA-1"), .text("SCRAM-SHA-256")]))) }
        return MongoServer.success(members)
    }

    private func logIn(_ name: String, _ command: MongoServerValue) throws -> MongoServerValue {
        let refusal = MongoServer.error(18, "Authentication failed.")
        guard let user = shared.manner.user, case .bytes(let payload, 0)? = command["payload"] else { throw Ended() }
        let message = String(decoding: payload, as: UTF8.self)
        func reply(_ text: String, isDone: Bool) -> MongoServerValue {
            MongoServer.success([("conversationId", .int(1, isLong: false)), ("done", .bool(isDone)), ("payload", .bytes(Array(text.utf8), 0))])
        }
        if name == "saslStart" {
            guard command["mechanism"]?.text == "SCRAM-SHA-256", command["$db"]?.text == "results" || command["$db"]?.text == "admin" else { return refusal }
            var begun = MongoServerLogin(user: user, password: shared.manner.password)
            (begun.rounds, begun.isGenuine) = (shared.manner.rounds, shared.manner.isGenuine)
            guard let answer = begun.begin(message) else { return refusal }
            login = begun
            return reply(answer, isDone: false)
        }
        // As servers before 4.4 do, which have a last word.
        if isIn { return reply("", isDone: true) }
        guard let answer = login?.end(message) else { return refusal }
        isIn = true
        return reply(answer, isDone: !shared.manner.isOld)
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        var all = [UInt8](repeating: 0, count: count)
        var had = 0
        while had < count {
            let got = all.withUnsafeMutableBytes { recv(connection, $0.baseAddress! + had, count - had, 0) }
            guard got > 0 else { throw Ended() }
            had += got
        }
        return all
    }

    private func say(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { send(connection, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Ended() }
            sent += count
        }
    }
}
