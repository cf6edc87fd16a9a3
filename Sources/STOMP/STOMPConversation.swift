import CeleryCore
import Streams

/// What is said on a connection: frames, and their receipts. Confined to the thread of the connection.
final class STOMPConversation: Conversation {
    /// Frames that are sent together, and who waits for their receipts.
    typealias Request = LoopRequest<[STOMPFrame], STOMPServer, STOMPError>

    let connection: STOMPConnection
    var requests = LoopRequests<[STOMPFrame], STOMPServer, STOMPError>()
    private let listener: STOMPLink.Listener?
    private let generation: Int
    /// Receipt -> number of its request.
    private var receipts: [Int: Int] = [:]
    private var lastReceipt = 0
    /// The receipt of what the listener sends first, until it has come, and the requests that wait for it.
    private var opening: Int?
    private var awaitingOpening: [Int] = []

    init(_ connection: STOMPConnection, _ listener: STOMPLink.Listener?, generation: Int) {
        (self.connection, self.listener, self.generation) = (connection, listener, generation)
    }

    func open() throws(STOMPError) {
        guard let listener else { return }
        var frames = listener.connected(connection.server, generation)
        guard !frames.isEmpty else { return }
        // Servers carry out frames in their order.
        opening = noteReceipt(&frames[frames.count - 1])
        var bytes: [UInt8] = []
        for frame in frames { try frame.encode(to: &bytes) }
        try connection.add(bytes)
    }

    private func noteReceipt(_ frame: inout STOMPFrame) -> Int {
        lastReceipt += 1
        frame.headers.append(STOMPFrame.Header("receipt", String(lastReceipt)))
        return lastReceipt
    }

    func begin(_ request: Request) throws(STOMPError) {
        var bytes: [UInt8] = []
        var waits: [Int] = []
        do throws(STOMPError) {
            for var frame in request.work {
                if frame.wantsReceipt { waits.append(noteReceipt(&frame)) }
                try frame.encode(to: &bytes)
            }
        } catch {
            return request.end(.failure(error))
        }
        let number = requests.add(request, answer: connection.server)
        try connection.add(bytes)
        for receipt in waits {
            receipts[receipt] = number
            requests.expect(number)
        }
        if request.work.isEmpty, opening != nil {
            awaitingOpening.append(number)
            requests.expect(number)
        }
        requests.finish(number)
    }

    func exchange() throws(STOMPError) {
        try connection.exchange { (frame) throws(STOMPError) in try take(frame) }
        try connection.keepAlive()
    }

    private func take(_ frame: STOMPFrame) throws(STOMPError) {
        switch frame.command {
        case "MESSAGE": listener?.heard(frame, generation)
        case "RECEIPT":
            // That of a question has another name.
            guard let receipt = frame["receipt-id"].flatMap({ Int($0) }) else { return }
            if receipt == opening {
                opening = nil
                for number in awaitingOpening { requests.settle(number) }
                awaitingOpening = []
            } else if let number = receipts.removeValue(forKey: receipt) {
                requests.settle(number)
            }
        case "ERROR":
            let error = STOMPError(answer: frame)
            let numbers = requests.numbers
            let refused: [Int] =
                switch frame["receipt-id"].flatMap({ Int($0) }) {
                // RabbitMQ does not say which frame it refuses; with one under way there is no doubt.
                case nil: numbers.count == 1 ? numbers : []
                case opening: awaitingOpening
                case let receipt?: receipts[receipt].map { [$0] } ?? []
                }
            for number in refused { fail(number, error) }
            // The server may go on or not; what else was under way is certain only on a new connection.
            throw STOMPError(.lost, error.message)
        default: throw STOMPError(.malformed, "it sent a frame that no client knows: \(frame.command.inOneLine(limit: 40))")
        }
    }
}
