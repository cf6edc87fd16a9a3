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

    init(_ connection: STOMPConnection, _ listener: STOMPLink.Listener?, generation: Int) {
        (self.connection, self.listener, self.generation) = (connection, listener, generation)
    }

    func open() throws(STOMPError) {
        guard let listener else { return }
        var bytes: [UInt8] = []
        for frame in listener.connected(connection.server, generation) { try frame.encode(to: &bytes) }
        try connection.add(bytes)
    }

    func begin(_ request: Request) throws(STOMPError) {
        var bytes: [UInt8] = []
        var waits: [Int] = []
        do throws(STOMPError) {
            for var frame in request.work {
                if frame.wantsReceipt {
                    lastReceipt += 1
                    waits.append(lastReceipt)
                    frame.headers.append(STOMPFrame.Header("receipt", String(lastReceipt)))
                }
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
            guard let receipt = frame["receipt-id"].flatMap({ Int($0) }), let number = receipts.removeValue(forKey: receipt) else { return }
            requests.settle(number)
        case "ERROR":
            let error = STOMPError(answer: frame)
            // RabbitMQ does not say which frame it refuses; with one under way there is no doubt.
            let named = frame["receipt-id"].flatMap { Int($0) }.flatMap { receipts[$0] }
            let numbers = requests.numbers
            if let number = named ?? (numbers.count == 1 ? numbers.first : nil) { fail(number, error) }
            // The server may go on or not; what else was under way is certain only on a new connection.
            throw STOMPError(.lost, error.message)
        default: throw STOMPError(.malformed, "it sent a frame that no client knows: \(frame.command.inOneLine(limit: 40))")
        }
    }
}
