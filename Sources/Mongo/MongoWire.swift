import DequeModule
import Streams

/// Commands and answers on one socket. Confined to one thread; never blocks, except where its name says so.
final class MongoWire {
    private let socket: SecureSocket
    private var decoder = MongoMessage.Decoder()
    /// The numbers of the commands that were not answered yet, in order.
    private var owed: Deque<Int32> = []
    private var lastNumber: Int32 = 0
    var lastHeard: ContinuousClock.Instant {
        get { socket.lastHeard }
        set { socket.lastHeard = newValue }
    }

    init(_ socket: SecureSocket) { self.socket = socket }

    var descriptor: Int32 { socket.descriptor }
    var wantsToSend: Bool { socket.wantsToSend }

    /// Adds commands to what is to be sent.
    func add(_ commands: [BSONDocument]) throws(MongoError) {
        var bytes: [UInt8] = []
        for command in commands {
            lastNumber &+= 1
            owed.append(lastNumber)
            MongoMessage.append(command, number: lastNumber, to: &bytes)
        }
        do throws(StreamError) { try socket.add(bytes) } catch { throw MongoError(error) }
    }

    /// Sends and receives as much as is possible at once.
    func exchange(_ take: (BSONDocument) throws(MongoError) -> Void) throws(MongoError) {
        let end = socket.exchange { decoder.feed($0) }
        var hasTaken = false
        while let (answer, number) = try next() {
            guard owed.popFirst() == number else { throw MongoError(.malformed, "it answers what nobody asked") }
            hasTaken = true
            try take(answer)
        }
        // Otherwise the next call meets the same end.
        if let end, !hasTaken { throw MongoError(end) }
    }

    private func next() throws(MongoError) -> (BSONDocument, Int32)? {
        do throws(BSONFault) {
            return try decoder.next().map { ($0.document, $0.answers) }
        } catch {
            throw MongoError(.malformed, "it does not speak the protocol of MongoDB: \(error)")
        }
    }

    /// Sends a command, and blocks until its answer has come.
    func ask(_ command: BSONDocument, until deadline: ContinuousClock.Instant) throws(MongoError) -> BSONDocument {
        try add([command])
        var answer: BSONDocument?
        while true {
            try exchange { answer = answer ?? $0 }
            if let answer { return answer }
            guard socket.wait(until: deadline) else { throw MongoError(.unreachable, "it accepts connections but does not answer") }
        }
    }

    func end() { socket.end() }
}
