import Glibc
import Processes
import Synchronization

/// A Tokyo Tyrant server of a test's own, on 127.0.0.1: a table in memory, and the binary protocol as its specification has it, read
/// byte by byte. No server of that name can be had for tests; this one shares nothing with the client.
///
/// It takes any number of connections, and ends with the last reference.
package final class TyrantServer: Sendable {
    package let port: Int
    private let listener: LoopbackListener
    private let shared: Shared

    package var url: String { "tyrant://127.0.0.1:\(port)" }

    /// - Parameters:
    ///   - type: The kind of database, as `stat` names it.
    ///   - forbidden: Numbers of commands that the server does not obey, as with `-mask`.
    package init(type: String = "on-memory hash", forbidden: Set<UInt8> = []) throws {
        let listener = try LoopbackListener()
        let shared = Shared(type: type, forbidden: forbidden)
        (self.listener, self.shared) = (listener, shared)
        port = listener.port
        WorkThread.start {
            listener.serve { connection in
                guard shared.admit(connection) else {
                    close(connection)
                    return
                }
                WorkThread.start {
                    TyrantConversation(connection, shared).run()
                    shared.dismiss(connection)
                }
            }
        }
    }

    deinit {
        shared.cut()
        listener.end()
    }

    // MARK: For tests

    package func value(_ key: String) -> String? { shared.table.withLock { $0[Array(key.utf8)] }.map { String(decoding: $0, as: UTF8.self) } }

    package func set(_ key: String, _ value: [UInt8]) { shared.table.withLock { $0[Array(key.utf8)] = value } }

    package var keys: Set<String> { shared.table.withLock { Set($0.keys.map { String(decoding: $0, as: UTF8.self) }) } }

    /// The numbers of all commands that came, in order.
    package var commands: [UInt8] { shared.heard.withLock { $0 } }

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
            var isAway = false
            var refusals = 0
            var isSuspended = false
        }

        let type: String
        let forbidden: Set<UInt8>
        let table = Mutex<[[UInt8]: [UInt8]]>([:])
        let heard = Mutex<[UInt8]>([])
        let state = Mutex(State())

        init(type: String, forbidden: Set<UInt8>) { (self.type, self.forbidden) = (type, forbidden) }

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
private struct TyrantConversation {
    private let connection: Int32
    private let shared: TyrantServer.Shared

    init(_ connection: Int32, _ shared: TyrantServer.Shared) { (self.connection, self.shared) = (connection, shared) }

    private struct Ended: Error {}

    func run() {
        while (try? answer()) != nil {}
    }

    private func answer() throws {
        guard try byte() == 0xC8 else { throw Ended() }
        let command = try byte()
        shared.heard.withLock { $0.append(command) }
        while shared.state.withLock({ $0.isSuspended }) { usleep(10_000) }
        let isForbidden = shared.forbidden.contains(command)
        switch command {
        case 0x10, 0x11, 0x12:  // put, putkeep, putcat
            let (keySize, valueSize) = (try number(), try number())
            let (key, value) = (try bytes(keySize), try bytes(valueSize))
            try say(code: !isForbidden && shared.table.withLock { table in
                if command == 0x11, table[key] != nil { return false }
                table[key] = command == 0x12 ? table[key, default: []] + value : value
                return true
            })
        case 0x20:  // out
            let key = try bytes(number())
            try say(code: !isForbidden && shared.table.withLock { $0.removeValue(forKey: key) } != nil)
        case 0x30:  // get
            let key = try bytes(number())
            guard !isForbidden, let value = shared.table.withLock({ $0[key] }) else { return try say(code: false) }
            try say([0] + Self.number(value.count) + value)
        case 0x31:  // mget
            let keys = try (0..<number()).map { _ in try bytes(number()) }
            let found = isForbidden ? [] : shared.table.withLock { table in keys.compactMap { key in table[key].map { (key, $0) } } }
            try say([0] + Self.number(found.count) + found.flatMap { Self.number($0.count) + Self.number($1.count) + $0 + $1 })
        case 0x38:  // vsiz
            let key = try bytes(number())
            guard !isForbidden, let value = shared.table.withLock({ $0[key] }) else { return try say(code: false) }
            try say([0] + Self.number(value.count))
        case 0x58:  // fwmkeys
            let (size, limit) = (try number(), Int(Int32(bitPattern: UInt32(try number()))))
            let beginning = try bytes(size)
            let keys = isForbidden ? [] : shared.table.withLock { $0.keys.filter { $0.starts(with: beginning) } }
            let chosen = limit < 0 ? keys : Array(keys.prefix(limit))
            try say([0] + Self.number(chosen.count) + chosen.flatMap { Self.number($0.count) + $0 })
        case 0x80:  // rnum
            let count = shared.table.withLock { $0.count }
            try say([0] + Self.number(0) + Self.number(count))
        case 0x88:  // stat
            let text = isForbidden ? "" : "version\t1.1.41\nlibver\t324\nprotver\t0.91\npid\t1\ntype\t\(shared.type)\nrnum\t0\n"
            try say([0] + Self.number(text.utf8.count) + Array(text.utf8))
        default: throw Ended()
        }
    }

    private static func number(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(number).bigEndian) { Array($0) } }

    private func number() throws -> Int { try bytes(4).reduce(0) { $0 * 256 + Int($1) } }

    private func byte() throws -> UInt8 { try bytes(1)[0] }

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

    private func say(code isSuccess: Bool) throws { try say([isSuccess ? 0 : 1]) }

    private func say(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { send(connection, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Ended() }
            sent += count
        }
    }
}
