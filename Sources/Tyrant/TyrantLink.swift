import CeleryCore
import Streams

/// The way of commands to a Tokyo Tyrant server: a connection, made when it is needed.
package final class TyrantLink: Sendable {
    package let options: TyrantOptions
    private let link: CommandLink<TyrantConnection>

    package var location: String { options.location }

    /// Does not connect yet.
    package init(_ options: TyrantOptions) {
        self.options = options
        link = CommandLink(options)
    }

    /// Sends commands in one go, and waits for all replies.
    ///
    /// - Parameter isRepeatable: Whether the commands may be sent again when the connection is lost before the replies have come.
    /// - Throws: `DriverError` without replies.
    package func send(_ commands: [TyrantCommand], isRepeatable: Bool = true) async throws -> [TyrantReply] {
        guard !commands.isEmpty else { return [] }
        do {
            return try await link.send(commands, isRepeatable: isRepeatable)
        } catch {
            throw DriverError(error, at: location)
        }
    }

    /// Sends commands that say whether they had their effect.
    ///
    /// - Throws: `DriverError`.
    package func effects(of commands: [TyrantCommand], isRepeatable: Bool = true) async throws -> [Bool] {
        try await send(commands, isRepeatable: isRepeatable).map { $0 == .done(true) }
    }

    /// The values of keys; keys without one are absent.
    ///
    /// - Throws: `DriverError`.
    package func values(of keys: [String]) async throws -> [String: [UInt8]] {
        let commands = stride(from: 0, to: keys.count, by: TyrantCommand.keysPerCommand).map { start in
            TyrantCommand.values(Array(keys[start..<min(start + TyrantCommand.keysPerCommand, keys.count)]))
        }
        var found: [String: [UInt8]] = [:]
        for reply in try await send(commands) {
            guard case .records(let records) = reply else { continue }
            for record in records { found[String(decoding: record.key, as: UTF8.self)] = record.value }
        }
        return found
    }

    /// Keys that begin with a text, in any order. Those of other programs that are no UTF-8 are left out.
    ///
    /// - Parameter limit: How many at most; `nil` for all.
    /// - Throws: `DriverError`.
    package func keys(startingWith beginning: String, limit: Int? = nil) async throws -> [String] {
        guard case .keys(let keys)? = try await send([.keys(startingWith: beginning, limit: limit)]).first else { return [] }
        return keys.compactMap { String(validating: $0, as: UTF8.self) }
    }

    /// The sizes of values, in bytes; `nil` for keys without one.
    ///
    /// - Throws: `DriverError`.
    package func sizes(of keys: [String]) async throws -> [Int?] {
        try await send(keys.map { .size($0) }).map { reply in
            if case .size(let size) = reply { size } else { nil }
        }
    }

    /// Waits for outstanding replies, closes the connection and ends its thread.
    package func close() async { await link.close() }
}
