// Redis as a client, by its own protocol; no library but libssl, and that only for rediss://.
//
//     RedisLink           one thread and connection for commands, which it pipelines (Streams)
//     RedisSubscription   one thread and connection for messages of channels
//       RedisConnection   a connection that is logged in, confined to its thread
//         RedisSocket     the socket (Streams), with a TLSSession where it is encrypted
//         RESPDecoder     bytes of the server <-> RESPValue

import CeleryCore
import Streams

/// A connection to a server, logged in. Confined to the thread that created it; only `init` blocks.
final class RedisConnection {
    let options: RedisOptions
    private let socket: RedisSocket
    private var decoder = RESPDecoder()
    var lastHeard: ContinuousClock.Instant {
        get { socket.lastHeard }
        set { socket.lastHeard = newValue }
    }

    /// Connects and logs in. Blocks, for at most `connectTimeout` before and after the TCP connection is made.
    ///
    /// - Parameter onSocket: Receives the descriptor, so that another thread can shut the socket down.
    init(_ options: RedisOptions, onSocket: (Int32) -> Void) throws(RedisError) {
        self.options = options
        do throws(RedisError) {
            socket = try RedisSocket.connected(to: options, until: .now + options.connectTimeout)
        } catch {
            throw Self.opening(error, options)
        }
        onSocket(socket.descriptor)
        do throws(RedisError) {
            let deadline = ContinuousClock.now + options.connectTimeout
            if let tls = options.tls { try socket.encrypt(tls, host: options.host, until: deadline) }
            try logIn(until: deadline)
        } catch {
            onSocket(-1)
            throw Self.opening(error, options)
        }
    }

    private static func opening(_ error: RedisError, _ options: RedisOptions) -> RedisError {
        let mayNeedTLS = options.tls == nil && options.socketPath == nil
        return error.whileConnecting(to: options.location, secureScheme: mayNeedTLS ? "rediss" : nil)
    }

    var answerTimeout: Duration { options.answerTimeout }
    var location: String { options.location }
    var descriptor: Int32 { socket.descriptor }
    var wantsToSend: Bool { socket.wantsToSend }

    func add(_ commands: [RedisCommand]) throws(RedisError) {
        var bytes: [UInt8] = []
        for command in commands { command.encode(to: &bytes) }
        try socket.add(bytes)
    }

    func exchange(_ take: (RESPValue) throws(RedisError) -> Void) throws(RedisError) {
        let end = socket.exchange { decoder.feed($0) }
        var hasTaken = false
        while let reply = try next() {
            hasTaken = true
            try take(reply)
        }
        // Otherwise the next call meets the same end.
        if let end, !hasTaken { throw end }
    }

    private func next() throws(RedisError) -> RESPValue? {
        do throws(RESPError) {
            return try decoder.next()
        } catch {
            throw RedisError(.malformed, "it does not speak the protocol of Redis: \(error)")
        }
    }

    /// Sends commands and waits for their replies. Blocks.
    func call(_ commands: [RedisCommand], until deadline: ContinuousClock.Instant) throws(RedisError) -> [RESPValue] {
        try add(commands)
        var replies: [RESPValue] = []
        while true {
            try exchange { replies.append($0) }
            if replies.count >= commands.count { return replies }
            try socket.wait(until: deadline, or: RedisError(.unreachable, "it accepts connections but does not answer"))
        }
    }

    func close(onSocket: (Int32) -> Void) {
        socket.end()
        onSocket(-1)
    }
}

extension RedisConnection: CommandConnection {
    /// Nothing that a command asks for is pushed; a server may still tell of its own affairs.
    func isAnswer(_ reply: RESPValue) -> Bool { if case .push = reply { false } else { true } }

    func reason(ofUnasked reply: RESPValue) -> RedisError {
        // `-ERR max number of clients reached`, and such, before the connection is closed.
        if case .error(let text) = reply { return RedisError(reply: text, to: "the connection") }
        return RedisError(.malformed, "it sent a reply to nothing")
    }
}

// MARK: The login

extension RedisConnection {
    /// Sends `HELLO`, which servers before Redis 6 do not know, and what they have in its place.
    private func logIn(until deadline: ContinuousClock.Instant) throws(RedisError) {
        var hello = RedisCommand("HELLO", .number(options.protocolVersion))
        if let password = options.password { hello = hello.with("AUTH", .text(options.user ?? "default"), .text(password)) }
        hello = hello.with("SETNAME", .text(options.clientName))
        let select = RedisCommand("SELECT", .number(options.database))
        let replies = try call(options.database == 0 ? [hello] : [hello, select], until: deadline)
        if case .error(let text) = replies[0] {
            let isUnknown = text.hasPrefix("ERR unknown command") || text.hasPrefix("NOPERM")
            guard isUnknown, options.protocolVersion == 2 else { throw RedisError(reply: text, to: "HELLO") }
            return try logInAsBefore(until: deadline)
        }
        try check(mode: replies[0]["mode"]?.textValue)
        if replies.count > 1 { try check(selected: replies[1]) }
    }

    private func logInAsBefore(until deadline: ContinuousClock.Instant) throws(RedisError) {
        if let password = options.password {
            let words: [RedisCommand.Word] = options.user.map { ["AUTH", .text($0), .text(password)] } ?? ["AUTH", .text(password)]
            if case .error(let text) = try call([RedisCommand(words)], until: deadline)[0] {
                let isRefused = text.contains(text: "invalid password") || text.contains(text: "without any password")
                throw isRefused ? RedisError(.login, "the server refuses this password") : RedisError(reply: text, to: "AUTH")
            }
        }
        let replies = try call(
            [
                RedisCommand("SELECT", .number(options.database)), RedisCommand("INFO", "server"),
                RedisCommand("CLIENT", "SETNAME", .text(options.clientName)),
            ], until: deadline)
        try check(selected: replies[0])
        let lines = replies[1].textValue?.split(whereSeparator: \.isNewline) ?? []
        let mode = lines.first { $0.hasPrefix("redis_mode:") }?.dropFirst("redis_mode:".count)
        try check(mode: mode.map(String.init))
    }

    private func check(selected reply: RESPValue) throws(RedisError) {
        guard case .error(let text) = reply else { return }
        let error = RedisError(reply: text, to: "SELECT")
        guard text.contains(text: "out of range") else { throw error }
        throw RedisError(.options, "the server has no database \(options.database)")
    }

    private func check(mode: String?) throws(RedisError) {
        switch mode {
        case "sentinel": throw RedisError(.unsupportedServer, "it is a Redis Sentinel, which keeps no data")
        case "cluster": throw RedisError(.unsupportedServer, "it is part of a Redis cluster")
        default: break
        }
    }
}
