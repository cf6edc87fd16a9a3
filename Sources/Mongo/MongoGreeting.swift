import CeleryCore
import Streams

/// How a connection begins: `hello`, which tells what the server is, and the login. Blocks.
struct MongoGreeting {
    let options: MongoOptions
    let wire: MongoWire
    let deadline: ContinuousClock.Instant

    /// The oldest protocol whose messages are those of today: that of MongoDB 3.6.
    private static let oldest = 6
    /// CommandNotFound: servers before 4.4.2 do not know `hello` by this name.
    private static let unknownCommand = 59

    /// What a server says of itself.
    struct Host {
        /// Whether it takes writes: it stands alone, is the primary of a set, or leads to one.
        var takesWrites: Bool
        /// The server of its set that does, as far as it knows.
        var primary: MongoOptions.Server?
        /// How it would let the user in.
        var mechanisms: [String]
    }

    /// Asks what the server is.
    func host() throws(MongoError) -> Host {
        var answer = try wire.ask(hello("hello"), until: deadline)
        if !(answer["ok"]?.isTrue ?? false), answer["code"]?.integer == Self.unknownCommand {
            answer = try wire.ask(hello("isMaster"), until: deadline)
        }
        guard answer["ok"]?.isTrue ?? false else { throw MongoError(answer: answer, to: "hello") }
        guard answer["maxWireVersion"]?.integer ?? 0 >= Self.oldest else {
            throw MongoError(.unsupportedServer, "its version is older than 3.6, and speaks another protocol")
        }
        if let expected = options.replicaSet, answer["setName"]?.string != expected {
            let name = answer["setName"]?.string.map { "of set '\($0.inOneLine(limit: 60))'" } ?? "of no set"
            throw MongoError(.unsupportedServer, "it is \(name), and the URL demands '\(expected)'")
        }
        return Host(
            takesWrites: (answer["isWritablePrimary"] ?? answer["ismaster"])?.isTrue ?? false,
            primary: answer["primary"]?.string.map(MongoOptions.Server.init),
            mechanisms: (answer["saslSupportedMechs"]?.array ?? []).compactMap(\.string))
    }

    private func hello(_ name: String) -> BSONDocument {
        let client: BSONValue = [
            "application": ["name": .string(options.applicationName)], "driver": ["name": "celery", "version": "1"], "os": ["type": "Linux"],
        ]
        var command: BSONDocument = [name: 1, "client": client]
        if let user = options.user { command["saslSupportedMechs"] = .string("\(options.authenticationDatabase).\(user)") }
        command["$db"] = "admin"
        return command
    }

    /// Logs in, if the URL has a user.
    ///
    /// - Parameter mechanisms: How the server would let the user in; servers that do not tell have the older one.
    func login(_ mechanisms: [String]) throws(MongoError) {
        guard let user = options.user, let password = options.password else { return }
        let name = options.mechanism ?? (mechanisms.contains(SCRAM.Mechanism.sha256.rawValue) ? SCRAM.Mechanism.sha256 : .sha1).rawValue
        let mechanism = SCRAM.Mechanism(rawValue: name) ?? .sha256
        var scram = SCRAM(mechanism, user: user, password: SCRAM.password(password, of: user, mechanism))
        var answer = try ask(["saslStart": 1, "mechanism": .string(name), "payload": .binary(scram.first, subtype: 0), "options": ["skipEmptyExchange": true]])
        answer = try ask(next(answer, try scram.second(after: payload(answer))))
        try scram.check(payload(answer))
        // Older servers have a last word.
        if !(answer["done"]?.isTrue ?? false) { answer = try ask(next(answer, [])) }
        guard answer["done"]?.isTrue ?? false else { throw MongoError(.login, "its login does not end") }
    }

    private func ask(_ command: BSONDocument) throws(MongoError) -> BSONDocument {
        var command = command
        command["$db"] = .string(options.authenticationDatabase)
        let answer = try wire.ask(command, until: deadline)
        guard answer["ok"]?.isTrue ?? false else {
            var error = MongoError(answer: answer, to: "the login")
            // Whatever the reason: the server does not tell whether it knows the user.
            if error.code == .refused { error.code = .login }
            throw error
        }
        return answer
    }

    private func payload(_ answer: BSONDocument) -> [UInt8] { answer["payload"]?.bytes ?? [] }

    private func next(_ answer: BSONDocument, _ payload: [UInt8]) -> BSONDocument {
        ["saslContinue": 1, "conversationId": answer["conversationId"] ?? 1, "payload": .binary(payload, subtype: 0)]
    }
}
